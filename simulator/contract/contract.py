"""A vendor's OpenAPI document, ready to judge."""

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.contract.checks import Checks
from simulator.contract.document import Document, Place
from simulator.contract.replies import Fault, content_type, fitting, make_judge
from simulator.contract.webhooks import WebhookChecks
from simulator.jobs.errors import ContractBroken, SimulatorError
from simulator.vendors.vendor import Headers, Reply

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Contract:
    """All operations and webhooks of one document (OpenAPI 3.1); a schema is compiled when it is first needed.

    An operation may carry ``x-rules``, a schema over ``{path, query, header, body}`` that only ``check_call``
    reads, and ``x-simulator: media`` if it serves output files; a webhook ``x-plaintext``, the schema of what it says
    where its body is encrypted.
    """

    def __init__(self, vendor_name: str, document: Mapping[str, Any]) -> None:
        self.vendor_name = vendor_name
        self._document = Document(vendor_name, document)
        self._declared: dict[str, tuple[str, Place]] = {}
        for path, place in self._described():
            if self._declared.setdefault(place.value["operationId"], (path, place))[1] is not place:
                raise SimulatorError(
                    f"{vendor_name}: two operations of its contract are called {place.value['operationId']}"
                )
        self._checks: dict[str, Checks] = {}
        self._webhooks: dict[str, WebhookChecks] = {}

    def _described(self) -> Iterator[tuple[str, Place]]:
        for path, item in self._document.root.value.get("paths", {}).items():
            for method in _METHODS:
                if "operationId" in item.get(method, ()):
                    yield path, self._document.root.below("paths", path, method)

    @property
    def operation_ids(self) -> tuple[str, ...]:
        """Every operation, in the document's order."""
        return tuple(self._declared)

    def checks(self, operation_id: str) -> Checks:
        """Return the checks of an operation.

        Raises:
            SimulatorError: the document does not describe it.
        """
        found = self._checks.get(operation_id)
        if found is None:
            if operation_id not in self._declared:
                described = ", ".join(self._declared)
                raise SimulatorError(
                    f"{self.vendor_name}: its contract has no operation {operation_id!r}, only {described}"
                )
            path, place = self._declared[operation_id]
            found = self._checks[operation_id] = Checks(self._document, path, place)
        return found

    @property
    def webhook_names(self) -> tuple[str, ...]:
        """Every webhook, in the document's order."""
        return tuple(self._document.root.value.get("webhooks", ()))

    def webhook(self, name: str) -> WebhookChecks:
        """Return the checks of a webhook.

        Raises:
            SimulatorError: the document does not describe it, or not that it is a POST.
        """
        found = self._webhooks.get(name)
        if found is None:
            if name not in self.webhook_names:
                described = ", ".join(self.webhook_names) or "none"
                raise SimulatorError(f"{self.vendor_name}: its contract has no webhook {name!r}, only {described}")
            item = self._document.follow(self._document.root.below("webhooks", name))
            if "post" not in item.value:
                raise SimulatorError(f"{self.vendor_name}: its contract does not say that webhook {name!r} is a POST")
            found = self._webhooks[name] = WebhookChecks(self._document, name, item)
        return found

    def media_operations(self) -> list[Checks]:
        """Return the checks of the operations that serve output files."""
        return [
            self.checks(name)
            for name, (_, place) in self._declared.items()
            if place.value.get("x-simulator") == "media"
        ]

    def check_shared_reply(self, name: str, reply: Reply, headers: Headers = ()) -> None:
        """Check a reply that belongs to no operation against one of the document's shared responses.

        Raises:
            ContractBroken: it does not fit, or the document has no response of that name.
        """
        media_type = content_type(reply, headers)
        response = next((place for known, place in self._shared_responses() if known == name), None)
        described = None if response is None else fitting(response.value.get("content", {}), media_type)
        if response is None or described is None:
            fault: Fault | None = ((), f"no content of type {media_type or 'none'} is described")
        else:
            fault = make_judge(self._document, response, described).fault(reply, headers)
        if fault:
            raise ContractBroken(
                f"{self.vendor_name} components/responses/{name}: {fault[1]}",
                operation=name,
                status=reply.status,
                path=list(fault[0]),
                violation=fault[1],
                reply=reply.body,
            )

    def _shared_responses(self) -> Iterator[tuple[str, Place]]:
        root = self._document.root
        for name in root.value.get("components", {}).get("responses", ()):
            yield name, self._document.follow(root.below("components", "responses", name))

    def compile_all(self) -> None:
        """Compile every schema, so that a broken reference is found now.

        Raises:
            SimulatorError: one of them cannot be compiled.
        """
        for name in self._declared:
            self.checks(name).compile_all()
        for name in self.webhook_names:
            self.webhook(name).compile_all()
        for _, response in self._shared_responses():
            for media_type in response.value.get("content") or ("",):
                make_judge(self._document, response, media_type)
