"""One job's life in rows: what was asked, what it became, what was told of it, and how the clock moved in between."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from simulator.client.evidence import FINAL, Evidence, is_good, is_spoilt
from simulator.client.jobs import JobDetails
from simulator.client.results import Call, Delivery

_MOST_TEXT = 100
_UNITS_MS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
_QUIET_EVENTS = ("granted", "look")
CALLS = ("request", "look", "download")
CLOCK = "clock"
ORDER = ("request", "event", "state", "note", "webhook", "look", "download")
"""What is told first where several things share an instant."""


class Row(msgspec.Struct):
    """``what`` is one word for it. Looks that say the same, one after the other, are one row with all their instants."""

    at_ms: int
    what: str
    text: str
    more_ms: list[int] = []

    @property
    def last_ms(self) -> int:
        """The last of its instants."""
        return self.more_ms[-1] if self.more_ms else self.at_ms

    def __str__(self) -> str:
        if not self.more_ms:
            return self.text
        instants = [self.at_ms, *self.more_ms]
        gaps = sorted({later - earlier for earlier, later in pairwise(instants)})
        apart = (
            "all at once" if gaps == [0] else " to ".join(map(length, dict.fromkeys((gaps[0], gaps[-1])))) + " apart"
        )
        return f"{self.text}  ({len(instants)} of these, {apart})"


def rows_of(job: JobDetails, evidence: Evidence) -> list[Row]:
    """Return all that has happened to a job, oldest first; what is to come is left out."""
    now_ms = evidence.clock.now_ms
    rows = [*_calls(job, evidence), *_states(job, now_ms), *_events(job), *_webhooks(evidence.webhooks_of(job))]
    rows += _notes(job, evidence)
    rows.sort(key=lambda row: (row.at_ms, ORDER.index(row.what)))
    gathered = list(_gathered(rows))
    if evidence.clock.mode == "real":
        return gathered
    return sorted([*gathered, *_moves(gathered, now_ms)], key=lambda row: (row.at_ms, row.what == CLOCK))


def _notes(job: JobDetails, evidence: Evidence) -> Iterator[Row]:
    for note in evidence.notes:
        if job.id in note.job_ids and not note.marks[0].startswith("webhook "):  # the webhook's own rows say it
            yield Row(note.at_ms, "note", "; ".join(note.marks))


def most_fruitless(job: JobDetails, evidence: Evidence) -> tuple[int, int]:
    """Return how many looks at an unfinished job, at most, found the clock at one instant, and which instant that was."""
    looks: dict[int, int] = {}
    for call in evidence.calls_about(job)[1:]:
        if shown(job, call.at_ms)[1] not in FINAL:
            looks[call.at_ms] = looks.get(call.at_ms, 0) + 1
    at_ms = max(looks, key=lambda instant: looks[instant], default=0)
    return looks.get(at_ms, 0), at_ms


def shown(job: JobDetails, at_ms: int) -> tuple[str, str]:
    """Return the word that the vendor showed at an instant, and what it stands for."""
    entry = [entry for entry in job.entries if entry.seen_at_ms <= at_ms or entry is job.entries[0]][-1]
    return entry.word, entry.stands_for


def _calls(job: JobDetails, evidence: Evidence) -> Iterator[Row]:
    for number, call in enumerate(evidence.calls_about(job)):
        row = f"{told(call)}, {shown(job, call.at_ms)[0]}{_marks(call)}"
        yield Row(call.at_ms, "look" if number else "request", row)
    for call in evidence.downloads_of(job):
        answer = f", {short(call.reply_body)}" if call.reply_body and not is_good(call) else ""
        yield Row(call.at_ms, "download", f"{told(call)}{answer}{_marks(call)}")


def _marks(call: Call) -> str:
    return "".join(f", {mark}" for mark in call.marks)


def _states(job: JobDetails, now_ms: int) -> Iterator[Row]:
    for entry in job.entries:
        if entry.seen_at_ms <= now_ms:
            late_ms = entry.seen_at_ms - entry.at_ms
            yield Row(
                entry.seen_at_ms, "state", entry.word + (f", entered {length(late_ms)} before" if late_ms else "")
            )


def _events(job: JobDetails) -> Iterator[Row]:
    for event in job.events:
        if event.name not in _QUIET_EVENTS:
            yield Row(event.at_ms, "event", f"{event.name}{f' to {event.to}' if event.to else ''}")


def _webhooks(deliveries: Iterable[Delivery]) -> Iterator[Row]:
    for one in deliveries:
        start = f"{one.status} to {short(one.url)}"
        for number, attempt in enumerate(one.attempts, 1):
            came = str(attempt.status) if attempt.status else attempt.error or "no answer"
            nth = f", attempt {number}" if len(one.attempts) > 1 else ""
            yield Row(attempt.at_ms, "webhook", f"{start} → {came}{nth}")
        if not one.is_delivered:
            faults = f" ({', '.join(one.faults)})" if one.faults else ""
            yield Row(one.told_at_ms, "webhook", f"{start}: {one.state.replace('_', ' ')}{faults}")


def _gathered(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows; looks that say the same and stand together become one."""
    last: Row | None = None
    for row in rows:
        if last is not None and row.what == last.what == "look" and row.text == last.text:
            last.more_ms = [*last.more_ms, row.at_ms]
            continue
        if last is not None:
            yield last
        last = row
    if last is not None:
        yield last


def _moves(rows: Iterable[Row], now_ms: int) -> Iterator[Row]:
    """Yield how far the clock moved after each call, until the next one or until now."""
    calls = [row for row in rows if row.what in CALLS]
    until_ms = [*(row.at_ms for row in calls[1:]), now_ms]
    for call, next_ms in zip(calls, until_ms, strict=False):
        if next_ms > call.last_ms:
            yield Row(call.last_ms, CLOCK, f"moved on by {length(next_ms - call.last_ms)}")


def told(call: Call) -> str:
    """Return a call in a line."""
    query = call.target.partition("?")[2]
    status = call.status or ("no answer" if is_spoilt(call) else "the client left")
    return f"{call.method} {short(call.path + (query and f'?{query}'))} → {status}"


def short(text: str) -> str:
    """Return a text in one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST_TEXT else f"{line[: _MOST_TEXT - 1]}…"


def length(ms: int) -> str:
    """Return a length of time as people say it: ``2m``, ``1h 30m``, ``1s 250ms``."""
    said = []
    for unit, unit_ms in _UNITS_MS:
        if ms >= unit_ms:
            said.append(f"{ms // unit_ms}{unit}")
            ms %= unit_ms
    return " ".join(said) or "0s"


def instant(at_ms: int, epoch_ms: int) -> str:
    """Return an instant as it stands from the epoch: ``+0:01:30.000``, with days where there are some."""
    days, ms = divmod(abs(at_ms - epoch_ms), 86_400_000)
    seconds, ms = divmod(ms, 1000)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    sign = "+" if at_ms >= epoch_ms else "-"
    return f"{sign}{f'{days}d ' if days else ''}{hours}:{minutes:02}:{seconds:02}.{ms:03}"
