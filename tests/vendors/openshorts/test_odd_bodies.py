"""Bodies that nobody means to send: a url that is no text, and what is JSON for the framework's reader alone."""

from typing import Any

import pytest

from simulator.sandbox.choosing import Pin
from simulator.vendors.openshorts import VENDOR
from tests.vendors.openshorts.client import Client


@pytest.mark.fact("openshorts.process.url-no-text", "openshorts.process.url-no-text-slot")
@pytest.mark.parametrize("url", [7, True, ["https://example.com/a.mp4"], {"a": 1}])
def test_a_url_that_is_no_text_keeps_its_job_processing_for_ever(client: Client, url: Any) -> None:
    answer = client.process({"url": url, "acknowledged": True})
    others = [client.submit("stuck") for _ in range(4)]
    waiting = client.submit("happy")

    client.advance(1_000_000)

    job_id = answer.body["job_id"]
    assert client.status(job_id) == {
        "status": "processing",
        "logs": [f"Job {job_id} queued.", "Job started by worker."],
        "result": None,
    }
    assert client.status(others[0])["status"] == "processing"
    assert client.status(waiting)["status"] == "queued"
    assert "a url that is no text" in client.leniencies()


def test_a_job_that_never_ends_waits_for_its_slot_and_takes_no_pin(client: Client) -> None:
    ids = [client.submit("happy") for _ in range(5)]
    client.sandbox.pin(Pin("openshorts", "processVideo", "failed-launch"), VENDOR)

    job_id = client.process({"url": 7}).body["job_id"]

    assert client.status(job_id)["status"] == "queued"
    client.advance(60)
    assert client.status(ids[0])["status"] == "completed"
    assert client.status(job_id)["status"] == "processing"
    assert len(client.sandbox.pins()) == 1


@pytest.mark.fact("openshorts.process.json-strict")
@pytest.mark.parametrize(
    "body", [b'{"url": "x", "target_clips": NaN}', b'\xef\xbb\xbf{"url": "x"}', b'{"url": "\\ud800"}']
)
def test_what_only_the_frameworks_reader_takes_for_json_is_none(client: Client, body: bytes) -> None:
    assert client.process(body).status == 500
