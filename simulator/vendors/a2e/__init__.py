"""A2E's face swaps: saved faces, quick previews, and tasks for pictures and videos."""

from collections.abc import Mapping

from simulator.jobs.chance import Draws
from simulator.vendors.a2e.auth import authenticate
from simulator.vendors.a2e.errors import show_error, show_missing_file
from simulator.vendors.a2e.ids import SAMPLE_KEY
from simulator.vendors.a2e.kinds import KINDS
from simulator.vendors.a2e.operations import OPERATIONS
from simulator.vendors.a2e.switches import SWITCHES
from simulator.vendors.a2e.words import HOST
from simulator.vendors.vendor import AccountStart, Tour, Vendor


def new_account(key: str, draws: Draws, switches: Mapping[str, str]) -> AccountStart:
    """Start an account with no saved face: facts a2e.coins.fresh, a2e.image.fresh."""
    return AccountStart(credits=1000)


VENDOR = Vendor(
    name="a2e",
    title="A2E",
    url="https://video.a2e.ai",
    other_hosts=("makefun.ai", "video.a2e.com.cn"),  # facts a2e.base.makefun, a2e.base.china
    media_hosts=(HOST,),
    operations=OPERATIONS,
    kinds=KINDS,
    authenticate=authenticate,
    show_error=show_error,
    show_missing_file=show_missing_file,
    new_account=new_account,
    tour=Tour(
        title="face swap task",
        submit="POST /api/v1/userFaceSwapTask/add",
        json={
            "name": "a first try",
            "face_url": "https://example.com/face.jpg",
            "video_url": "https://example.com/clip.mp4?duration=6",
        },
        id_at="data._id",
        poll="/api/v1/userFaceSwapTask/{id}",
        word_at="data.current_status",
        good_word="completed",
        running_words=("sent", "initialized", "processing"),
        files_at="data.result_url",
    ),
    sample_key=SAMPLE_KEY,
    first_call=(
        "curl -X POST {base}/api/v1/userFaceSwapPreview/add -H 'Authorization: Bearer {key}' "
        "-H 'Content-Type: application/json' "
        '-d \'{"face_url": "https://example.com/face.jpg", "video_url": "https://example.com/portrait.jpeg"}\''
    ),
    switches=SWITCHES,
)

__all__ = ["VENDOR"]
