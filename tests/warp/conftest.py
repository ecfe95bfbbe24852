"""A simulator in a thread of its own, a sandbox per test, and Acme's clock of what its client did."""

import time
from collections.abc import Iterator

import pytest
import requests

from simulator import vendors
from simulator.assembly import Background
from simulator.jobs.durations import read_ms
from simulator.sandbox.choosing import Pin
from simulator.sandbox.sandbox import SandboxSettings
from simulator.settings import Settings
from simulator.warp import InProcess, Warp, warp

EPOCH = "2026-01-01T00:00:00Z"
EPOCH_MS = 1_767_225_600_000
KEY = {"Authorization": "Bearer key-1"}
real_s = [time.monotonic]  # in a list, where nobody looks for it
real_sleep = [time.sleep]
SCENARIO = """
scenario: {name}
vendor: deepswapai
kind: {kind}
states:
  queued: {{for: 1s, then: processing}}
  processing: {{for: {lasts}, then: completed}}
  completed: {{}}
"""


class World:
    """One sandbox, whose client is to be warped."""

    def __init__(self, server: Background, id: str) -> None:
        self.server = server
        settings = SandboxSettings("warp", EPOCH_MS, "skip")
        self.sandbox = server.simulator.sandboxes.create("", settings)
        self.url = f"{server.url}/~{self.sandbox.id}/deepswapai/v1"

    def warp(self, **options: object) -> Warp:
        return warp(InProcess(self.server, self.sandbox), **{"limit": "400d", **options})  # type: ignore[arg-type]

    def hasty(self, **options: float) -> Warp:
        """Return a warp that has less patience."""
        return Warp(InProcess(self.server, self.sandbox), **options)  # type: ignore[arg-type]

    @property
    def now_s(self) -> float:
        """How much virtual time has passed."""
        return (self.sandbox.clock.now_ms() - EPOCH_MS) / 1000

    def pin(self, lasts: str, operation: str = "videoSwap") -> None:
        """Have the next job take so long from its submit to its end."""
        self.sandbox.pin(Pin("deepswapai", operation, f"takes-{lasts}"), vendors.load("deepswapai"))

    def submit(self, lasts: str, **more: str) -> str:
        """Submit a video swap; return its id."""
        self.pin(lasts)
        body = {"source_image": "https://example.com/a.jpg", "target_video": "https://example.com/b.mp4", **more}
        reply = requests.post(f"{self.url}/video-swap", json=body, headers=KEY, timeout=60)
        assert reply.ok, reply.text
        return str(reply.json()["job_id"])

    def status_url(self, job: str) -> str:
        return f"{self.url}/status/{job}"

    def is_done(self, job: str) -> bool:
        return bool(requests.get(self.status_url(job), headers=KEY, timeout=60).json()["status"] == "completed")

    def polls(self, operation: str = "") -> list[float]:
        """The instants, in virtual seconds, of all GET calls."""
        return [
            (exchange.at_ms - EPOCH_MS) / 1000
            for exchange in self.sandbox.journal
            if exchange.method == "GET" and operation in ("", exchange.operation)
        ]


LENGTHS = ("2s", "45s", "50s", "61s", "95s", "100s", "300s", "2000s", "3000s")


@pytest.fixture(scope="session")
def warpable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Background]:
    folder = tmp_path_factory.mktemp("scenarios")
    for lasts in LENGTHS:
        for kind in ("video", "image"):
            name = f"takes-{lasts}"
            (folder / "deepswapai" / kind).mkdir(parents=True, exist_ok=True)
            text = SCENARIO.format(name=name, kind=kind, lasts=f"{read_ms(lasts) - 1000}ms")
            (folder / "deepswapai" / kind / f"{name}.yaml").write_text(text)
    settings = Settings(port=0, clock="skip", seed="warp", epoch=EPOCH, scenario_folders=(folder,))
    with Background(settings) as running:
        yield running


@pytest.fixture
def world(warpable: Background, request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(warpable, request.node.name)
    yield made
    warpable.simulator.sandboxes.drop(made.sandbox.id)


@pytest.fixture(autouse=True)
def _is_quick() -> Iterator[None]:
    """No test here may really wait: what is waited for would mostly take longer, even where others use the machine."""
    begun_s = real_s[0]()
    yield
    took_s = real_s[0]() - begun_s
    assert took_s < 30, f"took {took_s:.2f} real seconds"
