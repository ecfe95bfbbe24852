"""Calls of the control API within the process: the same checks and the same answers as over HTTP."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.client.simulator import Simulator
from simulator.client.transport import HttpTransport
from simulator.client.verbs import Answer
from simulator.testing import open_sandbox, stop
from simulator.testing.local import AsyncLocalTransport, LocalTransport
from simulator.testing.server import server


@pytest.fixture(scope="module", autouse=True)
def one_server() -> Iterator[None]:
    """Stop the server of this process after the last of these tests."""
    yield
    stop()


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Return a sandbox of the test's own."""
    with open_sandbox(request.node.nodeid) as sandbox:
        yield sandbox


CALLS: list[tuple[str, str, dict[str, str | int] | None, Any]] = [
    ("GET", "/clock", None, None),
    ("GET", "/jobs", {"limit": 5}, None),
    ("GET", "/jobs", {"limit": 5000}, None),
    ("GET", "/jobs", {"limits": 5}, None),
    ("POST", "/scenarios/pins", None, {"vendor": "useapi", "scenario": "moderated-midway"}),
    ("POST", "/scenarios/pins", None, {"vendor": "useapi", "scenario": "moderated-midwya"}),
    ("POST", "/scenarios/pins", None, {"vendor": "useapi"}),
    ("DELETE", "/scenarios/pins", None, None),
    ("PUT", "/clock", None, None),
    ("GET", "/clocks", None, None),
    ("POST", "/clock/advance", None, {"by": "1m"}),
    ("POST", "/clock/advance", None, {"to": "1999-01-01T00:00:00Z"}),
    ("GET", "/jobs/nobody", None, None),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: " ".join(map(str, call)))
def test_both_ways_say_the_same(sandbox: Simulator, call: tuple[Any, ...]) -> None:
    method, path, query, body = call
    local, over_http = LocalTransport(server()), HttpTransport(server().url)

    def asked(transport: Any) -> Answer:
        with open_sandbox(f"beside {sandbox.id}") as beside:
            beside.reset()
            answer: Answer = transport.ask(method, f"/sandboxes/{beside.id}{path}", query, body)
            return Answer(answer.status, str(answer.body).replace(beside.id, "it"))

    assert asked(local) == asked(over_http)
    over_http.close()


def test_what_is_said_and_answered_is_a_copy(sandbox: Simulator) -> None:
    local, switches = LocalTransport(server()), {"useapi.busy": "plain"}

    answer = local.ask("PATCH", f"/sandboxes/{sandbox.id}/switches", None, switches)
    switches["useapi.busy"] = "nonsense"
    answer.body["switches"].clear()

    assert local.ask("GET", f"/sandboxes/{sandbox.id}/switches").body["switches"]


async def test_what_waits_is_awaited_inside_a_loop(sandbox: Simulator) -> None:
    transport = LocalTransport(server())
    path = f"/sandboxes/{sandbox.id}/clock/advance"

    waiting = transport.ask_waiting("POST", path, None, {"by": "1m"})
    forgotten = list(transport.forgotten)
    assert not isinstance(waiting, Answer)
    answer = await waiting

    assert (answer.status, answer.body["moved_ms"]) == (200, 60_000)
    assert (forgotten, transport.forgotten) == (["advance"], [])
    later = await AsyncLocalTransport(server()).ask("POST", path, None, {"by": "1m"})
    assert later.body["now"] == "2026-01-28T12:02:00.000Z"


async def test_many_tasks_ask_at_once(sandbox: Simulator) -> None:
    transport = AsyncLocalTransport(server())
    path = f"/sandboxes/{sandbox.id}/clock"

    answers = await asyncio.gather(*(transport.ask("GET", path) for _ in range(20)))

    assert {answer.status for answer in answers} == {200}
