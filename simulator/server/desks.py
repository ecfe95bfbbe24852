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
        self.file_host = (*vendor.media_hosts, vendor.host)[0]
        routes = [Route(operation, self._checks(operation)) for operation in vendor.operations]
        self._paths = Paths((route.operation.method, route.operation.path, route) for route in routes)
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

    def find(self, method: str, parts: Sequence[str], switches: Mapping[str, str]) -> Leaf[Route] | None:
        """Return the route of a call; HEAD is a GET to most vendors. None if there is none, or if a switch keeps it closed."""
        leaves = self._paths.find(parts)
        if leaves is None:
            return None
        leaf = leaves.get(method) or (leaves.get("GET") if method == "HEAD" and self.vendor.answers_head else None)
        return leaf if leaf is not None and _is_open(leaf.target.operation, switches) else None

    def methods(self, parts: Sequence[str], switches: Mapping[str, str]) -> tuple[str, ...]:
        """Return the methods that a path has."""
        leaves = self._paths.find(parts) or {}
        return tuple(method for method, leaf in leaves.items() if _is_open(leaf.target.operation, switches))


def _is_open(operation: Operation, switches: Mapping[str, str]) -> bool:
    return operation.switch is None or switches.get(operation.switch[0]) == operation.switch[1]


class Desks(dict[str, Desk]):
    """All vendors by name, each opened when it is first asked for."""

    def __init__(
        self,
        names: Sequence[str],
        load_vendor: Callable[[str], Vendor],
        load_document: Callable[[str], Mapping[str, Any]],
    ) -> None:
        super().__init__()
        self.names = frozenset(names)
        self._load_vendor, self._load_document = load_vendor, load_document

    def __missing__(self, name: str) -> Desk:
        desk = self[name] = Desk(self._load_vendor(name), self._load_document(name))
        return desk

    @cached_property
    def hosts(self) -> Mapping[str, str]:
        """The vendors' names by their own hosts: of the API and of the files."""
        vendors = [self._load_vendor(name) for name in sorted(self.names)]
        return {
            host.lower(): vendor.name
            for vendor in vendors
            for host in (vendor.host, *vendor.other_hosts, *vendor.media_hosts)
        }
