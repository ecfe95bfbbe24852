"""The check of one webhook: what it says, what that is sealed into, and the headers it goes out with."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from simulator.contract.document import NOT_PARAMETERS, Document, Place
from simulator.contract.replies import Fault, Judge, compile_headers, content_type, fitting
from simulator.jobs.errors import ContractBroken
from simulator.vendors.vendor import Reply, Sealed


class WebhookChecks:
    """Judges one webhook; what it asks for is compiled when it is first needed.

    What it says is held against ``x-plaintext``, a schema, where the document has one, and the body that goes out
    against the schema of its content type; without one both are the same.
    """

    def __init__(self, document: Document, name: str, item: Place) -> None:
        self.name = name
        self._document, self._declared = document, item.below("post")
        self._headers = self._described_headers(item)
        self._body: Place | None = None
        if "requestBody" in self._declared.value:
            self._body = document.follow(self._declared.below("requestBody"))
        self._content: Mapping[str, Any] = self._body.value["content"] if self._body else {}
        self._judges: dict[str, tuple[Judge, Judge | None]] = {}

    def _described_headers(self, item: Place) -> dict[str, Place]:
        """Find the header parameters; those of the operation replace its path's of the same name."""
        references = (*item.each_below("parameters"), *self._declared.each_below("parameters"))
        parameters = [self._document.follow(reference) for reference in references]
        return {
            parameter.value["name"]: parameter
            for parameter in parameters
            if parameter.value["in"] == "header" and parameter.value["name"].lower() not in NOT_PARAMETERS
        }

    def check(self, plain: Any, sealed: Sealed) -> None:
        """Check what a webhook says, in JSON's own types, and the body and the headers that go out.

        Raises:
            ContractBroken: the vendor could not have sent this.
        """
        media_type = content_type(Reply(None, headers=sealed.headers))
        described = fitting(self._content, media_type)
        if described is None:
            only = ", ".join(self._content) or "none"
            raise self._broken(plain, f"content type {media_type or 'none'} is not described, only {only}")
        said, outer = self._judges.get(described) or self._compile(described)
        if fault := said.fault(Reply(plain), sealed.headers):
            raise self._broken(plain, fault[1], fault[0])
        if outer and (fault := _body_fault(outer, sealed.body)):
            raise self._broken(plain, f"the body that goes out: {fault[1]}", fault[0])

    def _compile(self, media_type: str) -> tuple[Judge, Judge | None]:
        document, sent = self._document, None
        if self._body and "schema" in self._content.get(media_type, ()):
            sent = document.compile(document.reference(self._body.below("content", media_type, "schema")))
        headers = compile_headers(document, self._headers)
        if "x-plaintext" in self._declared.value:
            plain = document.compile(document.reference(self._declared.below("x-plaintext")))
            found: tuple[Judge, Judge | None] = Judge(plain, *headers), Judge(sent, None, ())
        else:
            found = Judge(sent, *headers), None
        self._judges[media_type] = found
        return found

    def compile_all(self) -> None:
        """Compile every schema of the webhook, so that a broken reference is found now."""
        for media_type in self._content or ("",):
            self._compile(media_type)

    def _broken(self, plain: Any, message: str, path: Sequence[str | int] = ()) -> ContractBroken:
        return ContractBroken(
            f"{self._document.name} webhook {self.name}: {message}",
            webhook=self.name,
            path=list(path),
            violation=message,
            said=plain,
        )


def _body_fault(judge: Judge, body: bytes) -> Fault | None:
    try:
        return judge.fault(Reply(msgspec.json.decode(body)), ())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return (), f"it is no JSON: {error}"
