"""What the vendors leave open, as a sandbox decides it."""

from collections.abc import Iterator, Mapping

from simulator.client.errors import UnknownName, unknown
from simulator.client.results import Switch, read_as
from simulator.client.verbs import AsyncPart, Part, SyncPart, Talk, verb


class _SwitchesVerbs(Part):
    @verb
    def all(self) -> Talk[list[Switch]]:
        """Return every switch with its choices; of one vendor, where this speaks of one."""
        return (yield from self._all())

    @verb
    def get(self, name: str) -> Talk[str]:
        """Return the value of a switch, such as ``useapi.webhook_retries``.

        Raises:
            UnknownName: there is no such switch.
        """
        return (yield from self._get(name))

    @verb
    def set(self, values: Mapping[str, str | None]) -> Talk[None]:
        """Set some switches; None puts one back. All are set, or on an error none.

        Raises:
            UnknownName: there is no such switch, or no such choice.
        """
        yield from self._set(values)

    def _all(self) -> Talk[list[Switch]]:
        found = read_as((yield from self._say("GET", "/switches"))["switches"], list[Switch])
        return [switch for switch in found if not self._vendor or switch.name.startswith(f"{self._vendor}.")]

    def _get(self, name: str) -> Talk[str]:
        values = {switch.name: switch.value for switch in (yield from self._all())}
        if name not in values:
            raise unknown(UnknownName, "switch", name, values)
        return values[name]

    def _set(self, values: Mapping[str, str | None]) -> Talk[None]:
        yield from self._say("PATCH", "/switches", dict(values))


class Switches(_SwitchesVerbs, SyncPart):
    """The switches of a sandbox, read and set like a dictionary; ``del`` puts one back to its default."""

    def __getitem__(self, name: str) -> str:
        return self._run(self._get(name))

    def __setitem__(self, name: str, value: str) -> None:
        self._run(self._set({name: value}))

    def __delitem__(self, name: str) -> None:
        self._run(self._set({name: None}))

    def __iter__(self) -> Iterator[str]:
        return iter([switch.name for switch in self._run(self._all())])


class AsyncSwitches(_SwitchesVerbs, AsyncPart):
    """The switches of a sandbox, awaited."""
