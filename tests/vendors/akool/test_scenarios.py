"""Every scenario over HTTP, at every instant that matters, on a standing clock and on one that skips."""

from itertools import pairwise

import pytest

from tests.vendors.akool.wire import KINDS, Client

DAY_MS = 86_400_000
LEGAL = {1: {1, 2, 3, 4, 5}, 2: {2, 3, 4, 5}, 5: {3, 4, 5}, 3: {3}, 4: {4}}
END = {"happy": 3, "slow": 3, "queued": 3, "failed-early": 4, "failed-midway": 4, "moderated": 4,
       "moderated-midway": 4, "stuck": 2, "unknown-status": 3, "expired-file": 3, "null-url": 3, "empty-url": 3,
       "late-url": 3, "as-documented": 3}  # fmt: skip
OF_ONE_KIND = {"as-documented": ("analysis", "head-swap"), "null-url": ("head-swap",), "empty-url": ("head-swap",)}


def playable() -> list[tuple[str, str]]:
    return [(kind, name) for name in END for kind in OF_ONE_KIND.get(name, KINDS)]


@pytest.mark.fact("akool.status.words", "akool.status.course", "akool.status.end-stays", "akool.result.status",
                  "akool.task.progress", "akool.task.failed-is-200")  # fmt: skip
@pytest.mark.parametrize(("kind", "name"), playable())
def test_a_scenario_keeps_to_the_contract_at_every_instant(akool: Client, kind: str, name: str) -> None:
    id = akool.submit(kind, name)["_id"]
    job = akool.sandbox.job(id).job
    assert job.plan.script.scenario.name == name
    now_ms = akool.sandbox.clock.now_ms()
    instants = {entry.seen_at_ms + step for entry in job.entries for step in (-1, 0, 1)}
    instants |= {now_ms + ms for ms in (0, 100, 1000, 60_000, 600_000, DAY_MS, 8 * DAY_MS)}
    statuses, progress = [], []
    for at_ms in sorted(ms for ms in instants if now_ms <= ms):
        akool.sandbox.advance_to(at_ms)
        said = akool.look(kind, id)
        statuses.append(said.get("status", said.get("faceswap_status")))
        progress.append(said.get("progress", 0))

    assert all(after in LEGAL[before] for before, after in pairwise(statuses)), statuses
    assert progress == sorted(progress)
    assert statuses[-1] == END[name]


@pytest.mark.parametrize(("kind", "name"), [pair for pair in playable() if pair[1] != "stuck"])
def test_a_few_looks_see_a_job_through_on_a_clock_that_skips(akool: Client, kind: str, name: str) -> None:
    if kind == "head-swap":
        akool.analyzed()
    akool.sandbox.set_clock(mode="skip")
    id = akool.post(KINDS[kind], X_Simulator_Scenario=name).data["_id"]

    statuses = [akool.status(kind, id) for _ in range(5)]

    assert statuses[-1] == END[name]
    assert len(set(statuses)) > 1 or name in ("moderated", "failed-early")


@pytest.mark.fact("akool.status.open")
@pytest.mark.parametrize("kind", KINDS)
def test_a_status_of_the_future_keeps_to_the_contract(akool: Client, kind: str) -> None:
    id = akool.submit(kind, "unknown-status")["_id"]

    akool.sandbox.advance(3_000)

    assert akool.status(kind, id) == 5
    assert not akool.sandbox.job(id).job.off_contract


@pytest.mark.fact("akool.task.running-url")
@pytest.mark.parametrize(("name", "shown"), [("happy", None), ("null-url", None), ("empty-url", "")])
def test_video_url_is_empty_until_the_end(akool: Client, name: str, shown: str | None) -> None:
    id = akool.submit("head-swap", name)["_id"]

    queued = akool.look("head-swap", id)
    akool.sandbox.advance(3_000)
    running = akool.look("head-swap", id)
    akool.sandbox.advance(60_000)
    done = akool.look("head-swap", id)

    assert [queued["video_url"], running["video_url"]] == [shown, shown]
    assert [queued["status"], running["status"], done["status"]] == [1, 2, 3]
    assert done["video_url"].endswith(f"/headswap/{id}/result.mp4")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "head-swap"])
@pytest.mark.parametrize("name", ["null-url", "empty-url"])
def test_only_a_head_swap_has_a_url_to_leave_empty(akool: Client, kind: str, name: str) -> None:
    with pytest.raises(AssertionError, match=name):  # our own refusal, which the client lets nobody overlook
        akool.post(KINDS[kind], X_Simulator_Scenario=name)


def test_a_late_url_comes_some_seconds_after_the_status(akool: Client) -> None:
    id = akool.submit("head-swap", "late-url")["_id"]
    entries = {entry.word: entry.at_ms for entry in akool.sandbox.job(id).job.entries}

    akool.sandbox.advance_to(entries["uploading"])
    early = akool.look("head-swap", id)
    akool.sandbox.advance_to(entries["completed"])
    late = akool.look("head-swap", id)

    assert (early["status"], early["video_url"]) == (3, None)
    assert late["video_url"]
    assert entries["completed"] - entries["uploading"] >= 3_000
