"""What DeepSwapAI sends when a video or a batch has ended; every webhook here is also judged by the contract.

The sample: https://deepswapai.com/es/developer-docs/webhooks, read 2026-08-01.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from simulator.contract.document import Document, Place
from simulator.jobs.chance import Draws
from simulator.jobs.errors import ContractBroken
from simulator.jobs.job import Job
from simulator.jobs.scenario import Scenario, State
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.deepswapai import VENDOR
from simulator.vendors.vendor import Call, Opened, Sealed, Stamp, Webhook
from tests.vendors.deepswapai.jobs import (
    NOON_MS,
    PICTURE,
    batch,
    contract,
    ended,
    ends,
    job,
    result,
    scenario,
    shot,
    state,
    status,
)

fact = pytest.mark.fact
SIGNATURE = "X-DeepSwapAI-Signature"
SAMPLE = (
    b'{"event":"video_swap.completed","job_id":"vjob_xyz789","status":"completed",'
    b'"output_url":"https://cdn.deepswapai.com/results/xyz.mp4","processing_time":118500,"credits_used":48,'
    b'"timestamp":"2026-01-28T12:00:00Z"}'
)
VECTOR = {"webhook_secret": "whsec_sim_test"}, "3886359e498000ecc30038b99f97c51292a1005fcd8adbeb0eb9dcb56dcf43e7"


def webhook(kind: str) -> Webhook:
    found = VENDOR.kind(kind).webhook
    assert found
    return found


def seal(body: bytes, keys: Mapping[str, str] = VECTOR[0], at_ms: int = NOON_MS) -> Sealed:
    return webhook("video").seal(body, keys, Stamp(at_ms, Draws(str(at_ms))))


def opened(body: bytes, signature: str | None, keys: Mapping[str, str] = VECTOR[0]) -> Opened:
    return webhook("video").open(body, {} if signature is None else {SIGNATURE: signature}, keys)


def worded(seen: Snapshot, now_ms: int | None = None) -> Any:
    """Return what is said of a job, whether the contract allows it or not."""
    found = webhook(seen.job.kind)
    call = Call(
        found.name, "POST", {}, {}, {}, lambda path, host: f"https://{host}/{path}",
        now_ms=seen.now_ms if now_ms is None else now_ms,
    )  # fmt: skip
    return found.show(seen, call)


def told(made: Job, now_ms: int | None = None) -> Any:
    """Return what is said of a job's end, after judging it by the contract."""
    seen = ended(made)
    plain = worded(seen, now_ms)
    assert webhook(made.kind).tells(seen)
    contract().webhook(webhook(made.kind).name).check(plain, seal(msgspec.json.encode(plain)))
    return plain


def breaks(kind: str, plain: Any) -> bool:
    try:
        contract().webhook(webhook(kind).name).check(plain, seal(msgspec.json.encode(plain)))
    except ContractBroken:
        return True
    return False


@fact("deepswapai.webhook.video-completed", "deepswapai.webhook.events", "deepswapai.webhook.timestamp")
@fact("deepswapai.webhook.signature", "deepswapai.webhook.signed-bytes", "deepswapai.time.form")
def test_the_documented_webhook_byte_for_byte_with_its_signature() -> None:
    played = ends(queued=18.5, processing=100, result=result(kind="video", duration_ms=45_200))

    body = msgspec.json.encode(told(job("video", played, id="vjob_xyz789"), NOON_MS))

    assert body == SAMPLE
    assert seal(body) == Sealed(SAMPLE, (("Content-Type", "application/json"), (SIGNATURE, VECTOR[1])))


@fact("deepswapai.webhook.timestamp", "deepswapai.file.expires-at", "deepswapai.output.processing-time")
def test_a_completed_video_tells_what_its_status_tells() -> None:
    made = job("video", ends(queued=1.7, processing=100))

    said, looked = told(made), status(made)

    assert said["timestamp"] == "2026-01-28T12:01:41Z"  # the end of 101.7 s, without the fraction
    assert looked["expires_at"] == "2026-01-29T12:01:41Z"
    assert {name: said[name] for name in said.keys() & looked.keys()} == {
        name: looked[name] for name in ("job_id", "status", "output_url", "processing_time", "credits_used")
    }


@fact("deepswapai.webhook.failed", "deepswapai.webhook.events")
def test_a_failed_video_says_why() -> None:
    assert told(job("video", ends("failed", queued=2, processing=58), id="vjob_xyz789")) == {
        "event": "video_swap.failed",
        "job_id": "vjob_xyz789",
        "status": "failed",
        "error": "Rendering broke off",
        "timestamp": "2026-01-28T12:01:00Z",
    }


@fact("deepswapai.webhook.batch", "deepswapai.webhook.events", "deepswapai.batch.results-name")
@pytest.mark.parametrize("name", ["results", "partial_results"])
def test_a_completed_batch_tells_each_image(name: str) -> None:
    body = {"source_image": PICTURE, "target_images": [PICTURE, f"{PICTURE}?2"]}
    made = job("batch", batch(1, error="Too dark"), body=body, id="batch_abc123", switches={"batch_results": name})

    said = told(made)

    assert list(said.items()) == [
        ("event", "batch_swap.completed"),
        ("job_id", "batch_abc123"),
        ("status", "completed"),
        ("total_images", 2),
        ("completed", 1),
        ("failed", 1),
        (
            name,
            [
                {"index": 0, "success": True, "output_url": "https://cdn.deepswapai.com/batch/abc_0.png"},
                {"index": 1, "success": False, "error": "Too dark"},
            ],
        ),
        ("credits_used", 1),
        ("timestamp", said["timestamp"]),
    ]


@fact("deepswapai.webhook.batch-failed", "deepswapai.webhook.failed", "deepswapai.webhook.events")
def test_a_failed_batch_tells_each_image_and_why() -> None:
    body = {"source_image": PICTURE, "target_images": [PICTURE]}

    said = told(job("batch", batch(0, error="Too dark"), body=body, id="batch_abc123"))

    assert said == {
        "event": "batch_swap.failed",
        "job_id": "batch_abc123",
        "status": "failed",
        "total_images": 1,
        "completed": 0,
        "failed": 1,
        "results": [{"index": 0, "success": False, "error": "Too dark"}],
        "error": "Every image of the batch failed",
        "timestamp": said["timestamp"],
    }


@fact("deepswapai.webhook.failed", "deepswapai.webhook.batch-failed")
@pytest.mark.parametrize("kind", ["video", "batch"])
def test_moderation_is_told_as_a_failure(kind: str) -> None:
    states = (state("waiting", 1, "running"), state("running", 9, "moderated"), State("moderated"))

    said = told(job(kind, Scenario("moderated-midway", states)))

    assert (said["event"], said["error"]) == (f"{kind}_swap.failed", "The content was rejected")


@fact("deepswapai.webhook.when", "deepswapai.image-swap.synchronous")
@pytest.mark.parametrize("kind", ["video", "batch"])
def test_only_ends_are_told_and_an_image_swap_calls_nobody(kind: str) -> None:
    good, bad = job(kind, ends()), job(kind, ends("failed"))

    for made in (good, bad):
        words = {seen.word: webhook(kind).tells(seen) for seen in (shot(made, 0), shot(made, 50), ended(made))}
        assert words == {"queued": False, "processing": False, made.entries[-1].word: True}
    assert VENDOR.kind("image").webhook is None


@pytest.mark.parametrize("kind", ["video", "batch"])
@pytest.mark.parametrize("after_s", [0, 50])
def test_progress_can_be_worded_by_hand_and_breaks_the_contract(kind: str, after_s: float) -> None:
    said = worded(shot(job(kind, ends()), after_s))

    assert said["event"] == f"{kind}_swap.{said['status']}"
    assert breaks(kind, said)


@fact("deepswapai.webhook.events")
def test_an_end_in_disguise_keeps_its_event() -> None:
    disguised = State("completed", shown_as="finished")
    made = job("video", scenario(state("processing", 5, "completed"), disguised, off_contract="a word of tomorrow"))
    made.off_contract = "a word of tomorrow"

    said = worded(ended(made).in_its_disguise())

    assert (said["event"], said["status"]) == ("video_swap.completed", "finished")
    assert "output_url" in said


@fact("deepswapai.webhook.per-request", "deepswapai.video-swap.webhook-url", "deepswapai.batch-swap.webhook-url")
@pytest.mark.parametrize("kind", ["video", "batch"])
def test_it_goes_to_the_url_of_the_request_and_nowhere_without_one(kind: str) -> None:
    url = webhook(kind).url

    assert url({"webhook_url": "https://example.com/hook"}, {}) == "https://example.com/hook"
    assert url({}, {"webhook_url": "https://example.com/another"}) == ""


@fact("deepswapai.webhook.secret")
def test_the_secret_is_the_accounts_and_its_key_unless_another_is_set() -> None:
    keys = webhook("video").keys

    assert VENDOR.new_account("a-key", Draws(), {}).details == {"webhook_secret": "a-key"}
    assert keys("a-key", {"webhook_secret": "another"}, {}) == {"webhook_secret": "another"}
    assert keys("a-key", {}, {}) == keys("a-key", {"webhook_secret": ""}, {}) == {"webhook_secret": "a-key"}
    assert webhook("video").key_names == ("webhook_secret",)
    assert seal(SAMPLE, {"webhook_secret": "a-key"}) != seal(SAMPLE, {"webhook_secret": "another"})


@fact("deepswapai.webhook.may-repeat", "deepswapai.webhook.retries", "deepswapai.webhook.no-delivery-id")
def test_a_repeat_is_the_same_to_the_byte() -> None:
    first, second = seal(SAMPLE, at_ms=NOON_MS), seal(SAMPLE, at_ms=NOON_MS + 5_000)

    assert first == second
    assert [name for name, _ in first.headers] == ["Content-Type", SIGNATURE]


@fact("deepswapai.webhook.retries", "deepswapai.webhook.may-repeat")
@pytest.mark.parametrize(
    ("switches", "gaps_ms"),
    [
        ({}, (5_000, 30_000, 120_000)),
        ({"webhook_retries": "3"}, (5_000, 30_000, 120_000)),
        ({"webhook_retries": "2"}, (5_000, 30_000)),
        ({"webhook_retries": "1"}, (5_000,)),
        ({"webhook_retries": "0"}, ()),
    ],
)
def test_it_is_repeated_as_often_as_the_switch_says(switches: dict[str, str], gaps_ms: tuple[int, ...]) -> None:
    assert webhook("video").gaps_ms(switches) == webhook("batch").gaps_ms(switches) == gaps_ms


@fact("deepswapai.webhook.five-seconds", "deepswapai.webhook.retries")
def test_a_receiver_is_to_answer_200_within_five_seconds() -> None:
    for kind in ("video", "batch"):
        assert webhook(kind).timeout_ms == 5_000
        assert [code for code in (200, 204, 299, 199, 301, 404, 500) if webhook(kind).accepts(code)] == [200, 204, 299]


@fact("deepswapai.webhook.signature")
@pytest.mark.parametrize("name", [SIGNATURE, SIGNATURE.lower(), SIGNATURE.upper()])
def test_what_is_signed_opens(name: str) -> None:
    read = webhook("batch").open(SAMPLE, {"Host": "example.com", name: VECTOR[1]}, VECTOR[0])

    assert read == Opened(msgspec.json.decode(SAMPLE), is_signed=True)


@fact("deepswapai.webhook.signature", "deepswapai.webhook.signed-bytes")
@pytest.mark.parametrize(
    ("body", "signature", "secret", "problem"),
    [
        (SAMPLE, None, "whsec_sim_test", "is missing"),
        (SAMPLE, VECTOR[1][:-1], "whsec_sim_test", "is not 64 lower-case hexadecimal digits"),
        (SAMPLE, VECTOR[1].upper(), "whsec_sim_test", "is not 64 lower-case hexadecimal digits"),
        (SAMPLE, f"sha256={VECTOR[1]}", "whsec_sim_test", "is not 64 lower-case hexadecimal digits"),
        (SAMPLE, f"{VECTOR[1]}\n", "whsec_sim_test", "is not 64 lower-case hexadecimal digits"),
        (SAMPLE, "０" * 64, "whsec_sim_test", "is not 64 lower-case hexadecimal digits"),
        (SAMPLE, VECTOR[1], "another", "is not the HMAC-SHA256 of this body under this webhook_secret"),
        (SAMPLE, VECTOR[1], "", "is not the HMAC-SHA256 of this body under this webhook_secret"),
        (SAMPLE + b"\n", VECTOR[1], "whsec_sim_test", "is not the HMAC-SHA256 of this body under this webhook_secret"),
        (SAMPLE[:99], VECTOR[1], "whsec_sim_test", "is not the HMAC-SHA256 of this body under this webhook_secret"),
    ],
)
def test_what_is_wrong_with_a_signature_is_said_in_words(
    body: bytes, signature: str | None, secret: str, problem: str
) -> None:
    read = opened(body, signature, {"webhook_secret": secret})

    assert read.problem == f"the header {SIGNATURE} {problem}"
    assert read.is_signed is (signature is not None)


def test_a_body_that_is_no_json_is_said_so_even_where_it_is_signed() -> None:
    torn = seal(SAMPLE[:99])

    assert opened(torn.body, dict(torn.headers)[SIGNATURE]) == Opened(None, True, "the body is no JSON")


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "video_swap.failed"},
        {"event": "batch_swap.completed"},
        {"event": "video_swap.processing"},
        {"status": "failed"},
        {"job_id": "batch_xyz789"},
        {"output_url": None},
        {"processing_time": 118.5},
        {"credits_used": "48"},
        {"timestamp": "2026-01-28T12:00:00.000Z"},
        {"error": "none"},
        {"type": "video_swap"},
    ],
)
def test_the_contract_lets_nothing_out_that_contradicts_itself(changes: dict[str, Any]) -> None:
    said = msgspec.json.decode(SAMPLE)
    assert not breaks("video", said)

    assert breaks("video", {**said, **changes})


@pytest.mark.parametrize("name", list(msgspec.json.decode(SAMPLE)))
def test_a_completed_video_lacks_nothing(name: str) -> None:
    said = msgspec.json.decode(SAMPLE)

    assert breaks("video", {key: value for key, value in said.items() if key != name})


def test_a_webhook_without_its_signature_may_not_leave() -> None:
    checks = contract().webhook("videoSwapEnded")

    for headers in (Sealed(SAMPLE).headers, (*Sealed(SAMPLE).headers, (SIGNATURE, VECTOR[1].upper()))):
        with pytest.raises(ContractBroken):
            checks.check(msgspec.json.decode(SAMPLE), Sealed(SAMPLE, headers))


def test_each_webhook_has_its_key_in_the_contract_and_good_examples_there(checkout: Path) -> None:
    document = Document("deepswapai", yaml.safe_load((checkout / "openapi/deepswapai.yaml").read_text()))

    def examples(place: Place) -> Iterator[tuple[Place, Any]]:
        """Yield every schema that has examples, with each of them."""
        place = document.follow(place) if "$ref" in (place.value if isinstance(place.value, dict) else ()) else place
        if isinstance(place.value, dict) and "schema" in place.value:
            shown = [example.value["value"] for example in place.each_below("examples")]
            for value in (*shown, *([place.value["example"]] if "example" in place.value else [])):
                yield place.below("schema"), value
        elif isinstance(place.value, dict | list):
            for key in range(len(place.value)) if isinstance(place.value, list) else place.value:
                yield from examples(place.below(key))

    described = document.root.value["webhooks"]
    tried = list(examples(document.root.below("webhooks")))

    assert list(described) == [kind.webhook.name for kind in VENDOR.kinds if kind.webhook]
    assert len(tried) == 7
    for schema, value in tried:
        assert document.compile(document.reference(schema)).is_valid(value), (schema.at, value)


@fact("deepswapai.webhook.failed", "deepswapai.status.queued-may-fail")
def test_a_job_that_fails_in_the_queue_is_told_in_words_of_ours() -> None:
    said = told(job("video", scenario(state("queued", 1, "failed"), state("failed"))))

    assert (said["event"], said["error"]) == ("video_swap.failed", "Processing failed")
