"""Configured channels: how an account begins, and the four account calls."""

import re
from typing import Any

import pytest

from simulator.jobs.admission import admit
from simulator.jobs.chance import Draws
from simulator.jobs.commands import DeleteRecord, GetRecord, PutRecord
from simulator.jobs.errors import ApiError, WrongMediaType
from simulator.vendors.useapi import VENDOR
from simulator.vendors.vendor import Record
from tests.vendors.useapi.jobs import (
    BORN_MS,
    CHANNEL,
    DISCORD,
    SERVER,
    TOKEN,
    Keeps,
    call,
    channel,
    operation,
    read,
    sent,
)

fact = pytest.mark.fact
OTHER, OTHER_SERVER = "1218247389001809923", "1218247298912354304"
BODY = {"discord": "token-of-another-user", "server": OTHER_SERVER, "channel": OTHER}


def put(body: Any = BODY, path: str = OTHER, media_type: str = "application/json") -> Any:
    return call("putAccount", body, path={"channel": path}, media_type=media_type)


def told(made: Any, keeps: Keeps) -> Any:
    with pytest.raises(ApiError) as caught:
        admit(read(made).needs, keeps)
    reply = sent("putAccount", VENDOR.show_error(caught.value, made))
    assert reply.status == 400
    return reply.body["error"]


@fact("useapi.account.fresh", "useapi.credits.total", "useapi.ids.snowflake")
def test_a_new_key_has_one_channel_with_800_credits_and_a_saved_face() -> None:
    start = VENDOR.new_account(TOKEN, Draws("seed"), {})

    face, configured = start.records
    assert (face.type, face.id) == ("idname", "me")
    assert (configured.type, configured.id, configured.credits) == ("channel", configured.data["channel"], 800)
    assert all(re.fullmatch(r"\d{17,20}", configured.data[name]) for name in ("channel", "server"))


@fact("useapi.account.fresh")
def test_a_new_key_has_no_channel_by_switch() -> None:
    start = VENDOR.new_account(TOKEN, Draws("seed"), {"accounts": "none"})

    assert [record.type for record in start.records] == ["idname"]


@fact("useapi.account.put")
def test_a_configuration_is_put_under_its_channel_and_answered_without_a_body() -> None:
    made = put()
    command = read(made)

    assert isinstance(command, PutRecord)
    assert (command.type, command.id, command.data) == ("channel", OTHER, BODY)
    reply = sent("putAccount", operation("putAccount").show(None, made))
    assert (reply.status, reply.body) == (204, None)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "Required param discord is missing or empty"),
        ([], "Required param discord is missing or empty"),
        (None, "Required param discord is missing or empty"),
        ({**BODY, "discord": ""}, "Required param discord is missing or empty"),
        ({**BODY, "server": 7, "channel": ""}, "Required param server is missing or empty"),
        ({**BODY, "server": "x", "channel": ""}, "Required param channel is missing or empty"),
        ({**BODY, "server": "s", "channel": "c"}, "Required param channel (s) is not valid Discord channel id"),
        ({**BODY, "channel": "c"}, "Required param channel (c) is not valid Discord channel id"),
        ({**BODY, "channel": CHANNEL, "discord": DISCORD}, f"Required param channel ({CHANNEL}) not matching to /faceswap/account/{OTHER}"),
        ({**BODY, "discord": DISCORD, "server": SERVER}, f"Channel {CHANNEL} configuration has same discord value"),
        ({**BODY, "server": SERVER}, f"Channel {CHANNEL} configuration has same server value"),
    ],
)  # fmt: skip
@fact(
    "useapi.account.put-missing",
    "useapi.account.put-malformed",
    "useapi.account.put-mismatch",
    "useapi.account.put-duplicate",
    "useapi.account.put-order",
)
def test_a_configuration_is_refused_in_this_order(body: Any, text: str) -> None:
    assert told(put(body), Keeps(channel(CHANNEL))) == text


@fact("useapi.errors.body-type")
def test_a_configuration_must_be_json() -> None:
    with pytest.raises(WrongMediaType):
        read(put(media_type="multipart/form-data"))


@fact("useapi.account.put", "useapi.account.put-duplicate")
def test_a_channel_may_keep_its_own_values() -> None:
    body = {"discord": DISCORD, "server": SERVER, "channel": CHANNEL}

    admit(read(put(body, CHANNEL)).needs, Keeps(channel(CHANNEL)))


@fact("useapi.account.cap", "useapi.account.cap-not-enforced")
def test_a_fourth_channel_is_accepted() -> None:
    three = [channel(f"10000000000000000{n}", f"20000000000000000{n}", f"token {n}") for n in range(3)]

    admit(read(put()).needs, Keeps(*three))


@fact("useapi.account.delete", "useapi.account.delete-replies", "useapi.routing.empty-body")
def test_a_channel_is_removed_without_a_word() -> None:
    made = call("deleteAccount", path={"channel": CHANNEL}, media_type="application/json")

    command = read(made)

    assert (type(command), command.id) == (DeleteRecord, CHANNEL)
    assert sent("deleteAccount", operation("deleteAccount").show(None, made)).status == 204


def record(**other: Any) -> Record:
    return Record("channel", CHANNEL, {"server": SERVER, "channel": CHANNEL, "discord": DISCORD}, 0, 0, **other)


def configuration(kept: Record, **switches: str) -> Any:
    made = call("getAccount", path={"channel": CHANNEL}, switches=switches)
    assert read(made) == GetRecord("channel", CHANNEL)
    return sent("getAccount", operation("getAccount").show(kept, made)).body


@fact("useapi.account.shape", "useapi.account.credits-unknown", "useapi.account.discord-shown")
def test_a_channel_that_was_never_used_tells_no_credits() -> None:
    body = configuration(record(balance=800, granted=800))

    assert body == {"server": SERVER, "channel": CHANNEL, "discord": "ABC…secured…xyz"}


@fact("useapi.account.shape", "useapi.account.credits-used", "useapi.times.timestamp")
def test_a_channel_that_was_used_tells_what_is_left_of_its_credits() -> None:
    body = configuration(record(balance=796, granted=800, charged_at_ms=BORN_MS))

    assert body["credits"] == {"timestamp": "2023-09-09T02:04:49.667000+00:00", "total": 800, "used": 4}


@fact("useapi.account.discord-shown")
def test_the_token_is_shown_by_switch() -> None:
    assert configuration(record(), account_discord="shown")["discord"] == DISCORD


@fact("useapi.account.list")
def test_every_channel_stands_under_its_id() -> None:
    made = call("listAccounts")

    assert read(made) == GetRecord("channel")
    assert list(sent("listAccounts", operation("listAccounts").show([record()], made)).body) == [CHANNEL]


@fact("useapi.account.list-none", "useapi.account.404-empty")
def test_no_channel_is_a_404_without_a_word() -> None:
    reply = sent("listAccounts", operation("listAccounts").show([], call("listAccounts")))

    assert (reply.status, reply.body) == (404, None)
