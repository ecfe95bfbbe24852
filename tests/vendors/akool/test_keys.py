"""API keys, bearer tokens, which of them counts, and what is said without good ones."""

import json
import re
from base64 import urlsafe_b64decode
from typing import Any

import pytest

from simulator.assembly import Background
from simulator.sandbox.accounts import AccountChange, RateLimit
from simulator.settings import Settings
from simulator.vendors.akool import VENDOR
from simulator.vendors.akool.auth import make_token
from tests.vendors.akool.wire import (
    ANALYSIS,
    ANALYZE,
    BODIES,
    CREATE,
    EPOCH,
    EPOCH_MS,
    IMAGE,
    KEY,
    LIST,
    QUOTA,
    TASK,
    TOKEN,
    VIDEO,
    Client,
)

YEAR_MS = 365 * 86_400_000
CALLS = [("POST", path) for path in (ANALYZE, CREATE, IMAGE, VIDEO)]
CALLS += [("GET", path) for path in (f"{ANALYSIS}?_id=a", f"{TASK}?_id=a", f"{LIST}?_ids=a", QUOTA)]
MISSING, BAD, BLOCKED = 1102, 1101, 1200


def bearer(akool: Client, token: str, path: str = QUOTA, **headers: str) -> Any:
    return akool.fetch("GET", akool.base + path, None, Authorization=f"Bearer {token}", **headers)


def token_of(akool: Client, key: str = KEY) -> str:
    answer = akool.fetch("POST", akool.base + TOKEN, {"clientId": "any", "clientSecret": key})
    assert answer.code == 1000, answer.body
    return str(answer.body["token"])


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.fact("akool.token.get", "akool.token.reply", "akool.token.form", "akool.token.any-client-id")
def test_a_token_stands_beside_the_code(akool: Client) -> None:
    answer = akool.fetch("POST", akool.base + TOKEN, BODIES[TOKEN])

    assert list(answer.body) == ["code", "token"]
    assert answer.body["code"] == 1000
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", answer.body["token"])
    names = ("id", "uid", "team_id", "type", "from", "email", "firstName", "code", "iat", "exp")
    assert set(names) <= set(claims(answer.body["token"]))


@pytest.mark.fact("akool.token.account", "akool.token.secret-is-key", "akool.auth.bearer", "akool.auth.api-key")
def test_a_token_reaches_the_account_of_its_key(akool: Client) -> None:
    akool.sandbox.set_account(VENDOR, "mine", AccountChange(credits=77))
    task = akool.post(ANALYZE, key="mine").data["_id"]
    token = token_of(akool, "mine")

    assert bearer(akool, token).data == akool.get(QUOTA, "mine").data == {"credit": 77}
    assert bearer(akool, token, f"{ANALYSIS}?_id={task}").data["_id"] == task
    assert bearer(akool, token_of(akool, "another"), f"{ANALYSIS}?_id={task}").code == 1014


@pytest.mark.fact("akool.auth.precedence")
def test_authorization_goes_before_the_api_key(akool: Client) -> None:
    akool.sandbox.set_account(VENDOR, "mine", AccountChange(credits=77))
    akool.sandbox.set_account(VENDOR, "his", AccountChange(credits=5))
    token = token_of(akool, "mine")

    assert bearer(akool, token, x_api_key="his").data == {"credit": 77}
    assert bearer(akool, "invalid", x_api_key="his").code == BAD
    assert akool.get(QUOTA, "his", Authorization="Basic abc").code == BAD
    assert akool.get(QUOTA, "his", Authorization="Bearer ").code == MISSING
    assert akool.get(QUOTA, "his", Authorization="").data == {"credit": 5}


@pytest.mark.fact("akool.token.lifetime", "akool.token.more-than-a-year", "akool.token.expired")
def test_a_token_holds_for_3600_days(akool: Client) -> None:
    token = token_of(akool)
    said = claims(token)

    akool.sandbox.advance(YEAR_MS)
    after_a_year = bearer(akool, token).code
    akool.sandbox.advance_to(said["exp"] * 1000 - 1)
    at_last = [bearer(akool, token, path.partition("?")[0] + "?_id=a&_ids=a").code for _, path in CALLS[4:]]
    akool.sandbox.advance_to(said["exp"] * 1000)
    afterwards = [
        akool.fetch(method, akool.base + path, {} if method == "POST" else None, Authorization=f"Bearer {token}").code
        for method, path in CALLS
    ]

    assert said["exp"] - said["iat"] == 311_040_000
    assert said["iat"] == EPOCH_MS // 1000
    assert after_a_year == 1000
    assert at_last == [1014, 1014, 1000, 1000]
    assert set(afterwards) == {BAD}


@pytest.mark.fact("akool.token.changed", "akool.auth.any-text")
def test_a_token_that_somebody_has_changed_is_refused(akool: Client) -> None:
    head, body, signature = token_of(akool).split(".")
    other_body = make_token("another", EPOCH_MS).split(".")[1]

    for token in (f"{head}.{other_body}.{signature}", f"{head}.{body}.", f"{head}.{body}.{signature[::-1]}"):
        assert bearer(akool, token).code == BAD
    for text in (
        "text",
        "a.b.c",
        "eyJhbGciOiJIUzI1NiJ9.eyJ1aWQiOjF9.c2ln",
        KEY,
    ):  # another's tokens stand for themselves
        assert bearer(akool, text).code == 1000


@pytest.mark.fact("akool.error.codes", "akool.envelope.no-data")
@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize(
    ("key", "code"),
    [("", MISSING), ("  ", MISSING), ("my-invalid-key", BAD), ("expired-key", BAD), ("blocked", BLOCKED)],
)
def test_every_call_needs_a_good_key(akool: Client, method: str, path: str, key: str, code: int) -> None:
    answer = akool.fetch(method, akool.base + path, {} if method == "POST" else None, x_api_key=key)

    assert (answer.status, answer.code) == (200, code)
    assert set(answer.body) == {"code", "msg"}
    assert akool.fetch(method, akool.base + path).code == MISSING


@pytest.mark.fact("akool.error.auth-status")
def test_by_switch_a_bad_key_is_told_by_the_http_status_too(akool: Client) -> None:
    akool.sandbox.set_switches({"akool.auth_status": "401"})

    answers = [akool.get(QUOTA, key) for key in ("", "invalid", "expired", "blocked")]
    refused_token = akool.fetch("POST", akool.base + TOKEN, {"clientId": "a", "clientSecret": "invalid"})

    assert [(answer.status, answer.code) for answer in answers] == [(401, 1102), (401, 1101), (401, 1101), (401, 1200)]
    assert (refused_token.status, refused_token.code) == (401, 1101)
    assert akool.get(TASK).status == 200


@pytest.mark.fact("akool.token.refused", "akool.token.any-client-id", "akool.token.secret-is-key")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 1003), ({"clientId": "a"}, 1003), ({"clientSecret": KEY}, 1003), ([], 1003), (None, 1003),
        ({"clientId": "", "clientSecret": KEY}, 1003), ({"clientId": "a", "clientSecret": " "}, 1003),
        ({"clientId": 7, "clientSecret": KEY}, 1003), ({"clientId": "a", "clientSecret": None}, 1003),
        ({"clientId": "an invalid one", "clientSecret": KEY}, 1101), ({"clientId": "a", "clientSecret": "invalid"}, 1101),
        ({"clientId": "a", "clientSecret": "expired-1"}, 1101), ({"clientId": "a", "clientSecret": "blocked-1"}, 1200),
        ({"clientId": "a", "clientSecret": KEY, "scope": "all"}, 1000),
    ],
)  # fmt: skip
def test_a_token_is_refused_in_the_common_way(akool: Client, body: Any, code: int) -> None:
    answer = akool.fetch("POST", akool.base + TOKEN, b"null" if body is None else body, Content_Type="application/json")

    assert (answer.status, answer.code) == (200, code)
    assert set(answer.body) == ({"code", "token"} if code == 1000 else {"code", "msg"})


@pytest.mark.fact("akool.token.get")
@pytest.mark.parametrize("header", ["Basic abc", "Bearer invalid", "Bearer", "old", "changed"])
def test_a_token_can_be_asked_for_whatever_authorization_says(akool: Client, header: str) -> None:
    old = make_token(KEY, 0)
    said = {"old": f"Bearer {old}", "changed": f"Bearer {old[:-1]}"}.get(header, header)
    akool.sandbox.advance(10 * YEAR_MS)

    answer = akool.fetch("POST", akool.base + TOKEN, BODIES[TOKEN], Authorization=said)

    assert bearer(akool, answer.body["token"]).code == 1000
    assert bearer(akool, old).code == BAD


@pytest.mark.fact("akool.token.secret-is-key")
def test_strict_keys_are_strict_for_tokens_too() -> None:
    with Background(Settings(port=0, clock="manual", epoch=EPOCH, strict_keys=True), vendor_names=("akool",)) as server:
        akool = Client(server)
        strange = akool.fetch("POST", akool.base + TOKEN, {"clientId": "a", "clientSecret": "nobody's"})
        token = token_of(akool)

        assert strange.code == BAD
        assert bearer(akool, token).code == akool.get(QUOTA).code == 1000
        assert bearer(akool, make_token("nobody's", EPOCH_MS)).code == akool.get(QUOTA, "nobody's").code == BAD


@pytest.mark.fact("akool.error.rate", "akool.error.codes")
def test_calls_that_come_too_often_are_told_so(akool: Client) -> None:
    limit = AccountChange(rate_limit=RateLimit(1, 10_000), has_rate_limit=True)
    akool.sandbox.set_account(VENDOR, KEY, limit)

    first, second, token = akool.get(QUOTA), akool.get(QUOTA), akool.fetch("POST", akool.base + TOKEN, BODIES[TOKEN])
    akool.sandbox.advance(10_000)

    assert (first.code, second.code, token.code) == (1000, 1005, 1005)
    assert (second.status, second.body["msg"]) == (200, "Operation is too frequent")
    assert akool.get(QUOTA).code == 1000


@pytest.mark.fact("akool.account.fresh", "akool.account.client-id", "akool.credits.quota")
def test_a_new_account_has_credits_and_a_client_id(akool: Client) -> None:
    akool.post(ANALYZE)
    account = akool.sandbox.account("akool", KEY)

    assert akool.get(QUOTA, "new").body == {"code": 1000, "msg": "OK", "data": {"credit": 10_000}}
    assert account
    assert len(account.details["clientId"]) == 24
    assert akool.get(QUOTA, "my-no-credit-key").data == {"credit": 0}
