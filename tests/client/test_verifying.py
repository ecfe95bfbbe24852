"""What a receiver makes of each vendor's messages: verified and decrypted by the vendor's own rules."""

import re

import msgspec
import pytest

from simulator import vendors
from simulator.client import NothingReceived, Receiver
from simulator.vendors.vendor import Sealed
from tests.client.senders import KEYS, PLAIN, SIGNED, genuine, post, send, spoilt, webhooks


@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_every_vendor_has_one_way_to_open_its_messages(vendor: str) -> None:
    ways = {(webhook.open, webhook.key_names, webhook.ids_at[0]) for webhook in webhooks(vendor)}

    assert len(ways) == 1


@pytest.mark.parametrize("vendor", SIGNED)
def test_a_genuine_message_is_verified_and_read(vendor: str) -> None:
    with Receiver(vendor, **KEYS[vendor]) as receiver:
        send(receiver.url, genuine(vendor))

        message = receiver.wait()

    assert message.is_genuine, message.problem
    assert (message.problem, message.plain, message.job_id) == ("", PLAIN[vendor], "64f1")
    assert message.body == genuine(vendor).body


@pytest.mark.parametrize("vendor", SIGNED)
def test_a_spoilt_signature_is_told_and_the_message_is_read_all_the_same(vendor: str) -> None:
    with Receiver(vendor, **KEYS[vendor]) as receiver:
        send(receiver.url, spoilt(vendor))

        message = receiver.wait()

    assert message.is_genuine is False
    assert "signature" in message.problem.lower() or webhooks(vendor)[0].signature_at in message.problem
    assert message.plain == PLAIN[vendor]


@pytest.mark.parametrize(("vendor", "name"), [(vendor, name) for vendor in SIGNED for name in KEYS[vendor]])
def test_another_key_verifies_nothing(vendor: str, name: str) -> None:
    other = {**KEYS[vendor], name: KEYS[vendor][name][::-1]}
    with Receiver(vendor, **other) as receiver:
        send(receiver.url, genuine(vendor))

        message = receiver.wait()

    assert message.is_genuine is False
    assert message.problem


@pytest.mark.parametrize("vendor", [vendor for vendor in SIGNED if vendor != "a2e"])  # its token covers no body
def test_a_body_that_was_changed_on_the_way_is_not_genuine(vendor: str) -> None:
    sealed, other = genuine(vendor), genuine(vendor, b'{"status": "completed"}')
    changed = sealed.body.replace(b"64f1", b"64f2")
    if vendor == "akool":
        changed = msgspec.json.encode({**msgspec.json.decode(sealed.body), "dataEncrypt": _encrypted(other)})
    assert changed != sealed.body
    with Receiver(vendor, **KEYS[vendor]) as receiver:
        send(receiver.url, Sealed(changed, sealed.headers))

        assert receiver.wait().is_genuine is False


def _encrypted(sealed: Sealed) -> str:
    return str(msgspec.json.decode(sealed.body)["dataEncrypt"])


@pytest.mark.parametrize("vendor", SIGNED)
def test_a_message_without_what_is_signed_by_is_not_genuine(vendor: str) -> None:
    with Receiver(vendor, **KEYS[vendor]) as receiver:
        post(receiver.url, b'{"event": "task.completed", "job_id": "64f1"}')

        assert receiver.wait().is_genuine is False


def test_a_vendor_that_signs_nothing_is_read_and_neither_genuine_nor_wrong() -> None:
    with Receiver("useapi") as receiver:
        send(receiver.url, genuine("useapi"))
        send(receiver.url, Sealed(b"no json"))

        message, broken = receiver.wait(), receiver.wait()

    assert (message.is_genuine, message.problem, message.job_id) == (None, "", "64f1")
    assert message.plain == PLAIN["useapi"]
    assert (broken.is_genuine, broken.problem, broken.job_id) == (False, "the body is no JSON", "")


@pytest.mark.parametrize("vendor", ["a2e", "openshorts"])
def test_where_a_submit_brought_no_secret_its_messages_are_to_be_unsigned(vendor: str) -> None:
    with Receiver(vendor) as receiver:
        send(receiver.url, webhooks(vendor)[0].seal(b'{"status": "completed"}', {}, None))  # type: ignore[arg-type]
        send(receiver.url, genuine(vendor))

        unsigned, signed = receiver.wait(), receiver.wait()

    assert (unsigned.is_genuine, unsigned.problem) == (None, "")
    assert (signed.is_genuine, "was given" in signed.problem or "brought no" in signed.problem) == (False, True)


@pytest.mark.parametrize(
    ("vendor", "keys", "words"),
    [
        ("acme", {}, "there is no vendor 'acme'; there are: a2e, akool, deepswapai, openshorts, useapi"),
        (
            "akool",
            {},
            "the key clientId and clientSecret is missing; the keys of akool's webhooks: clientId, clientSecret",
        ),
        ("akool", {"clientId": "x"}, "the key clientSecret is missing"),
        ("akool", {**KEYS["akool"], "clientID": "x"}, "there is no key 'clientID'"),
        ("akool", {**KEYS["akool"], "clientSecret": "short"}, "16, 24 or 32 bytes; this one has 5"),
        ("deepswapai", {"webhook_secret": ""}, "the key webhook_secret is missing"),
        ("useapi", {"secret": "x"}, "the keys of useapi's webhooks: none, for nothing is signed"),
        ("", {"clientId": "x"}, "there are no keys without a vendor"),
    ],
)
def test_keys_that_cannot_verify_anything_are_refused_before_it_listens(
    vendor: str, keys: dict[str, str], words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        Receiver(vendor, **keys)


def test_what_came_before_is_told_with_its_verdict() -> None:
    with Receiver("deepswapai", webhook_secret="whsec_1") as receiver:
        send(receiver.url, genuine("deepswapai"))
        send(receiver.url, spoilt("deepswapai"))
        receiver.wait()
        receiver.wait()

        with pytest.raises(NothingReceived) as caught:
            receiver.wait(timeout=0)

    _, first, second = str(caught.value).splitlines()
    assert "event video_swap.completed, status completed, genuine" in first
    assert "X-DeepSwapAI-Signature" in second
    assert "whsec_1" not in str(caught.value)
