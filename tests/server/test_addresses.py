"""Whom a call is for: by path, port, host and key, and what is said when they disagree."""

import msgspec
import pytest

from simulator.server.addresses import Door, sandbox_in_key
from tests.server.conftest import KEY, Server


@pytest.fixture
def two(server: Server) -> Server:
    server.pipeline.sandboxes.create("other")
    return server


def key(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


async def clips(server: Server, url: str, **headers: str) -> list[str]:
    status, said = await server.call("GET", url, headers=headers)
    assert status == 200, said
    return [clip["id"] for clip in said["clips"]]


async def test_a_path_names_the_sandbox(two: Server) -> None:
    _, said = await two.call("POST", f"{two.root}/~other/tiny/v1/clips", json={"prompt": "x"})

    assert await clips(two, f"{two.root}/~other/tiny/v1/clips") == [said["id"]]
    assert await clips(two, "/v1/clips") == []


async def test_a_key_names_the_sandbox_and_file_urls_hold_it(two: Server) -> None:
    named = key("sbx-other-1")

    _, said = await two.call("GET", "/v1/clips/", headers=named)

    assert said["url"] == f"{two.root}/~other/tiny/out/x.png"
    await two.call("POST", "/v1/clips", json={"prompt": "x"}, headers=named)
    assert len(list(two.pipeline.sandboxes.get("other").life.store)) == 1


async def test_a_port_has_a_vendor_and_a_sandbox_of_its_own(two: Server) -> None:
    root = await two.open(Door(vendor="tiny", sandbox="other", has_control=False))

    status, said = await two.call("GET", f"{root}/v1/clips/")

    assert (status, said["url"]) == (200, f"{root}/out/x.png")
    assert (await two.call("GET", f"{root}/~other/v1/clips/"))[0] == 200
    assert (await two.call("GET", f"{root}/_simulator/health"))[1]["error"].startswith("UnknownPath")


async def test_the_vendors_own_host_is_enough(two: Server) -> None:
    for host, files in (("api.tiny.example", "cdn.tiny.example"), ("API.TINY.EXAMPLE:8080", "cdn.tiny.example:8080")):
        status, said = await two.call("GET", f"{two.root}/v1/clips/", headers={"Host": host})

        assert (status, said["url"]) == (200, f"http://{files}/out/x.png")


async def test_a_proxy_tells_the_scheme(two: Server) -> None:
    headers = {"Host": "api.tiny.example", "X-Forwarded-Proto": "https"}

    _, said = await two.call("GET", f"{two.root}/~other/v1/clips/", headers=headers)

    assert said["url"] == "https://cdn.tiny.example/~other/out/x.png"


async def test_a_whole_url_as_for_a_proxy_is_understood(two: Server) -> None:
    said = await two.raw(
        b"GET http://api.tiny.example/v1/clips HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nConnection: close\r\n\r\n"
    )

    assert said.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("host", ["a b", 'x"><script>', "x/y", "x:99999999", "", "ü.example"])
async def test_an_odd_host_never_stands_in_a_url(two: Server, host: str) -> None:
    request = f"GET /tiny/v1/clips/ HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer k\r\nConnection: close\r\n\r\n"

    said = await two.raw(request.encode())

    assert f'"url":"{two.root}/tiny/out/x.png"'.encode() in said


@pytest.mark.parametrize(
    ("url", "named"),
    [("/~other/tiny/v1/clips", "sbx-main-1"), ("/~main/tiny/v1/clips", "sbx-other-1")],
)
async def test_two_sandboxes_in_one_call_are_a_loud_400(two: Server, url: str, named: str) -> None:
    async with two.client.get(two.root + url, headers=key(named)) as reply:
        assert (reply.status, reply.headers["X-Simulator-Error"]) == (400, "bad_request")
        assert sorted((await reply.json())["error"]["sandboxes"]) == ["main", "other"]


async def test_a_path_and_a_port_that_disagree_are_a_loud_400(two: Server) -> None:
    root = await two.open(Door(vendor="tiny", sandbox="other"))

    assert (await two.call("GET", f"{root}/~main/v1/clips"))[0] == 400


@pytest.mark.parametrize(("url", "headers"), [("/~none/tiny/v1/clips", KEY), ("/tiny/v1/clips", key("sbx-none-1"))])
async def test_an_unknown_sandbox_is_a_loud_404(two: Server, url: str, headers: dict[str, str]) -> None:
    async with two.client.get(two.root + url, headers=headers) as reply:
        assert (reply.status, reply.headers["X-Simulator-Error"]) == (404, "not_found")


async def test_the_root_lists_the_vendors(server: Server) -> None:
    assert await server.call("GET", f"{server.root}/") == (
        200,
        {"name": "media-api-simulator", "vendors": {"tiny": f"{server.root}/tiny"}},
    )


@pytest.mark.parametrize("path", ["/nobody/v1", "/_simulator/health", "//", "/~main", "/~", "/tinyv1"])
async def test_a_call_for_nobody_is_helped(server: Server, path: str) -> None:
    status, said = await server.call("GET", server.root + path)

    assert status == 404
    assert said["error"]["vendors"] == {"tiny": f"{server.root}/tiny"}


@pytest.mark.parametrize(
    ("text", "sandbox"),
    [
        ("sbx-a1-key", "a1"),
        ("user:1-sbx-a_1-key", "a_1"),
        ("sk-sbx-a-", "a"),
        ("sbx-a", ""),
        ("sbx--key", ""),
        ("sbx-A-key", ""),
        ("mysbx-a-key", ""),
        ("sbx-../-key", ""),
        ("key", ""),
    ],
)
def test_a_key_names_a_sandbox_in_one_way_only(text: str, sandbox: str) -> None:
    assert sandbox_in_key(text) == sandbox


async def test_another_host_of_the_vendor_is_as_good_as_its_own(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks = server.pipeline.desks
    vendor = msgspec.structs.replace(desks["tiny"].vendor, other_hosts=("tiny.example",))
    monkeypatch.setattr(desks, "_load_vendor", lambda name: vendor)

    status, said = await server.call("GET", f"{server.root}/v1/clips/", headers={"Host": "tiny.example"})

    assert (status, said["url"]) == (200, "http://cdn.tiny.example/out/x.png")
