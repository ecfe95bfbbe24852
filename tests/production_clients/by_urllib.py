"""A client by the standard library."""

import json
import sys
import time
from urllib.request import Request, urlopen

API = "https://api.deepswapai.com/v1"
SWAP = {"source_image": "https://example.com/face.jpg", "target_video": "https://example.com/clip.mp4?duration=2"}


def call(path: str, body: object = None) -> dict:
    headers = {"Authorization": f"Bearer {sys.argv[1]}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    with urlopen(Request(f"{API}{path}", data, headers), timeout=30) as reply:
        return json.load(reply)


job = call("/video-swap", SWAP)
for _ in range(50):
    said = call(f"/status/{job['job_id']}")
    if said["status"] == "completed":
        break
    time.sleep(0.01)
with urlopen(said["output_url"], timeout=30) as output:
    print(said["status"], said["output_url"], len(output.read()))
