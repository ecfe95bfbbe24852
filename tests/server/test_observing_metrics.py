"""What Prometheus reads: right by its own parser, true, bounded, guarded, and described by the control API."""

import asyncio
import re
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from simulator.server.observing.metrics import look_around
from simulator.server.observing.tally import ANY_OTHER, BOUNDS_S, MOST_ROWS, Tally
from simulator.settings import VendorPort
from tests.server.control.conftest import assert_described
from tests.server.observing import Running, running

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scraped(server: Running, path: str = "/metrics") -> Numbers:
    status, headers, data = await server.call("GET", path)
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = list(read_text(data.decode()))
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def number(numbers: Numbers, name: str, **labels: str) -> float:
    return numbers[f"simulator_{name}", frozenset(labels.items())]


async def test_it_tells_what_has_happened() -> None:
    async with running() as server:
        job_id = await server.submit(f"{server.root}/_simulator/receiver/deepswapai/mine")
        await server.submit(**{"X-Simulator-Scenario": "failed-midway"})
        await server.call("GET", f"/deepswapai/v1/status/{job_id}")
        await server.call("GET", "/deepswapai/v1/status/unknown")
        await server.call("GET", "/nobody")
        await server.advance()
        await server.submit()

        numbers = await scraped(server)

    of = {"vendor": "deepswapai"}
    assert number(numbers, "calls_total", **of, operation="videoSwap", status="202") == 3
    assert number(numbers, "calls_total", **of, operation="getStatus", status="404") == 1
    assert number(numbers, "calls_total", vendor="", operation="", status="404") == 1
    assert number(numbers, "calls_total", vendor="simulator", operation="advanceClock", status="200") == 1
    assert number(numbers, "refused_calls_total", **of, reason="UnknownJob") == 1
    assert number(numbers, "accepted_jobs_total", **of) == 3
    assert [number(numbers, "jobs", **of, state=state) for state in ("waiting", "succeeded", "failed")] == [1, 1, 1]
    assert number(numbers, "webhook_attempts_total", **of, outcome="delivered") == 1
    assert number(numbers, "call_duration_seconds_count", **of, operation="getStatus") == 2
    assert number(numbers, "call_duration_seconds_bucket", **of, operation="getStatus", le="+Inf") == 2
    assert 0 < number(numbers, "call_duration_seconds_sum", **of, operation="getStatus") < 60
    assert number(numbers, "sandboxes") == 1
    assert number(numbers, "connections") >= 1
    assert number(numbers, "journal_bytes") > 500
    assert [number(numbers, f"{name}_total") for name in ("broken_replies", "bugs", "bad_requests")] == [0, 0, 0]
    assert ("process_resident_memory_bytes", frozenset()) in numbers or not numbers.get(
        ("process_open_fds", frozenset())
    )


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/openmetrics-text; version=1.0.0, text/plain; q=0.1", "application/openmetrics-text"),
        ("application/openmetrics-text; version=a.b", "text/plain"),
        ("text/plain", "text/plain"),
        ("application/json", "text/plain"),
    ],
)
async def test_the_format_is_the_one_asked_for_and_described(accept: str, media_type: str) -> None:
    async with running() as server:
        await server.submit()
        status, headers, data = await server.call("GET", "/_simulator/metrics", headers={"Accept": accept})

    read: Any = read_openmetrics if media_type.startswith("application") else read_text
    assert (status, headers["Content-Type"].partition(";")[0]) == (200, media_type)
    assert next(family.name for family in read(data.decode())).startswith("simulator_build")
    assert_described("getMetrics", 200, data.decode(), [("Content-Type", headers["Content-Type"])])


async def test_names_keep_to_promtools_rules() -> None:
    async with running() as server:
        await server.submit()
        _, _, data = await server.call("GET", "/metrics")

    ours = [family for family in read_text(data.decode()) if family.name.startswith("simulator")]
    assert len(ours) >= 15
    for family in ours:
        samples = {sample.name for sample in family.samples}
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", family.name), family.name
        assert family.documentation.endswith(".")
        assert all(name.endswith("_total") for name in samples) == (family.type == "counter"), family.name
        assert not re.search(r"_(ms|milliseconds|kb|mb|kib|total|count|sum|bucket|counter|gauge)$", family.name)
        assert not re.search(r"second(?!s)|byte(?!s)", family.name)


async def test_no_client_can_bring_about_a_new_label() -> None:
    async with running() as server:
        for path in ("/evil{}", "/deepswapai/evil{}", "/deepswapai/v1/status/evil{}", "/_simulator/evil{}"):
            for number_ in range(3):
                await server.call("PROPFIND", path.format(number_))
                await server.call(f"EVIL{number_}", path.format(number_), headers={"Host": f"evil{number_}"})
                await server.call("GET", path.format(number_), headers={"Authorization": f"Bearer evil-{number_}"})
        _, _, data = await server.call("GET", "/metrics")

    assert "evil" not in data.decode().lower()


def test_statuses_without_end_are_counted_together() -> None:
    tally = Tally()
    for status in range(MOST_ROWS + 5):
        tally.new_row(("acme", "getJob", status)).within[0] += 1

    assert len(tally.rows) == MOST_ROWS + 1
    assert sum(tally.rows["acme", "getJob", ANY_OTHER].within) == 5


async def test_a_duration_is_within_the_first_bound_that_it_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as server:
        watch = server.simulator.watch
        for took_s in (0.0, BOUNDS_S[0], 0.2, 1e9):
            monkeypatch.setattr(watch, "seconds", iter((took_s,)).__next__)
            watch.over(None, None, None, None, 0.0)  # type: ignore[arg-type]
        monkeypatch.undo()
        numbers = await scraped(server)

    of = {"vendor": "", "operation": ""}
    within = [
        number(numbers, "call_duration_seconds_bucket", **of, le=le) for le in ("0.001", "0.1", "0.25", "60.0", "+Inf")
    ]
    assert within == [2, 2, 3, 3, 4]
    assert number(numbers, "calls_total", **of, status="client_left") == 4


async def test_jobs_that_were_packed_are_counted_and_unpacked_ones_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.sandbox.store.MOST_WARM", 4)
    async with running(max_jobs=13) as server:
        store = server.simulator.sandboxes.main.life.store
        ids = [await server.submit() for _ in range(6)]
        await server.submit(**{"X-Simulator-Scenario": "failed-midway"})
        await server.advance()
        ids += [await server.submit() for _ in range(5)]
        before, packed = await look_around(server.simulator.sandboxes), store.packed.total()
        for job_id in ids:
            await server.call("GET", f"/deepswapai/v1/status/{job_id}")
        after = await look_around(server.simulator.sandboxes)
        unpacked = store.packed.total()
        await server.advance()
        for _ in range(3):
            await server.submit()
        last = await look_around(server.simulator.sandboxes)

    assert packed > 0
    assert unpacked < packed
    expected = {("deepswapai", "succeeded"): 6, ("deepswapai", "failed"): 1, ("deepswapai", "waiting"): 5}
    assert +before.jobs == +after.jobs == expected
    assert last.jobs.total() == 13


async def test_others_get_their_turn_while_everything_is_looked_at() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with running() as server:
        for _ in range(1000):
            server.simulator.sandboxes.create()
        counting = asyncio.ensure_future(count_turns())
        seen = await look_around(server.simulator.sandboxes)
        counting.cancel()

    assert seen.sandboxes == 1001
    assert turns >= 4


async def test_it_is_guarded_like_the_control_api_and_probes_are_not() -> None:
    async with running(token="let-me-in") as server:
        none = [(await server.call("GET", path))[0] for path in ("/metrics", "/_simulator/metrics")]
        token = {"Authorization": "Bearer let-me-in"}
        some = [(await server.call("GET", path, headers=token))[0] for path in ("/metrics", "/_simulator/metrics")]
        probes = [
            (await server.call(method, f"/_simulator/{path}"))[0]
            for method in ("GET", "HEAD")
            for path in ("health", "ready")
        ]

    assert (none, some, probes) == ([401, 401], [200, 200], [200] * 4)


async def test_a_vendors_port_and_host_keep_their_own_metrics_path() -> None:
    own = VendorPort("useapi", 0, "")
    async with running(vendor_ports=(own,), control_port=0) as server:
        main, vendor, control = (f"http://127.0.0.1:{door.port}/metrics" for door in server.simulator.doors)
        hosted = await server.call("GET", control, headers={"Host": "api.useapi.net"})
        said = {
            name: (await server.call("GET", url))[0]
            for name, url in (("main", main), ("vendor", vendor), ("control", control))
        }

    assert said == {"main": 404, "vendor": 404, "control": 200}
    assert hosted[0] == 404


async def test_no_control_api_no_metrics() -> None:
    async with running(has_control=False) as server:
        assert [(await server.call("GET", path))[0] for path in ("/metrics", "/_simulator/metrics")] == [404, 404]
