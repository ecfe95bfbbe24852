"""The journal by the control API."""

import pytest

from simulator.server.control.journal import matches
from tests.server.control.conftest import Server


async def numbers(server: Server, query: str = "", sandbox: str = "main") -> list[int]:
    _, said = await server.call("GET", f"sandboxes/{sandbox}/journal{query}")
    return [entry["number"] for entry in said["entries"]]


async def test_it_holds_what_was_said_with_secrets_hidden(server: Server) -> None:
    _, job = await server.submit()

    _, said = await server.call("GET", "journal")

    [entry] = said["entries"]
    assert (said["last"], entry["number"], entry["operation"], entry["reply"]["status"]) == (1, 1, "videoSwap", 202)
    assert entry["job_ids"] == [job["job_id"]]
    assert job["job_id"] in entry["reply"]["body"]
    assert "clip.mp4" in entry["request"]["body"]
    assert (entry["request"]["headers"]["Authorization"], entry["account"]) == ("…-key", "…")
    assert entry["marks"] == ["scenario happy by default"]


async def test_secrets_in_bodies_are_hidden_too(server: Server) -> None:
    token = "MTE4-discord-token-of-a-user"
    channel = {"discord": token, "server": "1218247298912354304", "channel": "1218247389001809923"}
    url = f"{server.root}/useapi/v1/faceswap/account/1218247389001809923"
    await server.call("PATCH", "switches", {"useapi.account_discord": "shown"})

    put, _ = await server.call("POST", url, channel, headers={"Authorization": "Bearer user:12345-long-key"})
    got = await server.call("GET", url, headers={"Authorization": "Bearer user:12345-long-key"})
    await server.call("POST", url, data=b"{broken " + token.encode(), headers={"Authorization": "Bearer user:12345-long-key", "Content-Type": "application/json"})  # fmt: skip

    assert (put, got[1]["discord"]) == (204, token)
    listings = [(await server.call("GET", path))[1] for path in ("journal", "accounts", "records", "jobs")]
    for secret in (token, "user:12345-long-key", "12345-long"):
        assert secret not in str(listings)
    assert [entry["account"] for entry in listings[0]["entries"]] == ["…-key"] * 3
    assert '"discord":"…user"' in listings[0]["entries"][0]["request"]["body"]
    assert '"discord":"…user"' in listings[0]["entries"][1]["reply"]["body"]
    assert "1218247298912354304" in listings[0]["entries"][0]["request"]["body"]
    _, whole = await server.call("GET", "accounts/useapi/user:12345-long-key")
    assert whole["key"] == "user:12345-long-key"


async def test_filters_are_all_to_be_met(server: Server) -> None:
    await server.call("POST", "sandboxes", {"id": "other"})
    _, job = await server.submit("/~other")
    await server.poll(job["job_id"], "/~other")
    await server.poll("vjob_nobody00", "/~other")
    await server.call("GET", f"{server.root}/~other/deepswapai/v1/nowhere")

    for query, expected in {
        "": [1, 2, 3, 4],
        "?vendor=useapi": [],
        "?operation=getStatus": [2, 3],
        "?method=GET&status=404": [3, 4],
        "?path=/v1/status/*": [2, 3],
        "?path=/~other/deepswapai/v1/status/vjob_n*": [3],
        "?path=*swap": [1],
        "?path=/v1/status": [],
        "?since=2": [3, 4],
        "?limit=1": [4],
        "?since=1&limit=2&status=404": [3, 4],
    }.items():
        assert await numbers(server, query, "other") == expected, query
    _, said = await server.call("GET", "sandboxes/other/journal")
    assert said["entries"][3]["operation"] is None
    assert (await server.call("GET", "sandboxes/other/journal/count?method=GET"))[1] == {"count": 3}
    assert (await server.call("GET", "journal/count"))[1] == {"count": 0}


async def test_notes_stand_between_the_calls(server: Server) -> None:
    await server.submit()
    server.sandbox.journal.note(server.sandbox.clock.now_ms(), "something was noticed", "deepswapai")

    _, said = await server.call("GET", "journal?since=1")

    [note] = said["entries"]
    assert (note["kind"], note["marks"], note["vendor"]) == ("note", ["something was noticed"], "deepswapai")
    assert await numbers(server, "?method=POST") == [1]


async def test_clearing_keeps_the_numbers(server: Server) -> None:
    await server.submit()
    await server.call("DELETE", "journal")
    await server.submit()

    _, said = await server.call("GET", "journal")

    assert (said["last"], [entry["number"] for entry in said["entries"]]) == (2, [2])


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("/a", "/a", True),
        ("/a", "/ab", False),
        ("*", "", True),
        ("*", "/anything", True),
        ("/a*", "/a", True),
        ("/a*b*c", "/a-b-c", True),
        ("/a*b*c", "/a-c-b", False),
        ("*ab*ab", "ab", False),
        ("*ab*ab", "abab", True),
        ("a*a", "a", False),
        ("[a]?", "b?", False),
        ("*" * 5000 + "x", "a" * 8000, False),
    ],
)
def test_a_star_stands_for_any_text(glob: str, text: str, *, expected: bool) -> None:
    assert matches(glob, text) is expected
