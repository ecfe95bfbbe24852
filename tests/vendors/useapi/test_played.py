"""useapi in a sandbox, below the wire: many jobs at one instant, and what a reply that waits can show."""

from typing import Any

import pytest

from simulator.jobs.errors import Busy, UnfitScenario
from simulator.library import Library
from simulator.sandbox.accounts import AccountChange, RateLimit
from simulator.sandbox.choosing import Choice
from simulator.sandbox.sandbox import Sandbox, SandboxSettings
from simulator.vendors.useapi import VENDOR
from tests.vendors.useapi.commands import asked
from tests.vendors.useapi.jobs import BORN_MS, FACE, GIF, STILL, TOKEN, call, read, sent

fact = pytest.mark.fact


def sandbox() -> Sandbox:
    return Sandbox("main", SandboxSettings("seed", BORN_MS, "manual"), Library())


def submit(box: Sandbox, made: Any, **choice: str) -> Any:
    return box.handle(VENDOR, made, read(made), Choice(**choice))


@fact("useapi.ids.jobid-first-part", "useapi.attachments.truth")
def test_jobs_of_one_instant_and_one_seed_share_neither_id_nor_file() -> None:
    box = sandbox()

    for seed in ("", "same") * 20:
        submit(box, asked("headshot"), seed=seed)

    shots = box.jobs()
    assert len({shot.job.id.partition("-")[0] for shot in shots}) == 40
    assert len({output.path for shot in shots for output in shot.outputs}) == 40


@fact("useapi.picsi.stills-block")
def test_a_still_shows_no_status_that_nobody_would_see() -> None:
    box = sandbox()
    still, moving = asked("picsi", FACE, STILL), asked("picsi", FACE, GIF)

    with pytest.raises(UnfitScenario, match="at its end only"):
        submit(box, still, scenario="unknown-status")
    shot = submit(box, moving, scenario="unknown-status")

    assert shot.plan.script.scenario.name == "unknown-status"
    assert {read(made).kind for made in (still, moving) if VENDOR.kind(read(made).kind).blocks} == {"picsi-still"}
    assert [read(made).is_blocking for made in (still, moving)] == [True, False]


@fact("useapi.errors.rate-limit", "useapi.busy.retry-after")
@pytest.mark.parametrize("id", [found.id for found in VENDOR.operations])
@pytest.mark.parametrize(("switches", "headers"), [({}, ()), ({"retry_after": "sent"}, (("Retry-After", "60"),))])
def test_a_call_too_many_is_told_so_by_every_operation(id: str, switches: Any, headers: Any) -> None:
    box = sandbox()
    box.set_account(VENDOR, TOKEN, AccountChange(rate_limit=RateLimit(1, 60_000), has_rate_limit=True))
    box.admit(VENDOR, TOKEN)

    with pytest.raises(Busy) as caught:
        box.admit(VENDOR, TOKEN)
    reply = sent(id, VENDOR.show_error(caught.value, call(id, switches=switches)))

    assert (reply.status, reply.body, reply.headers) == (429, {"error": "Too many requests", "code": 429}, headers)
