"""What came to a sandbox's receivers is bounded, and opened with the keys that are known there."""

from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.sandbox import received
from simulator.sandbox.received import USUAL, Answers, Received, Understood, understand
from simulator.sandbox.sandbox import Sandbox
from simulator.vendors.vendor import Kind, Opened, Vendor
from tests.acme import ACME, WEBHOOK, call, sandbox

FINE = Understood(Opened({"id": "a"}, is_signed=True), "a", is_known=True)


def receive(kept: Received, body: bytes = b"{}", said: Understood = FINE) -> tuple[int, Answers]:
    return kept.receive(7, "acme", "orders", (("X-A", "b"),), body, said)


def numbers(kept: Received) -> list[int]:
    return [message.number for message in kept]


def test_the_newest_thousand_are_kept() -> None:
    kept = Received()

    for _ in range(received.MOST_KEPT + 3):
        receive(kept)

    assert numbers(kept) == list(range(4, received.MOST_KEPT + 4))
    assert kept.count == received.MOST_KEPT + 3


def test_many_bytes_make_room_too() -> None:
    kept, body = Received(), b"x" * received.MOST_BODY_BYTES
    unread = Understood(Opened(None, problem="the body is no JSON"))

    for _ in range(200):
        receive(kept, body, unread)

    assert len(numbers(kept)) == received.MOST_KEPT_BYTES // (received.MOST_BODY_BYTES + 520)
    assert numbers(kept)[-1] == 200
    kept.clear()
    receive(kept, body, unread)
    assert numbers(kept) == [201]


def test_what_a_long_body_says_is_not_kept_but_whether_it_is_right_is() -> None:
    kept = Received()

    receive(kept, b"x" * (received.MOST_BODY_BYTES + 1))

    [message] = kept
    assert (message.plain, message.is_signed, message.job_id) == (b"null", True, "a")
    assert message.body.endswith(b" ... 65537 bytes in all")


def test_what_is_nested_too_deeply_to_be_written_is_not_kept() -> None:
    kept, deep = Received(), []
    for _ in range(100_000):
        deep = [deep]

    receive(kept, said=Understood(Opened(deep)))

    assert [message.plain for message in kept] == [b"null"]
    while deep:  # one after the other, for Python too would fall into it
        [deep] = deep


def test_each_receiver_answers_in_its_own_way() -> None:
    kept, other = Received(), Answers((503, 200), 5, "wait")
    kept.set_answers("acme", "orders", other)
    kept.set_answers("acme", "else", Answers((418,)))

    assert [receive(kept) for _ in range(3)] == [(503, other), (200, other), (200, other)]
    assert kept.receive(7, "acme", "new", (), b"", FINE) == (200, USUAL)


# ---- what is understood


def opened(body: bytes, headers: Mapping[str, str], keys: Mapping[str, str]) -> Opened:
    """Open like a vendor whose webhooks say by which secret they are signed."""
    said: Any = msgspec.json.decode(body)
    problem = "" if said.get("by") == keys.get("secret") else f"not by {keys.get('secret')}"
    return Opened(said, is_signed=True, problem=problem)


def signing(**changes: Any) -> Vendor:
    kinds: list[Kind] = []
    for kind in ACME.kinds:
        webhook = msgspec.structs.replace(WEBHOOK, **{"open": opened, **changes})
        kinds.append(msgspec.structs.replace(kind, webhook=webhook))
    return msgspec.structs.replace(ACME, kinds=tuple(kinds))


def read(box: Sandbox, vendor: Vendor = ACME, **said: str) -> Understood:
    vendor = signing() if vendor is ACME else vendor
    return understand(vendor, msgspec.json.encode(said), {}, box.life.accounts, box.life.store)


def test_a_known_job_is_opened_with_its_own_keys_only() -> None:
    box = sandbox()
    first, second = (call(box, "plain", key).job.id for key in ("key-1", "key-2"))

    assert read(box, id=first, by="key-1") == Understood(
        Opened({"id": first, "by": "key-1"}, is_signed=True), first, is_known=True
    )
    assert read(box, id=second, by="key-1").opened.problem == "not by key-2"


def test_an_unknown_job_is_opened_with_any_keys_that_fit() -> None:
    box = sandbox()
    for key in ("key-1", "key-2"):
        call(box, "plain", key)

    assert read(box, id="nobody", by="key-1") == Understood(
        Opened({"id": "nobody", "by": "key-1"}, is_signed=True), "nobody"
    )
    assert read(box, id="nobody", by="key-3").opened.problem == "not by key-2"  # the newest is told


def test_a_job_of_another_vendor_is_unknown() -> None:
    box = sandbox()
    job_id = call(box, "plain").job.id

    said = read(box, msgspec.structs.replace(signing(), name="other"), id=job_id, by="key-1")

    assert (said.job_id, said.is_known) == (job_id, False)
    assert said.opened.problem == "other has no account here yet whose keys could open it"


def test_without_accounts_only_what_needs_no_keys_is_opened() -> None:
    assert read(sandbox(), signing(key_names=()), id="a").opened.problem == ""
    assert "no account" in read(sandbox(), id="a").opened.problem


def test_a_vendor_without_webhooks_is_told_so() -> None:
    kinds = tuple(msgspec.structs.replace(kind, webhook=None) for kind in ACME.kinds)

    said = read(sandbox(), msgspec.structs.replace(ACME, kinds=kinds), id="a")

    assert said == Understood(Opened({"id": "a"}, problem="acme sends no webhooks"))
