"""Content credentials (C2PA) by a certificate made on the spot that nobody trusts; needs the extra ``c2pa``."""

import contextlib
import json
from datetime import UTC, datetime
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simulator.media.live.failures import RenderFailure
from simulator.media.live.marks import metadata
from simulator.media.live.orders import MadeFile

TRUST: Final = "Simulator test certificate, not trusted"
_SOURCE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"
_VALID: Final = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)  # so that no clock is asked


class Certificate(NamedTuple):
    """A signer's certificate with the root that issued it, and its key, as PEM."""

    chain: bytes
    key: bytes


def can_sign() -> bool:
    """Say whether the extra is installed."""
    return find_spec("c2pa") is not None


def sign(file: MadeFile, job: str, what: str) -> MadeFile:
    """Sign a finished file in its place and return it with its new size.

    Two signings of the same file differ: the certificate, the signature and the manifest's id are new each time.
    """
    c2pa = _library()
    path = Path(file.path)
    part = path.with_name(f".{path.name}.part")
    try:
        with (
            c2pa.Builder(json.dumps(_manifest(job, what)), _context()) as builder,
            path.open("rb") as source,
            part.open("w+b") as target,
        ):
            builder.sign(_signer(), file.media_type, source, target)
        part.replace(path)
    except (c2pa.C2paError, OSError) as error:
        raise RenderFailure("crashed", f"the file cannot be signed: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return msgspec.structs.replace(file, size_bytes=path.stat().st_size)


def validation_state(path: str, media_type: str) -> str:
    """Return what the library says of a file's credentials: ``Valid`` (but untrusted), ``Invalid``, or nothing if it has none."""
    c2pa = _library()
    with (
        Path(path).open("rb") as source,
        contextlib.suppress(c2pa.C2paError),
        c2pa.Reader(media_type, source) as reader,
    ):
        return str(json.loads(reader.json()).get("validation_state", ""))
    return ""


@lru_cache(1)
def certificate() -> Certificate:
    """Return this process's certificate: a root and a signer, neither of which anybody should trust."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _issued("Simulator test root", root_key, "Simulator test root", root_key, is_root=True)
    leaf = _issued("Simulator test signer", key, "Simulator test root", root_key, is_root=False)
    chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (leaf, root))
    return Certificate(
        chain,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _manifest(job: str, what: str) -> dict[str, Any]:
    marks = metadata(job, what)
    done = {"action": "c2pa.created", "digitalSourceType": _SOURCE, "description": marks["comment"]}
    return {
        "claim_generator_info": [{"name": "media-api-simulator"}],
        "title": marks["title"],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [done]}}],
    }


def _library() -> Any:
    return import_module("c2pa")  # an extra, and a library of 50 MB


@lru_cache(1)
def _context() -> Any:
    c2pa = _library()
    return c2pa.Context(c2pa.Settings().set("builder.thumbnail.enabled", "false"))  # else 130 kB and 50 ms a picture


@lru_cache(1)
def _signer() -> Any:
    c2pa, made = _library(), certificate()
    return c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", made.chain, made.key, None))


def _issued(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey, is_root: bool
) -> x509.Certificate:
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    usage |= {"digital_signature": not is_root, "key_cert_sign": is_root, "crl_sign": is_root}
    begun, ended = _VALID
    builder = (
        x509.CertificateBuilder(
            _named(issuer), _named(name), key.public_key(), x509.random_serial_number(), begun, ended
        )
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _named(common_name: str) -> x509.Name:
    words = {NameOID.COUNTRY_NAME: "ZZ", NameOID.ORGANIZATION_NAME: TRUST, NameOID.COMMON_NAME: common_name}
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in words.items()])
