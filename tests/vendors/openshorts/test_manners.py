"""The framework's own manners: errors, slashes, other origins; and the tour."""

import pytest

from simulator.vendors.openshorts import VENDOR
from tests.vendors.openshorts.client import Client

ORIGIN = "http://page.example:5173"


@pytest.mark.fact("openshorts.health.shape", "openshorts.config.shape", "openshorts.base.url")
def test_what_the_server_says_of_itself(client: Client) -> None:
    assert VENDOR.url == "http://localhost:8000"
    assert client.call("GET", "/health").body == {"status": "ok"}
    assert client.call("GET", "/api/config").body == {
        "youtubeUrlEnabled": True,
        "billingEnabled": False,
        "googleAuthEnabled": False,
        "jobRetentionSeconds": 3600,
    }


@pytest.mark.fact("openshorts.error.not-found", "openshorts.error.detail")
@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/status", "/api/status/", "/api/status/a/b", "/nothing/", "/videos"]
)
def test_an_unknown_path(client: Client, path: str) -> None:
    answer = client.call("GET", path)

    assert (answer.status, answer.body) == (404, {"detail": "Not Found"})


@pytest.mark.fact("openshorts.error.method")
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/process", "POST"),
        ("DELETE", "/api/status/x", "GET"),
        ("HEAD", "/api/status/x", "GET"),
        ("HEAD", "/health", "GET"),
        ("OPTIONS", "/health", "GET"),
    ],
)
def test_a_wrong_method(client: Client, method: str, path: str, allowed: str) -> None:
    answer = client.call(method, path)

    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert method == "HEAD" or answer.body == {"detail": "Method Not Allowed"}


@pytest.mark.fact("openshorts.error.slash")
@pytest.mark.parametrize("path", ["/api/config", "/api/process", "/api/status/x", "/health"])
def test_a_slash_too_many_is_redirected(client: Client, path: str) -> None:
    answer = client.call("GET", f"{path}/?a=1")

    assert (answer.status, answer.content) == (307, b"")
    assert answer.headers["Location"] == f"{client.base}{path}?a=1"


@pytest.mark.fact("openshorts.cors.any-origin")
@pytest.mark.parametrize("path", ["/health", "/nothing", "/api/status/x", "/videos/x/y", "/health/"])
def test_a_page_of_any_origin_is_named(client: Client, path: str) -> None:
    asked, plain = client.call("GET", path, Origin=ORIGIN), client.call("GET", path)

    assert asked.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert asked.headers["Access-Control-Allow-Credentials"] == "true"
    assert asked.headers["Vary"] == "Origin"
    assert not [name for name in plain.headers if name.lower().startswith("access-control")]


@pytest.mark.fact("openshorts.cors.preflight")
@pytest.mark.parametrize("path", ["/api/process", "/nothing", "/videos/x/y"])
def test_a_preflight_allows_everything(client: Client, path: str) -> None:
    answer = client.call(
        "OPTIONS", path, Origin=ORIGIN, Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="x-gemini-key,content-type",
    )  # fmt: skip

    assert (answer.status, answer.content) == (200, b"OK")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Access-Control-Allow-Methods"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    assert answer.headers["Access-Control-Allow-Headers"] == "x-gemini-key,content-type"
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_the_tour_and_the_first_call_are_good_ones(client: Client) -> None:
    tour = VENDOR.tour
    assert tour
    headers = {name: said.replace("{key}", VENDOR.sample_key) for name, said in tour.headers}

    job_id = client.process(dict(tour.json), **headers).body[tour.id_at]
    client.advance(10)

    assert client.status(job_id)["status"] == tour.good_word
    assert "{base}" in VENDOR.first_call
    assert "{key}" in VENDOR.first_call
