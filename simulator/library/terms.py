"""What scenarios may name of each vendor; a vendor is loaded when a scenario first names it."""

from collections.abc import Iterator, Mapping

from simulator import vendors
from simulator.jobs.steps import Terms
from simulator.vendors.vendor import Vendor, Webhook


class VendorTerms(Mapping[str, Terms]):
    """The terms of every vendor there is, by name."""

    def __iter__(self) -> Iterator[str]:
        return iter(vendors.NAMES)

    def __len__(self) -> int:
        return len(vendors.NAMES)

    def __contains__(self, name: object) -> bool:
        return name in vendors.NAMES

    def __getitem__(self, name: str) -> Terms:
        return terms_of(vendors.load(name))


def terms_of(vendor: Vendor) -> Terms:
    """Return what scenarios may name of a vendor."""
    return Terms(
        {kind.name: kind.lifecycle for kind in vendor.kinds},
        tuple(operation.id for operation in vendor.operations),
        {switch.name: switch.choices for switch in vendor.switches},
        {kind.name: _abilities(kind.webhook) for kind in vendor.kinds if kind.webhook},
    )


def _abilities(webhook: Webhook) -> frozenset[str]:
    said = {"signed": bool(webhook.signature_at), "stamped": webhook.has_timestamp}
    return frozenset(name for name, is_there in said.items() if is_there)
