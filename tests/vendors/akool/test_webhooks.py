"""AKOOL's webhooks: which states are told, in which words, how they are sealed, and what a receiver makes of them."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from simulator.contract import Contract
from simulator.jobs.chance import Draws
from simulator.jobs.errors import ContractBroken, SimulatorError
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.akool import VENDOR
from simulator.vendors.akool.webhooks import envelope, open_sealed, seal
from simulator.vendors.vendor import Call, Sealed, Stamp, Webhook
from tests.vendors.akool.vectors import CLIENT_ID, A, B, Vector
from tests.vendors.akool.wire import BODIES, EPOCH_MS, IMAGE, KEY, KINDS, VIDEO, Client

CALLING = ("head-swap", "face-swap-image", "face-swap-video")
HOOK = "http://127.0.0.1:9/hook"
KEYS = {"clientId": CLIENT_ID, "clientSecret": KEY}
NOT_DECRYPTED = "dataEncrypt cannot be decrypted with this clientId and clientSecret"
BAD_SIGNATURE = "the signature is not that of clientId, timestamp, nonce and dataEncrypt"
each_vector = pytest.mark.parametrize("vector", [A, B], ids=["A", "B"])


@cache
def document() -> Any:
    """Return the vendor's contract as it is written."""
    file = Path(__file__).parents[3] / "openapi/akool.yaml"
    return yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def contract() -> Contract:
    return Contract("akool", document())


def webhook(kind: str) -> Webhook:
    found = VENDOR.kind(kind).webhook
    assert found is not None
    return found


def told(akool: Client, kind: str, scenario: str = "") -> list[dict[str, Any]]:
    """Return what the webhooks of a job that plays a scenario say, one after the other."""
    job = akool.sandbox.job(akool.submit(kind, scenario)["_id"]).job
    shots = [Snapshot(job, entry.seen_at_ms, position) for position, entry in enumerate(job.entries)]
    return [webhook(kind).show(shot, to_receiver(shot)) for shot in shots if webhook(kind).tells(shot)]


def to_receiver(shot: Snapshot) -> Call:
    def files_at(path: str, host: str) -> str:
        return f"https://{host}/{path}"

    return Call("jobChanged", "POST", {}, {}, {}, files_at, account=shot.job.account, now_ms=shot.now_ms)


def statuses(said: list[dict[str, Any]]) -> list[Any]:
    return [message["status"] for message in said]


# ---- who is called, and of what


@pytest.mark.parametrize("kind", KINDS)
def test_all_but_analyses_call_back(kind: str) -> None:
    assert (VENDOR.kind(kind).webhook is not None) == (kind in CALLING)


@pytest.mark.fact("akool.webhook.trigger", "akool.webhook.states", "akool.webhook.progress")
@pytest.mark.parametrize(
    ("kind", "scenario", "expected"),
    [
        ("face-swap-image", "happy", [2, 3]),
        ("face-swap-video", "happy", [2, 3]),
        ("head-swap", "happy", [3]),
        ("face-swap-image", "failed-midway", [2, 4]),
        ("face-swap-video", "failed-early", [4]),
        ("head-swap", "failed-midway", [4]),
        ("head-swap", "moderated", [4]),
        ("face-swap-video", "stuck", [2]),
        ("head-swap", "stuck", []),
        ("face-swap-image", "late-url", [2, 3]),
        ("face-swap-image", "unknown-status", [5, 3]),
    ],
)
def test_a_face_swap_tells_2_3_and_4_and_a_head_swap_its_end(
    akool: Client, kind: str, scenario: str, expected: list[int]
) -> None:
    assert statuses(told(akool, kind, scenario)) == expected


@pytest.mark.fact("akool.webhook.progress")
def test_by_switch_a_face_swap_tells_its_end_only(akool: Client) -> None:
    akool.sandbox.set_switches({"akool.webhook_progress": "off"})

    assert statuses(told(akool, "face-swap-image")) == [3]
    assert statuses(told(akool, "face-swap-video", "failed-midway")) == [4]


@pytest.mark.fact("akool.webhook.plaintext", "akool.webhook.types", "akool.webhook.head-swap-type",
                  "akool.webhook.url", "akool.webhook.empty-url")  # fmt: skip
@pytest.mark.parametrize(
    ("kind", "type"), [("face-swap-image", "faceswap"), ("face-swap-video", "faceswap"), ("head-swap", "headswap")]
)
def test_a_message_holds_id_status_type_and_url(akool: Client, kind: str, type: str) -> None:
    failed = told(akool, kind, "failed-midway")
    done = told(akool, kind)
    job = akool.sandbox.job(done[0]["_id"]).job
    url = f"https://{VENDOR.media_hosts[0]}/{job.plan.outputs[0].path}"

    assert all(list(message) == ["_id", "status", "type", "url"] for message in failed + done)
    assert {message["type"] for message in failed + done} == {type}
    assert {message["_id"] for message in done} == {job.id}
    assert [message["url"] for message in done] == [""] * (len(done) - 1) + [url]
    assert {message["url"] for message in failed} == {""}


@pytest.mark.fact("akool.webhook.url")
@pytest.mark.parametrize("kind", ["face-swap-image", "face-swap-video"])
def test_the_receiver_is_given_the_url_that_the_submit_told(akool: Client, kind: str) -> None:
    made = akool.changed(KINDS[kind], webhookUrl=HOOK).data
    job = akool.sandbox.job(made["_id"]).job
    end = Snapshot(job, job.entries[-1].seen_at_ms, len(job.entries) - 1)
    assert job.hook is not None

    said = webhook(kind).show(end, Call("jobChanged", "POST", {}, {}, {}, job.hook.files_at))

    assert said["url"] == made["url"]


@pytest.mark.fact("akool.request.webhook-url", "akool.webhook.trigger")
@pytest.mark.parametrize(
    ("given", "called"),
    [
        (HOOK, HOOK),
        ("HTTPS://example.com/h?a=1#b", "HTTPS://example.com/h?a=1#b"),
        ("", ""),
        (None, ""),
        ("none", ""),
        ("ftp://example.com/h", ""),
        ("http://", ""),
        ("https:///h", ""),
        ("https://example.com/a b", ""),
        ("https://example.com/h\n", ""),
    ],
)
@pytest.mark.parametrize("path", [IMAGE, VIDEO])
def test_only_an_http_url_is_called(akool: Client, path: str, given: str | None, called: str) -> None:
    job = akool.sandbox.job(akool.changed(path, webhookUrl=given).data["_id"]).job

    assert (job.hook.url if job.hook else "") == called


def test_without_a_webhook_url_nobody_is_called(akool: Client) -> None:
    job = akool.sandbox.job(akool.post(IMAGE).data["_id"]).job

    assert job.hook is None


# ---- attempts


@pytest.mark.fact("akool.webhook.accepted", "akool.webhook.timeout")
@pytest.mark.parametrize("kind", CALLING)
def test_only_200_is_a_receipt_and_ten_seconds_is_the_time_for_it(kind: str) -> None:
    accepted = [status for status in range(100, 600) if webhook(kind).accepts(status)]

    assert accepted == [200]
    assert webhook(kind).timeout_ms == 10_000


@pytest.mark.fact("akool.webhook.retries")
@pytest.mark.parametrize("kind", CALLING)
def test_three_further_attempts_follow_or_fewer_by_switch(kind: str) -> None:
    gaps_ms = webhook(kind).gaps_ms

    assert gaps_ms({}) == (5_000, 30_000, 120_000)
    assert [len(gaps_ms({"webhook_retries": count})) for count in "0123"] == [0, 1, 2, 3]
    assert gaps_ms({"webhook_retries": "2"}) == (5_000, 30_000)


@pytest.mark.fact("akool.webhook.retries", "akool.webhook.nonce")
def test_each_attempt_has_its_own_timestamp_nonce_and_signature_and_the_same_text() -> None:
    first = json.loads(seal(A.plain, A.keys, Stamp(EPOCH_MS, Draws("one"))).body)
    second = json.loads(seal(A.plain, A.keys, Stamp(EPOCH_MS + 5_000, Draws("two"))).body)

    assert (first["timestamp"], second["timestamp"]) == (EPOCH_MS, EPOCH_MS + 5_000)
    assert first["nonce"] != second["nonce"]
    assert first["signature"] != second["signature"]
    assert first["dataEncrypt"] == second["dataEncrypt"] == A.encrypted


@pytest.mark.fact("akool.webhook.nonce")
@given(st.text())
def test_a_nonce_is_a_text_of_four_digits_that_survives_being_read_as_a_number(dice: str) -> None:
    nonce = json.loads(seal(b"{}", KEYS, Stamp(EPOCH_MS, Draws(dice))).body)["nonce"]

    assert len(nonce) == 4
    assert str(int(nonce)) == nonce


# ---- sealed


@pytest.mark.fact("akool.webhook.envelope", "akool.webhook.encryption", "akool.webhook.key-length",
                  "akool.webhook.signature")  # fmt: skip
@each_vector
def test_a_webhook_is_sealed_byte_for_byte(vector: Vector) -> None:
    said = envelope(vector.plain, CLIENT_ID, vector.client_secret, vector.timestamp_ms, vector.nonce)

    assert json.dumps(said, separators=(",", ":")).encode() == vector.body


@pytest.mark.fact("akool.webhook.envelope")
def test_what_goes_out_is_the_envelope_as_json() -> None:
    dice = next(dice for dice in map(Draws, range(10**6)) if dice.whole(1000, 9999, "nonce") == int(A.nonce))

    sealed = seal(A.plain, A.keys, Stamp(A.timestamp_ms, dice))

    assert sealed == Sealed(A.body, (("Content-Type", "application/json"),))


@pytest.mark.fact("akool.webhook.signature")
def test_texts_are_sorted_not_numbers() -> None:
    signatures = {envelope(A.plain, CLIENT_ID, A.client_secret, ms, "1529")["signature"] for ms in (9, 10, 1528, 15290)}
    swapped = envelope(A.plain, CLIENT_ID, A.client_secret, 1529, "9")["signature"]
    back = envelope(A.plain, CLIENT_ID, A.client_secret, 9, "1529")["signature"]

    assert len(signatures) == 4
    assert swapped == back  # who is who does not matter, only how the texts sort: no key enters either


@pytest.mark.fact("akool.webhook.signature")
def test_no_secret_enters_the_signature() -> None:
    forged = envelope(b'{"status":3}', CLIENT_ID, "k" * 32, A.timestamp_ms, A.nonce)

    opened = open_sealed(json.dumps(forged).encode(), {}, A.keys)

    assert opened.is_signed
    assert opened.problem == NOT_DECRYPTED  # the signature fits


# ---- opened


@each_vector
def test_a_receiver_reads_what_was_sealed(vector: Vector) -> None:
    opened = open_sealed(vector.body, {}, vector.keys)

    assert opened.plain == json.loads(vector.plain)
    assert opened.is_signed
    assert opened.problem == ""


@given(
    plain=st.dictionaries(
        st.text(),
        st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5),
    ),
    client_id=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=16, max_size=40),
    client_secret=st.sampled_from([16, 24, 32]).flatmap(
        lambda size: st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=size, max_size=size)
    ),
    dice=st.text(),
    at_ms=st.integers(0, 10**13),
)
def test_whatever_is_sealed_can_be_opened(
    plain: Any, client_id: str, client_secret: str, dice: str, at_ms: int
) -> None:
    keys = {"clientId": client_id, "clientSecret": client_secret}

    opened = open_sealed(seal(json.dumps(plain).encode(), keys, Stamp(at_ms, Draws(dice))).body, {}, keys)

    assert opened.plain == plain
    assert opened.is_signed
    assert opened.problem == ""


@pytest.mark.fact("akool.webhook.key-length")
@pytest.mark.parametrize("secret", ["k" * 16, "é" * 12, "ключ" * 4])
def test_bytes_of_a_secret_count_not_letters(secret: str) -> None:
    keys = {**KEYS, "clientSecret": secret}

    assert open_sealed(seal(A.plain, keys, Stamp(0, Draws("a"))).body, {}, keys).problem == ""


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(A.body), **fields}).encode()


def without(name: str) -> bytes:
    return json.dumps({key: said for key, said in json.loads(A.body).items() if key != name}).encode()


def sealed_text(text: bytes) -> bytes:
    return seal(text, A.keys, Stamp(0, Draws("a"))).body


@pytest.mark.parametrize(
    ("body", "keys", "is_signed", "problem"),
    [
        (changed(signature="0" * 40), {}, True, BAD_SIGNATURE),
        (changed(signature=A.signature.upper()), {}, True, BAD_SIGNATURE),
        (changed(timestamp=A.timestamp_ms + 1), {}, True, BAD_SIGNATURE),
        (changed(nonce="1530"), {}, True, BAD_SIGNATURE),
        (changed(dataEncrypt=B.encrypted), {}, True, BAD_SIGNATURE),
        (changed(dataEncrypt="?"), {}, True, BAD_SIGNATURE),
        (A.body, {"clientId": "Another0123456789abcdef="}, True, BAD_SIGNATURE),
        (A.body, {"clientSecret": "SimClientSecret-24-bytez"}, True, NOT_DECRYPTED),
        (A.body, {"clientSecret": "k" * 32}, True, NOT_DECRYPTED),
        (A.body, {"clientSecret": "short"}, True, "must have 16, 24 or 32 bytes"),
        (sealed_text(b"not JSON"), {}, True, "what dataEncrypt holds is no JSON"),
        (sealed_text(b"\xff"), {}, True, "what dataEncrypt holds is no JSON"),
        (A.body[:-20], {}, False, "the body is no JSON"),
        (b"", {}, False, "the body is no JSON"),
        (b"\xff\xfe", {}, False, "the body is no JSON"),
        (b"[1]", {}, False, "Expected `object`, got `array`"),
        (A.plain, {}, False, "missing required field `signature`"),
        *((without(name), {}, False, f"missing required field `{name}`") for name in json.loads(A.body)),
        (changed(nonce=1529), {}, False, "Expected `str`, got `int` - at `$.nonce`"),
    ],
)
def test_a_receiver_says_what_is_wrong(body: bytes, keys: dict[str, str], is_signed: bool, problem: str) -> None:
    opened = open_sealed(body, {}, {**A.keys, **keys})

    assert problem in opened.problem
    assert opened.is_signed == is_signed


def test_a_wrong_signature_hides_nothing_that_can_be_read() -> None:
    assert open_sealed(changed(signature="0" * 40), {}, A.keys).plain == json.loads(A.plain)


def test_a_receiver_that_knows_no_keys_is_told_so() -> None:
    assert open_sealed(A.body, {}, {}).problem == BAD_SIGNATURE


@pytest.mark.parametrize(
    "encrypted",
    [
        *(A.encrypted[:length] for length in (0, 1, 15, 17, 64, 80)),
        A.encrypted[:-1],
        A.encrypted[:64] + "\n" + A.encrypted[64:],
        "é",
    ],
)
def test_what_is_signed_well_may_still_not_be_readable(encrypted: str) -> None:
    parts = sorted([CLIENT_ID, str(A.timestamp_ms), A.nonce, encrypted])
    signature = hashlib.sha1("".join(parts).encode()).hexdigest()

    opened = open_sealed(changed(dataEncrypt=encrypted, signature=signature), {}, A.keys)

    assert (opened.plain, opened.problem) == (None, NOT_DECRYPTED)


# ---- keys that cannot be used


@pytest.mark.fact("akool.webhook.unfit-keys")
@pytest.mark.parametrize("key", ["short", "k" * 17, "k" * 33, "é" * 15])
@pytest.mark.parametrize("kind", CALLING)
def test_a_key_of_another_length_serves_until_a_webhook_needs_it(akool: Client, kind: str, key: str) -> None:
    if kind == "head-swap":
        akool.analyzed(x_api_key=key)
    path, before = KINDS[kind], len(list(akool.sandbox.jobs()))

    with pytest.raises(AssertionError, match="must have 16, 24 or 32 bytes; this one has"):  # ours, and never AKOOL's
        akool.post(path, {**BODIES[path], "webhookUrl": HOOK}, key)

    assert len(list(akool.sandbox.jobs())) == before
    assert akool.post(path, {**BODIES[path], "webhookUrl": ""}, key).code == 1000
    assert akool.post(path, {**BODIES[path], "webhookUrl": "no URL"}, key).code == 1000


def test_what_akool_would_refuse_it_refuses_first(akool: Client) -> None:
    answer = akool.post(IMAGE, {"webhookUrl": HOOK}, "short")

    assert answer.code == 1003


@pytest.mark.fact("akool.webhook.unfit-keys")
@pytest.mark.parametrize("client_id", ["", "fifteen-letters", "é" * 16, "a" * 15 + "é" * 9])
def test_a_client_id_too_short_for_a_first_vector_is_refused_aloud(client_id: str) -> None:
    with pytest.raises(SimulatorError, match="at least 16 ASCII characters"):
        seal(A.plain, {**KEYS, "clientId": client_id}, Stamp(0, Draws("a")))


@pytest.mark.fact("akool.webhook.unfit-keys")
def test_a_client_id_of_sixteen_letters_will_do() -> None:
    keys = {**KEYS, "clientId": "a-client-id-16-b"}

    assert open_sealed(seal(A.plain, keys, Stamp(0, Draws("a"))).body, {}, keys).problem == ""


@pytest.mark.fact("akool.token.secret-is-key", "akool.account.client-id")
@pytest.mark.parametrize("kind", CALLING)
def test_a_receiver_knows_the_accounts_client_id_and_key(akool: Client, kind: str) -> None:
    akool.post(IMAGE)
    account = akool.sandbox.account("akool", KEY)
    assert account is not None

    keys = webhook(kind).keys(KEY, account.details, {})

    assert tuple(keys) == webhook(kind).key_names
    assert keys == {"clientId": account.details["clientId"], "clientSecret": KEY}
    assert open_sealed(webhook(kind).seal(A.plain, keys, Stamp(0, Draws("a"))).body, {}, keys).problem == ""


# ---- the contract


@pytest.mark.parametrize("kind", CALLING)
@pytest.mark.parametrize("scenario", ["happy", "failed-midway", "moderated", "unknown-status", "late-url"])
def test_every_webhook_keeps_to_the_contract(akool: Client, kind: str, scenario: str) -> None:
    check = contract().webhook(webhook(kind).name).check
    said = told(akool, kind, scenario)

    assert said
    for message in said:
        check(message, seal(json.dumps(message).encode(), KEYS, Stamp(EPOCH_MS, Draws("a"))))


@pytest.mark.parametrize("kind", CALLING)
def test_any_state_may_be_told_by_hand(akool: Client, kind: str) -> None:
    job = akool.sandbox.job(akool.submit(kind)["_id"]).job
    shots = [Snapshot(job, entry.seen_at_ms, position) for position, entry in enumerate(job.entries)]

    said = [webhook(kind).show(shot, to_receiver(shot)) for shot in shots]

    assert statuses(said) == [1, 2, 3]
    for message in said:
        contract().webhook(webhook(kind).name).check(message, Sealed(A.body))


def spoilt(change: Callable[[dict[str, Any]], Any], body: bytes) -> Any:
    said = json.loads(body)
    change(said)
    return said


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.pop("url"),
        lambda said: said.update(url="https://example.com/final_a.jpg"),
        lambda said: said.update(status=3),
        lambda said: said.update(status="2"),
        lambda said: said.update(type="image"),
        lambda said: said.update(_id="1"),
        lambda said: said.update(deduction_credit=1),
    ],
)
def test_what_the_vendor_could_not_say_is_stopped(change: Callable[[dict[str, Any]], Any]) -> None:
    check = contract().webhook("jobChanged").check
    check(json.loads(A.plain), Sealed(A.body))

    with pytest.raises(ContractBroken):
        check(spoilt(change, A.plain), Sealed(A.body))


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.pop("nonce"),
        lambda said: said.update(nonce=1529),
        lambda said: said.update(nonce="152"),
        lambda said: said.update(timestamp="1710757981609"),
        lambda said: said.update(signature="7BD1"),
        lambda said: said.update(dataEncrypt="QVVHdposBw_LYg4NgizVZA=="),
        lambda said: said.update(dataEncrypt=""),
        lambda said: said.update(more=1),
    ],
)
def test_no_other_envelope_leaves(change: Callable[[dict[str, Any]], Any]) -> None:
    with pytest.raises(ContractBroken, match="the body that goes out"):
        contract().webhook("jobChanged").check(json.loads(A.plain), Sealed(json.dumps(spoilt(change, A.body)).encode()))


def test_the_contracts_own_examples_belong_together() -> None:
    post = document()["webhooks"]["jobChanged"]["post"]
    [example] = post["requestBody"]["content"]["application/json"]["examples"].values()
    plain, *others = document()["components"]["schemas"]["WebhookPlaintext"]["examples"]

    assert example["value"] == json.loads(A.body)
    assert plain == json.loads(A.plain)
    assert A.client_secret in example["summary"]
    assert CLIENT_ID in example["summary"]
    for said in (plain, *others):
        contract().webhook("jobChanged").check(said, Sealed(A.body))


def test_the_cipher_is_not_imported_at_start() -> None:
    code = "import sys, simulator.vendors.akool; sys.exit('cryptography' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
