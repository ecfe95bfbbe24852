"""A twin of jobs that were really rendered."""

from pathlib import Path

import pytest

from simulator.cli import main
from tests.live.wire import Live


def is_over(said: dict[str, str]) -> bool:
    return said["status"] in ("completed", "failed")


def test_a_twin_is_timed_as_the_live_jobs_were(live: Live, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live.call("POST", "/_simulator/reset")
    for clip in ("one.mp4", "one.mp4"):
        body = {"source_image": live.url("hopper.png"), "target_video": live.url(clip)}
        _, job = live.call("POST", "/deepswapai/v1/video-swap", body)
        assert live.end(f"/deepswapai/v1/status/{job['job_id']}", is_over)["status"] == "completed"
    into = tmp_path / "as-here.yaml"

    status = main(["twin", live.server.url, "--into", str(into)])

    told = capsys.readouterr().out
    [processing] = [line.split() for line in told.splitlines() if line.startswith("processing")]
    live_ms, simulated_ms = (float(processing[at].removesuffix("ms").removesuffix("s")) for at in (2, 4))
    assert status == main(["check", str(into)]) == 0
    assert "summary: Timed as 2 live jobs of 12 frames." in into.read_text()
    assert live_ms == pytest.approx(simulated_ms, rel=0.01)
    assert live_ms > 0
