"""useapi.net's InsightFaceSwap API v1: headshots, backgrounds and face swaps by way of a Discord bot."""

from simulator.vendors.useapi.accounts import new_account
from simulator.vendors.useapi.auth import authenticate
from simulator.vendors.useapi.discord import CDN, PROXY
from simulator.vendors.useapi.errors import show_error, show_missing_file
from simulator.vendors.useapi.kinds import KINDS
from simulator.vendors.useapi.operations import OPERATIONS
from simulator.vendors.useapi.switches import SWITCHES
from simulator.vendors.vendor import Vendor

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
    sample_key="user:12345-aBcDeFgHiJkL",
    first_call=(
        "curl {base}/v1/faceswap/headshot -H 'Authorization: Bearer {key}' "
        "-F 'prompt=me, a mad king with an evil smile, wearing medieval royal blue attire and a crown. --no green --square'"
    ),
    switches=SWITCHES,
    headers=(("Access-Control-Allow-Origin", "*"),),  # fact useapi.cors.any-origin
    allows_any_origin=True,
)

__all__ = ["VENDOR"]
