"""Jobs that have ended are packed, and nobody can tell."""

import msgspec
import pytest

from simulator.jobs.errors import ExpiredJob
from simulator.sandbox import store as store_module
from simulator.sandbox.packing import Packer
from tests.acme import BATCH, FAILS, HAPPY, call, sandbox


@pytest.fixture(autouse=True)
def _few_stay_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_WARM", 5)


@pytest.mark.parametrize(
    ("operation", "name"), [("film", "happy"), ("batch", "some"), ("clip", "fails"), ("plain", "stuck")]
)
def test_a_packed_job_comes_back_equal_in_everything(operation: str, name: str) -> None:
    box, packer = sandbox("manual", HAPPY, BATCH, FAILS), Packer()
    shot = call(box, operation, body={"prompt": "x", "list": [1, {"a": None}]}, scenario=name)
    call(box, "cancel", id=shot.job.id)

    again = packer.unpack(shot.job.id, packer.pack(shot.job))

    assert msgspec.to_builtins(again) == msgspec.to_builtins(shot.job)
    assert again.plan.script is shot.job.plan.script


@pytest.mark.parametrize("operation", ["film", "plain", "clip"])
def test_many_finished_jobs_answer_as_ever(operation: str) -> None:
    box = sandbox("manual")
    jobs = [call(box, operation, body={"prompt": str(number)}).job for number in range(30)]
    box.advance(3_600_000)
    for number in range(10):
        call(box, operation, body={"prompt": f"later {number}"})

    assert len(box.life.store) == 40
    assert len(box.life.store._packed) >= 20
    for job in reversed(jobs):
        shot = call(box, "getJob", id=job.id)
        assert (shot.word, shot.job.fields, shot.job.entries) == ("done", job.fields, job.entries)
        assert box.find_file("acme", shot.outputs[0].path) == shot.outputs[0]
    assert [shot.job.id for shot in reversed(box.jobs())][:30] == [job.id for job in jobs]


def test_an_event_reaches_a_packed_job_and_is_kept_when_it_is_packed_again() -> None:
    box = sandbox("manual")
    first = call(box, "plain").job
    for _ in range(20):
        call(box, "plain")
    box.advance(3_600_000)
    for _ in range(20):
        call(box, "plain")
    assert first.id in box.life.store._packed

    call(box, "delete", id=first.id)
    assert first.id not in box.life.store._packed
    for _ in range(3):
        box.advance(3_600_000)
        for _ in range(40):
            call(box, "plain")

    assert first.id in box.life.store._packed
    assert box.job(first.id).job.deleted_at_ms is not None


def test_packed_jobs_are_the_first_to_make_room() -> None:
    box = sandbox("manual", max_jobs=10)
    stuck = [call(box, "plain", scenario="stuck").job.id for _ in range(4)]
    done = [call(box, "plain").job.id for _ in range(6)]
    box.advance(3_600_000)

    for _ in range(6):
        call(box, "plain")

    for job_id in stuck:
        assert call(box, "getJob", id=job_id).word == "drawing"
    for job_id in done:
        with pytest.raises(ExpiredJob):
            call(box, "getJob", id=job_id)
