"""The built-in receiver: what it answers, and what it understands of what came."""

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import pytest

from simulator import vendors
from simulator.sandbox.received import Answers
from simulator.vendors.deepswapai.webhooks import SIGNATURE, sign
from tests.server.conftest import until
from tests.server.control.conftest import Server

JOB = "vjob_xyz789abc"
FACE, CLIP = "https://example.com/face.jpg", "https://example.com/clip.mp4?duration=300&width=320&height=180"
SUBMITS: dict[str, tuple[str, dict[str, Any], str, bool]] = {
    "a2e": (
        "/api/v1/userFaceSwapTask/add",
        {"name": "a try", "face_url": FACE, "video_url": CLIP, "webhook_token": "a-secret-token"},
        "webhook_url",
        True,
    ),
    "akool": (
        "/api/open/v3/faceswap/highquality/specifyimage",
        {"sourceImage": [{"path": FACE}], "targetImage": [{"path": FACE}], "modifyImage": FACE},
        "webhookUrl",
        True,
    ),
    "deepswapai": ("/v1/video-swap", {"source_image": FACE, "target_video": CLIP}, "webhook_url", True),
    "openshorts": (
        "/api/process",
        {"url": CLIP, "target_clips": 2, "webhook_secret": "a-secret-of-the-client"},
        "webhook_url",
        True,
    ),
    "useapi": ("/v1/faceswap/headshot", {"prompt": "me, a king"}, "replyUrl", False),
}
"""For each vendor: where a job with a webhook is submitted, the body, the field of the URL, and whether it is signed."""
Start = Callable[..., Awaitable[Server]]


async def received(server: Server, query: str = "", prefix: str = "") -> list[dict[str, Any]]:
    """Return what came and fits a query."""
    status, said = await server.call("GET", f"{server.root}{prefix}/_simulator/received?{query}".rstrip("?"))
    assert status == 200, said
    found: list[dict[str, Any]] = said["messages"]
    return found


async def post(
    server: Server, body: bytes | str, name: str = "orders", prefix: str = "", **headers: str
) -> tuple[int, str]:
    """Post to a receiver; return its answer."""
    said = {header.replace("_", "-"): value for header, value in headers.items()}
    url = server.receiver(name, prefix=prefix)
    async with server.client.post(url, data=body, headers=said) as reply:
        return reply.status, await reply.text()


async def submit(server: Server, vendor: str, name: str = "orders") -> None:
    """Submit a job whose webhooks go to a built-in receiver."""
    path, body, field, _ = SUBMITS[vendor]
    found = vendors.load(vendor)
    assert found.tour is not None
    headers = {name: said.replace("{key}", found.sample_key) for name, said in found.tour.headers}
    headers |= {"Authorization": f"Bearer {found.sample_key}"}
    said = {**body, field: server.receiver(name, vendor)}
    status, reply = await server.call("POST", f"{server.root}/{vendor}{path}", said, headers=headers)
    assert status in (200, 202), reply


# ---- what is understood


@pytest.mark.parametrize("vendor", SUBMITS)
async def test_what_a_vendor_sends_is_opened(start: Start, vendor: str) -> None:
    server = await start(names=vendors.NAMES)
    await submit(server, vendor)

    [told] = (await server.call("POST", "webhooks/wait"))[1]["webhooks"]

    [came] = await received(server, f"vendor={vendor}&name=orders")
    assert came["opened"]["problem"] is None
    assert came["opened"]["is_signed"] is SUBMITS[vendor][-1]
    assert (came["job_id"], came["is_known"]) == (told["job_id"], True)
    assert came["opened"]["plain"][vendors.load(vendor).kinds[-1].webhook.ids_at[0]] == told["job_id"]  # type: ignore[union-attr]
    assert (came["body"], came["at_ms"]) == (told["attempts"][0]["request"]["body"], told["told_at_ms"])


@pytest.mark.parametrize(
    ("fault", "is_signed", "is_fine", "is_known"),
    [
        ("wrong_signature", True, False, True),
        ("wrong_id", True, True, False),
        ("other_sandbox", True, True, False),
        ("truncated", True, False, False),
        ("extra_fields", True, True, True),
    ],
)
async def test_what_is_wrong_with_a_message_is_seen(
    server: Server, fault: str, is_signed: bool, is_fine: bool, is_known: bool
) -> None:
    await server.call("POST", "webhooks/faults", {"faults": {fault: True}})
    await submit(server, "deepswapai")

    await server.call("POST", "webhooks/wait")

    [came] = await received(server)
    assert (came["opened"]["is_signed"], came["opened"]["problem"] is None) == (is_signed, is_fine)
    assert came["is_known"] is is_known


async def test_the_keys_of_the_right_account_count(server: Server) -> None:
    for job_id, key in ((JOB, "one-key"), ("vjob_abc789xyz", "two-key")):
        await server.submit(key=key, **{"X-Simulator-Job-Id": job_id})
    known, unknown = f'{{"job_id":"{JOB}"}}', '{"job_id":"vjob_nobody00"}'

    await post(server, known, **{SIGNATURE: sign(known.encode(), "one-key")})
    await post(server, known, **{SIGNATURE: sign(known.encode(), "two-key")})
    await post(server, unknown, **{SIGNATURE: sign(unknown.encode(), "two-key")})
    await post(server, unknown, **{SIGNATURE: sign(unknown.encode(), "three-key")})
    await post(server, known)

    came = await received(server)
    assert [one["opened"]["problem"] is None for one in came] == [True, False, True, False, False]
    assert [one["job_id"] for one in came] == [JOB, JOB, "vjob_nobody00", "vjob_nobody00", JOB]
    assert [one["is_known"] for one in came] == [True, True, False, False, True]
    assert came[4]["opened"]["is_signed"] is False


async def test_a_secret_that_was_set_up_is_known(server: Server) -> None:
    await server.submit(**{"X-Simulator-Job-Id": JOB})
    await server.call("PUT", "accounts/deepswapai/test-key", {"details": {"webhook_secret": "new-secret"}})
    body = f'{{"job_id":"{JOB}"}}'

    await post(server, body, **{SIGNATURE: sign(body.encode(), "new-secret")})
    await post(server, body, **{SIGNATURE: sign(body.encode(), "test-key")})

    assert [one["opened"]["problem"] is None for one in await received(server)] == [True, False]


async def test_where_nobody_has_called_a_vendor_nothing_can_be_verified(start: Start) -> None:
    server = await start(names=vendors.NAMES)
    for vendor in ("deepswapai", "useapi"):
        async with server.client.post(server.receiver("orders", vendor), data=b'{"jobid": "j1", "job_id": "j2"}'):
            pass

    signed, plain = await received(server)

    assert "has no account here yet" in signed["opened"]["problem"]
    assert (plain["opened"]["problem"], plain["job_id"], plain["is_known"]) == (None, "j1", False)


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        (b"", None),
        (b"plain words", None),
        (b"\xff\xfe\x00", None),
        (b"[" * 100_000, None),
        (b'["job_id"]', ["job_id"]),
        (b'{"job_id": 7}', {"job_id": 7}),
        (b"a=1&b=2", None),
    ],
)
@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_anything_may_come(server: Server, body: bytes, plain: Any, media_type: str) -> None:
    answer = await post(server, body, Content_Type=media_type)

    [came] = await received(server)
    assert answer == (200, "ok")
    assert (came["opened"]["plain"], came["job_id"], came["size_bytes"]) == (plain, None, len(body))
    assert came["opened"]["problem"]
    assert came["body"].startswith(body.decode("utf-8", "replace")[:60_000])
    assert came["headers"]["Content-Type"] == media_type


async def test_a_long_body_is_cut_and_still_judged(server: Server) -> None:
    await server.submit(**{"X-Simulator-Job-Id": JOB})
    body = f'{{"job_id":"{JOB}","more":"{"x" * 100_000}"}}'

    await post(server, body, **{SIGNATURE: sign(body.encode(), "test-key")})

    [came] = await received(server)
    assert came["body"] == f"{body[:65_536]} ... {len(body)} bytes in all"
    assert (came["size_bytes"], came["opened"]["plain"], came["opened"]["problem"]) == (len(body), None, None)
    assert (came["job_id"], came["is_known"]) == (JOB, True)


@pytest.mark.parametrize("in_pieces", [False, True])
async def test_too_large_a_body_is_refused(server: Server, in_pieces: bool) -> None:
    body = b" " * ((1 << 20) + 1)

    async def pieces() -> Any:
        yield body

    data = pieces() if in_pieces else BytesIO(body)
    status, said = await server.call("POST", server.receiver("orders"), data=data)

    assert (status, said["error"]["code"]) == (400, "bad_request")
    assert "larger than 1048576 bytes" in said["error"]["message"]
    assert await received(server) == []


async def test_no_secret_of_a_header_is_shown(server: Server) -> None:
    await post(server, "{}", Authorization="Bearer a-secret-of-somebody", X_Api_Key="another-secret-one")

    [came] = await received(server)
    assert (came["headers"]["Authorization"], came["headers"]["X-Api-Key"]) == ("…body", "…-one")
    assert "secret" not in str(came)


async def test_a_header_that_is_no_text_is_shown_as_one(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.door.port)
    writer.write(
        b"POST /_simulator/receiver/useapi/orders HTTP/1.1\r\nHost: localhost\r\nX-Odd: \xff\xfe\r\n"
        b"Content-Length: 2\r\nConnection: close\r\n\r\n{}"
    )
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()

    [came] = await received(server)
    assert came["headers"]["X-Odd"] == "��"


# ---- who may send, and where to


async def test_it_is_open_to_everybody_and_what_came_is_not(start: Start) -> None:
    server = await start(token="secret-token")

    sent = await post(server, "{}", Origin="https://example.com", Host="rebind.example")
    answers = [
        await server.call("GET", "received"),
        await server.call("DELETE", "received"),
        await server.call("PUT", "receiver/useapi/orders", {"answers": [200]}),
        await server.call("GET", "receiver/useapi/orders"),
    ]

    assert sent == (200, "ok")
    assert [status for status, _ in answers] == [401] * 4


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
async def test_only_a_post_is_received(server: Server, method: str) -> None:
    async with server.client.request(method, server.receiver("orders")) as reply:
        assert (reply.status, reply.headers["Allow"]) == (405, "PUT, POST")

    assert await received(server) == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("receiver/nobody/orders", 404, "unknown_vendor"),
        ("receiver/useapi/%C3%A4", 400, "bad_request"),
        (f"receiver/useapi/{'x' * 101}", 400, "bad_request"),
        ("receiver/useapi", 404, "not_found"),
        ("receiver/useapi/orders/new", 404, "not_found"),
        ("sandboxes/nowhere/receiver/useapi/orders", 404, "not_found"),
    ],
)
async def test_there_is_no_receiver_elsewhere(server: Server, path: str, status: int, code: str) -> None:
    answered, said = await server.call("POST", path, {})

    assert (answered, said["error"]["code"]) == (status, code)


async def test_a_url_with_a_query_is_received_too(server: Server) -> None:
    status, _ = await post(server, "{}", name="orders?for=me&for=you")

    assert (status, [one["name"] for one in await received(server)]) == (200, ["orders"])


async def test_each_sandbox_has_its_own(server: Server) -> None:
    await server.call("POST", "sandboxes", {"id": "other"})
    await server.call("PUT", "sandboxes/other/receiver/deepswapai/orders", {"answers": [418]})

    answers = [await post(server, "{}", prefix=prefix) for prefix in ("", "/~other")]

    assert answers == [(200, "ok"), (418, "ok")]
    assert [len(await received(server, prefix=prefix)) for prefix in ("", "/~other")] == [1, 1]


# ---- how it answers


async def test_it_answers_as_it_is_told_and_the_last_answer_stays(server: Server) -> None:
    status, said = await server.call(
        "PUT", "receiver/deepswapai/orders", {"answers": [503, 302, 201], "body": "no, thanks"}
    )

    answers = [await post(server, "{}") for _ in range(4)]
    elsewhere = await post(server, "{}", name="other")

    shown = {"vendor": "deepswapai", "name": "orders", "answers": [503, 302, 201], "delay": "0ms", "body": "no, thanks"}
    assert (status, said) == (200, shown)
    assert answers == [(503, "no, thanks"), (302, "no, thanks"), (201, "no, thanks"), (201, "no, thanks")]
    assert elsewhere == (200, "ok")
    assert [one["answered"] for one in await received(server)] == [503, 302, 201, 201, 200]


async def test_told_anew_it_begins_anew(server: Server) -> None:
    for _ in range(2):
        await server.call("PUT", "receiver/deepswapai/orders", {"answers": [503, 200]})

        assert [(await post(server, "{}"))[0] for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_some_answers_have_no_body(server: Server, status: int) -> None:
    await server.call("PUT", "receiver/deepswapai/orders", {"answers": [status], "body": "words"})

    assert await post(server, "{}") == (status, "")


@pytest.mark.parametrize("status", [400, 404, 422, 599])
async def test_an_error_is_answered_in_the_receivers_words(server: Server, status: int) -> None:
    await server.call("PUT", "receiver/deepswapai/orders", {"answers": [status], "body": ""})

    assert await post(server, "{}") == (status, "")


async def test_it_takes_its_time(server: Server) -> None:
    _, said = await server.call("PUT", "receiver/deepswapai/orders", {"answers": [200], "delay": "1m"})

    sending = asyncio.create_task(post(server, "{}"))
    await until(lambda: server.sandbox.life.received.count)

    assert said["delay"] == "60000ms"
    assert len(await received(server)) == 1
    assert not sending.done()
    sending.cancel()


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({}, 400, "bad_request"),
        ({"answers": []}, 400, "bad_request"),
        ({"answers": [100]}, 400, "bad_request"),
        ({"answers": [600]}, 400, "bad_request"),
        ({"answers": 200}, 400, "bad_request"),
        ({"answers": [200], "delay": "61s"}, 422, "bad_length"),
        ({"answers": [200], "delay": "soon"}, 400, "bad_request"),
        ({"answers": [200], "headers": {}}, 400, "bad_request"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_refused(server: Server, said: Any, status: int, code: str) -> None:
    answered, body = await server.call("PUT", "receiver/deepswapai/orders", said)

    assert (answered, body["error"]["code"]) == (status, code)
    assert await post(server, "{}") == (200, "ok")


async def test_there_is_an_end_to_receivers_of_their_own_manner(server: Server) -> None:
    for number in range(1000):
        server.sandbox.life.received.set_answers("deepswapai", str(number), Answers((418,)))

    status, body = await server.call("PUT", "receiver/deepswapai/orders", {"answers": [200]})
    again, _ = await server.call("PUT", "receiver/deepswapai/999", {"answers": [200]})

    assert (status, body["error"]["code"], again) == (422, "unprocessable", 200)


# ---- what is kept


async def test_what_came_is_found_by_where_it_came_to(server: Server) -> None:
    for name in ("orders", "errors", "orders"):
        await post(server, "{}", name=name)

    queries = [
        "",
        "name=orders",
        "vendor=useapi",
        "since=1",
        "limit=2",
        "vendor=deepswapai&name=errors&since=0&limit=9",
    ]
    found = [[one["number"] for one in await received(server, query)] for query in queries]

    assert found == [[1, 2, 3], [1, 3], [], [2, 3], [2, 3], [2]]


@pytest.mark.parametrize(
    ("query", "status"),
    [("name=", 400), ("who=me", 400), ("since=-1", 400), ("limit=1001", 400), ("vendor=nobody", 404)],
)
async def test_a_query_that_makes_no_sense_is_refused(server: Server, query: str, status: int) -> None:
    assert (await server.call("GET", f"received?{query}"))[0] == status


async def test_it_is_forgotten_and_numbers_go_on(server: Server) -> None:
    await server.call("PUT", "receiver/deepswapai/orders", {"answers": [418]})
    await post(server, "{}")

    status, _ = await server.call("DELETE", "received")

    assert (status, await received(server)) == (204, [])
    assert (await post(server, "{}"))[0] == 418
    assert [one["number"] for one in await received(server)] == [2]


async def test_a_reset_forgets_all_of_it(server: Server) -> None:
    await server.call("PUT", "receiver/deepswapai/orders", {"answers": [418]})
    await post(server, "{}")

    await server.call("POST", "reset")

    assert await received(server) == []
    assert await post(server, "{}") == (200, "ok")
