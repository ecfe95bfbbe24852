"""A client by aiohttp, which reads proxy variables only where it is told to."""

import asyncio
import sys

import aiohttp

API = "https://api.deepswapai.com/v1"
SWAP = {"source_image": "https://example.com/face.jpg", "target_video": "https://example.com/clip.mp4?duration=2"}


async def main() -> None:
    headers = {"Authorization": f"Bearer {sys.argv[1]}"}
    async with aiohttp.ClientSession(headers=headers, trust_env=True, raise_for_status=True) as session:
        async with session.post(f"{API}/video-swap", json=SWAP) as reply:
            job = await reply.json()
        for _ in range(50):
            async with session.get(f"{API}/status/{job['job_id']}") as reply:
                said = await reply.json()
            if said["status"] == "completed":
                break
            await asyncio.sleep(0.01)
        async with session.get(said["output_url"]) as output:
            print(said["status"], said["output_url"], len(await output.read()))


asyncio.run(main())
