"""OpenShorts, self-hosted: short vertical clips cut from a long video."""

from collections.abc import Mapping

from simulator.jobs.chance import Draws
from simulator.vendors.openshorts.cross_origin import origin_headers, show_preflight
from simulator.vendors.openshorts.errors import KEY_HEADER, show_error, show_missing_file
from simulator.vendors.openshorts.kinds import KINDS
from simulator.vendors.openshorts.lifecycle import WORKERS
from simulator.vendors.openshorts.operations import OPERATIONS
from simulator.vendors.openshorts.switches import SWITCHES
from simulator.vendors.vendor import AccountStart, Call, Tour, Vendor

ACCOUNT = "self-host"
"""A self-hosted server knows no users: everything belongs to one account (fact openshorts.auth.none)."""

_VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


def authenticate(call: Call) -> str:
    """Return the one account there is; the key for Gemini is looked at by the submit alone."""
    return ACCOUNT


def new_account(key: str, draws: Draws, switches: Mapping[str, str]) -> AccountStart:
    """Begin with the slots of a server as it comes (fact openshorts.queue.workers)."""
    return AccountStart(pools={"workers": WORKERS})


VENDOR = Vendor(
    name="openshorts",
    title="OpenShorts",
    url="http://localhost:8000",  # fact openshorts.base.url
    media_hosts=(),
    operations=OPERATIONS,
    kinds=KINDS,
    authenticate=authenticate,
    show_error=show_error,
    show_missing_file=show_missing_file,
    new_account=new_account,
    tour=Tour(
        title="viral clips",
        submit="POST /api/process",
        json={"url": _VIDEO, "acknowledged": True},
        id_at="job_id",
        poll="/api/status/{id}",
        word_at="status",
        good_word="completed",
        running_words=("queued", "processing"),
        files_at="result.clips.*.video_url",
        headers=((KEY_HEADER, "{key}"),),
    ),
    sample_key=ACCOUNT,
    first_call=(
        "curl {base}/api/process -H 'X-Gemini-Key: {key}' -H 'Content-Type: application/json' "
        f'-d \'{{"url": "{_VIDEO}", "acknowledged": true}}\''
    ),
    switches=SWITCHES,
    origin_headers=origin_headers,
    show_preflight=show_preflight,
    answers_head=False,  # fact openshorts.error.method
    redirects_slashes=True,  # fact openshorts.error.slash
    strict_ranges=True,  # facts openshorts.files.head-range, openshorts.files.bad-range
)

__all__ = ["VENDOR"]
