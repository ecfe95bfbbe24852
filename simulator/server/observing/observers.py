"""Those who listen to a watch, opened as settings and OpenTelemetry's variables ask for, and closed together."""

import logging
from typing import TYPE_CHECKING, TextIO

from simulator.server.observing.watch import Watch

if TYPE_CHECKING:
    from simulator.server.observing.log import Log
    from simulator.server.observing.traces import Traces

_LOG = logging.getLogger("simulator")


class Observers:
    """The log and the traces, where they are wanted; each is imported only then."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._log: Log | None = None
        self._traces: Traces | None = None

    def open_log(self, form: str, stream: TextIO | None) -> None:
        """Write a line for everything, in the form text or json."""
        from simulator.server.observing.log import Log

        self._log = Log(form, stream)
        self._log.listen(self._watch)

    def open_traces(self, exporter: str, protocol: str, because: str, *, tells_receivers: bool) -> None:
        """Send a span for everything; what stands in the way is one warning, for the server is no worse without."""
        try:
            from simulator.server.observing import traces
        except ImportError:
            self._warn_of_missing(because)
            return
        try:
            self.follow(traces.open_traces(exporter, protocol, tells_receivers=tells_receivers))
        except ImportError:
            self._warn_of_missing(because)
        except traces.NoTraces as error:
            _LOG.warning("%s is set, but no traces are sent: %s", because, error)

    def follow(self, traces: "Traces") -> None:
        """Have them follow everything, and close them with the rest."""
        self._traces = traces
        self._watch.listen(tracer=traces)

    def _warn_of_missing(self, because: str) -> None:
        text = "%s is set, but no traces are sent: pip install 'media-api-simulator[otel]' brings what is missing"
        _LOG.warning(text, because)

    def close(self) -> None:
        """Send and write what waits, for a moment at most."""
        if self._traces is not None:
            self._traces.close()
        if self._log is not None:
            self._log.close()
