"""What a client's call does besides submitting and looking: new records with drawn ids, and events that a state forbids."""

from typing import Any

import pytest

from simulator.jobs.chance import Draws
from simulator.jobs.commands import Command, Happen, PutRecord
from simulator.jobs.errors import UnknownJob, WrongMethod
from simulator.sandbox.sandbox import Sandbox
from simulator.vendors.vendor import Call
from tests.acme import ACME, EPOCH_MS, HAPPY, call, sandbox


def do(box: Sandbox, operation: str, command: Command, key: str = "key-1") -> Any:
    said = Call(operation, "POST", {}, {}, {}, files_at=lambda path, host: path, account=key)
    return box.handle(ACME, said, command)


def new_id(draws: Draws, now_ms: int) -> str:
    return f"{now_ms}-{draws.hexadecimal(4, 'id')}"


def test_a_new_record_gets_an_id_of_dice_and_instant_and_all_records_are_told() -> None:
    def run() -> list[list[str]]:
        box = sandbox()
        command = PutRecord("face", "", {"url": "x"}, new_id=new_id, tells_all=True)
        return [[record.id for record in do(box, "saveFace", command)] for _ in range(3)]

    first, second, third = run()

    assert len(first) == 1
    assert (first, second) == (second[:1], third[:2])
    assert len(set(third)) == 3
    assert all(id.startswith(f"{EPOCH_MS}-") for id in third)
    assert run() == [first, second, third]


def test_an_id_that_is_taken_is_drawn_again() -> None:
    box = sandbox()

    for _ in range(10):
        command = PutRecord("face", "", {}, new_id=lambda draws, now_ms: str(draws.whole(0, 9, "id")))
        do(box, f"save{_}", command)

    account = box.account("acme", "key-1")
    assert account
    assert len(account.records("face")) == 10


def test_a_record_that_is_put_by_its_id_is_told_alone() -> None:
    box = sandbox()

    assert do(box, "putFace", PutRecord("face", "one", {"url": "x"})).id == "one"


def test_an_event_is_refused_in_the_states_that_forbid_it() -> None:
    box = sandbox("manual", HAPPY)
    job_id = call(box, "plain").job.id
    refusal = WrongMethod("DELETE", ())
    delete = Happen(job_id, "deleted", refused_in=("drawing",), refusal=refusal)
    box.advance(2_000)

    with pytest.raises(WrongMethod):
        do(box, "delete", delete)

    assert call(box, "getJob", id=job_id).word == "drawing"
    box.advance(20_000)
    assert do(box, "delete", delete).word == "done"
    with pytest.raises(UnknownJob):
        call(box, "getJob", id=job_id)
