"""The scenarios we ship: every one loads, means what its name means, and can be played where it should be."""

from pathlib import Path

import pytest

from simulator import vendors
from simulator.jobs.chance import Draws
from simulator.jobs.deliveries import FAULTS, Manner
from simulator.jobs.grid import Grid
from simulator.jobs.job import Job
from simulator.jobs.lifecycle import NEUTRAL, SUCCEEDED
from simulator.jobs.plan import Plan, make_plan
from simulator.jobs.snapshot import look
from simulator.jobs.timeline import unfold
from simulator.library import Library, scenario_files
from simulator.library.entries import Entry, read_entry
from simulator.library.terms import VendorTerms
from simulator.vendors.vendor import Kind, Vendor

FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = [path.relative_to(FOLDER).as_posix() for path in scenario_files(FOLDER)]
KINDS = [(vendor, kind) for vendor in map(vendors.load, vendors.NAMES) for kind in vendor.kinds]
EVERYWHERE = (
    "happy",
    "slow",
    "queued",
    "failed-early",
    "failed-midway",
    "moderated",
    "moderated-midway",
    "stuck",
    "unknown-status",
    "expired-file",
)
WEBHOOKS = {
    *("lost", "late", "duplicate", "burst", "out-of-order", "before-reply", "after-poll", "wrong-id"),
    *("stale", "wrong-signature", "other-sandbox", "extra-fields", "truncated"),
}
each_kind = pytest.mark.parametrize(("vendor", "kind"), KINDS, ids=lambda part: part.name)


def entry(file: str) -> Entry:
    path = FOLDER / file
    found, problems = read_entry(path.read_bytes(), file, path.stem, VendorTerms())
    assert found, "\n".join(map(str, problems))
    return found


def plan(name: str, vendor: Vendor, kind: Kind, seed: str = "", items: int = 0) -> Plan:
    script = Library().script(name, vendor, kind)
    refresh = script.scenario.refresh or kind.refresh
    grid = refresh and Grid(0, refresh.every.low_ms, refresh.every.high_ms, seed)
    return make_plan(script, Draws(seed), item_count=items, refresh=grid)


def job(made: Plan, created_at_ms: int = 0) -> Job:
    entries = unfold(made, created_at_ms)
    return Job("id", "v", "o", "k", "a", created_at_ms, made, "", {}, entries=entries)


@pytest.mark.parametrize("file", FILES)
def test_a_shipped_file_is_in_its_place(file: str) -> None:
    found = entry(file)

    assert "/".join(part for part in found.key if part) + ".yaml" == file
    assert found.scenario.summary.endswith(".")
    assert not found.scenario.when  # a scenario that claims requests unasked would surprise
    first = found.text.splitlines()[0]
    assert first == f"# yaml-language-server: $schema={'../' * file.count('/')}scenario.schema.json"


@each_kind
def test_every_kind_plays_what_has_a_name_everywhere(vendor: Vendor, kind: Kind) -> None:
    words = {row.stands_for for row in kind.lifecycle}
    expected = set(EVERYWHERE)
    expected |= {"cancelled"} if "cancelled" in words else set()
    expected |= {"partial-batch", "all-items-failed"} if kind.takes_items else set()
    expected |= {"expired-job"} if kind.job_expiry else set()
    expected -= {"unknown-status"} if kind.blocks else set()
    if kind.webhook:
        expected |= {f"webhook-{name}" for name in (*WEBHOOKS, "chaos")}
        expected -= set() if kind.webhook.signature_at else {"webhook-wrong-signature"}
        expected -= set() if kind.webhook.has_timestamp else {"webhook-stale"}

    names = set(Library().names(vendor, kind))

    assert expected <= names
    others = {"cancelled", "partial-batch", "all-items-failed", "expired-job", "unknown-status"}
    others |= {name for name in names if name.startswith("webhook-")}
    assert names & others == expected & others


@each_kind
def test_happy_ends_well_within_ten_seconds(vendor: Vendor, kind: Kind) -> None:
    for seed in map(str, range(50)):
        end = job(plan("happy", vendor, kind, seed)).entries[-1]

        assert end.stands_for == SUCCEEDED
        assert end.seen_at_ms <= 10_000


ENDS = {
    "slow": {"succeeded"}, "queued": {"succeeded"}, "failed-early": {"failed"}, "failed-midway": {"failed"},
    "moderated": {"moderated", "failed"}, "moderated-midway": {"moderated", "failed"}, "cancelled": {"cancelled"},
    "partial-batch": {"succeeded"}, "all-items-failed": {"failed"}, "stuck": {"running"}, "expired-job": {"running"},
    "unknown-status": {"succeeded"}, "expired-file": {"succeeded"},
    **{f"webhook-{name}": {"succeeded"} for name in (*WEBHOOKS, "chaos")},
}  # fmt: skip


@pytest.mark.parametrize(
    ("vendor", "kind", "name"),
    [(vendor, kind, name) for vendor, kind in KINDS for name in Library().names(vendor, kind) if name in ENDS],
    ids=lambda part: part if isinstance(part, str) else part.name,
)
def test_names_mean_the_same_everywhere(vendor: Vendor, kind: Kind, name: str) -> None:
    ends = ENDS[name]
    made = plan(name, vendor, kind)

    entries = job(made).entries

    assert entries[-1].stands_for in ends
    assert ("midway" in name) <= any(entry.stands_for == "running" for entry in entries[:-1])
    assert ("early" in name) <= (len(entries) <= 2)
    if ends == {"failed"} or "moderated" in name:
        assert made.state(entries[-1].word).error or name == "all-items-failed"


@pytest.mark.parametrize("name", sorted(WEBHOOKS))
def test_a_webhook_scenario_is_happy_with_the_fault_of_its_name(name: str) -> None:
    said = entry(f"webhook-{name}.yaml").scenario

    [fault] = said.webhook.faults.names()
    assert fault.removesuffix("_timestamp").replace("_", "-") == name
    assert said.webhook == Manner(faults=said.webhook.faults)
    assert (said.like, said.states) == ("happy", ())


def test_there_is_a_scenario_for_each_way_in_which_webhooks_go_wrong() -> None:
    assert len(WEBHOOKS) == len(FAULTS)
    assert {file for file in FILES if file.startswith("webhook-")} == {
        f"webhook-{name}.yaml" for name in (*WEBHOOKS, "chaos")
    }


def test_chaos_is_several_faults_by_chance_that_any_webhook_can_show_and_a_client_can_bear() -> None:
    faults = entry("webhook-chaos.yaml").scenario.webhook.faults

    assert 0 < faults.chance < 1
    assert len(faults.names()) > 2
    assert not set(faults.names()) & {
        "lost",
        "truncated",
        "wrong_id",
        "other_sandbox",
        "wrong_signature",
        "stale_timestamp",
    }


def test_neutral_scenarios_speak_neutral_words_only() -> None:
    for file in FILES:
        if "/" not in file:
            assert {state.word for state in entry(file).scenario.states} <= set(NEUTRAL)


def test_the_documented_headshot_has_the_instants_of_its_page() -> None:
    useapi = vendors.load("useapi")
    headshot = useapi.kind("headshot")
    created_at_ms = 1_694_225_089_667  # 2023-09-09T02:04:49.667Z
    script = Library().script("as-documented", useapi, headshot)
    refresh = script.scenario.refresh
    assert refresh
    grid = Grid(created_at_ms, refresh.every.low_ms, refresh.every.high_ms, "")

    end = job(make_plan(script, Draws(), refresh=grid), created_at_ms).entries[-1]

    assert (end.word, end.at_ms, end.seen_at_ms) == ("completed", 1_694_225_124_991, 1_694_225_960_256)
    assert refresh.since == "start"


def test_the_documented_video_is_at_45_percent_with_55_seconds_left() -> None:
    deepswapai = vendors.load("deepswapai")

    made = job(plan("as-documented", deepswapai, deepswapai.kind("video")))

    shot = look(made, 63_500)
    assert (shot.progress, shot.work_left_ms) == (0.45, 55_000)
    assert made.entries[-1].at_ms == 118_500


def test_the_documented_batch_is_as_its_page_shows_it_after_76_seconds() -> None:
    deepswapai = vendors.load("deepswapai")
    script = Library().script("as-documented", deepswapai, deepswapai.kind("batch"))
    pinned = Draws("8", "deepswapai", "batchSwap", "pinned")  # what X-Simulator-Seed: 8 comes to

    batch = job(make_plan(script, pinned, item_count=50))

    items = look(batch, 76_000).finished_items()
    assert (len(items), sum(item.error is not None for item in items)) == (37, 2)
    assert items[0].index == 0
    assert batch.entries[-1].stands_for == SUCCEEDED
