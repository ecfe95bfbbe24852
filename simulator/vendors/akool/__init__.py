"""AKOOL's Open API: head swaps (v4) and face swaps (v3)."""

from collections.abc import Mapping

from simulator.jobs.chance import Draws
from simulator.vendors.akool.auth import authenticate
from simulator.vendors.akool.errors import show_error, show_missing_file
from simulator.vendors.akool.kinds import KINDS
from simulator.vendors.akool.operations import OPERATIONS
from simulator.vendors.akool.outputs import HOST
from simulator.vendors.akool.switches import SWITCHES
from simulator.vendors.vendor import AccountStart, Tour, Vendor

CREDITS = 10_000  # enough for a hundred head swaps of ten seconds; the vendor tells no figure

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def new_account(key: str, draws: Draws, switches: Mapping[str, str]) -> AccountStart:
    """Begin an account (facts akool.account.fresh, akool.account.client-id)."""
    return AccountStart(credits=CREDITS, details={"clientId": draws.text(_LETTERS, 23, "client id") + "="})


VENDOR = Vendor(
    name="akool",
    title="AKOOL",
    url="https://openapi.akool.com",
    media_hosts=(HOST,),
    operations=OPERATIONS,
    kinds=KINDS,
    authenticate=authenticate,
    show_error=show_error,
    show_missing_file=show_missing_file,
    new_account=new_account,
    tour=Tour(
        title="video face swap",
        submit="POST /api/open/v3/faceswap/highquality/specifyvideo",
        json={
            "sourceImage": [{"path": "https://example.com/face.jpg"}],
            "targetImage": [{"path": "https://example.com/target.jpg"}],
            "modifyVideo": "https://example.com/clip.mp4?duration=10",
        },
        id_at="data._id",
        poll="/api/open/v3/faceswap/result/listbyids?_ids={id}",
        word_at="data.result.0.faceswap_status",
        good_word=3,
        running_words=(1, 2),
        files_at="data.result.0.url",
    ),
    sample_key="YOUR-AKOOL-API-KEY-0000005423420",
    first_call=(
        "curl {base}/api/open/v4/headswap/analyze -H 'x-api-key: {key}' -H 'Content-Type: application/json' "
        '-d \'{"video_url": "https://example.com/clip.mp4", "type": "head"}\''
    ),
    switches=SWITCHES,
)

__all__ = ["VENDOR"]
