"""Webhooks by the control API: seen with every attempt, sent again, sent by hand, and waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.vendors.deepswapai.webhooks import SIGNATURE, sign
from tests.server.conftest import until
from tests.server.control.conftest import EPOCH_MS, Server

JOB, OTHER = "vjob_xyz789abc", "vjob_abc789xyz"
HOUR = {"by": "1h"}
Start = Callable[..., Awaitable[Server]]


async def submit(server: Server, job_id: str = JOB, name: str = "orders", scenario: str = "happy", **more: str) -> None:
    """Submit a video whose webhooks go to a built-in receiver."""
    headers = {"X-Simulator-Job-Id": job_id, "X-Simulator-Scenario": scenario}
    status, said = await server.submit(hook=server.receiver(name), **headers, **more)
    assert status == 202, said


async def webhooks(server: Server, query: str = "") -> list[dict[str, Any]]:
    """Return the webhooks that fit a query."""
    status, said = await server.call("GET", f"webhooks?{query}" if query else "webhooks")
    assert status == 200, said
    found: list[dict[str, Any]] = said["webhooks"]
    return found


async def answer_with(server: Server, *answers: int, name: str = "orders", **more: Any) -> None:
    """Let a receiver answer with these statuses."""
    said = {"answers": answers, **more}
    assert (await server.call("PUT", f"receiver/deepswapai/{name}", said))[0] == 200


# ---- what is seen


async def test_a_webhook_is_shown_with_exactly_what_was_sent(server: Server) -> None:
    await submit(server)

    _, moved = await server.call("POST", "clock/advance", HOUR)

    [told] = moved["webhooks"]
    [attempt] = told["attempts"]
    body = attempt["request"]["body"]
    assert (told["number"], told["vendor"], told["job_id"]) == (1, "deepswapai", JOB)
    assert (told["event"], told["status"], told["why"]) == ("videoSwapEnded", "completed", "entered completed")
    assert (told["state"], told["due_ms"], told["faults"]) == ("delivered", None, [])
    assert attempt["at_ms"] == told["told_at_ms"] > EPOCH_MS
    assert (attempt["status"], attempt["answer"], attempt["error"]) == (200, "ok", None)
    assert attempt["request"]["headers"][SIGNATURE] == sign(body.encode(), "test-key")
    [came] = (await server.call("GET", "received"))[1]["messages"]
    assert came["body"] == body
    assert await webhooks(server) == [told]
    assert await server.call("GET", "webhooks/1") == (200, told)


async def test_each_attempt_is_shown_with_what_came_of_it(server: Server) -> None:
    await submit(server)
    await answer_with(server, 503, 418, 200, body="busy")

    moves = [(await server.call("POST", "clock/next"))[1]["webhooks"] for _ in range(3)]

    assert [len(moved) for moved in moves] == [0, 1, 1]  # processing, completed, the second attempt
    [told] = await webhooks(server)
    assert (told["state"], [attempt["status"] for attempt in told["attempts"]]) == ("waiting", [503, 418])
    assert told["due_ms"] == told["attempts"][1]["at_ms"] + 30_000
    await server.call("POST", "clock/advance", HOUR)
    [told] = await webhooks(server)
    assert [attempt["status"] for attempt in told["attempts"]] == [503, 418, 200]
    assert [attempt["answer"] for attempt in told["attempts"]] == ["busy"] * 3
    assert [attempt["at_ms"] - told["told_at_ms"] for attempt in told["attempts"]] == [0, 5000, 35_000]
    assert (told["state"], told["due_ms"]) == ("delivered", None)


async def test_where_no_answer_comes_it_says_why(server: Server, unused_tcp_port: int) -> None:
    await server.submit(hook=f"http://127.0.0.1:{unused_tcp_port}/hook")

    await server.call("POST", "clock/advance", HOUR)

    [told] = await webhooks(server)
    assert told["state"] == "given_up"
    assert [(one["status"], one["answer"], one["error"]) for one in told["attempts"]] == [
        (None, None, "connection refused")
    ] * 4


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("vendor=deepswapai", [1, 2, 3]),
        ("vendor=useapi", []),
        (f"job_id={JOB}", [1, 3]),
        ("status=completed", [1, 3]),
        ("status=failed", [2]),
        ("state=delivered", [1]),
        ("state=lost", [2]),
        ("state=under_way", [3]),
        ("state=over", [1, 2]),
        ("url=*/errors", [2]),
        ("url=http://127.0.0.1:*", [1, 2, 3]),
        ("since=1", [2, 3]),
        ("limit=1", [3]),
        (f"job_id={OTHER}&state=over&since=0&limit=5", [2]),
    ],
)
async def test_webhooks_are_found_by_what_they_are(server: Server, query: str, numbers: list[int]) -> None:
    await submit(server)
    await server.call("POST", "clock/advance", HOUR)
    await submit(server, OTHER, "errors", "failed-early")
    await server.call("POST", "webhooks/faults", {"job_id": OTHER, "faults": {"lost": True}})
    await server.call("POST", "clock/advance", HOUR)
    await answer_with(server, 200, delay="60s")
    await server.call("POST", "webhooks/1/resend", {"wait": False})
    await until(lambda: server.sandbox.life.received.count == 2)

    found = [one["number"] for one in await webhooks(server, query)]

    assert found == numbers


async def test_no_secret_is_shown(start: Start) -> None:
    server = await start(names=("a2e",))
    secret, password = "a-token-of-the-client", "p4ssword-of-the-client"
    hook = server.receiver("orders", "a2e").replace("://", f"://somebody:{password}@")
    task = {"name": "a try", "face_url": "https://example.com/face.jpg", "video_url": "https://example.com/clip.mp4"}
    said = {**task, "webhook_url": hook, "webhook_token": secret}
    status, _ = await server.call(
        "POST", f"{server.root}/a2e/api/v1/userFaceSwapTask/add", said, headers={"Authorization": "Bearer sk_a-key"}
    )

    moved = await server.call("POST", "clock/advance", HOUR)
    shown = [
        moved,
        await server.call("POST", "webhooks/1/resend"),
        await server.call("POST", "webhooks/fire", {"job_id": moved[1]["webhooks"][0]["job_id"]}),
        await server.call("POST", "webhooks/wait"),
        *[await server.call("GET", path) for path in ("webhooks", "webhooks/1", "received", "journal")],
    ]

    assert status == 200
    [attempt] = moved[1]["webhooks"][0]["attempts"]
    assert attempt["request"]["headers"]["X-A2e-Webhook-Token"] == "…ient"
    assert moved[1]["webhooks"][0]["url"] == hook.replace(password, "***")
    assert [message["opened"]["is_signed"] for message in shown[6][1]["messages"]] == [True] * 3
    assert [message["headers"]["Authorization"][0] for message in shown[6][1]["messages"]] == ["…"] * 3
    assert all(status in (200, 201) for status, _ in shown)
    assert secret not in str(shown)
    assert password not in str(shown)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://token@host.example/a@b", "https://***@host.example/a@b"),
        ("https://me:secret@host.example:99/hook", "https://me:***@host.example:99/hook"),
        ("https://me:sec@ret@host.example", "https://me:***@host.example"),
        ("https://me:sec/ret@host.example/hook", "https://me:***@host.example/hook"),
        ("https://host.example/a@b?c=d@e", "https://host.example/a@b?c=d@e"),
    ],
)
async def test_a_password_in_a_url_is_hidden(server: Server, url: str, shown: str) -> None:
    await submit(server)
    await server.call("POST", "clock/advance", HOUR)

    _, told = await server.call("POST", "webhooks/fire", {"job_id": JOB, "url": url, "wait": False})

    assert told["url"] == shown


# ---- sent again


async def test_a_webhook_is_sent_again_as_it_was(server: Server) -> None:
    await submit(server)
    await server.call("POST", "clock/advance", HOUR)

    status, again = await server.call("POST", "webhooks/1/resend")

    old = (await webhooks(server))[0]
    assert (status, again["number"], again["why"], again["state"]) == (201, 2, "resend of 1", "delivered")
    assert [one["at_ms"] for one in again["attempts"]] == [server.sandbox.clock.now_ms()]
    assert again["attempts"][0]["request"]["body"] == old["attempts"][0]["request"]["body"]
    assert len((await server.call("GET", "received"))[1]["messages"]) == 2


async def test_a_resend_is_tried_once(server: Server) -> None:
    await submit(server)
    await server.call("POST", "clock/advance", HOUR)
    await answer_with(server, 500)

    _, again = await server.call("POST", "webhooks/1/resend", {})

    assert (again["state"], len(again["attempts"])) == ("given_up", 1)


async def test_nobody_has_to_wait_for_a_resend(server: Server) -> None:
    await submit(server)
    await server.call("POST", "clock/advance", HOUR)
    await answer_with(server, 200, delay="60s")

    status, again = await server.call("POST", "webhooks/1/resend", {"wait": False})

    assert (status, again["state"], again["attempts"]) == (201, "ready", [])
    await until(lambda: server.sandbox.life.received.count == 2)


async def test_a_reset_ends_a_resend(server: Server) -> None:
    await submit(server)
    await server.call("POST", "clock/advance", HOUR)
    await answer_with(server, 200, delay="60s")
    sending = asyncio.create_task(server.call("POST", "webhooks/1/resend"))
    await until(lambda: server.sandbox.life.received.count == 2)

    await server.call("POST", "reset")

    status, said = await sending
    assert (status, said["error"]["code"]) == (409, "conflict")


# ---- by hand


async def test_the_present_state_is_told_by_hand(server: Server) -> None:
    await submit(server)
    await server.call("POST", "clock/advance", HOUR)

    status, told = await server.call("POST", "webhooks/fire", {"job_id": JOB})

    assert (status, told["number"], told["why"], told["status"]) == (201, 2, "by hand", "completed")
    assert (told["state"], [one["at_ms"] for one in told["attempts"]]) == ("delivered", [EPOCH_MS + 3_600_000])


async def test_a_state_to_come_is_told_by_hand_now(server: Server) -> None:
    await submit(server)

    status, told = await server.call("POST", "webhooks/fire", {"job_id": JOB, "status": "completed"})

    [attempt] = told["attempts"]
    assert (status, told["status"], told["state"]) == (201, "completed", "delivered")
    assert attempt["at_ms"] == EPOCH_MS < told["told_at_ms"]
    assert '"status":"completed"' in attempt["request"]["body"]
    assert (await server.poll(JOB))[1]["status"] == "queued"


async def test_a_state_is_told_by_hand_to_somebody_else(server: Server) -> None:
    await server.submit(**{"X-Simulator-Job-Id": JOB})
    await server.call("POST", "clock/advance", HOUR)

    status, told = await server.call("POST", "webhooks/fire", {"job_id": JOB, "url": server.receiver("else")})

    assert (status, told["state"]) == (201, "delivered")
    [came] = (await server.call("GET", "received?name=else"))[1]["messages"]
    assert came["opened"]["plain"]["output_url"].startswith(f"{server.root}/deepswapai/results/")
    assert came["opened"]["problem"] is None


async def test_what_the_vendor_never_tells_is_not_told_by_hand(server: Server) -> None:
    await submit(server)

    status, said = await server.call("POST", "webhooks/fire", {"job_id": JOB, "status": "queued"})

    assert (status, said["error"]["code"], said["error"]["legal"]) == (422, "untold_state", ["completed", "failed"])
    assert "never tells that a job is 'queued'" in said["error"]["message"]


async def test_an_end_that_never_comes_can_be_told_by_hand(server: Server) -> None:
    await submit(server)

    status, told = await server.call("POST", "webhooks/fire", {"job_id": JOB, "status": "failed"})

    assert (status, told["state"], told["plain"]["event"]) == (201, "delivered", "video_swap.failed")
    assert server.sandbox.job(JOB).word == "queued"


async def test_nobody_has_to_wait_for_what_is_told_by_hand(server: Server) -> None:
    await submit(server)

    status, told = await server.call("POST", "webhooks/fire", {"job_id": JOB, "status": "completed", "wait": False})

    assert (status, told["state"], told["attempts"]) == (201, "ready", [])
    await until(lambda: server.sandbox.life.received.count == 1)


@pytest.mark.parametrize(
    ("said", "status", "code", "legal"),
    [
        ({"job_id": "vjob_nobody00"}, 422, "unknown_job", None),
        ({"job_id": JOB, "status": "sung"}, 422, "unknown_state", ["completed", "failed"]),
        ({"job_id": OTHER}, 422, "untold_state", ["completed", "failed"]),
        ({"job_id": OTHER, "status": "completed"}, 409, "conflict", None),
        ({"job_id": "silent"}, 409, "conflict", None),
        ({"job_id": JOB, "url": "ftp://127.0.0.1/hook"}, 400, "bad_request", None),
        ({"job_id": JOB, "uri": "http://127.0.0.1/hook"}, 400, "bad_request", None),
        ({"status": "completed"}, 400, "bad_request", None),
    ],
)
async def test_what_cannot_be_told_by_hand_is_refused(
    server: Server, said: dict[str, Any], status: int, code: str, legal: list[str] | None
) -> None:
    picture = {"source_image": "https://example.com/a.jpg", "target_image": "https://example.com/b.jpg"}
    key = {"Authorization": "Bearer test-key"}
    await server.call("POST", f"{server.root}/deepswapai/v1/image-swap", picture, headers=key)
    [silent] = [shot.job.id for shot in server.sandbox.jobs() if shot.job.kind == "image"]
    await submit(server)
    await server.submit(**{"X-Simulator-Job-Id": OTHER})
    said = {**said, **({"job_id": silent} if said.get("job_id") == "silent" else {})}

    answered, body = await server.call("POST", "webhooks/fire", said)

    assert (answered, body["error"]["code"], body["error"].get("legal")) == (status, code, legal)
    assert await webhooks(server) == []


# ---- waited for


async def test_waiting_moves_a_clock_that_stands(server: Server) -> None:
    await submit(server)

    status, said = await server.call("POST", "webhooks/wait")

    [told] = said["webhooks"]
    assert (status, told["job_id"], told["state"]) == (200, JOB, "delivered")
    assert server.sandbox.clock.now_ms() == told["told_at_ms"]


async def test_one_that_is_there_already_is_not_waited_for(server: Server) -> None:
    await submit(server)
    await server.call("POST", "clock/advance", HOUR)

    _, said = await server.call("POST", "webhooks/wait", {"job_id": JOB, "timeout": 0})

    assert [told["number"] for told in said["webhooks"]] == [1]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"count": 2}, [1, 2]),
        ({"count": 2, "after": 1}, [2, 3]),
        ({"vendor": "deepswapai", "job_id": OTHER}, [2]),
        ({"status": "failed"}, [2]),
        ({"state": "lost"}, [4]),
        ({"state": "over", "after": 3}, [4]),
        ({"state": "over", "count": 4}, [1, 2, 3, 4]),
    ],
)
async def test_what_is_waited_for_can_be_told(server: Server, wanted: dict[str, Any], numbers: list[int]) -> None:
    await submit(server)
    await server.call("POST", "clock/advance", HOUR)
    await submit(server, OTHER, scenario="failed-early")
    await server.call("POST", "clock/advance", HOUR)
    await submit(server, "vjob_third00")
    await server.call("POST", "webhooks/wait", {"count": 3})
    await submit(server, "vjob_fourth0", scenario="webhook-lost")

    status, said = await server.call("POST", "webhooks/wait", wanted)

    assert (status, [told["number"] for told in said["webhooks"]]) == (200, numbers)


async def test_a_clock_that_runs_by_itself_is_left_alone(start: Start) -> None:
    server = await start(mode="real", speed=1_000_000)
    await submit(server)

    status, said = await server.call("POST", "webhooks/wait", {"job_id": JOB})

    assert (status, said["webhooks"][0]["state"]) == (200, "delivered")


async def test_what_does_not_come_is_not_waited_for_in_vain(server: Server) -> None:
    await submit(server)

    status, said = await server.call("POST", "webhooks/wait", {"status": "failed", "timeout": "1ms"})

    assert (status, said["error"]["code"]) == (409, "not_in_time")
    assert "0 of 1" in said["error"]["message"]


async def test_a_reset_ends_the_waiting(server: Server) -> None:
    waiting = asyncio.create_task(server.call("POST", "webhooks/wait", {"timeout": "60s"}))
    await until(lambda: server.dispatcher._pulse)  # it waits for news

    await server.call("POST", "reset")

    assert (await waiting)[0] == 409


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "webhooks?stauts=completed", None, 400, "bad_request"),
        ("GET", "webhooks?state=under%20way", None, 400, "bad_request"),
        ("GET", "webhooks?limit=0", None, 400, "bad_request"),
        ("GET", "webhooks?vendor=nobody", None, 404, "unknown_vendor"),
        ("GET", "webhooks/1", None, 404, "not_found"),
        ("GET", "webhooks/0", None, 400, "bad_request"),
        ("GET", "webhooks/first", None, 400, "bad_request"),
        ("GET", "webhooks/wait", None, 405, "method_not_allowed"),
        ("POST", "webhooks/1/resend", None, 404, "not_found"),
        ("POST", "webhooks/1/resend", {"wait": "no"}, 400, "bad_request"),
        ("POST", "webhooks/1/resend", {"times": 2}, 400, "bad_request"),
        ("POST", "webhooks/wait", {"state": "under way"}, 400, "bad_request"),
        ("POST", "webhooks/wait", {"count": 0}, 400, "bad_request"),
        ("POST", "webhooks/wait", {"job": JOB}, 400, "bad_request"),
        ("POST", "webhooks/wait", {"vendor": "nobody"}, 422, "unknown_vendor"),
        ("POST", "webhooks/wait", {"timeout": "61s"}, 422, "bad_length"),
        ("POST", "webhooks/wait", {"timeout": "soon"}, 400, "bad_request"),
    ],
)
async def test_a_call_that_makes_no_sense_is_refused(
    server: Server, method: str, path: str, body: Any, status: int, code: str
) -> None:
    answered, said = await server.call(method, path, body)

    assert (answered, said["error"]["code"]) == (status, code)
