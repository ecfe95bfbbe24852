"""Output files: as the replies said, on the vendor's own host, and gone after seven days."""

from typing import Any

import pytest

from simulator.media.synthetic import make
from tests.vendors.akool.wire import BODIES, CREATE, KEY, KINDS, TASK, Client

DAY_MS = 86_400_000
each_kind = pytest.mark.parametrize("kind", KINDS)


def urls(kind: str, said: Any) -> list[str]:
    if kind == "analysis":
        return [person["img_url"] for person in said["analysis_result"]["media"]]
    return [said["url" if kind.startswith("face-swap") else "video_url"]]


@pytest.mark.fact("akool.file.head-swap-path", "akool.file.name", "akool.analysis.media", "akool.task.detail")
@each_kind
def test_every_output_downloads_as_it_was_planned(akool: Client, kind: str) -> None:
    id = akool.submit(kind)["_id"]
    akool.sandbox.advance(60_000)
    outputs = akool.sandbox.job(id).outputs

    files = [akool.fetch("GET", url) for url in urls(kind, akool.look(kind, id))]

    assert len(files) == len(outputs) == (3 if kind == "analysis" else 1)
    for file, output in zip(files, outputs, strict=True):
        assert (file.status, file.headers["Content-Type"]) == (200, output.media_type)
        assert file.body == make(output).read()
    url = urls(kind, akool.look(kind, id))[0]
    assert akool.fetch("GET", url, None, Range="bytes=0-9").status == 206
    assert akool.fetch("HEAD", url).headers["Content-Length"] == str(outputs[0].size_bytes)
    assert akool.fetch("POST", url, {}).status == 405


@pytest.mark.fact("akool.file.seven-days", "akool.file.head-swap-expiry", "akool.file.expired",
                  "akool.file.record-stays")  # fmt: skip
@pytest.mark.parametrize(("switch", "status", "code"), [("403", 403, b"AccessDenied"), ("404", 404, b"NoSuchKey")])
@each_kind
def test_a_file_is_there_for_seven_days(akool: Client, kind: str, switch: str, status: int, code: bytes) -> None:
    akool.sandbox.set_switches({"akool.missing_file": switch})
    id = akool.submit(kind)["_id"]
    ended_at_ms = akool.sandbox.job(id).job.entries[-1].at_ms
    akool.sandbox.advance_to(ended_at_ms + 7 * DAY_MS)
    [url, *_] = urls(kind, akool.look(kind, id))

    at_last = akool.fetch("GET", url)
    akool.sandbox.advance(1)
    expired = akool.fetch("GET", url)

    assert at_last.status == 200
    assert (expired.status, expired.headers["Content-Type"]) == (status, "application/xml")
    assert b"<Code>" + code in expired.body
    assert akool.status(kind, id) == 3


@pytest.mark.fact("akool.file.unknown", "akool.file.host")
def test_a_file_that_never_was(akool: Client) -> None:
    host = {"Host": "d2qf6ukcym4kn9.cloudfront.net"}
    base = akool.base.removesuffix("/akool")

    answers = [
        akool.fetch("GET", akool.base + "/headswap/6a066dc58570ecbf64f761a5/result.mp4"),
        akool.fetch("GET", akool.base + "/final_x.jpg"),
        akool.fetch("GET", base + "/final_x.jpg", None, **host),
        akool.fetch("GET", base + "/some/where/else", None, **host),
    ]

    assert [answer.status for answer in answers] == [403] * 4


@pytest.mark.fact("akool.file.host", "akool.base.url")
def test_reached_by_the_vendors_own_host_files_have_theirs(akool: Client) -> None:
    akool.analyzed()
    base, host = akool.base.removesuffix("/akool"), "openapi.akool.com"
    made = akool.fetch("POST", base + CREATE, BODIES[CREATE], Host=host, x_api_key=KEY).data
    akool.sandbox.advance(60_000)
    said = akool.fetch("GET", f"{base}{TASK}?_id={made['_id']}", None, Host=host, x_api_key=KEY).data

    assert said["video_url"] == f"http://d2qf6ukcym4kn9.cloudfront.net/headswap/{made['_id']}/result.mp4"


@each_kind
def test_the_same_run_gives_the_same_bytes(akool: Client, kind: str) -> None:
    def run() -> list[Any]:
        akool.sandbox.reset()
        made = akool.submit(kind)
        akool.sandbox.advance(60_000)
        said = akool.look(kind, made["_id"])
        return [made, said, *(akool.fetch("GET", url).body for url in urls(kind, said))]

    assert run() == run()
