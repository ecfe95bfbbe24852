"""Discord's part of the wire: times, snowflakes that hold them, masked tokens and signed attachment links."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from simulator.jobs.chance import Draws
from simulator.jobs.files import Output
from simulator.jobs.scenario import Expiry
from simulator.jobs.snapshot import Snapshot, gone_at_ms
from simulator.vendors.vendor import Call

DISCORD_EPOCH_MS = 1_420_070_400_000  # 2015-01-01
CDN, PROXY = "cdn.discordapp.com", "media.discordapp.net"
FILE_EXPIRY = Expiry(24 * 3600 * 1000, since="ended")  # fact useapi.attachments.expiry-length

_LEAST_AGE_MS = 3_000_000_000  # a snowflake of Discord's first five weeks would have fewer than 17 digits


# What every poll says again is remembered, a few thousand at a time; no client's text is.


@lru_cache(maxsize=4096)
def _seconds(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=4096)
def _digits(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y%m%d%H%M%S")


@lru_cache(maxsize=4096)
def _snowflake(at_ms: int, dice: str, names: tuple[object, ...]) -> str:
    age_ms = max(at_ms - DISCORD_EPOCH_MS, _LEAST_AGE_MS)
    return str(age_ms << 22 | Draws(dice).whole(0, (1 << 22) - 1, *names))


@lru_cache(maxsize=4096)
def hexadecimal(dice: str, length: int, name: str) -> str:
    """Return hexadecimal digits of a job's dice."""
    return Draws(dice).hexadecimal(length, name)


def vendor_time(at_ms: int) -> str:
    """Return an instant as ``created`` and ``updated`` say it (fact useapi.times.utc)."""
    return f"{_seconds(at_ms // 1000)}.{at_ms % 1000:03}Z"


def message_time(at_ms: int) -> str:
    """Return an instant as Discord says it, in microseconds (fact useapi.times.timestamp)."""
    return f"{_seconds(at_ms // 1000)}.{at_ms % 1000:03}000+00:00"


def digits_of(at_ms: int) -> str:
    """Return an instant as yyyyMMddHHmmssSSS (fact useapi.ids.jobid-time)."""
    return f"{_digits(at_ms // 1000)}{at_ms % 1000:03}"


def instant_of(digits: str) -> int | None:
    """Return the instant that yyyyMMddHHmmssSSS names, or None if it names none."""
    if len(digits) != 17 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        second = datetime.strptime(digits[:14] + "+0000", "%Y%m%d%H%M%S%z")
    except ValueError:
        return None
    return int(second.timestamp()) * 1000 + int(digits[14:])


def snowflake(at_ms: int, draws: Draws, *names: object) -> str:
    """Return a Discord id of an instant (facts useapi.ids.snowflake, useapi.ids.snowflake-time)."""
    return _snowflake(at_ms, draws.prefix, names)


def masked(token: str) -> str:
    """Return a Discord token for show (facts useapi.job.masked-token, useapi.job.masked-short-token)."""
    return "…secured…" if len(token) < 6 else f"{token[:3]}…secured…{token[-3:]}"


def attachment(output: Output, shot: Snapshot, call: Call) -> dict[str, Any]:
    """Word one output file of a completed job (facts useapi.attachments.fields, useapi.attachments.truth)."""
    folder, _, filename = output.path.rpartition("/")
    signature = _signature(shot)
    return {
        "id": folder.rpartition("/")[2],
        "content_type": output.media_type,
        "filename": filename,
        "url": call.files_at(output.path, CDN) + signature,
        "proxy_url": call.files_at(output.path, PROXY) + signature,
        "size": output.size_bytes,
        "width": output.width_px,
        "height": output.height_px,
    }


def embed(shown: Mapping[str, Any], description: str) -> dict[str, Any]:
    """Word an attachment once more, as the picture of an embed (fact useapi.embeds.shape)."""
    image = {name: shown[name] for name in ("url", "proxy_url", "width", "height")}
    return {"type": "rich", "description": description, "image": image}


def _signature(shot: Snapshot) -> str:
    """``ex`` is the end of the second in which the file goes (facts useapi.attachments.signed-url, .expiry, .expiry-length)."""
    expiry = shot.plan.file_expiry or FILE_EXPIRY
    gone_ms = gone_at_ms(shot.job, expiry) or shot.now_ms + expiry.after_ms
    expires = -(-gone_ms // 1000)
    issued = max(expires - expiry.after_ms // 1000, 0)
    return f"?ex={expires:x}&is={issued:x}&hm={hexadecimal(shot.job.dice, 64, 'signature')}&"
