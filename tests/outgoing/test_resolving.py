"""Names: looked up once for all who ask, in threads that nobody waits for."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from simulator.outgoing import resolving
from simulator.outgoing.resolving import MOST_AT_A_TIME, Resolver


async def test_localhost_is_this_machine_without_a_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "getaddrinfo", None)

    found = await Resolver().resolve("LocalHost", 80, socket.AF_UNSPEC)
    below = await Resolver().resolve("hooks.localhost", 80, socket.AF_INET)

    assert [(one["host"], one["port"]) for one in found] == [("127.0.0.1", 80), ("::1", 80)]
    assert [one["host"] for one in below] == ["127.0.0.1"]


async def test_slow_names_delay_no_other_and_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    may_answer, asked = threading.Event(), []

    def look_up(host: str, port: Any, **more: Any) -> list[Any]:
        asked.append(host)
        if host != "quick":
            may_answer.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 0))]

    monkeypatch.setattr(resolving, "getaddrinfo", look_up)
    resolver = Resolver()
    slow = [asyncio.create_task(resolver.resolve(f"slow{number % 40}", 1)) for number in range(80)]
    await asyncio.sleep(0)

    [quick] = await resolver.resolve("quick", 9)

    assert (quick["host"], quick["port"]) == ("10.0.0.7", 9)
    may_answer.set()
    await asyncio.gather(*slow)
    assert len(asked) == 41


async def test_there_is_a_bound_and_a_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    may_answer = threading.Event()

    def look_up(host: str, port: Any, **more: Any) -> list[Any]:
        may_answer.wait(10)
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(resolving, "getaddrinfo", look_up)
    resolver = Resolver()
    slow = [asyncio.create_task(resolver.resolve(f"slow{number}")) for number in range(MOST_AT_A_TIME)]
    await asyncio.sleep(0)

    with pytest.raises(OSError, match="looked up already"):
        await resolver.resolve("one-more")
    may_answer.set()
    told = await asyncio.gather(*slow, return_exceptions=True)
    assert {type(error) for error in told} == {socket.gaierror}
    await resolver.close()
