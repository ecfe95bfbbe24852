"""What one kind of reply is held against: its content type, its body and its declared headers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from simulator.contract.document import Document, Place
from simulator.contract.values import Readers
from simulator.vendors.vendor import Headers, Reply

Fault = tuple[Sequence[str | int], str]
"""Where a violation is, and what it says."""


def content_type(reply: Reply, headers: Headers = ()) -> str:
    """Return a reply's content type without its parameters, or "" if it has no content."""
    for name, said in (*reply.headers, *headers):
        if name.lower() == "content-type":
            return said.partition(";")[0].strip().lower()
    if reply.body is None:
        return ""
    return "text/plain" if isinstance(reply.body, str) else "application/json"


def fitting(described: Iterable[str], media_type: str) -> str | None:
    """Return the described content type that a given one falls under; "" where there is neither, None where it is wrong."""
    described = tuple(described)
    if not described or not media_type:
        return None if described or media_type else ""
    wanted = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    return next((one for one in described if one.partition(";")[0].strip().lower() in wanted), None)


class Judge(NamedTuple):
    """Validators of a reply; None where everything is allowed."""

    body: Any
    headers: Any
    readers: Readers

    def fault(self, reply: Reply, headers: Headers) -> Fault | None:
        """Return the first violation; ``headers`` are those of every reply."""
        try:
            if self.body is not None and not self.body.is_valid(reply.body):
                return _first(self.body, reply.body)
            if self.headers is not None:
                given = {name.lower(): said for name, said in (*headers, *reply.headers)}
                sent = {name: read(given[name.lower()]) for name, read in self.readers if name.lower() in given}
                if not self.headers.is_valid(sent):
                    place, message = _first(self.headers, sent)
                    return ("headers", *place), message
        except ValueError as error:  # a value that is not one of JSON's own types
            return (), str(error)
        return None


def _first(validator: Any, said: Any) -> Fault:
    error = next(validator.iter_errors(said))
    return error.instance_path, error.message


def make_judge(document: Document, response: Place, media_type: str) -> Judge:
    """Compile what a described response of a described content type asks for."""
    body = None
    if media_type and "schema" in response.value["content"][media_type]:
        body = document.compile(document.reference(response.below("content", media_type, "schema")))
    described = {name: document.follow(response.below("headers", name)) for name in response.value.get("headers", ())}
    return Judge(body, *compile_headers(document, described))


def compile_headers(document: Document, described: Mapping[str, Place]) -> tuple[Any, Readers]:
    """Compile what headers are described to be, and what reads them; None where there are none."""
    schema: dict[str, Any] = {"properties": {}, "required": []}
    readers = []
    for name, header in described.items():
        if name.lower() == "content-type":  # OpenAPI says to ignore it here
            continue
        has_schema = "schema" in header.value
        schema["properties"][name] = document.reference(header.below("schema")) if has_schema else True
        readers.append((name, document.reader(header.below("schema")) if has_schema else str))
        if header.value.get("required"):
            schema["required"].append(name)
    return document.compile(schema) if readers else None, tuple(readers)
