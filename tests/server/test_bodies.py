"""Bodies of every content type, whole and broken, and the media in them."""

import base64
import io
from typing import Any

import aiohttp
import pytest

from simulator.jobs.errors import MalformedBody
from simulator.server.bodies import read_json, read_pairs
from tests.server.conftest import Server

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def multipart(*parts: bytes, end: bytes = b"--b--\r\n") -> dict[str, Any]:
    data = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end
    return {"data": data, "headers": {"Content-Type": "multipart/form-data; boundary=b"}}


def field(name: str, text: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="%b"\r\n\r\n%b' % (name.encode(), text)


@pytest.mark.parametrize(
    ("said", "body"),
    [
        ({"json": {"a": [1, None, "ü"]}}, {"a": [1, None, "ü"]}),
        ({"data": b"null", "headers": JSON}, None),
        ({"data": b"{}", "headers": {"Content-Type": "Application/JSON; charset=utf-8"}}, {}),
        ({"data": b"a=1&a=2&b=%C3%BC+x&c&=d&e=%FF", "headers": FORM}, {"a": ["1", "2"], "b": "ü x", "c": "", "": "d", "e": "�"}),
        ({"data": "grüße".encode(), "headers": {"Content-Type": "text/plain"}}, "grüße"),
        ({"data": b"", "headers": JSON}, None),
        ({}, None),
    ],
)  # fmt: skip
async def test_a_body_is_read_by_its_content_type(server: Server, said: Any, body: Any) -> None:
    status, reply = await server.call("POST", "/v1/echo", **said)

    assert (status, reply["body"]) == (200, body)


@pytest.mark.parametrize(
    "data",
    [
        b"{", b"[1,]", b"NaN", b"1e400", b"\xff", b'"\xed\xa0\x80"', b'"\\ud800"', b'"\\ud800x"', b'"\\udc00"', b'{"\\udfff":1}',
        b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b"[" * 5000 + b"]" * 5000, b"[" * 100_000, b'{"a":' * 5000, b"\0", b"{} {}",
    ],
)  # fmt: skip
async def test_broken_json_is_refused_by_the_vendor(server: Server, data: bytes) -> None:
    status, said = await server.call("POST", "/v1/echo", data=data, headers=JSON)

    assert status == 400
    assert said["error"].startswith("MalformedBody")


def test_a_broken_body_tells_where() -> None:
    with pytest.raises(MalformedBody) as refused:
        read_json(b'{"a": x}')

    assert refused.value.at == 6


async def test_a_get_may_say_a_content_type_and_even_have_a_body(server: Server) -> None:
    assert (await server.call("GET", "/v1/clips", headers=JSON))[0] == 200
    assert (await server.call("GET", "/v1/clips", headers=JSON, data=b"{"))[0] == 200


async def test_a_delete_may_have_a_form(server: Server) -> None:
    first, second = await server.submit(), await server.submit()

    assert (await server.call("DELETE", f"/v1/clips/{first}", data={"force": "true"}))[0] == 204
    assert (await server.call("DELETE", f"/v1/clips/{second}", data={"force": "maybe"}))[0] == 400


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_the_vendors_413(server: Server, chunked: bool) -> None:
    async def pieces() -> Any:
        for _ in range(30):
            yield b'"' + b"x" * 9998 + b'"'

    data = pieces() if chunked else b'"' + b"x" * 300_000 + b'"'

    assert await server.call("POST", "/v1/echo", data=data, headers=JSON) == (413, {"error": "BodyTooLarge 200000"})
    assert (await server.call("GET", "/v1/open"))[0] == 200


async def test_a_client_that_asks_first_is_told_to_go_on(server: Server) -> None:
    request = (
        b"POST /tiny/v1/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Type: application/json\r\n"
        b"Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    )

    said = await server.raw(request)

    assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


async def test_an_upload_is_looked_into(server: Server) -> None:
    form = aiohttp.FormData()
    form.add_field("title", "ein Füchslein")
    form.add_field("count", "3")
    form.add_field("file", PIXEL, filename="a.png", content_type="image/png")

    status, _ = await server.call("POST", "/v1/uploads", data=form)

    assert status == 202
    [job] = server.sandbox.life.store
    assert job.fields == {"title": "ein Füchslein", "count": 3, "file": "a.png"}
    [given] = job.inputs
    assert (given.field, given.name, given.media_type, given.width_px) == ("file", "a.png", "image/png", 1)


async def test_a_file_is_no_text(server: Server) -> None:
    file = b'Content-Disposition: form-data; name="title"; filename="fox.png"\r\n\r\n' + PIXEL

    status, said = await server.call("POST", "/v1/uploads", **multipart(file))

    assert (status, said) == (400, {"error": "BadCall body title"})
    [entry] = server.sandbox.journal
    assert "a file where a text belongs: title" in entry.marks


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"data": b"x", "headers": {"Content-Type": "multipart/form-data"}}, "MalformedBody"),
        ({"data": b"x", "headers": {"Content-Type": f"multipart/form-data; boundary={'b' * 99}"}}, "MalformedBody"),
        (multipart(end=b""), "BadCall body"),
        (multipart(end=b"--b"), "MalformedBody"),
        (multipart(field("title", b"x"), end=b"--b"), "MalformedBody"),
        (multipart(field("title", b"\xff")), "MalformedBody"),
        (multipart(b"\r\nx"), "MalformedBody"),
        (multipart(b"Content-Disposition: attachment; name=x\r\n\r\nx"), "MalformedBody"),
        (multipart(b"Content-Disposition: form-data; filename=x\r\n\r\nx"), "MalformedBody"),
        (multipart(b"Content-Disposition: form-data; name=\"a\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--"), "MalformedBody"),
        (multipart(b"no header at all"), "MalformedBody"),
        (multipart(*[field(f"f{at}", b"") for at in range(1200)]), "BodyTooLarge 5000"),
        (multipart(field("title", b"x" * 6000)), "BodyTooLarge 5000"),
        (multipart(field("count", b"3")), "BadCall body title"),
        (multipart(field("title", b"x"), field("count", b"many")), "BadCall body count"),
        (multipart(field("title", b"x"), field("title", b"y")), "BadCall body title"),
        (multipart(field(";&;", b"x")), "MalformedBody"),  # as warnings are errors here
    ],
)  # fmt: skip
async def test_a_broken_form_is_refused_by_the_vendor(server: Server, said: Any, error: str) -> None:
    status, reply = await server.call("POST", "/v1/uploads", **said)

    assert status in (400, 413)
    assert reply["error"].startswith(error)
    assert (await server.call("GET", "/v1/open"))[0] == 200


async def test_file_names_are_read_in_every_spelling(server: Server) -> None:
    spellings = [
        (b'name="file"; filename="a%22b.png"', 'a"b.png'),
        (b'name="file"; filename="a\\"b.png"', 'a"b.png'),
        (b"name=file; filename=plain.png", "plain.png"),
        (b'name="file"; filename="x"; filename*=UTF-8\'\'gr%C3%BC%C3%9F+.png', "grüß+.png"),
        ('name="file"; filename="grüß.png"'.encode(), "grüß.png"),
        (b'filename=""; name="file"', ""),
    ]
    for disposition, name in spellings:
        part = b"Content-Disposition: form-data; " + disposition + b"\r\n\r\n" + PIXEL
        assert (await server.call("POST", "/v1/uploads", **multipart(field("title", b"x"), part)))[0] == 202

        newest = list(server.sandbox.life.store)[-1]
        assert [given.name for given in newest.inputs] == [name]


async def test_media_in_json_are_read_or_imagined_but_never_fetched(server: Server) -> None:
    pixel = base64.b64encode(PIXEL).decode()
    body = {
        "source": "https://example.com/a.jpg?bytes=77",
        "sources": [pixel, f"data:image/png;base64,{pixel}", "not any of these", "http://127.0.0.1:1/x.png?bytes=5", 7],
    }

    _, said = await server.call("POST", "/v1/echo", json=body)

    assert said["inputs"] == [
        ["source", "a.jpg", "image/jpeg", 77],
        ["sources", "", "image/png", len(PIXEL)],
        ["sources", "", "image/png", len(PIXEL)],
        ["sources", "", "", 0],
        ["sources", "x.png", "image/png", 5],
    ]


async def test_large_media_are_read_too(server: Server) -> None:
    server.pipeline.max_body_bytes = 4 << 20
    text = base64.b64encode(PIXEL + bytes(1 << 20))

    _, said = await server.call("POST", "/v1/echo", data=io.BytesIO(b'{"source": "%b"}' % text), headers=JSON)

    assert said["inputs"] == [["source", "", "image/png", len(PIXEL) + (1 << 20)]]


async def test_a_header_is_checked_as_the_value_it_stands_for(server: Server) -> None:
    assert (await server.call("POST", "/v1/echo", headers={"X-Level": "3"}))[0] == 200
    assert (await server.call("POST", "/v1/echo", headers={"x-level": "high"}))[1] == {
        "error": "BadCall header X-Level"
    }


async def test_a_broken_compression_is_a_broken_body(server: Server) -> None:
    status, _ = await server.call("POST", "/v1/echo", data=b"{}", headers={**JSON, "Content-Encoding": "gzip"})

    assert status == 400


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        ("a", {"a": ""}),
        ("&&a=1&", {"a": "1"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=1;b=2", {"a": "1;b=2"}),
        ("a+b=%2B", {"a b": "+"}),
        ("a=%zz", {"a": "%zz"}),
        ("ids[]=1&ids[]=2", {"ids[]": ["1", "2"]}),
        ("", {}),
    ],
)
def test_pairs_are_read_as_servers_do(text: str, pairs: dict[str, Any]) -> None:
    assert read_pairs(text) == pairs
