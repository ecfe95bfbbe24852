"""Manners of their own that vendors may have: HEAD, slashes, other origins, and replies without the usual headers."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from simulator.sandbox.sandbox import SandboxSettings
from simulator.sandbox.sandboxes import Sandboxes
from simulator.server.desks import Desks
from simulator.server.edge import open_door
from simulator.server.pipeline import Pipeline
from simulator.vendors.vendor import Reply
from tests.acme import EPOCH_MS, Shelf
from tests.server.tiny import DOCUMENT, TINY

ASKS = {"Origin": "http://page.example", "Access-Control-Request-Method": "POST"}
SHARED = {
    "SlashRedirect": {
        "description": "There.",
        "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
    },
    "Preflight": {"description": "Yes.", "content": {"text/plain": {"schema": {"const": "fine"}}}},
}
WITH_MANNERS = msgspec.structs.replace(
    TINY,
    allows_any_origin=False,
    origin_headers=lambda headers: (("X-From", headers.get("Origin", "nowhere")),),
    show_preflight=lambda headers: Reply("fine" if headers["Origin"] == ASKS["Origin"] else "no"),
    answers_head=False,
    redirects_slashes=True,
    operations=tuple(
        msgspec.structs.replace(one, show=lambda outcome, call: Reply("bare", bare=True)) if one.id == "text" else one
        for one in TINY.operations
    ),
)


@pytest.fixture
async def call() -> AsyncIterator[Any]:
    components = DOCUMENT["components"]
    document = {**DOCUMENT, "components": {**components, "responses": {**components["responses"], **SHARED}}}
    sandboxes = Sandboxes(SandboxSettings("seed", EPOCH_MS, "manual"), Shelf())
    pipeline = Pipeline(sandboxes, Desks(("tiny",), lambda name: WITH_MANNERS, lambda name: document))
    door = await open_door(pipeline)
    async with aiohttp.ClientSession() as client:

        async def make(method: str, path: str, **headers: str) -> tuple[int, Any, str]:
            url = f"http://127.0.0.1:{door.port}/tiny{path}"
            said = {"Authorization": "Bearer key-1", **{name.replace("_", "-"): text for name, text in headers.items()}}
            async with client.request(method, url, headers=said, allow_redirects=False) as reply:
                return reply.status, reply.headers, await reply.text()

        yield make
    await door.close()


async def test_head_may_be_a_wrong_method(call: Any) -> None:
    status, headers, _ = await call("HEAD", "/v1/open")

    assert (status, headers["Allow"]) == (405, "GET")


async def test_a_path_without_its_last_slash_is_redirected_to(call: Any) -> None:
    status, headers, text = await call("POST", "/v1/echo/?a=1")

    assert (status, text) == (307, "")
    assert headers["Location"].startswith("http://127.0.0.1:")
    assert headers["Location"].endswith("/tiny/v1/echo?a=1")


@pytest.mark.parametrize("path", ["/v1/nothing/", "/v1/beta/", "/", "/v1/echo//"])
async def test_only_what_exists_is_redirected_to(call: Any, path: str) -> None:
    assert (await call("GET", path))[0] == 404


async def test_every_reply_says_what_the_origin_makes_of_it(call: Any) -> None:
    assert (await call("GET", "/v1/open", Origin="http://a"))[1]["X-From"] == "http://a"
    assert (await call("GET", "/v1/nothing"))[1]["X-From"] == "nowhere"
    assert "Access-Control-Allow-Origin" not in (await call("GET", "/v1/open", Origin="http://a"))[1]


async def test_a_bare_reply_has_none_of_the_usual_headers(call: Any) -> None:
    status, headers, text = await call("GET", "/v1/text")

    assert (status, text) == (200, "bare")
    assert not {"X-Tiny", "X-From"} & set(headers)


@pytest.mark.parametrize("path", ["/v1/clips", "/v1/nothing", "/out/x.png"])
async def test_a_preflight_is_answered_in_the_vendors_way(call: Any, path: str) -> None:
    status, headers, text = await call("OPTIONS", path, **ASKS)

    assert (status, text, headers["X-From"]) == (200, "fine", ASKS["Origin"])


async def test_a_preflight_too_is_held_against_the_contract(call: Any) -> None:
    status, headers, _ = await call("OPTIONS", "/v1/clips", **{**ASKS, "Origin": "http://other"})

    assert (status, headers["X-Simulator-Error"]) == (500, "contract_broken")
