"""Clips as files: whole, in part, and not there."""

import pytest

from simulator.jobs.files import check_planned
from tests.vendors.openshorts.client import Client


@pytest.mark.fact("openshorts.files.ranges", "openshorts.clip.size")
def test_a_clip_whole_and_in_part(client: Client) -> None:
    job_id = client.submit(target_clips=1)
    early = client.call("GET", f"/{client.sandbox.jobs()[0].outputs[0].path}")
    client.advance(10)
    [clip] = client.status(job_id)["result"]["clips"]
    [output] = client.sandbox.jobs()[0].outputs

    whole = client.call("GET", clip["video_url"])
    part = client.call("GET", clip["video_url"], Range="bytes=4-7")
    outside = client.call("GET", clip["video_url"], Range=f"bytes={output.size_bytes}-")
    head = client.call("HEAD", clip["video_url"])

    check_planned(output)
    assert early.status == 404
    assert (whole.status, whole.headers["Content-Type"], len(whole.content)) == (200, "video/mp4", output.size_bytes)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert (part.status, part.content) == (206, b"ftyp")
    assert part.headers["Content-Range"] == f"bytes 4-7/{output.size_bytes}"
    assert (outside.status, outside.content) == (416, b"")
    assert outside.headers["Content-Range"] == f"bytes */{output.size_bytes}"
    assert (head.status, head.headers["Content-Length"], head.content) == (200, str(output.size_bytes), b"")
    assert client.call("GET", clip["video_url"], If_None_Match=whole.headers["ETag"]).status == 304


@pytest.fixture
def clip(client: Client) -> str:
    job_id = client.submit(target_clips=1)
    client.advance(10)
    return str(client.status(job_id)["result"]["clips"][0]["video_url"])


@pytest.mark.fact("openshorts.files.head-range")
def test_a_range_counts_for_head_too(client: Client, clip: str) -> None:
    size_bytes = client.sandbox.jobs()[0].outputs[0].size_bytes

    head = client.call("HEAD", clip, Range="bytes=4-7")

    assert (head.status, head.headers["Content-Length"], head.content) == (206, "4", b"")
    assert head.headers["Content-Range"] == f"bytes 4-7/{size_bytes}"
    assert client.call("HEAD", clip, Range="bytes=4-7", If_Range='"other"').status == 200


@pytest.mark.fact("openshorts.files.bad-range")
@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("4-7", "Malformed range header."),
        ("items=0-1", "Only support bytes range"),
        ("bytes=abc", "Range header: range must be requested"),
        ("bytes=", "Range header: range must be requested"),
        ("bytes=-", "Range header: range must be requested"),
        ("bytes=9-2", "Range header: start must be less than end"),
        ("bytes=0-1,9-2", "Range header: start must be less than end"),
    ],
)
def test_a_range_that_is_none_is_refused(client: Client, clip: str, said: str, text: str) -> None:
    answer = client.call("GET", clip, Range=said)

    assert (answer.status, answer.content.decode()) == (400, text)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.fact("openshorts.files.ranges", "openshorts.files.bad-range", "openshorts.files.several-ranges")
@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("bytes=999999999-", 416),
        ("bytes=999999999-2", 416),
        ("bytes=-0", 416),
        ("Bytes=0-", 206),
        ("bytes=-8", 206),
        ("bytes=0-1,4-7", 200),
    ],
)
def test_a_range_beyond_the_end_and_ranges_that_are_taken(client: Client, clip: str, said: str, status: int) -> None:
    answer = client.call("GET", clip, Range=said)

    assert answer.status == status
    if status == 416:
        assert answer.content == b""
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.fact("openshorts.files.method")
def test_a_clip_is_read_only(client: Client, clip: str) -> None:
    answer = client.call("POST", clip, b"x")

    assert (answer.status, answer.body) == (405, {"detail": "Method Not Allowed"})
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.fact("openshorts.files.missing")
@pytest.mark.parametrize(
    "path",
    [
        "x/y.mp4",
        "x",
        "",
        "../health",
        "..%2f..%2fetc%2fpasswd",
        "x/..%2f..%2f..%2fetc/passwd",
        "%2e%2e/%2e%2e/etc",
        "x/y/z",
    ],
)
def test_a_file_that_is_not_there(client: Client, path: str) -> None:
    answer = client.call("GET", f"/videos/{path}")

    assert (answer.status, answer.body) == (404, {"detail": "Not Found"})
