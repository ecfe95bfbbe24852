"""What tests of the control API's clients share: a submit, and a receiver that lives in an event loop."""

from typing import Any

import requests

from simulator.client import AsyncVendorHandle, VendorHandle

EPOCH = "2026-01-01T00:00:00Z"
EPOCH_MS = 1_767_225_600_000


def submit(vendor: VendorHandle | AsyncVendorHandle, prompt: str = "me, a king", **more: str) -> str:
    """Submit a headshot as a client of useapi.net does; return the job's id."""
    return str(post(vendor, prompt, **more).json()["jobid"])


def post(vendor: VendorHandle | AsyncVendorHandle, prompt: str = "me, a king", **more: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {vendor.key}"}
    return requests.post(
        f"{vendor.url}/v1/faceswap/headshot", json={"prompt": prompt, **more}, headers=headers, timeout=30
    )


def look(vendor: VendorHandle, job_id: str) -> Any:
    headers = {"Authorization": f"Bearer {vendor.key}"}
    return requests.get(f"{vendor.url}/v1/faceswap/jobs/?jobid={job_id}", headers=headers, timeout=30).json()
