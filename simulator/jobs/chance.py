"""Named dice: the same names always give the same number, so one more draw never shifts another."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

_T = TypeVar("_T")
_STEPS = 1 << 56


def draw(seed: str, *names: object) -> float:
    """Return a number in [0, 1) that depends on nothing but the seed and the names."""
    text = "\x1f".join((seed, *map(str, names)))
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest()) / _STEPS


class Draws:
    """The dice of one owner of names, usually one job: ``(seed, vendor, operation, nth)`` and then a name."""

    __slots__ = ("prefix",)

    def __init__(self, *names: object) -> None:
        self.prefix = "\x1f".join(map(str, names))

    def ratio(self, *names: object) -> float:
        """Return a number in [0, 1)."""
        return draw(self.prefix, *names)

    def whole(self, low: int, high: int, *names: object) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(draw(self.prefix, *names) * (high - low + 1))

    def log_normal(self, median: float, p95: float, *names: object) -> float:
        """Return a log-normal number whose median and 95th percentile are given."""
        from statistics import NormalDist  # here, for its import costs a start 6 ms

        sigma = math.log(p95 / median) / NormalDist().inv_cdf(0.95)
        quantile = min(max(draw(self.prefix, *names), 1e-9), 1 - 1e-9)
        return median * math.exp(sigma * NormalDist().inv_cdf(quantile))

    def one_of(self, choices: Sequence[_T], *names: object) -> _T:
        """Return one of the choices, each as likely as the other."""
        return choices[int(draw(self.prefix, *names) * len(choices))]

    def text(self, alphabet: str, length: int, *names: object) -> str:
        """Return ``length`` letters of the alphabet."""
        return "".join(alphabet[int(draw(self.prefix, *names, at) * len(alphabet))] for at in range(length))

    def hexadecimal(self, length: int, *names: object) -> str:
        """Return ``length`` lower-case hexadecimal digits; at most 128."""
        text = "\x1f".join((self.prefix, *map(str, names)))
        return blake2b(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
