"""The vendor's own account: what is told of it, and the default that its commands call back."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from simulator.jobs.commands import GetAccount, SetDetails
from simulator.jobs.errors import ApiError, WrongMediaType
from simulator.library import Library
from simulator.sandbox.accounts import AccountChange
from simulator.sandbox.choosing import Choice
from simulator.sandbox.sandbox import Sandbox, SandboxSettings
from simulator.vendors.useapi import VENDOR
from tests.vendors.useapi.commands import LONG, asked
from tests.vendors.useapi.jobs import BORN_MS, TOKEN, call, operation, read, sent, shown

fact = pytest.mark.fact
DEFAULT, OWN = "https://example.com/hooks/default", "https://example.com/hooks/own"
DAY_MS = 86_400_000


def change(body: Any, media_type: str = "application/json") -> Any:
    return call("updateUser", body, media_type=media_type)


def sandbox(epoch_ms: int = BORN_MS) -> Sandbox:
    return Sandbox("main", SandboxSettings("seed", epoch_ms, "manual"), Library())


def done(box: Sandbox, made: Any) -> Any:
    """Return what comes of a call, worded by its operation; a command's job as it is."""
    made.now_ms = box.clock.now_ms()
    outcome = box.handle(VENDOR, made, read(made), Choice())
    if made.operation in ("getUser", "updateUser"):
        return sent(made.operation, operation(made.operation).show(outcome, made))
    return outcome


def seen(box: Sandbox) -> Any:
    """Return the account as it is told."""
    return done(box, call("getUser")).body


@fact("useapi.user.post")
def test_name_and_default_are_changed_without_a_word() -> None:
    made = change({"name": "A Tester", "replyUrl": DEFAULT})

    assert read(made) == SetDetails({"name": "A Tester", "replyUrl": DEFAULT})
    reply = done(sandbox(), made)
    assert (reply.status, reply.body) == (204, None)


@fact("useapi.user.post", "useapi.user.unset")
@pytest.mark.parametrize("body", [{}, {"name": "A Tester"}, {"replyUrl": ""}])
def test_both_are_optional(body: dict[str, str]) -> None:
    assert read(change(body)) == SetDetails(body)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"replyUrl": LONG}, "replyUrl is too long"),
        ({"name": 7, "replyUrl": LONG}, "Param name is not a string"),
        ({"replyUrl": None}, "Param replyUrl is not a string"),
        ([], "Unable to parse request body"),
        (None, "Unable to parse request body"),
    ],
)
@fact("useapi.user.too-long", "useapi.errors.not-a-text", "useapi.errors.unreadable-body")
def test_a_bad_change_is_refused(body: Any, text: str) -> None:
    made = change(body)

    with pytest.raises(ApiError) as caught:
        read(made)

    reply = sent("updateUser", VENDOR.show_error(caught.value, made))
    assert (reply.status, reply.body) == (400, {"error": text, "code": 400})


@fact("useapi.user.too-long")
def test_a_default_of_1024_characters_is_taken() -> None:
    assert read(change({"replyUrl": LONG[1:]})) == SetDetails({"replyUrl": LONG[1:]})


@fact("useapi.errors.body-type")
def test_a_change_must_be_json() -> None:
    with pytest.raises(WrongMediaType):
        read(change({"name": "A Tester"}, media_type="multipart/form-data"))


@fact("useapi.user.stray-user", "useapi.errors.unknown-field")
def test_the_page_s_own_samples_change_no_name() -> None:
    made = change({"user": "User name", "replyUrl": DEFAULT})

    assert read(made) == SetDetails({"replyUrl": DEFAULT})
    assert made.marks


@fact("useapi.user.get", "useapi.user.values", "useapi.account.cap")
def test_a_token_s_account_is_told() -> None:
    box = sandbox()

    assert read(call("getUser")) == GetAccount()
    assert seen(box) == {
        "id": 12345,
        "email": "user12345@example.com",
        "created": "2023-07-25T03:02:28.676Z",
        "subscriptionIsActive": True,
        "subscriptions": 1,
        "maxAccountsPerAPI": 3,
        "accounts": {"InsightFaceSwap API": {"total": 1, "active": 1}},
        "verified": "2023-07-25T03:02:53.252Z",
        "sub": "230824",
    }


@fact("useapi.user.get", "useapi.user.unset")
def test_what_was_changed_is_shown_stays_and_can_be_unset() -> None:
    box, shown = sandbox(), []
    for body in ({"name": "A Tester", "replyUrl": DEFAULT}, {"name": "Another"}, {"replyUrl": ""}):
        done(box, change(body))
        told = seen(box)
        shown.append((told.get("name"), told.get("replyUrl")))

    assert shown == [("A Tester", DEFAULT), ("Another", DEFAULT), ("Another", None)]


@fact("useapi.user.values")
def test_configured_channels_are_counted() -> None:
    box = sandbox()
    channel = {"discord": "another", "server": "1218247298912354304", "channel": "1218247389001809923"}
    put = call("putAccount", channel, path={"channel": channel["channel"]}, media_type="application/json")

    counts = []
    for made in (put, *(call("deleteAccount", path={"channel": id}) for id in channels(box))):
        done(box, made)
        counts.append(seen(box)["accounts"])

    assert counts == [{"InsightFaceSwap API": {"total": count, "active": count}} for count in (2, 1)]
    done(box, call("deleteAccount", path={"channel": channel["channel"]}))
    assert seen(box)["accounts"] == {}


def channels(box: Sandbox) -> list[str]:
    """Return the ids of the configured channels."""
    return [record.id for record in done(box, call("listAccounts"))]


@fact("useapi.user.get", "useapi.auth.account-without-402")
def test_an_expired_subscription_is_told() -> None:
    box = sandbox()

    box.set_account(VENDOR, TOKEN, AccountChange(state="expired"))

    assert seen(box)["subscriptionIsActive"] is False


@fact("useapi.user.get", "useapi.user.values")
@pytest.mark.parametrize("days", [0, 29, 30, 31, 365, 5000])
def test_a_subscription_is_renewed_every_30_days(days: int) -> None:
    epoch_ms = 1_690_254_148_676 + days * DAY_MS

    told = seen(sandbox(epoch_ms))

    renewed = datetime.strptime(told["sub"] + "+0000", "%y%m%d%z").date()
    assert renewed == date(2023, 7, 25) + timedelta(days=days - days % 30)


@fact("useapi.user.default", "useapi.webhook.target")
def test_the_default_is_for_commands_that_come_after_it() -> None:
    box = sandbox()

    before = done(box, asked("headshot"))
    done(box, change({"replyUrl": DEFAULT}))
    after, own = done(box, asked("headshot")), done(box, asked("headshot", replyUrl=OWN))
    done(box, change({"replyUrl": ""}))
    unset = done(box, asked("headshot"))

    hooks = [made.job.hook.url if made.job.hook else None for made in (before, after, own, unset)]
    assert hooks == [None, DEFAULT, OWN, None]


@fact("useapi.webhook.default-hidden")
def test_a_job_shows_no_url_that_its_command_did_not_give() -> None:
    box = sandbox()
    done(box, change({"replyUrl": DEFAULT}))

    assert "replyUrl" not in shown(done(box, asked("headshot")))
    assert shown(done(box, asked("headshot", replyUrl=OWN)))["replyUrl"] == OWN


@fact("useapi.user.default")
def test_a_test_may_set_the_default_too() -> None:
    box = sandbox()

    box.set_account(VENDOR, TOKEN, AccountChange(details={"replyUrl": DEFAULT}))

    assert done(box, asked("headshot")).job.hook.url == DEFAULT
    assert seen(box)["replyUrl"] == DEFAULT
