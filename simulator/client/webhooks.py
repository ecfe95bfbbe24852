"""The webhooks of a sandbox: what was sent, waited for, sent again, or made to go wrong."""

from typing import Any

from simulator.client.lengths import Length, length_ms
from simulator.client.results import Deliveries, Delivery, WebhookFault, read_as
from simulator.client.verbs import AsyncPart, Part, SyncPart, Talk, verb


class _WebhooksVerbs(Part):
    @verb
    def all(
        self,
        *,
        vendor: str | None = None,
        job_id: str | None = None,
        status: str | None = None,
        state: str | None = None,
        url: str | None = None,
        since: int | None = None,
        limit: int = 1000,
    ) -> Talk[Deliveries]:
        """Return the newest webhooks that fit, the oldest of them first.

        ``status`` is the word of the state that is told, ``state`` how far the webhook is (``over`` fits all of which
        no further attempt is made), ``url`` a text in which ``*`` stands for any, ``since`` a number to be above.
        """
        query: dict[str, Any] = {
            "vendor": self._vendor_or(vendor),
            "job_id": job_id,
            "status": status,
            "state": state,
            "url": url,
            "since": since,
            "limit": limit,
        }
        body = yield from self._say("GET", "/webhooks", **query)
        return Deliveries(read_as(body["webhooks"], list[Delivery]))

    @verb
    def get(self, number: int) -> Talk[Delivery]:
        """Return one webhook.

        Raises:
            NotFound: there is none of that number.
        """
        return read_as((yield from self._say("GET", f"/webhooks/{number:d}")), Delivery)

    @verb
    def wait(
        self,
        count: int = 1,
        timeout: float | str = 5.0,
        *,
        vendor: str | None = None,
        job_id: str | None = None,
        status: str | None = None,
        state: str = "delivered",
        after: int = 0,
    ) -> Talk[Deliveries]:
        """Return the first ``count`` webhooks that fit, moving a clock that does not run by itself to what is due.

        ``timeout`` is real seconds or a text such as ``5s``, 60 s at most; ``after`` a webhook's number to be above.

        Raises:
            NotInTime: there were not as many in time; the text says what there was.
        """
        wanted: dict[str, Any] = {"vendor": self._vendor_or(vendor), "job_id": job_id, "status": status}
        said = {name: value for name, value in wanted.items() if value is not None}
        timeout_ms = length_ms(timeout) if isinstance(timeout, str) else round(timeout * 1000)
        said |= {"state": state, "count": count, "after": after, "timeout": timeout_ms}
        body = yield from self._say("POST", "/webhooks/wait", said, waits=True)
        return Deliveries(read_as(body["webhooks"], list[Delivery]))

    @verb
    def resend(self, number: int, *, wait: bool = True) -> Talk[Delivery]:
        """Send a webhook once more, as a new one with the same words; return it after an attempt, unless told not to."""
        body = yield from self._say("POST", f"/webhooks/{number:d}/resend", {"wait": wait}, waits=wait)
        return read_as(body, Delivery)

    @verb
    def fire(
        self, job_id: str, *, status: str | None = None, url: str | None = None, wait: bool = True
    ) -> Talk[Delivery]:
        """Tell a state of a job by hand, now and once, whatever else is sent.

        ``status`` is a word that the job has been or is bound to be in, else its present one; ``url`` is where to,
        else to where the job's own webhooks go.

        Raises:
            UnknownName: the job is never in that state.
            SimulatorRefused: the vendor has no words for it, or the job has no receiver and none was given.
        """
        said = {"job_id": job_id, "wait": wait}
        said |= {name: value for name, value in (("status", status), ("url", url)) if value is not None}
        return read_as((yield from self._say("POST", "/webhooks/fire", said, waits=wait)), Delivery)

    @verb
    def go_wrong(
        self,
        *,
        vendor: str | None = None,
        operation: str | None = None,
        job_id: str | None = None,
        times: int | None = 1,
        chance: float | None = None,
        states: list[str] | None = None,
        lost: bool = False,
        late: str | dict[str, str] | None = None,
        duplicate: int | None = None,
        burst: int | None = None,
        out_of_order: bool = False,
        before_reply: bool = False,
        after_poll: bool = False,
        stale_timestamp: Length | None = None,
        wrong_signature: bool = False,
        wrong_id: bool = False,
        other_sandbox: bool = False,
        extra_fields: bool = False,
        truncated: bool = False,
    ) -> Talk[WebhookFault]:
        """Let the next ``times`` webhooks that fit go wrong, None for good. Faults can be combined.

        ``late`` is ``2m``, ``2m..10m`` or ``{"median": "30s", "p95": "90s"}``; ``duplicate`` and ``burst`` are how
        many are sent in all.

        Raises:
            SimulatorRefused: one fault rules out another, or the vendor cannot show it.
        """
        values = {"chance": chance, "states": states, "late": late, "duplicate": duplicate, "burst": burst}
        if stale_timestamp is not None:
            values["stale_timestamp"] = f"{length_ms(stale_timestamp)}ms"
        flags = {
            "lost": lost,
            "out_of_order": out_of_order,
            "before_reply": before_reply,
            "after_poll": after_poll,
            "wrong_signature": wrong_signature,
            "wrong_id": wrong_id,
            "other_sandbox": other_sandbox,
            "extra_fields": extra_fields,
            "truncated": truncated,
        }
        faults = {name: value for name, value in values.items() if value is not None}
        faults |= {name: True for name, is_asked in flags.items() if is_asked}
        order = {"vendor": self._vendor_or(vendor), "operation": operation, "job_id": job_id, "times": times}
        return read_as((yield from self._say("POST", "/webhooks/faults", {**order, "faults": faults})), WebhookFault)

    @verb
    def faults(self) -> Talk[list[WebhookFault]]:
        """Return what is laid ready to go wrong and not used up."""
        found = read_as((yield from self._say("GET", "/webhooks/faults"))["faults"], list[WebhookFault])
        return [fault for fault in found if self._vendor in ("", fault.vendor)]

    @verb
    def clear_faults(self) -> Talk[None]:
        """Take away whatever is laid ready to go wrong, in the whole sandbox."""
        yield from self._say("DELETE", "/webhooks/faults")


class Webhooks(_WebhooksVerbs, SyncPart):
    """The webhooks of a sandbox, or of one vendor in it."""


class AsyncWebhooks(_WebhooksVerbs, AsyncPart):
    """The webhooks of a sandbox, or of one vendor in it, awaited."""
