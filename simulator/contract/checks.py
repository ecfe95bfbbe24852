"""Both checks of one operation."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from simulator.contract.document import NOT_PARAMETERS, Document, Place
from simulator.contract.replies import Judge, content_type, fitting, make_judge
from simulator.contract.values import Reader, Readers, as_it_is, read_all
from simulator.jobs.errors import ContractBroken, Finding
from simulator.vendors.vendor import Call, Headers, Reply

PLACES = ("path", "query", "header", "media type", "body")
"""Where findings can be, in the order in which they are told."""

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class Checks:
    """Judges the calls and the replies of one operation; a schema is compiled when it is first needed."""

    def __init__(self, document: Document, path: str, declared: Place) -> None:
        self.operation_id: str = declared.value["operationId"]
        self.path, self.method = path, declared.at.rpartition("/")[2].upper()
        self._document, self._declared = document, declared
        self._judges: dict[tuple[int, str], Judge] = {}
        self._calls: dict[str, Any] = {}
        self._content: Mapping[str, Any] = {}
        self._needs_body = False
        if "requestBody" in declared.value:
            self._body = document.follow(declared.below("requestBody"))
            self._content = self._body.value["content"]
            self._needs_body = self._body.value.get("required", False)
        self._read_parameters()

    def _read_parameters(self) -> None:
        """Learn the parameters; those of an operation replace its path's of the same name."""
        item = self._document.root.below("paths", self.path)
        parameters: dict[tuple[str, str], Place] = {}
        for reference in (*item.each_below("parameters"), *self._declared.each_below("parameters")):
            parameter = self._document.follow(reference)
            parameters[parameter.value["in"], parameter.value["name"]] = parameter
        self._parts: dict[str, dict[str, Any]] = {}
        readers: dict[str, list[tuple[str, Reader]]] = {"path": [], "query": [], "header": []}
        for (where, name), parameter in parameters.items():
            if where not in readers or (where == "header" and name.lower() in NOT_PARAMETERS):
                continue
            part = self._parts.setdefault(where, {"properties": {}, "required": []})
            schema: dict[str, str] | bool = True
            read: Reader = as_it_is
            if "schema" in parameter.value:
                schema = self._document.reference(parameter.below("schema"))
                read = self._document.reader(parameter.below("schema"))
            part["properties"][name] = schema
            if parameter.value.get("required"):
                part["required"].append(name)
            if read is not as_it_is or where == "header":
                readers[where].append((name, read))
        self._path_readers: Readers = tuple(readers["path"])
        self._query_readers: Readers = tuple(readers["query"])
        self._header_readers: Readers = tuple(readers["header"])

    @property
    def accepts(self) -> tuple[str, ...]:
        """The content types that a request body may have; none where no body is described."""
        return tuple(self._content)

    @cached_property
    def text_fields(self) -> frozenset[str]:
        """The fields of a form in which no file belongs."""
        fields = self._fields("multipart/form-data") if "multipart/form-data" in self._content else {}
        return frozenset(name for name, schema in fields.items() if not self._document.is_file(schema))

    def takes(self, media_type: str) -> bool:
        """Return whether a request body may have this content type."""
        return bool(fitting(self._content, media_type))

    def check_call(self, call: Call, has_body: bool = False) -> list[Finding]:
        """Return what is wrong with a call: path, query, headers, then content type and body; none if all is well.

        Texts in the query and in forms become the values they stand for, in the call itself; those that stand
        for none stay texts, and the schema says no to them. A body where none is described is not looked at.
        """
        seen: dict[str, Any] = {"path": call.path, "query": call.query}
        if self._path_readers:
            seen["path"] = read_all(call.path, self._path_readers)
        if call.query and self._query_readers:
            call.query = seen["query"] = read_all(call.query, self._query_readers)
        if self._header_readers:
            given = ((name, call.headers.get(name)) for name, _ in self._header_readers)
            seen["header"] = read_all({name: said for name, said in given if said is not None}, self._header_readers)
        described = ""
        findings: list[Finding] = []
        if self._content and has_body:
            described = fitting(self._content, call.media_type) or ""
            if described:
                seen["body"] = self._read_body(call, described)
            else:
                findings = [_wrong_media_type(call.media_type, self.accepts)]
        elif self._needs_body:
            findings = [Finding("body", (), "required", "a request body is required")]
        validator = self._calls.get(described) or self._compile_call(described)
        if validator.is_valid(seen):
            return findings
        return self._in_order(findings + list(_findings(validator, seen)), described)

    def _read_body(self, call: Call, media_type: str) -> Any:
        if media_type in FORMS and isinstance(call.body, dict):
            fields = self._fields(media_type)
            readers = [(name, self._document.reader(schema)) for name, schema in fields.items()]
            call.body = read_all(call.body, readers)
        return call.body

    def _compile_call(self, media_type: str) -> Any:
        """One validator sees path, query, headers and body together."""
        parts: dict[str, Any] = dict(self._parts)
        if media_type and "schema" in self._content[media_type]:
            parts["body"] = self._document.reference(self._body.below("content", media_type, "schema"))
        schema: dict[str, Any] = {"properties": parts}
        if "x-rules" in self._declared.value:
            schema["allOf"] = [self._document.reference(self._declared.below("x-rules"))]
        validator = self._calls[media_type] = self._document.compile(schema)
        return validator

    def _fields(self, media_type: str) -> dict[str, Place]:
        if not media_type or "schema" not in self._content[media_type]:
            return {}
        return self._document.properties(self._body.below("content", media_type, "schema"))

    def _in_order(self, findings: list[Finding], media_type: str) -> list[Finding]:
        """Sort by place, then as the contract lists parameters and fields; a thing said twice is told once."""
        names = {place: list(part["properties"]) for place, part in self._parts.items()}
        names["body"] = list(self._fields(media_type))

        def rank(finding: Finding) -> tuple[int, int]:
            known = names.get(finding.place, [])
            first = finding.path[0] if finding.path else None
            return PLACES.index(finding.place), known.index(first) if first in known else len(known)

        once: dict[tuple[object, ...], Finding] = {}
        for finding in findings:
            once.setdefault((finding.place, finding.path, finding.rule), finding)
        return sorted(once.values(), key=rank)

    def check_reply(self, reply: Reply, headers: Headers = ()) -> None:
        """Check status, content type, declared headers and body; ``headers`` are those of every reply.

        Raises:
            ContractBroken: the vendor could not have sent this.
        """
        if type(reply.body) is dict and not reply.headers and not headers:
            media_type = "application/json"
        else:
            media_type = content_type(reply, headers)
        judge = self._judges.get((reply.status, media_type)) or self._compile_reply(reply, media_type)
        if fault := judge.fault(reply, headers):
            path, message = fault
            raise self._broken(reply, message, path)

    def check_file_reply(self, status: int, media_type: str) -> None:
        """Check the reply that carries an output file, a part of it or, with media type "", nothing.

        Raises:
            ContractBroken: the vendor could not have sent this.
        """
        self._described(Reply(None, status), media_type)

    def _described(self, reply: Reply, media_type: str) -> tuple[Place, str]:
        """Return the response described for a status, and the described content type."""
        described = self._declared.value.get("responses", {})
        for status in (str(reply.status), f"{reply.status // 100}XX", "default"):
            if status in described:
                break
        else:
            raise self._broken(reply, f"status {reply.status} is not described, only {', '.join(map(str, described))}")
        response = self._document.follow(self._declared.below("responses", status))
        content = response.value.get("content", {})
        found = fitting(content, media_type)
        if found is None:
            only = ", ".join(content) or "none"
            raise self._broken(reply, f"content type {media_type or 'none'} is not described for {status}, only {only}")
        return response, found

    def _compile_reply(self, reply: Reply, media_type: str) -> Judge:
        response, described = self._described(reply, media_type)
        judge = self._judges[reply.status, media_type] = make_judge(self._document, response, described)
        return judge

    def _broken(self, reply: Reply, message: str, path: Sequence[str | int] = ()) -> ContractBroken:
        return ContractBroken(
            f"{self._document.name} {self.operation_id}: {message}",
            operation=self.operation_id,
            status=reply.status,
            path=list(path),
            violation=message,
            reply=reply.body,
        )

    def compile_all(self) -> None:
        """Compile every schema of the operation, so that a broken reference is found now."""
        for media_type in ("", *self._content):
            self._compile_call(media_type)
        for reference in self._declared.each_below("responses"):
            response = self._document.follow(reference)
            for media_type in response.value.get("content") or ("",):
                make_judge(self._document, response, media_type)


def _findings(validator: Any, seen: dict[str, Any]) -> Iterator[Finding]:
    for error in validator.iter_errors(seen):
        place, *path = error.instance_path or ("body",)
        rule = error.kind.name
        if rule == "required":
            yield Finding(place, (*path, error.kind.property), rule, error.message)
        elif rule == "additionalProperties":
            for name in error.kind.unexpected:
                yield Finding(place, (*path, name), rule, f"{name!r} is not a known field")
        else:
            yield Finding(place, tuple(path), rule, error.message)


def _wrong_media_type(given: str, accepted: Sequence[str]) -> Finding:
    message = f"content type {given or 'none'} is not accepted, only {', '.join(accepted)}"
    return Finding("media type", (), "content", message)
