"""``simulator demo``: one job of each vendor from submit to download, over HTTP, on a clock that the demo moves."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPException
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from simulator import vendors
from simulator.assembly import Background
from simulator.cli import fail
from simulator.settings import Settings
from simulator.vendors.vendor import Tour, Vendor

STEP_MS = 250  # the clock moves so far between two looks
MOST_STEPS = 2400  # ten virtual minutes
_BAR = TextColumn("[bold]{task.fields[vendor]:<26}"), TextColumn("{task.fields[word]:<12}"), BarColumn(30)
_DONE, _RUNNING = 100, 90
_SUBMITTED = "submitted"


class _Walk:
    """One vendor's job: what was submitted, how far it is, where its files are."""

    def __init__(self, base: str, vendor: Vendor, tour: Tour) -> None:
        self.vendor, self.tour, self._base = vendor, tour, base
        method, _, path = tour.submit.partition(" ")
        self.reply = self._call(method, path, tour.json)
        [self.job_id] = _at(self.reply, tour.id_at)
        self.looks = 0

    @property
    def word(self) -> str | int:
        """The status as the vendor words it; some do not tell it when a job is submitted."""
        word = next(_at(self.reply, self.tour.word_at), _SUBMITTED)
        return word if isinstance(word, int) else str(word)

    @property
    def is_over(self) -> bool:
        """Whether the status is none of those that ask to wait."""
        return self.word not in (*self.tour.running_words, _SUBMITTED)

    def look(self) -> None:
        """Poll once."""
        self.looks += 1
        self.reply = self._call("GET", self.tour.poll.replace("{id}", quote(str(self.job_id), safe="")))

    def done(self) -> float:
        """Return how much of the work is done, 0 to 100."""
        if self.is_over:
            return _DONE
        told = list(_at(self.reply, self.tour.progress_at)) if self.tour.progress_at else []
        return float(told[0]) if told else _RUNNING * self.looks / (self.looks + 12)

    def download(self, into: Path) -> list[Path]:
        """Fetch every file that the last reply names; return where they are now."""
        files = []
        for url in _at(self.reply, self.tour.files_at):
            name = PurePosixPath(urlsplit(str(url)).path).name
            path = into / f"{self.vendor.name}-{name}"
            path.write_bytes(_fetch("GET", str(url) if "://" in str(url) else self._base + str(url)))
            files.append(path)
        return files

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {name: said.replace("{key}", self.vendor.sample_key) for name, said in self.tour.headers}
        return json.loads(_fetch(method, self._base + path, body, headers))


def demo(into: str, names: Sequence[str], *, speed: float) -> int:
    """Walk one job of each vendor at once, download what they made and name the files; return the exit status."""
    unknown = [name for name in names if name not in vendors.NAMES]
    if unknown:
        return fail(f"there is no vendor {unknown[0]!r}; there are: {', '.join(vendors.NAMES)}")
    if not (isfinite(speed) and speed >= 0):
        return fail("--speed is a number of virtual seconds, and cannot be below 0")
    folder = Path(into)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return fail(f"cannot make the folder {folder}: {error.strerror}")
    console = Console(highlight=False)
    settings = Settings(port=0, clock="manual", seed="demo", epoch="2026-01-28T12:00:00Z")
    with Background(settings) as server:
        console.print(f"A simulator on {server.url}; its clock stands until this demo moves it.\n", soft_wrap=True)
        try:
            walks = [
                _Walk(f"{server.url}/{vendor.name}", vendor, vendor.tour)
                for vendor in map(vendors.load, names or vendors.NAMES)
                if vendor.tour
            ]
            virtual_ms = _walk_all(walks, server.url, console, speed)
            _show_files(walks, folder, console)
        except HTTPError as error:
            return fail(f"{error.url} answered {error.code}: {error.read(2000).decode(errors='replace')}")
        except (URLError, HTTPException, OSError) as error:
            return fail(f"the demo broke off: {error}")
    looks = sum(walk.looks for walk in walks)
    console.print(f"\n{len(walks)} jobs, {looks} polls, {virtual_ms / 1000:g} virtual seconds.")
    return 0 if all(walk.word == walk.tour.good_word for walk in walks) else 1


def _walk_all(walks: Sequence[_Walk], url: str, console: Console, speed: float) -> int:
    """Move the clock and look, step by step, until every job has ended; return the virtual milliseconds it took."""
    with Progress(*_BAR, TimeElapsedColumn(), console=console) as progress:
        bars: dict[TaskID, _Walk] = {}
        for walk in walks:
            bars[progress.add_task("", total=_DONE, vendor=walk.vendor.title, word=str(walk.word))] = walk
        for step in range(MOST_STEPS):
            running = [(bar, walk) for bar, walk in bars.items() if not walk.is_over]
            if not running:
                return step * STEP_MS
            _advance(url)
            for bar, walk in running:
                walk.look()
                progress.update(bar, completed=walk.done(), word=str(walk.word))
            if speed:
                time.sleep(STEP_MS / 1000 / speed)
    return MOST_STEPS * STEP_MS


def _advance(url: str) -> None:
    _fetch("POST", f"{url}/_simulator/clock/advance", {"by": STEP_MS})


def _fetch(method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None) -> bytes:
    """Make one call to our own server and return the reply's body."""
    data = None if body is None else json.dumps(body).encode()
    said = {**(headers or {}), **({} if data is None else {"Content-Type": "application/json"})}
    request = Request(url, data, said, method=method)  # noqa: S310  our own server's address
    with urlopen(request, timeout=30) as reply:  # noqa: S310
        return bytes(reply.read())


def _show_files(walks: Sequence[_Walk], folder: Path, console: Console) -> None:
    console.print()
    for walk in walks:
        console.print(f"{walk.vendor.title}: {walk.tour.title} {walk.job_id} {walk.word}", soft_wrap=True)
        for path in walk.download(folder):
            console.print(f"  {path}  {path.stat().st_size:,} bytes", soft_wrap=True)


def _at(reply: Any, place: str) -> Iterator[Any]:
    """Yield what stands at a dotted place; ``*`` is every element of a list."""
    head, _, rest = place.partition(".")
    if head == "*":
        found = list(reply)
    elif isinstance(reply, dict):
        found = [reply[head]] if head in reply else []
    else:
        found = [reply[int(head)]] if int(head) < len(reply) else []
    for one in found:
        if rest:
            yield from _at(one, rest)
        else:
            yield one
