"""Routes, and the calls that look jobs up, list and cancel them."""

from typing import Any

import pytest

from simulator.jobs.commands import Happen, ListJobs, LookUp
from simulator.jobs.errors import BadCall
from simulator.jobs.job import Event
from simulator.jobs.timeline import effect
from simulator.vendors.useapi import VENDOR
from tests.vendors.useapi.jobs import (
    BORN_MS,
    FACE,
    STILL,
    VIDEO,
    call,
    contract,
    job,
    operation,
    read,
    sent,
    shot,
    states,
)

fact = pytest.mark.fact
JOBID = "job:20230909020449667-user:12345-channel:1114135330115551237-bot:faceswap"


@pytest.mark.parametrize("found", VENDOR.operations, ids=lambda found: found.id)
@fact("useapi.base.url", "useapi.list.exists")
def test_every_route_stands_in_the_contract(found: Any) -> None:
    checks = contract().checks(found.id)

    assert (checks.method, checks.path) == (found.method, found.path)
    assert found.path.startswith("/v1/faceswap/") or found.path == "/v2/account"
    assert VENDOR.url == "https://api.useapi.net"


@pytest.mark.parametrize("id", ["getJob", "listJobs", "cancelJob", "cancelJobPlain"])
@fact("useapi.routing.slash", "useapi.ids.jobid-encoding", "useapi.cancel.get")
def test_a_jobid_is_read_with_and_without_the_slash(id: str) -> None:
    command = read(call(id, query={"jobid": JOBID}))

    assert command == (Happen(JOBID, "cancel") if id.startswith("cancel") else LookUp((JOBID,)))


@pytest.mark.parametrize(("id", "query"), [("getJob", {}), ("cancelJob", {}), ("cancelJobPlain", {}), ("getJob", {"jobid": ""}), ("listJobs", {"jobid": ""}), ("cancelJob", {"jobid": ""})])  # fmt: skip
@fact("useapi.jobs.jobid-missing", "useapi.jobs.jobid-empty", "useapi.routing.jobs-without-jobid")
def test_a_missing_or_empty_jobid_is_refused(id: str, query: dict[str, str]) -> None:
    with pytest.raises(BadCall) as caught:
        read(call(id, query=query))

    reply = sent(id, VENDOR.show_error(caught.value, call(id)))
    assert (reply.status, reply.body) == (400, {"error": "Query param jobid not provided", "code": 400})


@fact("useapi.errors.unknown-field", "useapi.jobs.unknown")
def test_an_id_of_another_shape_and_a_stray_parameter_are_no_error() -> None:
    made = call("getJob", query={"jobid": "no-such", "page": "2"})

    assert read(made) == LookUp(("no-such",))
    assert made.marks


@fact("useapi.routing.get-with-content-type", "useapi.routing.empty-body")
@pytest.mark.parametrize("id", ["getJob", "listAccounts", "getAccount", "getUser"])
def test_a_get_may_declare_a_body_that_it_does_not_have(id: str) -> None:
    made = call(
        id, query={"jobid": JOBID} if id == "getJob" else {}, path={"channel": "1"}, media_type="application/json"
    )

    assert read(made)


@fact("useapi.list.running", "useapi.list.order", "useapi.list.exists", "useapi.routing.jobs-without-jobid")
def test_the_running_jobs_are_listed_oldest_first() -> None:
    made = call("listJobs")
    first, second = job("headshot"), job("headshot", attempt=1)

    assert read(made) == ListJobs(unfinished_only=True)
    show = operation("listJobs").show
    assert sent("listJobs", show([shot(second), shot(first)], made)).body == [first.id, second.id]
    assert sent("listJobs", show([], made)).body == []


@fact("useapi.routing.slash")
def test_a_list_that_is_asked_for_one_job_shows_it() -> None:
    reply = sent("listJobs", operation("listJobs").show(shot(job()), call("listJobs", query={"jobid": JOBID})))

    assert reply.body["jobid"] == JOBID


@fact("useapi.cancel.get", "useapi.cancel.which")
@pytest.mark.parametrize(
    "made", [job("headshot"), job("changebg"), job("picsi", inputs=(FACE, VIDEO))], ids=lambda made: made.kind
)
def test_an_asynchronous_job_can_be_cancelled(made: Any) -> None:
    assert cancelled(made) == {"jobid": made.id, "status": "cancelled", "code": 200}


@fact("useapi.cancel.finished", "useapi.cancel.which")
@pytest.mark.parametrize(
    "made",
    [
        job("picsi", inputs=(FACE, STILL), plays=states(("started", "forever"))),
        job("headshot", plays=states(("completed", "end"))),
        job("headshot", plays=states(("moderated", "end"))),
    ],
    ids=lambda made: f"{made.kind} {made.plan.first}",
)
def test_cancelling_a_blocking_or_finished_job_changes_nothing(made: Any) -> None:
    assert cancelled(made)["status"] == made.plan.first


def cancelled(made: Any) -> Any:
    """Return what a cancel is told, which came five seconds after the job was made."""
    event = Event("cancel", BORN_MS + 5000)
    events = (event,) if effect(made.plan, BORN_MS, (), event) else ()
    other = job(made.operation, plays=made.plan.script.scenario.states, inputs=made.inputs, events=events)
    reply = sent("cancelJob", operation("cancelJob").show(shot(other, 5000), call("cancelJob")))
    assert reply.status == 200
    return reply.body


@fact("useapi.jobs.poll-gap", "useapi.jobs.get")
def test_no_look_is_too_soon() -> None:
    made, asked = job(), call("getJob", query={"jobid": JOBID})

    replies = [sent("getJob", operation("getJob").show(shot(made, after_ms), asked)) for after_ms in (0, 0, 1, 2, 2000)]

    assert [reply.status for reply in replies] == [200] * 5
    assert not hasattr(read(asked), "needs")


def test_the_first_call_and_its_key_are_fit_to_print() -> None:
    printed = VENDOR.first_call.format(base="http://127.0.0.1:8080/useapi", key=VENDOR.sample_key)

    assert "/v1/faceswap/headshot" in printed
    assert VENDOR.authenticate(call("headshot", headers={"authorization": f"Bearer {VENDOR.sample_key}"}))
    assert not any(word in VENDOR.sample_key for word in ("invalid", "expired", "blocked", "no-credit"))
