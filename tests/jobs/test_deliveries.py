"""Webhooks as data: which faults there are, when they strike, and what they do to a body."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.jobs.chance import Draws
from simulator.jobs.deliveries import (
    FAULTS,
    NO_FAULTS,
    Faults,
    Hook,
    alike,
    calls_the_simulator,
    shown_url,
    with_extra_fields,
    without_passwords,
)
from simulator.jobs.durations import fixed

ALL_FAULTS = Faults(
    lost=True,
    late=fixed(1000),
    duplicate=2,
    burst=2,
    out_of_order=True,
    before_reply=True,
    after_poll=True,
    stale_timestamp_ms=1000,
    wrong_signature=True,
    wrong_id=True,
    other_sandbox=True,
    extra_fields=True,
    truncated=True,
)


def test_a_hook_knows_where_its_client_fetches_files() -> None:
    hook = Hook("http://me/hook", (("", "http://sim/acme/"), ("cdn.acme.example", "http://sim/~cdn/")))

    assert hook.files_at("out/a.png") == hook.files_at("/out/a.png") == "http://sim/acme/out/a.png"
    assert hook.files_at("out/a.png", "cdn.acme.example") == "http://sim/~cdn/out/a.png"
    assert hook.files_at("out/a.png", "other.example") == "http://sim/acme/out/a.png"
    assert Hook("http://me/hook").files_at("out/a.png") == "/out/a.png"


def test_faults_go_by_the_names_that_scenarios_use() -> None:
    assert ALL_FAULTS.names() == FAULTS
    assert NO_FAULTS.names() == Faults(chance=0.5, states=("done",)).names() == ()
    assert Faults(truncated=True, stale_timestamp_ms=1, duplicate=3).names() == (
        "duplicate",
        "stale_timestamp",
        "truncated",
    )


def test_faults_mean_only_the_states_they_name() -> None:
    assert Faults(lost=True).means("done", "succeeded")
    assert Faults(states=("done", "error")).means("done", "succeeded")
    assert Faults(states=("succeeded",)).means("done", "succeeded")
    assert not Faults(states=("error",)).means("done", "succeeded")


def test_faults_can_be_left_out() -> None:
    assert ALL_FAULTS.without("lost", "stale_timestamp", "late").names() == tuple(
        name for name in FAULTS if name not in ("lost", "stale_timestamp", "late")
    )


def test_of_two_that_speak_of_one_thing_the_upper_counts() -> None:
    below = Faults(late=fixed(1000), duplicate=2, wrong_id=True)

    assert Faults(duplicate=5, truncated=True).over(below) == Faults(
        late=fixed(1000), duplicate=5, wrong_id=True, truncated=True
    )
    assert NO_FAULTS.over(below) == below.over(NO_FAULTS) == below


def test_extra_fields_stand_around_the_known_ones_and_change_none() -> None:
    body = {"id": "a", "status": "done"}

    said = with_extra_fields(body)

    assert list(said)[1:3] == ["id", "status"]
    assert {key: said[key] for key in body} == body
    assert len(said) > len(body) + 1
    assert body == {"id": "a", "status": "done"}
    assert with_extra_fields(["no mapping"]) == ["no mapping"]


@given(st.from_regex(r"[a-z]*[a-z0-9_-]*[a-z0-9]", fullmatch=True), st.text(max_size=3))
def test_an_id_that_is_alike_is_another_of_the_same_shape(id: str, seed: str) -> None:
    def shape(text: str) -> list[str]:
        return ["digit" if letter.isdecimal() else "letter" if letter.isalpha() else letter for letter in text]

    other = alike(id, Draws(seed))

    assert other != id
    assert shape(other) == shape(id)
    assert other == alike(id, Draws(seed))


def test_what_an_id_begins_with_stays_where_it_has_no_digits() -> None:
    other = alike("vjob_abc", Draws())

    assert other.startswith("vjob_")
    assert other != "vjob_abc"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h:1/p?q=a@b", "http://h:1/p?q=a@b"),
        ("http://user:pa55@h/x?y=a@b", "http://user:***@h/x?y=a@b"),
        ("https://token@h/", "https://***@h/"),
        ("bob:pw@h", "bob:***@h"),
        ("http:/bob:pw@h/", "http:***@h/"),
        ("http://bob:p/w@h/", "http://bob:***@h/"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b'{"a": "http://user:pa55@h/x?y=a@b"}', b'{"a": "http://user:***@h/x?y=a@b"}'),
        (b'{"a": "http:\\/\\/u:pw@h"}', b'{"a": "http:\\/\\/u:***@h"}'),
        (b"url=http%3A%2F%2Fu%3Apw%40h%2F&b=a%40b", b"url=http%3A%2F%2Fu%3A***%40h%2F&b=a%40b"),
        (b"mail me@example.com at https://example.com/a@b", b"mail me@example.com at https://example.com/a@b"),
    ],
)
def test_a_text_is_shown_without_the_passwords_of_its_urls(text: bytes, shown: bytes) -> None:
    assert without_passwords(text) == shown


@pytest.mark.parametrize(
    ("url", "commands"),
    [
        ("http://h/_simulator/reset", True),
        ("http://h/%5Fsimulator/reset", True),
        ("http://h/~t1/_simulator/clock/advance", True),
        ("http://h/_simulator/sandboxes/t1/reset", True),
        ("http://h/_simulator", True),
        ("http://h/_simulator/receiver/akool/x", False),
        ("http://h/_simulator/sandboxes/t1/receiver/akool/x", False),
        ("http://h/hook?to=/_simulator/reset", False),
        ("http://[/_simulator/", False),
    ],
)
def test_what_would_command_a_simulator_is_known(url: str, commands: bool) -> None:
    assert calls_the_simulator(url) is commands
