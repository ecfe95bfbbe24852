"""Every vendor as a client meets it: each shipped scenario walked over HTTP, each reply within the contract, each file made."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from simulator import vendors
from simulator.assembly import Background
from simulator.jobs.errors import SimulatorError
from simulator.jobs.files import Output
from simulator.media.synthetic import make
from simulator.sandbox.choosing import Pin
from simulator.settings import Settings

EPOCH = "2026-01-28T12:00:00Z"
DAY_MS = 86_400_000
FACE, CLIP = "https://example.com/face.jpg", "https://example.com/clip.mp4?duration=3&width=320&height=180"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x40\x00\x00\x00\x30\x08\x02\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00IEND\xaeB`\x82"
)
SUBMITS: dict[tuple[str, str], tuple[str, Any, dict[str, bytes]]] = {
    ("deepswapai", "image"): ("/v1/image-swap", {"source_image": FACE, "target_image": FACE}, {}),
    ("deepswapai", "video"): ("/v1/video-swap", {"source_image": FACE, "target_video": CLIP}, {}),
    ("deepswapai", "batch"): ("/v1/batch-swap", {"source_image": FACE, "target_images": [FACE, FACE + "?2", FACE + "?3"]}, {}),
    ("useapi", "headshot"): ("/v1/faceswap/headshot", {"prompt": "me, a king"}, {}),
    ("useapi", "changebg"): ("/v1/faceswap/changebg", {"a_background_photo_of": "a beach"}, {"image": PNG}),
    ("useapi", "picsi"): (
        "/v1/faceswap/picsi",
        {},
        {"source_image": PNG, "target_image_gif_or_video": b"GIF89a\x20\x00\x20\x00\x00\x00\x00" + (b"\x21\xf9\x04\x00\x0a\x00\x00\x00" + b"\x2c\x00\x00\x00\x00\x20\x00\x20\x00\x00\x02\x01\x00\x00") * 2 + b";"},
    ),
    ("useapi", "picsi-still"): ("/v1/faceswap/picsi", {}, {"source_image": PNG, "target_image_gif_or_video": PNG}),
    ("a2e", "preview"): ("/api/v1/userFaceSwapPreview/add", {"face_url": FACE, "video_url": FACE}, {}),
    ("a2e", "task"): ("/api/v1/userFaceSwapTask/add", {"name": "a try", "face_url": FACE, "video_url": CLIP}, {}),
    ("openshorts", "clips"): ("/api/process", {"url": CLIP.replace("=3&", "=300&"), "target_clips": 2}, {}),
    ("akool", "analysis"): ("/api/open/v4/headswap/analyze", {"video_url": CLIP, "type": "head"}, {}),
    ("akool", "head-swap"): ("/api/open/v4/headswap/task/create", {"video_url": CLIP, "mappings": [{"obj_id": 0, "img_url": FACE}], "model_name": "akool-premium", "resolution": "480p"}, {}),
    ("akool", "face-swap-image"): ("/api/open/v3/faceswap/highquality/specifyimage", {"sourceImage": [{"path": FACE}], "targetImage": [{"path": FACE}], "modifyImage": FACE}, {}),
    ("akool", "face-swap-video"): ("/api/open/v3/faceswap/highquality/specifyvideo", {"sourceImage": [{"path": FACE}], "targetImage": [{"path": FACE}], "modifyVideo": CLIP}, {}),
}  # fmt: skip
STATUS = {
    "deepswapai": "/v1/status/{id}",
    "useapi": "/v1/faceswap/jobs/?jobid={id}",
    ("a2e", "preview"): "/api/v1/userFaceSwapPreview/status?_id={id}",
    ("a2e", "task"): "/api/v1/userFaceSwapTask/{id}",
    "openshorts": "/api/status/{id}",
    ("akool", "analysis"): "/api/open/v4/headswap/analyze/detail?_id={id}",
    ("akool", "head-swap"): "/api/open/v4/headswap/task/detail?_id={id}",
    "akool": "/api/open/v3/faceswap/result/listbyids?_ids={id}",
}
"""Where a job is looked at: by vendor and kind where a vendor's kinds differ, else by vendor."""
BEFORE = {("akool", "head-swap"): "analysis"}
"""The kind of job that has to have succeeded before."""


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="wire", epoch=EPOCH)) as running:
        yield running


@pytest.fixture
def base(server: Background) -> str:
    server.simulator.sandboxes.main.reset()
    return server.url


def fetch(method: str, url: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Make one call; return status, headers and body, refusals too."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        reply = urlopen(Request(url, body, said, method=method), timeout=30)
    except HTTPError as refusal:
        reply = refusal
    with reply:
        return reply.status, dict(reply.headers), reply.read()


def with_key(vendor: str) -> dict[str, str]:
    """Return the headers by which a call shows the sample key."""
    found = vendors.load(vendor)
    told = {name.replace("-", "_"): said.replace("{key}", found.sample_key) for name, said in found.tour.headers}
    return {"Authorization": f"Bearer {found.sample_key}"} | told


def submit(base: str, vendor: str, kind: str, **headers: str) -> tuple[int, Any]:
    """Submit a job of a kind; return status and body."""
    if (vendor, kind) in BEFORE:
        submit(base, vendor, BEFORE[vendor, kind])
        fetch("POST", f"{base}/_simulator/clock/advance", b'{"by": "60s"}', Content_Type="application/json")
    path, fields, files = SUBMITS[vendor, kind]
    headers = with_key(vendor) | headers
    if not files:
        body, headers["Content_Type"] = json.dumps(fields).encode(), "application/json"
    else:
        boundary, parts = "part-of-this-form", []
        for name, text in fields.items():
            parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode())
        for name, content in files.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="blob"\r\n\r\n'
            parts.append(head.encode() + content + b"\r\n")
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        headers["Content_Type"] = f"multipart/form-data; boundary={boundary}"
    status, _, text = fetch("POST", f"{base}/{vendor}{path}", body, **headers)
    return status, json.loads(text)


def kinds() -> list[tuple[str, str]]:
    return [(name, kind.name) for name in vendors.NAMES for kind in vendors.load(name).kinds]


def test_each_kind_of_job_has_a_submit_here() -> None:
    assert set(kinds()) == set(SUBMITS)


@pytest.mark.fact("useapi.sweep.gap", "useapi.jobs.lifetime", "deepswapai.status.answers-after-expiry")
@pytest.mark.parametrize(("vendor", "kind"), kinds())
def test_every_scenario_stays_within_the_contract_at_every_instant(
    server: Background, base: str, vendor: str, kind: str
) -> None:
    simulator, played = server.simulator, []
    found = vendors.load(vendor)
    for name in simulator.library.names(found, found.kind(kind)):
        main = simulator.sandboxes.main
        script = simulator.library.script(name, found, found.kind(kind))
        if script.scenario.faults:
            continue  # what spoils an honest reply is no vendor's: tests/faults_in_clients
        if kind == "image" and any(state.forever or state.polls for state in script.states):
            continue  # this call would wait until its client leaves: tests/server/test_held.py
        main.reset()
        status, body = submit(base, vendor, kind, X_Simulator_Scenario=name)
        assert status in (200, 202, 422, 504), (name, status, body)
        job, *_ = [shot.job for shot in main.jobs()]
        assert job.plan.script.scenario.name == name
        instants = {entry.seen_at_ms + step for entry in job.entries for step in (-1, 0, 1)}
        instants |= {job.created_at_ms + item.lasts_ms for item in job.plan.items}
        instants |= {main.clock.now_ms() + ms for ms in (1_000, 60_000, 600_000, DAY_MS, 31 * DAY_MS, 40 * DAY_MS)}
        for at_ms in sorted(ms for ms in instants if main.clock.now_ms() <= ms < 10**13):
            main.advance_to(at_ms)
            path = (STATUS.get((vendor, kind)) or STATUS[vendor]).replace("{id}", job.id)
            status, headers, text = fetch("GET", f"{base}/{vendor}{path}", Authorization=f"Bearer {found.sample_key}")
            assert "X-Simulator-Error" not in headers, (name, text)
            assert status in (200, 404, 410), (name, status, text)
        played.append(name)

    assert {"happy", "slow", "failed-midway"} <= set(played)


@pytest.mark.parametrize(("vendor", "kind"), kinds())
def test_every_output_downloads_as_the_reply_said(server: Background, base: str, vendor: str, kind: str) -> None:
    submit(base, vendor, kind)
    main = server.simulator.sandboxes.main
    main.advance(60_000)
    shot, *_ = main.jobs()
    outputs: tuple[Output, ...] = shot.outputs
    assert shot.succeeded
    assert outputs

    for output in outputs:
        status, headers, content = fetch("GET", f"{base}/{vendor}/{output.path}")

        assert (status, headers["Content-Type"], len(content)) == (200, output.media_type, output.size_bytes)
        assert content == make(output).read()
        assert fetch("HEAD", f"{base}/{vendor}/{output.path}")[1]["Content-Length"] == str(output.size_bytes)
        part = fetch("GET", f"{base}/{vendor}/{output.path}", Range="bytes=10-19")
        assert (part[0], part[2]) == (206, content[10:20])
        again = fetch("GET", f"{base}/{vendor}/{output.path}", If_None_Match=headers["ETag"])
        assert again[0] == 304
        assert fetch("GET", f"{base}/{vendor}/{output.path}", Range=f"bytes={len(content)}-")[0] == 416


@pytest.mark.parametrize(("vendor", "kind"), kinds())
def test_the_same_run_gives_the_same_bytes(server: Background, base: str, vendor: str, kind: str) -> None:
    def run() -> list[Any]:
        main = server.simulator.sandboxes.main
        main.reset()
        said: list[Any] = [submit(base, vendor, kind)]
        main.advance(60_000)
        shot, *_ = main.jobs()
        path = (STATUS.get((vendor, kind)) or STATUS[vendor]).replace("{id}", shot.job.id)
        said.append(
            fetch("GET", f"{base}/{vendor}{path}", Authorization=f"Bearer {vendors.load(vendor).sample_key}")[2]
        )
        return [*said, *(fetch("GET", f"{base}/{vendor}/{output.path}")[2] for output in shot.outputs)]

    assert run() == run()


@pytest.mark.fact("deepswapai.auth.own-jobs")
def test_another_keys_job_is_unknown(server: Background, base: str) -> None:
    _, body = submit(base, "deepswapai", "video")

    status, _, text = fetch("GET", f"{base}/deepswapai/v1/status/{body['job_id']}", Authorization="Bearer another")

    assert (status, json.loads(text)["error_code"]) == (404, "job_not_found")


@pytest.mark.fact("useapi.cors.any-origin")
def test_a_page_of_any_origin_may_call_useapi(base: str) -> None:
    jobs, key = f"{base}/useapi/v1/faceswap/jobs", "Bearer user:1-abc"

    good = fetch("GET", jobs, Origin="https://page.example", Authorization=key)
    bad = fetch("GET", jobs, Origin="https://page.example")
    without = fetch("GET", jobs, Authorization=key)

    assert (good[0], good[1]["Access-Control-Allow-Origin"]) == (200, "*")
    assert (bad[0], bad[1]["Access-Control-Allow-Origin"]) == (401, "*")
    assert (without[0], "Access-Control-Allow-Origin" in without[1]) == (200, False)


@pytest.mark.fact("useapi.cors.preflight")
def test_a_preflight_of_useapi_is_told_the_methods_and_what_it_asks_for(base: str) -> None:
    account = f"{base}/useapi/v1/faceswap/account/1114135330115551237"
    asks = {"Origin": "https://page.example", "Access_Control_Request_Method": "POST"}

    asked = fetch("OPTIONS", account, **asks, Access_Control_Request_Headers="authorization, x-mine")
    bare = fetch("OPTIONS", account, Origin="https://page.example")

    assert (asked[0], asked[2]) == (204, b"")
    assert asked[1]["Access-Control-Allow-Origin"] == "*"
    assert asked[1]["Access-Control-Allow-Methods"] == "GET, POST, DELETE"
    assert asked[1]["Access-Control-Allow-Headers"] == "authorization, x-mine"
    assert (bare[0], json.loads(bare[2])) == (405, {"error": "Method Not Allowed", "code": 405})


@pytest.mark.fact("deepswapai.file.error-text", "deepswapai.error.method-not-allowed")
def test_the_file_host_of_deepswapai_refuses_a_wrong_method_as_the_api_does(base: str) -> None:
    file = f"{base}/deepswapai/results/xyz789.mp4"

    wrong, missing = fetch("DELETE", file), fetch("GET", file)

    assert (wrong[0], wrong[1]["Allow"]) == (405, "GET, HEAD")
    assert json.loads(wrong[2])["error_code"] == "method_not_allowed"
    assert (missing[0], missing[2]) == (404, b"Not Found")


@pytest.mark.parametrize(("vendor", "kind"), kinds())
def test_a_repeat_of_a_job_has_files_of_its_own(server: Background, base: str, vendor: str, kind: str) -> None:
    for _ in range(3):
        submit(base, vendor, kind, X_Simulator_Seed="the-same")

    outputs = [output.path for shot in server.simulator.sandboxes.main.jobs() for output in shot.outputs]

    assert len(outputs) == len(set(outputs)) >= 3


@pytest.mark.parametrize("vendor", vendors.NAMES)
@pytest.mark.parametrize("key", ["invalid-key", "an-expired-key", "blocked-key", "no-credit-key"])
def test_a_key_that_plays_a_state_is_answered_by_the_vendor_alone(base: str, vendor: str, key: str) -> None:
    told = {name: said.replace(vendors.load(vendor).sample_key, key) for name, said in with_key(vendor).items()}
    bodies = {path: json.dumps(fields).encode() for (of, _), (path, fields, files) in SUBMITS.items() if of == vendor}

    for operation in vendors.load(vendor).operations:
        path = re.sub(r"{\w+}", "1114135330115551237", operation.path)
        body = bodies.get(operation.path, b"{}") if operation.method == "POST" else None
        _, headers, text = fetch(
            operation.method, f"{base}/{vendor}{path}", body, Content_Type="application/json", **told
        )

        assert "X-Simulator-Error" not in headers, (operation.id, text)


def test_a_scenario_that_a_kind_cannot_play_is_refused_loudly(server: Background, base: str) -> None:
    status, body = submit(base, "deepswapai", "video", X_Simulator_Scenario="cancelled")

    assert status == 400
    assert body["error"]["code"] == "unfit_scenario"
    assert server.simulator.sandboxes.main.jobs() == []


def test_an_unknown_scenario_names_what_there_is(server: Background, base: str) -> None:
    status, body = submit(base, "useapi", "headshot", X_Simulator_Scenario="hapy")

    assert status == 400
    assert "did you mean 'happy'" in body["error"]["message"]
    assert "partial-batch" not in body["error"]["legal"]  # a headshot has no items


@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_a_pin_that_no_kind_can_play_is_refused_when_laid(server: Background, base: str, vendor: str) -> None:
    with pytest.raises(SimulatorError):
        server.simulator.sandboxes.main.pin(Pin(vendor, scenario="no-such-scenario"), vendors.load(vendor))
