"""Downloads: whole, in part, known already, not there yet and gone."""

import asyncio

import pytest

from tests.server.conftest import Server

PATH = "/tiny/out/{}_0.png"


@pytest.fixture
async def path(server: Server) -> str:
    job_id = await server.submit()
    server.sandbox.advance(10_000)
    return PATH.format(job_id)


async def whole(server: Server, path: str) -> bytes:
    async with server.client.get(server.root + path) as reply:
        return await reply.read()


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=100-", 100, -1),
        ("bytes=-7", -7, -1),
        ("bytes=5-999999999", 5, -1),
        ("BYTES=3-3", 3, 3),
    ],
)
async def test_a_range_is_sent_as_asked(server: Server, path: str, said: str, first: int, last: int) -> None:
    data = await whole(server, path)
    first, last = first % len(data), last % len(data)

    async with server.client.get(server.root + path, headers={"Range": said}) as reply:
        assert reply.status == 206
        assert reply.headers["Content-Range"] == f"bytes {first}-{last}/{len(data)}"
        assert await reply.read() == data[first : last + 1]


@pytest.mark.parametrize("said", ["bytes=1-2,4-5", "bytes=9-3", "lines=1-2", "bytes=-", "bytes=a-b", "bytes=٣-٤"])
async def test_a_range_that_is_none_is_ignored(server: Server, path: str, said: str) -> None:
    async with server.client.get(server.root + path, headers={"Range": said}) as reply:
        assert reply.status == 200
        assert len(await reply.read()) == int(reply.headers["Content-Length"])


@pytest.mark.parametrize("said", ["bytes=99999999-", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused(server: Server, path: str, said: str) -> None:
    size_bytes = len(await whole(server, path))

    async with server.client.get(server.root + path, headers={"Range": said}) as reply:
        assert reply.status == 416
        assert reply.headers["Content-Range"] == f"bytes */{size_bytes}"


async def test_a_client_that_has_it_is_told_so(server: Server, path: str) -> None:
    async with server.client.get(server.root + path) as reply:
        etag, modified = reply.headers["ETag"], reply.headers["Last-Modified"]

    for headers in (
        {"If-None-Match": etag},
        {"If-None-Match": f'"other", W/{etag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
    ):
        async with server.client.get(server.root + path, headers=headers) as reply:
            assert (reply.status, await reply.read()) == (304, b"")
    for headers in ({"If-None-Match": '"other"', "If-Modified-Since": modified}, {"If-Modified-Since": "nonsense"}):
        async with server.client.get(server.root + path, headers=headers) as reply:
            assert reply.status == 200


async def test_a_range_of_another_file_brings_the_whole(server: Server, path: str) -> None:
    async with server.client.get(server.root + path) as reply:
        etag, modified = reply.headers["ETag"], reply.headers["Last-Modified"]

    statuses = []
    for said in (etag, modified, '"other"'):
        async with server.client.get(server.root + path, headers={"Range": "bytes=0-1", "If-Range": said}) as reply:
            statuses.append(reply.status)

    assert statuses == [206, 206, 200]


async def test_head_tells_the_length_alone(server: Server, path: str) -> None:
    size_bytes = len(await whole(server, path))

    async with server.client.head(server.root + path) as reply:
        assert int(reply.headers["Content-Length"]) == size_bytes
        assert await reply.read() == b""


async def test_a_file_is_not_there_before_its_job_has_ended(server: Server) -> None:
    job_id = await server.submit()

    async with server.client.get(server.root + PATH.format(job_id)) as reply:
        assert (reply.status, await reply.text()) == (404, "no")


async def test_a_file_goes_when_its_time_is_over(server: Server, path: str) -> None:
    server.sandbox.advance(86_400_000)

    async with server.client.get(server.root + path) as reply:
        assert (reply.status, await reply.text()) == (410, "no")


async def test_the_vendors_file_host_serves_it_too(server: Server, path: str) -> None:
    bare = path.removeprefix("/tiny")

    async with server.client.get(server.root + bare, headers={"Host": "cdn.tiny.example"}) as reply:
        assert reply.status == 200
    async with server.client.get(server.root + "/other/x.png", headers={"Host": "CDN.tiny.example:80"}) as reply:
        assert (reply.status, await reply.text()) == (404, "no")


async def test_a_file_cannot_be_written(server: Server, path: str) -> None:
    async with server.client.put(server.root + path, data=b"x") as reply:
        assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd"]
)
async def test_no_path_leads_to_a_real_file(server: Server, path: str) -> None:
    said = await server.raw(f"GET /tiny/out/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    assert said.startswith(b"HTTP/1.1 404 ")
    assert b"root:" not in said


async def test_a_download_counts_as_under_way_until_its_end(server: Server, path: str) -> None:
    counts: list[int] = []
    server.sandbox.on_less_to_do.append(lambda: counts.append(server.sandbox.in_flight))

    await asyncio.gather(*(whole(server, path) for _ in range(3)))

    assert counts[-1] == 0
    assert max(counts) <= 2
