"""Webhooks as data: which faults there are, when they strike, and what they do to a body."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.jobs.chance import Draws
from simulator.jobs.deliveries import FAULTS, NO_FAULTS, Faults, Hook, alike, renamed, with_extra_fields
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


def test_faults_strike_only_the_states_they_name() -> None:
    assert Faults(lost=True).strike("done", Draws())
    assert Faults(states=("done", "error")).strike("done", Draws())
    assert not Faults(states=("error",)).strike("done", Draws())


def test_chance_is_drawn_anew_for_each_webhook_and_stays_for_each() -> None:
    faults = Faults(chance=0.25, lost=True)

    struck = [faults.strike("done", Draws("seed"), number) for number in range(2000)]

    assert 400 < sum(struck) < 600
    assert struck == [faults.strike("done", Draws("seed"), number) for number in range(2000)]
    assert not any(Faults(chance=0).strike("done", Draws("seed"), number) for number in range(100))


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
    ("body", "after"),
    [
        ({"id": "j1", "n": 1, "none": None}, {"id": "j2", "n": 1, "none": None}),
        ({"j1": {"urls": ["http://x/j1/a.png", "http://x/b.png"]}}, {"j1": {"urls": ["http://x/j2/a.png", "http://x/b.png"]}}),
        ("j1", "j2"),
        (7, 7),
    ],
)  # fmt: skip
def test_an_id_is_renamed_wherever_it_is_said(body: Any, after: Any) -> None:
    assert renamed(body, "j1", "j2") == after
