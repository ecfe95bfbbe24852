"""A client by requests."""

import sys
import time

import requests

API = "https://api.deepswapai.com/v1"
SWAP = {"source_image": "https://example.com/face.jpg", "target_video": "https://example.com/clip.mp4?duration=2"}

with requests.Session() as session:
    session.headers["Authorization"] = f"Bearer {sys.argv[1]}"
    reply = session.post(f"{API}/video-swap", json=SWAP, timeout=30)
    reply.raise_for_status()
    job = reply.json()
    for _ in range(50):
        said = session.get(f"{API}/status/{job['job_id']}", timeout=30).json()
        if said["status"] == "completed":
            break
        time.sleep(0.01)
    output = session.get(said["output_url"], timeout=30)
    output.raise_for_status()
    print(said["status"], said["output_url"], len(output.content))
