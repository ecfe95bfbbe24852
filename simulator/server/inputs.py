"""The media of a request, as values: what uploads, Base64 texts and URLs hold."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from msgspec.structs import replace

from simulator.jobs.files import Input, imagine_input
from simulator.media.probe import probe, probe_base64, unpack_base64
from simulator.server.bodies import Body, FilePart
from simulator.vendors.vendor import Operation

_LARGE_BYTES = 1 << 20  # from here on a thread looks at it
_NO_INPUTS: tuple[Input, ...] = ()
_PERHAPS_FACES = 10  # in what a live server is given: nobody has looked yet, and none is refused for what is not known


class Uploads(Protocol):
    """Where a live server keeps what it is given until it is rendered."""

    def keep(self, data: bytes) -> str:
        """Write an upload down, in whatever thread, and return its path."""

    def settle(self, inputs: Sequence[Input], is_needed: Callable[[str], bool]) -> None:
        """Drop what nobody needs once its call has been answered, and the rest when nobody does any more."""


async def read_inputs(operation: Operation, body: Body, uploads: Uploads | None = None) -> tuple[Input, ...]:
    """Return an ``Input`` for everything that the operation's media fields hold, field by field.

    A list gives one for each of its texts, in order and all under the list's name. A URL is never fetched, and
    a text that is neither URL nor Base64 is an input of which nothing is known. ``uploads`` keep the files of a live server.
    """
    if not operation.inputs or not isinstance(body.value, dict):
        return _NO_INPUTS
    found: list[Input] = []
    try:
        for field, kind in operation.inputs:
            for given in _given(field, body):
                size = len(given.data) if isinstance(given, FilePart) else len(given)
                if size > _LARGE_BYTES:
                    found.append(await asyncio.to_thread(_look_into, field, kind, given, uploads))
                else:
                    found.append(_look_into(field, kind, given, uploads))
    except BaseException:  # there was no room for one, or the client has left: the others are nobody's
        if uploads is not None:
            uploads.settle(found, lambda path: False)
        raise
    return tuple(found)


def _given(field: str, body: Body) -> Iterator[FilePart | str]:
    uploads = [file for file in body.files if file.field == field]
    yield from uploads
    said = body.value.get(field)
    texts: Sequence[object] = said if isinstance(said, list) else (said,)
    if not uploads:
        yield from (text for text in texts if isinstance(text, str))


def _look_into(field: str, kind: str, given: FilePart | str, uploads: Uploads | None) -> Input:
    found = _found(field, kind, given)
    if uploads is None or found.kind == "unknown":
        return found
    found = replace(found, faces=max(found.faces, _PERHAPS_FACES) if "faces=" not in found.url else found.faces)
    if found.url:
        return found
    unpacked = (given.declared_type, given.data) if isinstance(given, FilePart) else unpack_base64(given)
    return found if unpacked is None else replace(found, stored=uploads.keep(unpacked[1]))


def _found(field: str, kind: str, given: FilePart | str) -> Input:
    if isinstance(given, FilePart):
        return probe(given.data, field=field, name=given.name, declared_type=given.declared_type)
    if given[:8].lower().startswith(("http://", "https://")):
        return imagine_input(field, given, kind)
    return probe_base64(given, field=field) or Input(field)
