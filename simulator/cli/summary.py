"""What came of a server's life, in few lines: jobs and their outcomes, and everything that its clients may not have meant."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from simulator.assembly import Background
from simulator.client.evidence import Evidence, gather, struck_by
from simulator.client.report import answered, explained, learn, odd_calls
from simulator.client.results import Delivery
from simulator.client.simulator import Simulator
from simulator.client.timeline import short
from simulator.jobs.lifecycle import FINAL
from simulator.server.proxy import OTHERS
from simulator.settings import is_loopback
from simulator.testing.local import LocalTransport

_MOST_LINES = 20
_BROKEN = ("broken: ", "simulator: ")  # marks of what is our own mistake
_OUTCOMES = ("succeeded", "failed", "moderated", "cancelled")
_NOT_YET = ("waiting", "ready", "under_way")


class _Found(msgspec.Struct):
    """What all sandboxes together have to tell, each thing as the lines that tell it."""

    odd: list[str] = []
    broken: list[str] = []
    undelivered: list[str] = []


def sum_up(server: Background) -> str:
    """Return the summary: short where all is well."""
    simulator, found = server.simulator, _Found()
    calls, seed = simulator.pipeline.tally.calls, simulator.settings.seed
    refused = _refused_hosts(server)
    for sandbox in simulator.sandboxes:
        _look_into(Simulator(transport=LocalTransport(server), sandbox=sandbox.id), found)
    again = f"; --seed {seed} plays it again" if calls else ""
    lines = [f"simulator: {_counted(calls, 'call')}{_verdict(calls, found, refused)}{again}"]
    lines += _jobs(server)
    lines += _listed("refused, or for nothing that there is:", found.odd)
    lines += _listed("hosts that are no vendor's, and were refused:", refused)
    lines += _listed("webhooks that no receiver has accepted:", found.undelivered)
    lines += _listed("mistakes of the simulator's own, please report them:", found.broken)
    if not calls:
        lines.append(
            "  If it did call a vendor, its client reads no proxy variables (aiohttp: trust_env=True, Node: 24), or trusts no test CA."
        )
    return "\n".join(lines)


def _look_into(sandbox: Simulator, found: _Found) -> None:
    evidence: Evidence = sandbox._run(gather(sandbox, None, most_jobs=1))
    odd = odd_calls(evidence)
    known = sandbox._run(learn(sandbox, odd))
    for call in odd:
        if ours := [mark for mark in call.marks if mark.startswith(_BROKEN)]:
            found.broken.append(_together(f"{call.vendor}  {call.method} {short(call.target)}", ours))
        else:
            about = f"{call.vendor or 'nobody'}  {answered(call)}"
            found.odd.append(_together(about, [*struck_by(call), *explained(call, known)]))
    found.undelivered += [_undelivered(one) for one in evidence.webhooks if not one.is_delivered]


def _undelivered(webhook: Delivery) -> str:
    tries = len(webhook.attempts)
    last = webhook.attempts[-1] if tries else None
    came = f": {last.status or last.error}" if last else ""
    still = "still " if webhook.state in _NOT_YET else ""
    state = f"{still}{webhook.state.replace('_', ' ')}{f', {webhook.why}' if webhook.why else ''}"
    tried = f" after {_counted(tries, 'attempt')}" if tries else ""
    return f"{webhook.vendor}  {webhook.status} to {short(webhook.url)}: {state}{tried}{came}"


def _jobs(server: Background) -> Iterator[str]:
    """Yield a line for each vendor that has jobs."""
    by_vendor: dict[str, Counter[str]] = {}
    for sandbox in server.simulator.sandboxes:
        for shot in sandbox.jobs():
            state = shot.stands_for if shot.stands_for in FINAL else "unfinished"
            by_vendor.setdefault(shot.job.vendor, Counter())[state] += 1
    for vendor, states in sorted(by_vendor.items()):
        outcomes = ", ".join(f"{states[state]} {state}" for state in (*_OUTCOMES, "unfinished") if states[state])
        yield f"  {vendor}: {_counted(states.total(), 'job')}: {outcomes}"


def _refused_hosts(server: Background) -> list[str]:
    proxy = server.simulator.proxy
    return [
        f"{host} ({_counted(count, 'time')}): {_way_in(host)}"
        for host, count in (proxy.refused.items() if proxy else ())
    ]


def _way_in(host: str) -> str:
    if host == OTHERS:
        return "too many to be named"
    if is_loopback(host):
        return "this machine is to be reached without a proxy, and NO_PROXY says so"
    return f"--proxy-passthrough {host} lets it through"


def _verdict(calls: int, found: _Found, refused: Sequence[str]) -> str:
    parts = [f"{len(found.odd)} unexpected"] if found.odd else []
    for things, name, state in (
        (refused, "host", " refused"),
        (found.undelivered, "webhook", " not delivered"),
        (found.broken, "mistake", " of the simulator's own"),
    ):
        parts += [_counted(len(things), name) + state] if things else []
    return f", {', '.join(parts)}" if parts else ", nothing unexpected" if calls else ""


def _listed(title: str, things: Iterable[str]) -> Iterator[str]:
    """Yield what is told below a title; what is told twice is counted."""
    counted = Counter(things)
    if counted:
        yield f"  {title}"
    for thing, count in [*counted.items()][:_MOST_LINES]:
        first, *rest = thing.splitlines()
        yield "\n      ".join([f"    {first}{f'  ({count} of these)' if count > 1 else ''}", *rest])
    if len(counted) > _MOST_LINES:
        yield f"    and {len(counted) - _MOST_LINES} more"


def _together(first: str, rest: Iterable[str]) -> str:
    return "\n".join([first, *rest])


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"
