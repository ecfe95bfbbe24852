"""AKOOL's routes: what each call asks for and how it is answered."""

from simulator.vendors.akool.requests import (
    MODIFIED,
    read_analysis,
    read_analyze,
    read_create,
    read_list,
    read_quota,
    read_swap,
    read_task,
    read_token,
)
from simulator.vendors.akool.words import (
    show_analysis,
    show_analyzed,
    show_created,
    show_quota,
    show_swap,
    show_swaps,
    show_task,
    show_token,
)
from simulator.vendors.vendor import Operation

V3, HEAD_SWAP = "/api/open/v3", "/api/open/v4/headswap"
_VIDEO = (("video_url", "video"),)

OPERATIONS = (
    Operation(
        "getToken", "POST", f"{V3}/getToken", read_token, show_token,
        secrets=("clientSecret", "token"), requires_key=False,
    ),
    Operation("analyzeHeadSwap", "POST", f"{HEAD_SWAP}/analyze", read_analyze, show_analyzed, inputs=_VIDEO),
    Operation("getHeadSwapAnalysis", "GET", f"{HEAD_SWAP}/analyze/detail", read_analysis, show_analysis),
    Operation("createHeadSwapTask", "POST", f"{HEAD_SWAP}/task/create", read_create, show_created, inputs=_VIDEO),
    Operation("getHeadSwapTask", "GET", f"{HEAD_SWAP}/task/detail", read_task, show_task),
    Operation(
        "specifyImage", "POST", f"{V3}/faceswap/highquality/specifyimage", read_swap, show_swap,
        inputs=(MODIFIED["specifyImage"],),
    ),
    Operation(
        "specifyVideo", "POST", f"{V3}/faceswap/highquality/specifyvideo", read_swap, show_swap,
        inputs=(MODIFIED["specifyVideo"],),
    ),
    Operation("listByIds", "GET", f"{V3}/faceswap/result/listbyids", read_list, show_swaps),
    Operation("getQuota", "GET", f"{V3}/faceswap/quota/info", read_quota, show_quota),
)  # fmt: skip
