"""Every vendor as a client meets it: each shipped scenario walked over HTTP, each reply within the contract, each file made."""

import json
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


def submit(base: str, vendor: str, kind: str, **headers: str) -> tuple[int, Any]:
    """Submit a job of a kind; return status and body."""
    if (vendor, kind) in BEFORE:
        submit(base, vendor, BEFORE[vendor, kind])
        fetch("POST", f"{base}/_simulator/clock/advance", b'{"by": "60s"}', Content_Type="application/json")
    path, fields, files = SUBMITS[vendor, kind]
    found = vendors.load(vendor)
    told = {name.replace("-", "_"): said.replace("{key}", found.sample_key) for name, said in found.tour.headers}
    headers = {"Authorization": f"Bearer {found.sample_key}"} | told | headers
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


@pytest.mark.fact("useapi.cors.any-origin", "useapi.cors.preflight")
def test_a_page_of_any_origin_may_call_useapi(server: Background, base: str) -> None:
    jobs = f"{base}/useapi/v1/faceswap/jobs"

    asked = fetch(
        "OPTIONS", jobs, Origin="https://page.example", Access_Control_Request_Method="GET",
        Access_Control_Request_Headers="authorization",
    )  # fmt: skip
    status, headers, _ = fetch("GET", jobs, Origin="https://page.example", Authorization="Bearer user:1-abc")

    assert asked[0] in (200, 204)
    assert "GET" in asked[1]["Access-Control-Allow-Methods"]
    assert "authorization" in asked[1]["Access-Control-Allow-Headers"].lower()
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")


def test_a_scenario_that_a_kind_cannot_play_is_refused_loudly(server: Background, base: str) -> None:
    status, body = submit(base, "deepswapai", "video", X_Simulator_Scenario="cancelled")

    assert status == 400
    assert body["error"]["code"] == "unfit_scenario"
    assert server.simulator.sandboxes.main.jobs() == []


def test_an_unknown_scenario_names_what_there_is(server: Background, base: str) -> None:
    status, body = submit(base, "useapi", "headshot", X_Simulator_Scenario="hapy")

    assert status == 400
    assert "did you mean 'happy'" in body["error"]["message"]


@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_a_pin_that_no_kind_can_play_is_refused_when_laid(server: Background, base: str, vendor: str) -> None:
    from simulator.sandbox.choosing import Pin

    with pytest.raises(SimulatorError):
        server.simulator.sandboxes.main.pin(Pin(vendor, scenario="no-such-scenario"), vendors.load(vendor))
