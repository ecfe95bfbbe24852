"""AKOOL's pages print no sample; this one is written from their tables: analyse, create, poll by ``_id``."""

import os
import sys
import time
from typing import Any

import requests

BASE_URL = os.environ.get("AKOOL_BASE_URL", "https://openapi.akool.com")
HEADERS = {"x-api-key": os.environ.get("AKOOL_API_KEY", "YOUR-AKOOL-API-KEY-0000005423420")}
SUCCESS, COMPLETED, FAILED = 1000, 3, 4


def call(method: str, path: str, **said: Any) -> Any:
    """Make one call; the code in the body decides."""
    reply = requests.request(
        method, f"{BASE_URL}/api/open/v4/headswap{path}", headers=HEADERS, timeout=30, **said
    ).json()
    if reply["code"] != SUCCESS:
        raise SystemExit(f"Refused: {reply['code']} {reply['msg']}")
    return reply["data"]


def wait(path: str, record_id: str, is_ready: str) -> Any:
    """Poll by ``_id`` until the record has completed and holds its result, or has failed."""
    while True:
        data = call("GET", path, params={"_id": record_id})
        print(f"Status: {data['status']}, Progress: {data['progress']}%")
        if data["status"] == COMPLETED and data.get(is_ready):
            return data
        if data["status"] == FAILED:
            raise SystemExit(f"Failed: {data.get('error_code')} {data.get('error_reason')}")
        time.sleep(3)


def main(video_url: str, face_url: str) -> None:
    """Give the first person of a video another head."""
    analysis = call("POST", "/analyze", json={"video_url": video_url, "type": "head"})
    found = wait("/analyze/detail", analysis["_id"], "analysis_result")["analysis_result"]
    mapping = {"obj_id": found["media"][0]["obj_id"], "img_url": face_url}
    body = {"video_url": video_url, "mappings": [mapping], "model_name": "akool-premium", "resolution": "720p"}
    task = call("POST", "/task/create", json=body)
    print(f"Output URL: {wait('/task/detail', task['_id'], 'video_url')['video_url']}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
