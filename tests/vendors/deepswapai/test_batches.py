"""Batches: how they end, and what their lists hold."""

import pytest

from simulator.jobs.durations import fixed
from simulator.jobs.job import FORCED, Event
from simulator.jobs.scenario import Failure, Items
from simulator.jobs.timeline import unfold
from tests.vendors.deepswapai.jobs import (
    NOON_MS,
    PICTURE,
    batch,
    call,
    ends,
    job,
    said,
    scenario,
    state,
    status,
)
from tests.vendors.deepswapai.played import balance, sandbox, submit

URL = "https://cdn.deepswapai.com"


@pytest.mark.fact(
    "deepswapai.status.batch-completed",
    "deepswapai.batch.completed-despite-failures",
    "deepswapai.batch.item-failed",
    "deepswapai.batch.item-order",
    "deepswapai.batch.counts-match",
    "deepswapai.credits.batch",
    "deepswapai.credits.failed",
)
def test_a_batch_completes_with_the_images_that_succeeded() -> None:
    body = {"source_image": PICTURE, "target_images": [PICTURE] * 4}
    made = job("batch", batch(1, 3, seconds=(2.1, 2.1), error="Too dark"), body=body, id="batch_abc123")

    assert made.plan.price == 2
    assert status(made) == {
        "success": True,
        "job_id": "batch_abc123",
        "type": "batch_swap",
        "status": "completed",
        "total_images": 4,
        "completed": 2,
        "failed": 2,
        "progress": 100,
        "results": [
            {"index": 0, "success": True, "output_url": f"{URL}/batch/abc_0.png"},
            {"index": 1, "success": False, "error": "Too dark"},
            {"index": 2, "success": True, "output_url": f"{URL}/batch/abc_2.png"},
            {"index": 3, "success": False, "error": "Too dark"},
        ],
        "processing_time": 4100,
        "credits_used": 2,
        "expires_at": "2026-01-29T12:00:04Z",
    }


@pytest.mark.fact("deepswapai.batch.results-name")
@pytest.mark.parametrize("name", ["results", "partial_results"])
def test_the_list_of_results_has_the_name_that_is_chosen(name: str) -> None:
    switches = {"batch_results": name}
    everything_fails = batch(*range(50))

    for made in (job("batch", batch(), switches=switches), job("batch", everything_fails, switches=switches)):
        assert len(status(made)[name]) == 50
        assert "partial_results" in status(made, 3)


@pytest.mark.fact("deepswapai.batch.all-items-failed", "deepswapai.status.batch-failed", "deepswapai.credits.failed")
def test_a_batch_fails_only_with_its_last_image() -> None:
    body = {"source_image": PICTURE, "target_images": [PICTURE] * 2}
    made = job("batch", batch(0, 1), body=body, id="batch_abc123")

    assert made.plan.price == 0
    assert status(made) == {
        "success": True,
        "job_id": "batch_abc123",
        "type": "batch_swap",
        "status": "failed",
        "total_images": 2,
        "completed": 0,
        "failed": 2,
        "progress": 100,
        "results": [
            {"index": 0, "success": False, "error": "Processing failed"},
            {"index": 1, "success": False, "error": "Processing failed"},
        ],
        "error": "Every image of the batch failed",
        "error_code": "processing_failed",
    }


@pytest.mark.fact(
    "deepswapai.status.batch-failed",
    "deepswapai.batch.completed-despite-failures",
    "deepswapai.credits.batch",
    "deepswapai.credits.failed",
)
def test_a_batch_that_fails_as_a_whole_costs_nothing_whatever_it_has_finished() -> None:
    box = sandbox()
    submit(box, "batchSwap", scenario="failed-midway")
    box.advance(60_000)

    [shot] = box.jobs()

    body = said("getStatus", shot, call("getStatus", path={"job_id": shot.job.id})).body
    assert body["status"] == "failed"
    assert body["completed"] == len(body["results"]) > 0
    assert "credits_used" not in body
    assert balance(box) == 1000


@pytest.mark.fact("deepswapai.status.batch-failed")
def test_a_batch_that_breaks_off_lists_what_it_has() -> None:
    made = job("batch", ends("failed"))

    body = status(made)

    assert 0 < body["completed"] == len(body["results"]) < 50
    assert (body["failed"], body["error"]) == (0, "Rendering broke off")


def test_a_scenario_may_say_why_a_batch_fails() -> None:
    every = Items(fixed(1000), fail_rate=1.0)
    states = (state("processing", None, "completed", items=every), state("completed"))
    made = job("batch", scenario(*states, state("failed", error=Failure("No light"))))

    assert (status(made)["error"], status(made)["error_code"]) == ("No light", "processing_failed")


def test_a_batch_that_a_test_forces_to_its_end_has_all_its_images() -> None:
    made = job("batch", batch(7))
    made.events = (Event(FORCED, NOON_MS + 3000, "completed"),)
    made.entries = unfold(made.plan, NOON_MS, made.events)

    body = status(made)

    assert (body["status"], body["completed"], body["failed"], len(body["results"])) == ("completed", 49, 1, 50)


def test_a_scenario_without_single_images_finishes_them_evenly() -> None:
    made = job("batch", ends())

    assert [status(made, 2 + seconds)["completed"] for seconds in (0, 1, 2, 50, 99)] == [0, 0, 1, 25, 49]
    assert status(made)["completed"] == 50
