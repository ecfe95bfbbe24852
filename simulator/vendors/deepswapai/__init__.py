"""DeepSwapAI: face swaps in images, videos and batches of images."""

from collections.abc import Mapping

from simulator.jobs.chance import Draws
from simulator.vendors.deepswapai.auth import authenticate
from simulator.vendors.deepswapai.errors import show_error, show_missing_file
from simulator.vendors.deepswapai.lifecycle import KINDS
from simulator.vendors.deepswapai.operations import OPERATIONS
from simulator.vendors.deepswapai.switches import SWITCHES
from simulator.vendors.deepswapai.webhooks import KEY_NAME
from simulator.vendors.deepswapai.words import HOST
from simulator.vendors.vendor import AccountStart, Tour, Vendor


def new_account(key: str, draws: Draws, switches: Mapping[str, str]) -> AccountStart:
    """Start an account with enough for a first day of trying; the vendor tells no figure.

    Its key is its webhook secret too, until it is given another (fact deepswapai.webhook.secret).
    """
    return AccountStart(credits=1000, details={KEY_NAME: key})


VENDOR = Vendor(
    name="deepswapai",
    title="DeepSwapAI",
    url="https://api.deepswapai.com",
    media_hosts=(HOST,),
    operations=OPERATIONS,
    kinds=KINDS,
    authenticate=authenticate,
    show_error=show_error,
    show_missing_file=show_missing_file,
    new_account=new_account,
    tour=Tour(
        title="video swap",
        submit="POST /v1/video-swap",
        json={
            "source_image": "https://example.com/face.jpg",
            "target_video": "https://example.com/clip.mp4?duration=12",
        },
        id_at="job_id",
        poll="/v1/status/{id}",
        word_at="status",
        good_word="completed",
        running_words=("queued", "processing"),
        files_at="output_url",
        progress_at="progress",
    ),
    sample_key="YOUR_API_KEY",
    first_call=(
        "curl -X POST {base}/v1/video-swap -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' "
        '-d \'{"source_image": "https://example.com/face.jpg", "target_video": "https://example.com/clip.mp4"}\''
    ),
    switches=SWITCHES,
)

__all__ = ["VENDOR"]
