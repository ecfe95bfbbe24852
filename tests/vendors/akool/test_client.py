"""The polling client beside this file gets to its end against the simulator, whatever its job comes to."""

from typing import Any

import pytest

from simulator.vendors.akool import VENDOR
from tests.vendors.akool import poll_head_swap
from tests.vendors.akool.wire import CLIP, FACE, Client


@pytest.fixture
def client(akool: Client, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the sample, whose sleeping moves the simulator's clock."""
    monkeypatch.setattr(poll_head_swap, "BASE_URL", akool.base)
    monkeypatch.setattr(poll_head_swap, "HEADERS", {"x-api-key": VENDOR.sample_key})
    monkeypatch.setattr(poll_head_swap.time, "sleep", lambda seconds: akool.sandbox.advance(round(seconds * 1000)))
    return poll_head_swap


@pytest.mark.fact("akool.status.words", "akool.task.detail", "akool.task.create", "akool.envelope.code-decides")
@pytest.mark.parametrize("scenario", ["happy", "slow", "queued", "unknown-status", "empty-url", "late-url"])
def test_it_downloads_in_the_end(akool: Client, client: Any, capsys: Any, scenario: str) -> None:
    akool.sandbox.set_default_scenario(scenario)

    client.main(CLIP, FACE)

    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("Output URL: http")
    assert akool.fetch("GET", last.removeprefix("Output URL: ")).headers["Content-Type"] == "video/mp4"


@pytest.mark.fact("akool.task.failed", "akool.task.failed-is-200")
@pytest.mark.parametrize("scenario", ["failed-early", "failed-midway", "moderated"])
def test_it_is_told_why_it_failed(akool: Client, client: Any, scenario: str) -> None:
    akool.sandbox.set_default_scenario(scenario)

    with pytest.raises(SystemExit, match=r"Failed: 1015 [A-Z]"):
        client.main(CLIP, FACE)


@pytest.mark.fact("akool.envelope.code-decides")
def test_it_is_told_when_it_is_refused(akool: Client, client: Any) -> None:
    with pytest.raises(SystemExit, match="Refused: 1003"):
        client.main("no URL", FACE)
