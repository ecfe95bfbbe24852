"""What is measured becomes a row: a number beside its aim."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


class Missing(Exception):
    """Something cannot be measured here; the text says what is absent and how to get it."""


@dataclass(frozen=True)
class Row:
    """One line of the table. The aim holds if the measured value is ``at_least`` or ``at_most`` that."""

    what: str
    measured: float | None
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def aim(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}{self.unit}"
        return f"≤ {self.at_most:g}{self.unit}" if self.at_most is not None else ""

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "not measured"
        if self.at_least is None and self.at_most is None:
            return ""
        low = self.at_least is not None and self.measured < self.at_least
        high = self.at_most is not None and self.measured > self.at_most
        return "MISSED" if low or high else "holds"


def spread(samples: Sequence[float]) -> str:
    """Return how far single rounds lay apart: a reader must see the noise behind a median."""
    return f"{min(samples):.2f} to {max(samples):.2f} in {len(samples)} rounds"


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return the ratio of each round: only samples of the same round saw the same machine."""
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def median_row(
    what: str, samples: Sequence[float], *, at_least: float | None = None, at_most: float | None = None
) -> Row:
    return Row(what, statistics.median(samples), "", at_least, at_most, spread(samples))


def print_table(rows: Sequence[Row]) -> None:
    cells = [("what", "aim", "measured", "", "")]
    for row in rows:
        measured = "–" if row.measured is None else f"{row.measured:.3g}{row.unit}"
        cells.append((row.what, row.aim, measured, row.verdict, row.note))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
