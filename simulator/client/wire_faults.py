"""What goes wrong on the wire between a client and a vendor, laid ready by a test."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from simulator.client.lengths import Length, length_ms
from simulator.client.results import read_as
from simulator.client.verbs import AsyncPart, Part, SyncPart, Talk, verb

ONCE_OR_AS_LONG_AS_IT_LASTS = 0


class LaidFault(msgspec.Struct, frozen=True):
    """Faults laid ready. ``times`` are left, None is for good; ``met`` calls fitted so far, ``struck`` went wrong."""

    number: int
    vendor: str | None
    operation: str | None
    job_id: str | None
    times: int | None
    until_ms: int | None
    met: int
    struck: int
    faults: Mapping[str, Any]


class _FaultsVerbs(Part):
    @verb
    def add(
        self,
        *,
        vendor: str | None = None,
        operation: str | None = None,
        job_id: str | None = None,
        times: int | None = ONCE_OR_AS_LONG_AS_IT_LASTS,
        on: Sequence[str] = (),
        chance: float | None = None,
        after: int | None = None,
        begins: Length | None = None,
        lasts: Length | None = None,
        latency: str | Mapping[str, str] | None = None,
        dribble: str | Mapping[str, Any] | None = None,
        error: int | None = None,
        quota: int | None = None,
        refused: bool = False,
        reset: bool = False,
        closed_midway: bool = False,
        wrong_length: str | None = None,
        truncated: bool = False,
        malformed: bool = False,
        duplicate_keys: bool = False,
        empty: bool = False,
        wrong_type: bool = False,
        html_page: int | None = None,
        huge: int | None = None,
        gzip: str | None = None,
        redirect: str | None = None,
        expires_midway: bool = False,
    ) -> Talk[LaidFault]:
        """Let the next calls that fit go wrong.

        Which: of a vendor, an operation (its operationId), a job; ``on`` are sorts, ``submits``, ``polls`` and
        ``downloads``. When: it strikes ``times`` calls (one, or with ``lasts`` as many as come; None is for good), each
        by ``chance``, not the first ``after``, and only from ``begins`` on and for ``lasts``, in virtual time.

        What: ``latency`` (``2s``, ``1s..3s``, ``{"median": "300ms", "p95": "2s"}``) and ``dribble`` (the gap between
        two bytes, or ``{"bytes": 10, "every": "50ms"}``) in real time; ``error=503`` is the vendor's own; of ``quota``
        calls all further ones are too many; ``refused`` closes the connection before the vendor hears the call,
        ``reset`` after it has; ``wrong_length`` is ``longer`` or ``shorter``, ``html_page=502`` a proxy's page,
        ``huge`` so many bytes of blanks, ``gzip`` is ``well`` or ``broken``, ``redirect`` ``once`` or in a ``loop``.

        Raises:
            UnknownVendor, UnknownOperation: there is none of that name.
            SimulatorRefused: one fault rules out another, or a value cannot be.
        """
        values: dict[str, Any] = {
            "on": list(on) or None,
            "chance": chance,
            "after": after,
            "from": None if begins is None else f"{length_ms(begins)}ms",
            "for": None if lasts is None else f"{length_ms(lasts)}ms",
            "latency": latency,
            "dribble": dribble,
            "error": error,
            "quota": quota,
            "refused": refused or None,
            "reset": reset or None,
            "closed_midway": closed_midway or None,
            "wrong_length": wrong_length,
            "truncated": truncated or None,
            "malformed": malformed or None,
            "duplicate_keys": duplicate_keys or None,
            "empty": empty or None,
            "wrong_type": wrong_type or None,
            "html_page": html_page,
            "huge": huge,
            "gzip": gzip,
            "redirect": redirect,
            "expires_midway": expires_midway or None,
        }
        order: dict[str, Any] = {"vendor": self._vendor_or(vendor), "operation": operation, "job_id": job_id}
        order["faults"] = {name: value for name, value in values.items() if value is not None}
        if times != ONCE_OR_AS_LONG_AS_IT_LASTS:
            order["times"] = times
        return read_as((yield from self._say("POST", "/faults", order)), LaidFault)

    @verb
    def all(self) -> Talk[list[LaidFault]]:
        """Return what is neither used up nor over, the oldest first."""
        found = read_as((yield from self._say("GET", "/faults"))["faults"], list[LaidFault])
        return [laid for laid in found if self._vendor in ("", laid.vendor)]

    @verb
    def clear(self) -> Talk[None]:
        """Take away whatever is laid ready, in the whole sandbox."""
        yield from self._say("DELETE", "/faults")


class Faults(_FaultsVerbs, SyncPart):
    """Faults on the wire, of a sandbox or of one vendor in it."""


class AsyncFaults(_FaultsVerbs, AsyncPart):
    """Faults on the wire, of a sandbox or of one vendor in it, awaited."""
