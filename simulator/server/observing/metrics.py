"""What is counted, in the words of Prometheus: read when somebody asks, from what is counted anyway."""

import asyncio
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from simulator import __version__
from simulator.jobs.snapshot import look
from simulator.sandbox.sandbox import Sandbox
from simulator.server.observing.tally import ANY_OTHER, BOUNDS_S, CLIENT_LEFT, Row, Tally

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

AT_ONCE = 200  # jobs or sandboxes, until others get their turn
_ODD_STATUSES = {CLIENT_LEFT: "client_left", ANY_OTHER: "other"}
_CALL = ("vendor", "operation", "status")


class Connections(msgspec.Struct):
    """What is counted of the connections of all ports; ``ended`` by the reason."""

    there: int = 0
    ended: Mapping[str, int] = {}


class Seen(msgspec.Struct):
    """What a walk through all sandboxes has found. ``jobs`` are those kept, by vendor and neutral state."""

    sandboxes: int = 0
    in_flight: int = 0
    held: int = 0
    deliveries: int = 0
    journal_bytes: int = 0
    jobs: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)


class Metrics:
    """``sandboxes`` returns those that there are, ``connections`` what is counted of these."""

    def __init__(
        self,
        tally: Tally,
        sandboxes: Callable[[], Iterable[Sandbox]],
        connections: Callable[[], Connections] = Connections,
    ) -> None:
        self._tally, self._sandboxes, self._connections = tally, sandboxes, connections

    async def told(self, accept: str) -> tuple[str, str]:
        """Return the numbers and their content type, in the format that an ``Accept`` header asks for."""
        seen = await look_around(self._sandboxes())
        return await asyncio.to_thread(self._written, seen, accept)

    def _written(self, seen: Seen, accept: str) -> tuple[str, str]:
        from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector  # here, as few are scraped
        from prometheus_client.exposition import choose_encoder

        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Once([*counted(self._tally), *found(seen), *connected(self._connections())]))
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        try:
            encode, content_type = choose_encoder(accept)
        except (TypeError, ValueError):  # it asks for a version that is none
            encode, content_type = choose_encoder("")
        return encode(registry).decode(), content_type


class _Once:
    """A collector of what has been read already."""

    def __init__(self, families: "list[Metric]") -> None:
        self._families = families

    def collect(self) -> "Iterator[Metric]":
        """Yield it."""
        return iter(self._families)


async def look_around(sandboxes: Iterable[Sandbox]) -> Seen:
    """Walk through all sandboxes; neither their locks nor the loop are held for longer than ``AT_ONCE`` jobs take."""
    seen, looked = Seen(), 0
    for sandbox in sandboxes:
        with sandbox.lock:
            life, now_ms, counters = sandbox.life, sandbox.clock.now_ms(), sandbox.counters()
            jobs = life.store.warm()
            seen.jobs.update(life.store.packed)
        seen.sandboxes += 1
        seen.in_flight += counters["in_flight"] or 0
        seen.held += counters["held"] or 0
        seen.deliveries += counters["deliveries"] or 0
        seen.journal_bytes += life.journal.size_bytes
        looked += 1
        for at in range(0, len(jobs), AT_ONCE):
            some = jobs[at : at + AT_ONCE]
            with sandbox.lock:
                seen.jobs.update((job.vendor, look(job, now_ms).stands_for) for job in some)
            looked = await _let_others(looked + len(some))
        looked = await _let_others(looked)
    return seen


async def _let_others(looked: int) -> int:
    """Let the loop go on where enough has been looked at; return how much has been since."""
    if looked < AT_ONCE:
        return looked
    await asyncio.sleep(0)
    return 0


def counted(tally: Tally) -> "Iterator[Metric]":
    """Yield what the tally has counted since the start."""
    from prometheus_client.core import InfoMetricFamily

    about = InfoMetricFamily("simulator_build", "What is running.")
    about.add_metric((), {"version": __version__, "python": platform.python_version()})
    yield about
    yield from _calls(tally)
    accepted = {(vendor,): count for vendor, count in dict(tally.accepted).items()}
    yield _counter("refused_calls", "Calls that a vendor refused, by reason.", ("vendor", "reason"), tally.refused)
    yield _counter("accepted_jobs", "Submits that became a job.", ("vendor",), accepted)
    yield _counter(
        "webhook_attempts", "Attempts at webhooks, by what the webhook was then.", ("vendor", "outcome"), tally.attempts
    )
    yield _counter(
        "broken_replies", "Replies and webhooks that their contract did not let out.", (), {(): tally.broken}
    )
    yield _counter("bugs", "Errors of the simulator itself.", (), {(): tally.bugs})
    yield _counter("bad_requests", "What came in and was no HTTP request.", (), {(): tally.bad_http})


def _calls(tally: Tally) -> "Iterator[Metric]":
    from prometheus_client.core import HistogramMetricFamily

    counts: dict[tuple[str, ...], int] = {}
    by_operation: dict[tuple[str, str], Row] = {}
    for (vendor, operation, status), row in sorted(dict(tally.rows).items()):
        within = list(row.within)
        counts[vendor, operation, _ODD_STATUSES.get(status, str(status))] = sum(within)
        whole = by_operation.setdefault((vendor, operation), Row([0] * len(within)))
        whole.within = [one + more for one, more in zip(whole.within, within, strict=True)]
        whole.seconds += row.seconds
    yield _counter("calls", "Calls that are over; the vendor is empty where nobody was called.", _CALL, counts)
    about = "Real time from a call's head to the last byte of its answer."
    durations = HistogramMetricFamily("simulator_call_duration_seconds", about, labels=_CALL[:2])
    for names, row in by_operation.items():
        durations.add_metric(names, _buckets(row), sum_value=row.seconds)
    yield durations


def _buckets(row: Row) -> list[tuple[str, float]]:
    """Return how many calls took no longer than each bound."""
    count, buckets = 0, []
    for bound, within in zip((*map(str, BOUNDS_S), "+Inf"), row.within, strict=True):
        count += within
        buckets.append((bound, float(count)))
    return buckets


def found(seen: Seen) -> "Iterator[Metric]":
    """Yield what there is at this moment."""
    yield _gauge("jobs", "Jobs that are kept, by neutral state.", ("vendor", "state"), seen.jobs)
    yield _gauge("sandboxes", "Sandboxes that there are.", (), {(): seen.sandboxes})
    yield _gauge("calls_in_flight", "Calls to vendors that are not answered yet.", (), {(): seen.in_flight})
    yield _gauge("held_replies", "Replies that wait for their job.", (), {(): seen.held})
    yield _gauge("webhooks_under_way", "Webhooks that are ready or on their way.", (), {(): seen.deliveries})
    yield _gauge("journal_bytes", "What the journals of all sandboxes hold.", (), {(): seen.journal_bytes})


def connected(connections: Connections) -> "Iterator[Metric]":
    """Yield what is counted of connections."""
    yield _gauge("connections", "Connections that are open.", (), {(): connections.there})
    ended = {(reason,): count for reason, count in connections.ended.items()}
    yield _counter("ended_connections", "Connections that we ended or refused, by reason.", ("reason",), ended)


def _counter(name: str, about: str, labels: tuple[str, ...], counts: Mapping[Any, int]) -> "Metric":
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"simulator_{name}", about, labels=labels)
    for names, count in sorted(dict(counts).items()):
        family.add_metric(names, count)
    return family


def _gauge(name: str, about: str, labels: tuple[str, ...], counts: Mapping[Any, int]) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"simulator_{name}", about, labels=labels)
    for names, count in sorted(dict(counts).items()):
        family.add_metric(names, count)
    return family
