"""What goes wrong with webhooks on purpose: by their job's scenario, and by what a test has laid ready."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.deliveries import NO_FAULTS, Faults, Manner
from simulator.jobs.errors import SimulatorError
from simulator.jobs.job import Job
from simulator.jobs.snapshot import Snapshot
from simulator.sandbox.letters import encoded
from simulator.vendors.vendor import Stamp, Webhook

MOST_ORDERS = 1000


class FaultOrder(msgspec.Struct):
    """Faults laid ready by a test for the next webhooks that fit: so many ``times``, or for good where that is None."""

    faults: Faults
    vendor: str = ""
    operation: str = ""
    job_id: str = ""
    times: int | None = 1
    number: int = 0

    def fits(self, job: Job, word: str, stands_for: str) -> bool:
        """Return whether they are for this webhook."""
        return (
            self.faults.means(word, stands_for)
            and self.is_for(job.vendor, job.operation)
            and self.job_id in ("", job.id)
        )

    def is_for(self, vendor: str, operation: str) -> bool:
        """Return whether they are for the webhooks of an operation."""
        return self.vendor in ("", vendor) and self.operation in ("", operation)


class Orders:
    """Faults laid ready, the oldest first; each is gone once it has struck as often as it was to."""

    def __init__(self) -> None:
        self.kept: list[FaultOrder] = []
        self._made = 0

    def add(self, order: FaultOrder) -> FaultOrder:
        """Lay faults ready.

        Raises:
            SimulatorError: there are a thousand already.
        """
        if len(self.kept) >= MOST_ORDERS:
            raise SimulatorError(f"{MOST_ORDERS} faults are laid ready already; DELETE webhooks/faults clears them")
        self._made += 1
        order.number = self._made
        self.kept.append(order)
        return order

    def overtakes_reply(self, vendor: str, operation: str, manner: Manner, draws: Draws) -> bool:
        """Decide, at its submit, whether a job's webhooks are to be answered before the submit is."""
        orders = (order for order in self.kept if order.is_for(vendor, operation) and not order.job_id)
        all_faults = (manner.faults, *(order.faults for order in orders))
        return any(one.before_reply and draws.ratio("webhook overtakes") < one.chance for one in all_faults)

    def struck(
        self, shot: Snapshot, webhook: Webhook, manner: Manner, plain: Any, keys: Mapping[str, str], nth: str
    ) -> Faults:
        """Return what goes wrong with a webhook: by its scenario, and by what a test has laid ready.

        What cannot be seen in this very webhook does not go wrong, and uses nothing up.
        """
        job = shot.job
        said, struck = manner.faults, NO_FAULTS
        if said != NO_FAULTS and said.means(shot.word, shot.stands_for) and _strikes(said, job, "webhook fault", nth):
            struck = _visible(said, job, webhook, plain, keys)
        for order in [order for order in self.kept if order.fits(job, shot.word, shot.stands_for)]:
            if not _strikes(order.faults, job, "fault order", order.number, nth):
                continue
            faults = _visible(order.faults, job, webhook, plain, keys)
            if not faults.names():
                continue
            struck = faults.over(struck)
            if order.times is not None:
                order.times -= 1
                if order.times <= 0:
                    self.kept.remove(order)
        return struck


def _strikes(faults: Faults, job: Job, *names: object) -> bool:
    """Return whether faults that may come by chance do so; whether a job overtakes its reply was drawn at its submit."""
    if faults.before_reply:
        return job.hook is not None and job.hook.overtakes
    return faults.chance >= 1 or job.draws.ratio(*names) < faults.chance


def _visible(faults: Faults, job: Job, webhook: Webhook, plain: Any, keys: Mapping[str, str]) -> Faults:
    """Return the faults without those that this webhook has no place for: a signature, or a timestamp."""
    if faults.stale_timestamp_ms and not webhook.has_timestamp:
        faults = faults.without("stale_timestamp")
    if faults.wrong_signature and not _is_signed(job, webhook, plain, keys):
        faults = faults.without("wrong_signature")
    return faults


def _is_signed(job: Job, webhook: Webhook, plain: Any, keys: Mapping[str, str]) -> bool:
    place = webhook.signature_at
    if not place or place.startswith("body:"):
        return bool(place)
    with suppress(SimulatorError):  # keys that cannot be used: the attempt will tell
        sealed = webhook.seal(encoded(plain), keys, Stamp(job.created_at_ms, job.draws))
        return any(name.lower() == place.lower() for name, _ in sealed.headers)
    return True
