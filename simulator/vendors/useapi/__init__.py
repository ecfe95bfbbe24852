"""useapi.net's InsightFaceSwap API v1: headshots, backgrounds and face swaps by way of a Discord bot."""

from simulator.vendors.useapi.accounts import new_account
from simulator.vendors.useapi.auth import authenticate
from simulator.vendors.useapi.discord import CDN, PROXY
from simulator.vendors.useapi.errors import show_error, show_missing_file
from simulator.vendors.useapi.kinds import KINDS
from simulator.vendors.useapi.operations import OPERATIONS
from simulator.vendors.useapi.switches import SWITCHES
from simulator.vendors.vendor import Tour, Vendor

VENDOR = Vendor(
    name="useapi",
    title="useapi.net InsightFaceSwap",
    url="https://api.useapi.net",
    media_hosts=(CDN, PROXY),
    operations=OPERATIONS,
    kinds=KINDS,
    authenticate=authenticate,
    show_error=show_error,
    show_missing_file=show_missing_file,
    new_account=new_account,
    tour=Tour(
        title="headshot",
        submit="POST /v1/faceswap/headshot",
        json={
            "prompt": "me, a mad king with an evil smile, wearing medieval royal blue attire and a crown. --no green"
        },
        id_at="jobid",
        poll="/v1/faceswap/jobs/?jobid={id}",
        word_at="status",
        good_word="completed",
        running_words=("created", "started", "progress"),
        files_at="attachments.*.url",
    ),
    sample_key="user:12345-aBcDeFgHiJkL",
    first_call=(
        "curl {base}/v1/faceswap/headshot -H 'Authorization: Bearer {key}' "
        "-F 'prompt=me, a mad king with an evil smile, wearing medieval royal blue attire and a crown. --no green --square'"
    ),
    switches=SWITCHES,
    allows_any_origin=True,  # fact useapi.cors.any-origin
)

__all__ = ["VENDOR"]
