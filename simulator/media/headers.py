"""Reading a stranger's headers safely: whole numbers that may be cut off, and a limit to the steps one takes."""

from typing import NamedTuple

MOST_STEPS = 200_000  # about a tenth of a second
_MOST_NUMBER = 2**53


class Found(NamedTuple):
    """What the headers tell; what they do not is 0 or empty."""

    media_type: str = ""
    kind: str = "unknown"
    width_px: int = 0
    height_px: int = 0
    duration_ms: int = 0
    frames: int = 0


class Header:
    """A file's bytes, of which some may be missing or lie."""

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self.view = memoryview(data).cast("B")
        self.size_bytes = len(self.view)
        self._steps_left = MOST_STEPS

    def step(self) -> bool:
        """Say whether one more step may be taken; every loop whose length the file decides asks this."""
        self._steps_left -= 1
        return self._steps_left >= 0

    def text(self, at: int, size: int) -> bytes:
        """Return these few bytes, or fewer at the end."""
        return bytes(self.view[at : at + size])

    def number(self, at: int, size: int) -> int:
        """Return a number with its highest byte first; 0 if it is cut off."""
        found = self.view[at : at + size]
        return int.from_bytes(found) if len(found) == size else 0

    def small_first(self, at: int, size: int) -> int:
        """Return a number with its lowest byte first; 0 if it is cut off."""
        found = self.view[at : at + size]
        return int.from_bytes(found, "little") if len(found) == size else 0


def milliseconds(ticks: int, ticks_hz: int) -> int:
    """Return a duration in whole milliseconds; 0 if there are no ticks to a second."""
    return min((1000 * ticks + ticks_hz // 2) // ticks_hz, _MOST_NUMBER) if ticks_hz else 0
