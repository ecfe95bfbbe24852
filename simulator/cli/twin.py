"""``simulator twin``: a scenario that is timed like the live jobs of a server, and how near it comes to them."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO
from urllib.parse import quote

import msgspec

from simulator import vendors
from simulator.cli import fail
from simulator.client.errors import SimulatorRefused
from simulator.client.transport import HttpTransport
from simulator.jobs.scenario import Script
from simulator.library.entries import BadScenarios, read_entry
from simulator.library.fitting import fitted
from simulator.library.terms import VendorTerms
from simulator.settings import BadSetting, read_settings
from simulator.twin.comparing import Difference, compare, simulate
from simulator.twin.drawing import draw_up, text_of
from simulator.twin.runs import Run, Sorted, kinds_of, read_jobs, sort_out

_MOST_JOBS = 1000
_LEAST_TO_PART, _PARTS = 10, 5
_SIMULATED = 2000  # jobs in all
_USUAL_NAME = "twin"


class _NoTwin(Exception):
    """None can be made; the text says why."""


def twin(source: str, *, vendor: str, kind: str, sandbox: str, token: str | None, into: str, save: str) -> int:
    """Make a twin of the jobs at a server's URL or in a file; print it, or write it ``into`` a file; return the status."""
    try:
        runs = _chosen(sort_out(read_jobs(_content(source, sandbox, token, save))), source, vendor, kind)
        name = Path(into).stem if into else _USUAL_NAME
        text = draw_up(runs, name)
        script = _script(text, name, runs[0])
        if into:
            Path(into).write_text(text, encoding="utf-8")
    except (_NoTwin, BadSetting, SimulatorRefused) as error:
        return fail(str(error))
    except BadScenarios as error:
        return fail(f"the scenario would have mistakes: {error}")
    except OSError as error:
        return fail(f"{error.filename}: {error.strerror}")
    except ValueError as error:
        return fail(f"{source}: {error}")
    if not into:
        print(text, end="", flush=True)
    _report(script, runs, name, into, sys.stdout if into else sys.stderr)
    return 0


def _content(source: str, sandbox: str, token: str | None, save: str) -> bytes:
    """Return jobs as JSON, from a file or from a server, and keep a copy of them if asked to."""
    content = _asked(source, sandbox, token) if "://" in source else Path(source).read_bytes()
    if save:
        Path(save).write_bytes(content)
    return content


def _asked(url: str, sandbox: str, token: str | None) -> bytes:
    transport = HttpTransport(url, token or read_settings({}).token)
    root = f"/sandboxes/{quote(sandbox, safe='')}" if sandbox else ""

    def ask(path: str, **query: str | int) -> object:
        answer = transport.ask("GET", f"{root}{path}", query)
        if answer.status != 200:
            _refuse(url, answer.status, answer.body)
        return answer.body

    try:
        listed = msgspec.convert(ask("/jobs", limit=_MOST_JOBS), _Listed).jobs
        jobs = [ask(f"/jobs/{quote(job.id, safe='')}", vendor=job.vendor) for job in listed]
    finally:
        transport.close()
    return msgspec.json.format(msgspec.json.encode({"jobs": jobs}), indent=1)


class _ListedJob(msgspec.Struct, frozen=True):
    id: str
    vendor: str


class _Listed(msgspec.Struct, frozen=True):
    jobs: tuple[_ListedJob, ...]


def _refuse(url: str, status: int, body: object) -> NoReturn:
    if status == 401:
        raise _NoTwin(f"{url} asks for the token of its control API: --token, or SIMULATOR_TOKEN")
    error = body.get("error") if isinstance(body, dict) else None
    said = error.get("message") if isinstance(error, dict) else ""
    raise _NoTwin(f"{url} answers {status}: {said or 'it seems to be no simulator'}")


def _chosen(found: Sorted, source: str, vendor: str, kind: str) -> tuple[Run, ...]:
    """Return the runs that are asked for, all of one kind of job."""
    if found.left_out:
        told = ", ".join(f"{count} {why}" for why, count in found.left_out.most_common())
        print(f"left out: {told}", file=sys.stderr)
    runs = [run for run in found.runs if vendor in ("", run.vendor) and kind in ("", run.kind)]
    kinds = kinds_of(runs)
    if len(kinds) == 1:
        return tuple(runs)
    there = ", ".join(f"{of} {what} ({count})" for (of, what), count in kinds_of(found.runs).most_common())
    if kinds:
        raise _NoTwin(f"a twin is of one kind of job, and these are several: {there}; --vendor and --kind choose")
    if there:
        raise _NoTwin(f"no live job of that vendor and kind has ended well; there are {there}")
    raise _NoTwin(f"{source}: no live job has ended well; `simulator serve --live` renders some")


def _script(text: str, name: str, run: Run) -> Script:
    """Return a scenario as it will be read, fitted to its kind of job."""
    if run.vendor not in vendors.NAMES:
        raise _NoTwin(f"there is no vendor {run.vendor!r}; there are {', '.join(vendors.NAMES)}")
    entry, problems = read_entry(text.encode(), f"{name}.yaml", name, VendorTerms())
    if entry is None:
        raise BadScenarios(problems)
    return fitted(entry.scenario, vendors.load(run.vendor).kind(run.kind))


def _report(script: Script, runs: Sequence[Run], name: str, into: str, to: TextIO) -> None:
    if into:
        print(f"{into} is timed as {len(runs)} live jobs of {runs[0].vendor} {runs[0].kind}", file=to)
    if len(runs) >= _LEAST_TO_PART:
        simulated = simulated_by_others(runs, name)
        print("\nHow near it comes: each fifth of the jobs is held against a twin of all others.", file=to)
    else:
        simulated = simulate(script, runs)
        print(
            f"\nHow near it comes to these same jobs; from {_LEAST_TO_PART} on, each is held against a twin of others.",
            file=to,
        )
    differences = compare(runs, simulated)
    print(f"{'':20}{'':>12}{'live':>20}{'simulated':>22}", file=to)
    print(
        f"{'':20}{'frames':>12}{'median':>11}{'p95':>11}{'median':>11}{'p95':>11}{'apart':>8}{'distance':>10}", file=to
    )
    for one in differences:
        print(_row(one), file=to)
    print(
        "Apart is by how much the one must be moved to become the other, of the live mean.\n"
        "The distance is the largest difference between the shares of jobs that are done by any time, from 0 to 1;\n"
        "in brackets, what 95 of 100 comparisons of equals stay below.",
        file=to,
    )


def simulated_by_others(runs: Sequence[Run], name: str) -> list[Run]:
    """Return simulated runs, each of as many frames as a live one has, by a twin that this one had no part in."""
    by_frames = sorted(runs, key=lambda run: run.frames)
    simulated = []
    for part in range(_PARTS):
        others = [run for at, run in enumerate(by_frames) if at % _PARTS != part]
        script = _script(draw_up(others, name), name, runs[0])
        simulated += simulate(script, by_frames[part::_PARTS], _SIMULATED // _PARTS)
    return simulated


def _row(one: Difference) -> str:
    frames = str(one.least) if one.least == one.most else f"{one.least}..{one.most}"
    times = (one.live.median_ms, one.live.p95_ms, one.simulated.median_ms, one.simulated.p95_ms)
    shown = "".join(f"{text_of(round(ms)):>11}" for ms in times)
    beyond = "  beyond chance" if one.is_beyond_chance else ""
    return f"{one.word:20}{frames:>12}{shown}{100 * one.apart:>7.1f}%{one.distance:>10.2f} ({one.chance:.2f}){beyond}"
