"""``simulator twin`` as it is used: on a file of jobs, on a server, and where there is nothing to make a twin of."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from simulator.assembly import Background
from simulator.cli import main
from simulator.cli.twin import simulated_by_others
from simulator.jobs.renders import Begun, Ended, Worked
from simulator.settings import Settings
from tests.twin.made import film, jobs_of

CLIP = {"source_image": "https://studio.test/face.png", "target_video": "https://studio.test/clip.mp4?frames="}


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    """Return a file of twenty-four live jobs: a fifth of a second, and 20 ms for each frame."""
    runs = [film(frames, 50, 200 + 20 * frames + at % 7) for at, frames in enumerate([24, 48, 240, 480] * 6)]
    file = tmp_path / "jobs.json"
    file.write_text(json.dumps({"jobs": jobs_of(runs)}))
    return file


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    """Return a server whose jobs are live, and that a test renders for."""
    with Background(Settings(port=0, token="of-the-studio")) as running:
        running.simulator.sandboxes.main._calls._is_live = True
        yield running


def render(server: Background, frames: int) -> None:
    """Submit a video, and tell the sandbox what a worker would tell."""
    body = json.dumps({**CLIP, "target_video": f"{CLIP['target_video']}{frames}"}).encode()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer key-of-the-studio"}
    with urlopen(Request(f"{server.url}/deepswapai/v1/video-swap", body, headers), timeout=30):
        sandbox = server.simulator.sandboxes.main
        [shot] = sandbox.take_renders()
        for told in (Begun(), Worked(frames, frames), Ended()):
            assert sandbox.hear_render(shot.job.id, sandbox.generation, told)


def test_a_file_of_jobs_becomes_a_scenario_that_check_accepts(
    jobs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "studio.yaml"

    status = main(["twin", str(jobs), "--into", str(into)])

    told, complaint = capsys.readouterr()
    assert (status, complaint) == (0, "")
    assert main(["check", str(into)]) == 0
    assert into.read_text().startswith("scenario: studio\nvendor: deepswapai\nkind: video\n")
    assert "frame: " in into.read_text()
    assert told.startswith(f"{into} is timed as 24 live jobs of deepswapai video\n")
    assert "each fifth of the jobs is held against a twin of all others" in told
    assert [line.split()[0] for line in told.splitlines()[5:8]] == ["in", "queued", "processing"]
    assert "beyond chance" not in told


def test_no_job_judges_a_twin_that_it_had_a_part_in() -> None:
    slow, fast = film(24, 0, 9_000), film(24, 0, 1_000)

    simulated = simulated_by_others([slow, fast, fast, fast, fast] * 2, "x")

    first, others = simulated[:400], simulated[400:]
    assert {run.lasted_ms for run in first} == {1_000}
    assert max(run.lasted_ms for run in others) > 1_000


def test_without_a_file_the_scenario_is_all_that_standard_output_gets(
    jobs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["twin", str(jobs), "--vendor", "deepswapai", "--kind", "video"])

    text, report = capsys.readouterr()
    (tmp_path / "twin.yaml").write_text(text)
    assert (status, main(["check", str(tmp_path / "twin.yaml")])) == (0, 0)
    assert "distance" in report


def test_few_jobs_are_held_against_themselves_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few.json"
    few.write_text(json.dumps(jobs_of([film(24, 50, 700)])))

    status = main(["twin", str(few)])

    text, report = capsys.readouterr()
    assert (status, "processing: {for: 700ms, then: completed}" in text) == (0, True)
    assert "these same jobs" in report


def test_the_jobs_of_a_server_are_read_and_kept(
    server: Background, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.simulator.sandboxes.main.reset()
    server.simulator.sandboxes.main._calls._is_live = True
    for frames in (24, 48, 96):
        render(server, frames)
    kept, into = tmp_path / "kept.json", tmp_path / "studio.yaml"

    asked = main(["twin", server.url, "--token", "of-the-studio", "--into", str(into), "--save", str(kept)])
    told = capsys.readouterr().out
    monkeypatch.setenv("SIMULATOR_TOKEN", "of-the-studio")
    by_variable = main(["twin", server.url, "--sandbox", "main"])
    again = main(["twin", str(kept), "--into", str(tmp_path / "again" / ".." / "studio.yaml")])

    assert (asked, by_variable) == (0, 0)
    assert "summary: Timed as 3 live jobs of 24 to 96 frames." in into.read_text()
    assert told.startswith(f"{into} is timed as 3 live jobs")
    assert again == 2, "there is no such folder"
    assert main(["twin", str(kept)]) == 0


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    status = main(["twin", *arguments])
    said = capsys.readouterr()
    assert (status, said.out, said.err.count("\n")) == (2, "", 1), said
    return said.err


def test_every_mistake_is_one_clear_line(
    server: Background, jobs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    several, empty, other = tmp_path / "several.json", tmp_path / "empty.json", tmp_path / "other.json"
    one = jobs_of([film(24, 50, 700)])[0]
    several.write_text(json.dumps([one, {**one, "vendor": "useapi", "kind": "picsi"}]))
    empty.write_text('{"jobs": []}')
    other.write_text(json.dumps([{**one, "vendor": "nobody"}]))
    broken = tmp_path / "broken.json"
    broken.write_text('[{"vendor": 3}]')

    assert "a twin is of one kind of job" in refused(capsys, str(several))
    assert "useapi picsi (1)" in refused(capsys, str(several), "--kind", "batch")
    assert "no live job has ended well" in refused(capsys, str(empty))
    assert "there is no vendor 'nobody'" in refused(capsys, str(other))
    assert "broken.json: Expected `str`" in refused(capsys, str(broken))
    assert "No such file" in refused(capsys, str(tmp_path / "missing.json"))
    assert "--token, or SIMULATOR_TOKEN" in refused(capsys, server.url)
    assert "there is no sandbox" in refused(capsys, server.url, "--token", "of-the-studio", "--sandbox", "elsewhere")
    assert "no URL of a simulator" in refused(capsys, "ftp://localhost/jobs")
    assert "no simulator answers" in refused(capsys, "http://127.0.0.1:1")
    assert "would have mistakes" in refused(capsys, str(jobs), "--into", str(tmp_path / "My Twin.yaml"))
    assert not (tmp_path / "My Twin.yaml").exists()


def test_jobs_that_nothing_rendered_are_left_out_and_counted(
    server: Background, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[dict[str, Any]] = jobs_of([film(24, 50, 700)] * 3)
    shown[1]["events"] = []
    file = tmp_path / "mixed.json"
    file.write_text(json.dumps(shown))

    assert main(["twin", str(file)]) == 0

    assert capsys.readouterr().err.startswith("left out: 1 not rendered\n")
