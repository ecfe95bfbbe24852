"""What a test claims of the calls and jobs of a sandbox. Where a claim fails, an AssertionError says what was found."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from simulator.client.calls import check_operation, read_calls
from simulator.client.evidence import Evidence, file_of, gather, is_good, is_spoilt, is_whole, struck_by
from simulator.client.jobs import JobDetails
from simulator.client.report import answered, explained, learn, odd_calls, why_refused
from simulator.client.results import Call, Calls
from simulator.client.timeline import instant, short, told
from simulator.client.verbs import AsyncPart, Part, SyncPart, Talk, verb

_MOST_TOLD = 20
_SPENT = ("hold", "debit", "settlement", "refund")


class _VerificationVerbs(Part):
    @verb
    def called(
        self,
        operation: str,
        *,
        times: int | None = None,
        at_least: int = 1,
        at_most: int | None = None,
        vendor: str | None = None,
        status: int | None = None,
        json: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Talk[Calls]:
        """Claim that an operation was called, exactly ``times`` where that is said; return the calls that fit.

        ``json`` and ``query`` are what must stand in the body and the query; there may be more.

        Raises:
            AssertionError: it was not, or not as often.
            UnknownOperation: nobody has an operation of that name.
        """
        __tracebackhide__ = True
        vendor = self._vendor_or(vendor)
        calls = yield from read_calls(self, operation=operation, vendor=vendor, status=status)
        fitting = Calls(call for call in calls if _holds(call.json, json) and _holds(call.query, query))
        low, high = (at_least, at_most) if times is None else (times, times)
        if len(fitting) >= low and (high is None or len(fitting) <= high):
            return fitting
        wanted = _wanted(operation, status, json, query)
        asked = _times(low) if low == high else f"at least {_times(low)}" if high is None else f"{low} to {high} times"
        everything = yield from read_calls(self, vendor=vendor)
        like_it = [call for call in everything if call.operation == operation]
        raise AssertionError(
            f"{wanted} was to be called {asked}, and was called {_times(len(fitting))}\n"
            + _listed(
                "all calls of it" if like_it else "all calls",
                like_it or list(everything),
                lambda call: _instead(call, json, query) if like_it else [],
            )
        )

    @verb
    def not_called(self, operation: str, *, vendor: str | None = None) -> Talk[None]:
        """Claim that an operation was never called.

        Raises:
            AssertionError: it was.
            UnknownOperation: nobody has an operation of that name.
        """
        __tracebackhide__ = True
        calls = yield from read_calls(self, operation=operation, vendor=self._vendor_or(vendor))
        if calls:
            raise AssertionError(f"{operation} was not to be called\n{_listed('its calls', list(calls))}")

    @verb
    def in_order(self, *operations: str, vendor: str | None = None) -> Talk[None]:
        """Claim that these operations were called one after the other, whatever else was called in between.

        Raises:
            AssertionError: they were not.
            UnknownOperation: nobody has an operation of that name.
        """
        __tracebackhide__ = True
        vendor = self._vendor_or(vendor)
        for operation in operations:
            check_operation(vendor, operation)
        calls = yield from read_calls(self, vendor=vendor)
        left = iter(calls)
        for position, operation in enumerate(operations):
            if not any(call.operation == operation for call in left):
                after = f" after {' → '.join(operations[:position])}" if position else ""
                raise AssertionError(f"{operation} was not called{after}\n{_listed('all calls', list(calls))}")

    @verb
    def nothing_unexpected(self, *, vendor: str | None = None, besides: Sequence[str | int] = ()) -> Talk[None]:
        """Claim that every call was for something that there is, and was not refused.

        ``besides`` names statuses, and operations, whose refusals are expected; those that a fault brought about are anyway.

        Raises:
            AssertionError: some were not.
        """
        __tracebackhide__ = True
        evidence = yield from gather(self, self._vendor_or(vendor), most_jobs=1)
        odd = [call for call in odd_calls(evidence) if not {call.status, call.operation} & {*besides}]
        if odd:
            known = yield from learn(self, odd)
            lines = ["\n    ".join([answered(call), *struck_by(call), *explained(call, known)]) for call in odd]
            raise AssertionError(f"{_counted(odd, 'call')} not expected\n{_together('which are', lines)}")

    @verb
    def every_job_seen_to_its_end(self, *, vendor: str | None = None) -> Talk[None]:
        """Claim that every job has ended, and that the client has learnt of it, by a look or by a webhook.

        Raises:
            AssertionError: some have not, or the client never saw it.
        """
        __tracebackhide__ = True
        evidence = yield from gather(self, self._vendor_or(vendor))
        unseen = [said for job in evidence.jobs if (said := _unseen(job, evidence))]
        if unseen:
            raise AssertionError("\n  ".join([f"{_counted(unseen, 'job')} not seen to the end", *unseen]))

    @verb
    def every_output_downloaded(self, *, vendor: str | None = None) -> Talk[None]:
        """Claim that every file of every job that succeeded was downloaded, whole, at once or by ranges.

        Raises:
            AssertionError: some were not.
        """
        __tracebackhide__ = True
        evidence = yield from gather(self, self._vendor_or(vendor))
        missing = [said for job in evidence.jobs for said in _not_downloaded(job, evidence)]
        if missing:
            raise AssertionError("\n  ".join([f"{_counted(missing, 'output')} not downloaded", *missing]))

    @verb
    def credits_spent(self, amount: float, *, vendor: str | None = None) -> Talk[None]:
        """Claim that the accounts spent so many credits, no more and no less; what is held for a job counts as spent.

        Raises:
            AssertionError: they spent others; it says what for.
        """
        __tracebackhide__ = True
        accounts = (yield from self._say("GET", "/accounts", vendor=self._vendor_or(vendor)))["accounts"]
        lines = [line for account in accounts for line in account["ledger"] if line["kind"] in _SPENT]
        spent = -sum(line["amount"] for line in lines)
        if round(spent - _number(amount), 6):
            told_lines = [f"{line['kind']} {-line['amount']:g} for {line['job_id']}" for line in lines]
            raise AssertionError("\n  ".join([f"{amount:g} credits were to be spent, and {spent:g} were", *told_lines]))


class Verification(_VerificationVerbs, SyncPart):
    """Claims of a test."""


class AsyncVerification(_VerificationVerbs, AsyncPart):
    """Claims of a test, awaited."""


def _number(amount: Any) -> float:
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise TypeError(f"credits are a number, and {amount!r} is none")
    return amount


def _holds(said: Any, wanted: Any) -> bool:
    """Return whether everything that is wanted stands in what was said, at any depth; None wants nothing."""
    if isinstance(wanted, Mapping):
        return isinstance(said, Mapping) and all(name in said and _holds(said[name], wanted[name]) for name in wanted)
    return wanted is None or bool(said == wanted)


def _wanted(operation: str, status: int | None, json: Any, query: Any) -> str:
    about = [f"{name} {said!r}" for name, said in (("status", status), ("json", json), ("query", query)) if said]
    return f"{operation} with {', '.join(about)}" if about else operation


def _unseen(job: JobDetails, evidence: Evidence) -> str:
    """Return what is wrong with how a job ended, ``""`` if nothing is."""
    name, end = f"{job.vendor} {job.operation} {job.id}", job.entries[-1]
    if not job.is_final:
        return f"{name} is {job.status}, and has not ended"
    looks = [
        call for call in evidence.calls_about(job) if call.at_ms >= end.seen_at_ms and _tells(call, end.stands_for)
    ]
    heard = [one for one in evidence.webhooks_of(job) if one.is_delivered and one.status == end.word]
    if looks or heard:
        return ""
    epoch_ms, calls = evidence.sandbox.epoch_ms, evidence.calls_about(job)
    if not calls:
        said = "nobody looked"
    elif calls[-1].at_ms < end.seen_at_ms:
        said = f"nobody looked; the last look was at {instant(calls[-1].at_ms, epoch_ms)}"
    else:
        said = f"no look told of it; the last was {told(calls[-1])}{_spoilt(calls[-1])}"
    return f"{name} was {end.word} at {instant(end.seen_at_ms, epoch_ms)}, and {said}"


def _tells(call: Call, stands_for: str) -> bool:
    """Return whether a call's answer told of the end; some vendors tell of a failed job with the status of an error."""
    has_answer = is_good(call) or (stands_for != "succeeded" and call.status is not None)
    return has_answer and not is_spoilt(call) and not why_refused(call)


def _not_downloaded(job: JobDetails, evidence: Evidence) -> list[str]:
    if not job.is_final or job.stands_for != "succeeded":
        return []
    missing = []
    for output in job.plan.outputs:
        calls = [call for call in evidence.downloads_of(job) if file_of(call) == output.path]
        if not is_whole(calls, output.size_bytes):
            came = f" ({told(calls[-1])}{_spoilt(calls[-1])})" if calls else ""
            missing.append(f"{job.vendor} {job.id}: {output.path}{came}")
    return missing


def _spoilt(call: Call) -> str:
    return "".join(f", {fault}" for fault in struck_by(call))


def _instead(call: Call, json: Any, query: Any) -> list[str]:
    """Return what a call said where something else was wanted."""
    body = call.json
    if json and not isinstance(body, Mapping):
        said = [f"its body is no JSON object: {short(call.body)}" if call.body else "it has no body"]
    else:
        said = list(_other(body, json or {}, "")) if json else []
    return [*said, *_other(call.query, query or {}, "query ")]


def _other(said: Any, wanted: Mapping[str, Any], at: str) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in said:
            yield f"{at}{name} is not there"
        elif isinstance(value, Mapping) and isinstance(said[name], Mapping):
            yield from _other(said[name], value, f"{at}{name}.")
        elif not _holds(said[name], value):
            yield f"{at}{name} is {short(repr(said[name]))}"


def _listed(what: str, calls: Sequence[Call], more: Callable[[Call], list[str]] = lambda call: []) -> str:
    lines = ["\n    ".join([f"{told(call)}, {_about(call)}", *more(call)]) for call in calls]
    return _together(what, lines)


def _together(what: str, lines: Sequence[str]) -> str:
    """Return lines below what they are; those that say the same one after the other are counted."""
    if not lines:
        return f"{what}: none"
    alike = [(line, len(list(run))) for line, run in groupby(lines)]
    said = [line if count == 1 else f"{line}  ({count} of these)" for line, count in alike[:_MOST_TOLD]]
    more = ["and more"] if len(alike) > _MOST_TOLD else []
    return "\n  ".join([f"{what}:", *said, *more])


def _about(call: Call) -> str:
    reason = why_refused(call)
    return f"{call.operation or 'no operation'}{f', refused: {reason}' if reason else ''}"


def _counted(things: Sequence[object], name: str) -> str:
    return f"1 {name} was" if len(things) == 1 else f"{len(things)} {name}s were"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
