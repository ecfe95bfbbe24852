"""A client by httpx."""

import sys
import time

import httpx

API = "https://api.deepswapai.com/v1"
SWAP = {"source_image": "https://example.com/face.jpg", "target_video": "https://example.com/clip.mp4?duration=2"}

with httpx.Client(headers={"Authorization": f"Bearer {sys.argv[1]}"}, timeout=30) as client:
    job = client.post(f"{API}/video-swap", json=SWAP).raise_for_status().json()
    for _ in range(50):
        said = client.get(f"{API}/status/{job['job_id']}").raise_for_status().json()
        if said["status"] == "completed":
            break
        time.sleep(0.01)
    output = client.get(said["output_url"]).raise_for_status()
    print(said["status"], said["output_url"], len(output.content))
