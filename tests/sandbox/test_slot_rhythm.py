"""A rhythm that starts with the slot, and how many items a job has where nobody says."""

from typing import Any

import msgspec
import pytest

from simulator.jobs.durations import read_duration
from simulator.jobs.grid import Grid
from simulator.jobs.scenario import Items
from simulator.jobs.snapshot import look, next_change_ms
from simulator.sandbox.choosing import Choice
from simulator.vendors.vendor import Call
from tests.acme import ACME, EPOCH_MS, call, kind, sandbox, scenario, state

WAITS = scenario("waits", state("drawing", "5s", "done"), state("done"))


def test_a_grid_from_the_slot_is_anchored_by_the_grant() -> None:
    grid = Grid(1000, 2000, 2000, "s", "end", from_slot=True)

    assert grid.granted(1700).at_or_after(1701) == 3700
    assert Grid(1000, 2000, 2000, "s").granted(1700).at_or_after(1701) == 3000


def test_an_end_is_seen_on_the_ticks_since_the_slot_was_granted() -> None:
    box = sandbox("manual", WAITS)
    for _ in range(2):
        call(box, "clip", scenario="waits")
    box.advance(700)
    late = call(box, "clip", scenario="waits").job

    box.advance(6000)  # both slots are free since 6 s: a tick of theirs, and none of a rhythm from 0.7 s on

    assert late.entries[1].at_ms == EPOCH_MS + 6000
    assert late.grid.anchor_ms == EPOCH_MS + 6000
    assert (late.entries[-1].at_ms, late.entries[-1].seen_at_ms) == (EPOCH_MS + 11_000, EPOCH_MS + 12_000)
    assert next_change_ms(look(late, EPOCH_MS + 7000)) == EPOCH_MS + 12_000


@pytest.mark.parametrize(("said", "expected"), [(None, 7), (2, 2)])
def test_the_kind_says_how_many_items_where_nobody_else_does(said: int | None, expected: int) -> None:
    counted = kind("plain", price=lambda draft, made: 0, takes_items=True, item_count=lambda draft: 7)
    vendor = msgspec.structs.replace(ACME, kinds=(counted, *(one for one in ACME.kinds if one.name != "plain")))
    items = Items(read_duration("1s"), said)
    box = sandbox("manual", scenario("some", state("drawing", then="done", items=items), state("done")))
    asked = Call("plain", "POST", {}, {}, {}, lambda path, host: path, account="key-1")
    operation = next(one for one in vendor.operations if one.id == "plain")

    shot: Any = box.handle(vendor, asked, operation.read(asked, ()), Choice("some"))

    assert len(shot.plan.items) == len(shot.outputs) == expected
