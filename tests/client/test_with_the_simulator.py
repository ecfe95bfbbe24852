"""A receiver and the simulator together, as users put them into one test."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from simulator import vendors
from simulator.assembly import Background
from simulator.client import Receiver
from simulator.settings import Settings

FACE, CLIP = "https://example.com/face.jpg", "https://example.com/clip.mp4?duration=300"
SUBMITS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a2e": ("/api/v1/userFaceSwapTask/add", "webhook_url", {"name": "mine", "face_url": FACE, "video_url": CLIP}, "webhook_token"),
    "akool": (
        "/api/open/v3/faceswap/highquality/specifyimage",
        "webhookUrl",
        {"sourceImage": [{"path": FACE}], "targetImage": [{"path": FACE}], "modifyImage": FACE},
        "",
    ),
    "deepswapai": ("/v1/video-swap", "webhook_url", {"source_image": FACE, "target_video": CLIP}, ""),
    "openshorts": ("/api/process", "webhook_url", {"url": CLIP}, "webhook_secret"),
    "useapi": ("/v1/faceswap/headshot", "replyUrl", {"prompt": "me, a king"}, ""),
}  # fmt: skip
"""Where to submit, the field for the receiver's URL, what else is sent, and the field for a secret of the submit's own."""


@pytest.fixture(scope="module")
def simulator() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="7")) as simulator:
        yield simulator


def call(url: str, body: object, vendor: str = "") -> Any:
    """Post JSON, with the key of a vendor's account, and return what is answered."""
    key = vendors.load(vendor).sample_key if vendor else ""
    headers = {"Authorization": f"Bearer {key}", "x-api-key": key, "X-Gemini-Key": key} if vendor else {}
    answer = requests.post(url, json=body, headers=headers, timeout=30)
    assert answer.ok, answer.text
    return answer.json()


def keys(simulator: Background, vendor: str) -> dict[str, str]:
    """Return what a receiver of a vendor knows."""
    key = vendors.load(vendor).sample_key
    if vendor == "akool":
        known = {"clientId": "a clientId of my own"}
        answer = requests.put(f"{simulator.url}/_simulator/accounts/akool/{key}", json={"details": known}, timeout=30)
        assert answer.ok, answer.text
        return {**known, "clientSecret": key}
    if vendor == "deepswapai":
        return {"webhook_secret": key}
    own = SUBMITS[vendor][3]
    return {own: "a secret of mine"} if own else {}


@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_what_the_simulator_sends_is_received_verified_and_names_the_job(simulator: Background, vendor: str) -> None:
    path, url_field, body, own = SUBMITS[vendor]
    known = keys(simulator, vendor)
    with Receiver(vendor, **known) as receiver:
        secret = {own: known[own]} if own else {}
        submitted = call(
            f"{simulator.url}/{vendor}{path}", {**body, **secret, url_field: f"{receiver.url}/hook"}, vendor
        )
        call(f"{simulator.url}/_simulator/clock/advance", {"by": "1h"})

        message = receiver.wait(30)

    assert message.problem == ""
    assert message.is_genuine is (None if vendor == "useapi" else True)
    assert message.job_id in str(submitted)
    assert message.path == "/hook"


def test_a_receiver_that_is_not_well_is_called_again(simulator: Background) -> None:
    path, url_field, body, _ = SUBMITS["deepswapai"]
    with Receiver("deepswapai", **keys(simulator, "deepswapai")) as receiver:
        receiver.answer_with(503, 503, 200)

        call(f"{simulator.url}/deepswapai{path}", {**body, url_field: receiver.url}, "deepswapai")
        call(f"{simulator.url}/_simulator/clock/advance", {"by": "1h"})

        assert [message.answer for message in receiver.messages] == [503, 503, 200]
        assert len({message.job_id for message in receiver.messages}) == 1
        assert all(message.is_genuine for message in receiver.messages)
