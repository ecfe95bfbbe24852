"""Which stretches of a source become clips, and how the files are called: drawn once, the same whoever asks."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from simulator.jobs.chance import Draws
from simulator.jobs.files import Input, media_type_of
from simulator.vendors.openshorts.requests import told_ms
from simulator.vendors.openshorts.switches import chosen
from simulator.vendors.openshorts.texts import SAMPLE, SAMPLE_SOURCE_MS, SAMPLE_STEM, Texts, drawn_texts, drawn_title

_ODD = re.compile(r"[^\w.-]+")
_MOST_LETTERS = 80
_LENGTHS_SECONDS = (15, 60)  # fact openshorts.clip.length


class Cut(NamedTuple):
    """One clip: where it starts in the source, how long it is, how it was rated, and its texts."""

    start_ms: int
    length_ms: int
    score: int
    texts: Texts


def source_ms(draws: Draws, inputs: Sequence[Input], switches: Mapping[str, str]) -> int:
    """Return how long the source is; drawn where nobody tells."""
    if chosen("clips", switches) == "sample":
        return SAMPLE_SOURCE_MS
    return told_ms(inputs[-1] if inputs else None) or draws.whole(180, 1800, "source") * 1000


def cuts(
    draws: Draws, count: int, fields: Mapping[str, Any], inputs: Sequence[Input], switches: Mapping[str, str]
) -> tuple[Cut, ...]:
    """Return the clips in the order of their ranking, best first; each lies in a stretch of its own where there is room."""
    low, high = limits_seconds(fields)
    is_sample = chosen("clips", switches) == "sample"
    return _cuts(draws.prefix, count, low, high, source_ms(draws, inputs, switches), is_sample)


def limits_seconds(fields: Mapping[str, Any]) -> tuple[int, int]:
    """Return how long a clip is at least and at most (fact openshorts.clip.length)."""
    low = int(fields.get("clip_min_seconds", min(_LENGTHS_SECONDS[0], fields.get("clip_max_seconds", 180) - 5)))
    return low, int(fields.get("clip_max_seconds", max(_LENGTHS_SECONDS[1], low + 5)))


@lru_cache(1024)  # every poll of a job asks for the same
def _cuts(dice: str, count: int, low: int, high: int, whole_ms: int, is_sample: bool) -> tuple[Cut, ...]:
    draws, known = Draws(dice), [Cut(*one) for one in SAMPLE] if is_sample else []
    stretch_ms = whole_ms // max(count, 1)
    places = sorted(range(count), key=lambda at: draws.ratio("place", at))
    scores = sorted((draws.whole(55, 98, "score", at) for at in range(count)), reverse=True)
    for at in range(len(known), count):
        length_ms = draws.whole(10 * low, 10 * high, "length", at) * 100
        length_ms = min(length_ms, max(stretch_ms, 1000 * low), max(whole_ms, 100)) // 100 * 100
        room_ms = max(min(stretch_ms, whole_ms) - length_ms, 0)
        start_ms = places[at] * stretch_ms + int(draws.ratio("start", at) * room_ms)
        start_ms = max(min(start_ms, whole_ms - length_ms), 0) // 100 * 100
        known.append(Cut(start_ms, length_ms, scores[at], drawn_texts(draws, at)))
    return tuple(known[:count])


def stem(draws: Draws, fields: Mapping[str, Any], job_id: str, switches: Mapping[str, str]) -> str:
    """Return what a job's files are called after: facts openshorts.clip.file-name, openshorts.process.upload-name."""
    if chosen("clips", switches) == "sample":
        return SAMPLE_STEM
    url = fields.get("url")
    if not url:
        name = str(fields.get("file", "")).rpartition("/")[2]
        return f"{job_id}_{_plain(name.rpartition('.')[0] or name) or 'video'}"
    try:
        name = unquote(urlsplit(str(url)).path).rpartition("/")[2]
    except ValueError:
        name = ""
    told = _plain(name.rpartition(".")[0]) if media_type_of(name) else ""
    return told or _plain(drawn_title(draws, "source"))


def _plain(text: str) -> str:
    return _ODD.sub("_", text).strip("_.")[:_MOST_LETTERS]
