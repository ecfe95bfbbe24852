"""Vendors ready to serve, each loaded when it is first called."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from simulator.contract import Checks, Contract
from simulator.jobs.errors import SimulatorError
from simulator.server.paths import Leaf, Paths
from simulator.vendors.vendor import Operation, Vendor


class Route(msgspec.Struct, frozen=True):
    """An operation and its checks."""

    operation: Operation
    checks: Checks


class Desk:
    """One vendor with its contract.

    Raises:
        SimulatorError: the vendor has an operation that its contract describes otherwise, or not at all.
    """

    def __init__(self, vendor: Vendor, document: Mapping[str, Any]) -> None:
        self.vendor, self.contract = vendor, Contract(vendor.name, document)
        routes = [Route(operation, self._checks(operation)) for operation in vendor.operations]
        self._paths = Paths((route.operation.method, route.operation.path, route) for route in routes)
        self._has_switches = any(operation.switch for operation in vendor.operations)
        media = self.contract.media_operations()
        self.media: Paths[Checks] = Paths((checks.method, checks.path, checks) for checks in media)

    def _checks(self, operation: Operation) -> Checks:
        checks = self.contract.checks(operation.id)
        if (checks.method, checks.path) != (operation.method, operation.path):
            raise SimulatorError(
                f"{self.vendor.name} {operation.id}: {operation.method} {operation.path} here, "
                f"but {checks.method} {checks.path} in its contract"
            )
        return checks

    def find(self, parts: Sequence[str], switches: Mapping[str, str]) -> Mapping[str, Leaf[Route]] | None:
        """Return the routes of a path by method, without those that a switch keeps closed; None if there is none."""
        leaves = self._paths.find(parts)
        if leaves is None or not self._has_switches:
            return leaves
        return {method: leaf for method, leaf in leaves.items() if _is_open(leaf.target.operation, switches)} or None


def _is_open(operation: Operation, switches: Mapping[str, str]) -> bool:
    return operation.switch is None or switches.get(operation.switch[0]) == operation.switch[1]


class Desks:
    """All vendors by name."""

    def __init__(
        self,
        names: Sequence[str],
        load_vendor: Callable[[str], Vendor],
        load_document: Callable[[str], Mapping[str, Any]],
    ) -> None:
        self.names = frozenset(names)
        self._load_vendor, self._load_document = load_vendor, load_document
        self._open: dict[str, Desk] = {}

    def __getitem__(self, name: str) -> Desk:
        desk = self._open.get(name)
        if desk is None:
            desk = self._open[name] = Desk(self._load_vendor(name), self._load_document(name))
        return desk

    @cached_property
    def hosts(self) -> Mapping[str, str]:
        """The vendors' names by their own hosts: of the API and of the files."""
        vendors = [self._load_vendor(name) for name in sorted(self.names)]
        return {host.lower(): vendor.name for vendor in vendors for host in (vendor.host, *vendor.media_hosts)}
