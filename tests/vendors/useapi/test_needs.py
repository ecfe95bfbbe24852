"""What a well-formed command needs: a channel, credits, a free slot, saved faces."""

import msgspec
import pytest

from simulator.jobs.errors import (
    AmbiguousRecord,
    BadCall,
    Busy,
    NotEnoughCredits,
    UnknownRecord,
)
from simulator.vendors.useapi import VENDOR
from simulator.vendors.useapi.content import split_prompt
from tests.vendors.useapi.commands import FULL, OTHER, asked, told
from tests.vendors.useapi.jobs import (
    CHANNEL,
    FACE,
    PROMPT,
    STILL,
    VIDEO,
    Keeps,
    admitted,
    call,
    channel,
    idname,
    operation,
    read,
)

fact = pytest.mark.fact


@fact("useapi.channel.strict", "useapi.channel.strict-missing")
def test_a_headshot_must_say_which_of_several_channels() -> None:
    one, two = Keeps(channel(CHANNEL), idname("me")), Keeps(channel(CHANNEL), channel(OTHER), idname("me"))

    assert admitted(read(asked("headshot")), one).found["channel"] == CHANNEL
    assert told(asked("headshot"), two).body["error"] == "Required param channel is missing or empty"
    assert admitted(read(asked("headshot", channel=OTHER)), two).owner == f"channel/{OTHER}"


@pytest.mark.parametrize("id", ["changebg", "picsi"])
@fact("useapi.channel.balanced", "useapi.channel.balanced-free")
def test_other_commands_take_any_channel_that_can_pay_and_is_free(id: str) -> None:
    both = (channel(CHANNEL), channel(OTHER))

    for keeps in (Keeps(*both, poor=[CHANNEL]), Keeps(*both, taken={CHANNEL: ["job"]})):
        assert admitted(read(asked(id)), keeps).found["channel"] == OTHER
    for keeps in (Keeps(*both, poor=[OTHER]), Keeps(*both, taken={OTHER: ["job"]})):
        assert admitted(read(asked(id)), keeps).found["channel"] == CHANNEL
    assert told(asked(id), Keeps(*both, taken=dict.fromkeys((CHANNEL, OTHER), ()))).status == 429


@fact("useapi.channel.unknown", "useapi.channel.no-account")
@pytest.mark.parametrize("id", FULL)
@pytest.mark.parametrize("name", [OTHER, "nowhere", ""])
def test_a_channel_that_is_not_configured_is_not_found(id: str, name: str) -> None:
    keeps = Keeps(channel(CHANNEL)) if name else Keeps()

    reply = told(asked(id, channel=name), keeps)

    assert (reply.status, reply.body) == (404, {"error": "Configuration not found", "code": 404})


@fact("useapi.channel.no-account")
def test_no_channel_at_all_is_a_missing_field_by_switch() -> None:
    made = msgspec.structs.replace(asked("picsi"), switches={"no_account": "400"})

    assert told(made, Keeps()).body == {"error": "Required param channel is missing or empty", "code": 400}


@fact("useapi.credits.none-left", "useapi.errors.order")
@pytest.mark.parametrize("status", [429, 412])
@pytest.mark.parametrize("id", FULL)
def test_a_channel_that_cannot_pay_is_refused_before_a_busy_one(id: str, status: int) -> None:
    made = msgspec.structs.replace(asked(id), switches={"no_credits": str(status)})

    reply = told(made, Keeps(channel(CHANNEL), poor=[CHANNEL], taken={CHANNEL: []}))

    assert (reply.status, reply.body) == (status, {"error": "Not enough credits", "code": status})


@fact("useapi.busy.status", "useapi.busy.body", "useapi.busy.retry-after", "useapi.blocking.holds-channel")
@pytest.mark.parametrize("id", FULL)
def test_a_held_channel_is_busy_and_says_by_switch_with_what_and_for_how_long(id: str) -> None:
    jobid = f"job:20230909020449667-user:12345-channel:{CHANNEL}-bot:faceswap"
    plain, made = asked(id), asked(id, channel=CHANNEL)
    made.switches = {"busy": "executing-jobs", "retry_after": "sent"}
    keeps = Keeps(channel(CHANNEL), taken={CHANNEL: [jobid]})

    first, second = told(plain, keeps), told(made, keeps)

    text = "Channel is busy executing another job"
    assert (first.status, first.body, first.headers) == (429, {"error": text, "code": 429}, ())
    assert (second.status, second.body["executingJobs"], second.headers) == (429, [jobid], (("Retry-After", "7"),))


@fact("useapi.blocking.holds-channel", "useapi.busy.async-limit")
def test_only_blocking_commands_hold_their_channel_unless_a_switch_says_so() -> None:
    limited = msgspec.structs.replace(asked("headshot"), switches={"async_limit": "one"})

    assert read(asked("picsi")).takes == "channel"
    assert [read(asked(id)).takes for id in ("headshot", "changebg")] == ["", ""]
    assert read(asked("picsi", FACE, VIDEO)).takes == ""
    assert read(limited).takes == "channel"


@pytest.mark.parametrize(
    ("prompt", "idnames"),
    [
        (PROMPT, ("me",)),
        ("a+b+c, in space", ("a", "b", "c")),
        ("a mad king, crowned", ()),
        ("a+b+c+d, in space", ()),
        ("elevenchars, in space", ()),
        ("me and you", ()),
        (", in space", ()),
    ],
)
@fact("useapi.bot.idname-rule", "useapi.headshot.unknown-idname")
def test_an_idname_is_what_looks_like_one_before_the_first_comma(prompt: str, idnames: tuple[str, ...]) -> None:
    assert split_prompt(prompt).idnames == idnames


@fact("useapi.headshot.unknown-idname", "useapi.errors.rejected")
@pytest.mark.parametrize(("name", "missing"), [("you", "you"), ("me+you", "you"), ("me", None)])
def test_a_headshot_of_a_face_that_is_not_saved_is_accepted_and_fails(name: str, missing: str | None) -> None:
    made = asked("headshot", prompt=f"{name}, in space")
    keeps = Keeps(channel(CHANNEL), idname("me"))

    failure = admitted(read(made), keeps).failure
    made.switches = {"unknown_idname": "accepted"}

    assert (failure.message if failure else None) == (f"The idname {missing} is not saved." if missing else None)
    assert admitted(read(made), keeps).failure is None


@fact("useapi.headshot.default-idname")
def test_a_headshot_that_names_no_face_uses_the_newest() -> None:
    command = read(asked("headshot", prompt="a mad king"))

    assert admitted(command, Keeps(channel(CHANNEL), idname("me"), idname("boss"))).found["idname"] == "boss"
    assert admitted(command, Keeps(channel(CHANNEL))).failure


@fact("useapi.picsi.no-face")
def test_a_source_without_a_face_is_accepted_and_fails() -> None:
    faceless = msgspec.structs.replace(FACE, faces=0)

    failure = admitted(read(asked("picsi", faceless, STILL)), Keeps(channel(CHANNEL))).failure

    assert failure
    assert failure.message == "No face detected in the source image."


def test_a_channel_brings_its_server_and_token_along() -> None:
    found = admitted(read(asked("picsi")), Keeps(channel(CHANNEL, discord="token"))).found

    assert found["channel.discord"] == "token"
    assert found["channel.server"]


@fact("useapi.errors.order")
def test_the_needs_stand_in_the_vendor_s_order() -> None:
    errors = [
        UnknownRecord("channel", "x"),
        AmbiguousRecord("channel"),
        NotEnoughCredits(),
        Busy(),
        BadCall(text="replyRef is too long"),
    ]

    statuses = [VENDOR.show_error(error, call("headshot")).status for error in errors]

    assert statuses == [404, 400, 429, 429, 400]
    assert [type(need).__name__ for need in read(asked("picsi")).needs] == [
        "HasRecord",
        "HasCredits",
        "Opens",
        "ElseFails",
    ]


def test_every_command_knows_its_media() -> None:
    for id, (_, files) in FULL.items():
        assert [field for field, _ in operation(id).inputs] == [given.field for given in files]
