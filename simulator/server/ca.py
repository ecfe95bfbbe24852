"""The test CA itself: its key and its certificate, limited to what it is for, and kept in a folder."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import idna

from simulator.settings import BadSetting

if TYPE_CHECKING:
    from cryptography import x509

CA_LASTS = timedelta(days=3650)
SPARE = timedelta(days=400)
"""A CA that ends sooner than this is renewed, with the same key."""
ORGANIZATION = "Media API simulator"
_LOOPBACK = ("127.0.0.0/8", "::1/128")
_real_ns = time.time_ns  # bound here, so that a test which freezes time makes no certificate of another year


class UnusableCertificate(BadSetting):
    """A certificate or a key that no server can show."""


def nameable(hosts: Sequence[str]) -> tuple[str, ...]:
    """Return those that a certificate can name, each once; a machine may be called what no host name can be."""
    named = dict[str, None]()
    for host in hosts:
        with suppress(UnicodeError):
            try:
                named[str(ip_address(host))] = None
            except ValueError:
                star = "*." if host.startswith("*.") else ""
                named[star + idna.encode(host.removeprefix("*."), uts46=True).decode()] = None
    return tuple(named)


def find_ca(names: Sequence[str], folder: Path | None) -> tuple[bytes, bytes]:
    """Return the CA's key and certificate: those of the folder, where they may sign for all names and last long enough.

    A certificate that does not do any more is made anew *with the same key and name*, so that clients which have read the
    new file go on to trust servers that were started with the old one. Two that start at once agree on one key.
    """
    from cryptography import x509  # here, for few servers speak TLS, and it takes 40 ms
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key_file, ca_file = (folder / "ca-key.pem", folder / "ca.pem") if folder else (None, None)
    key_pem = _first_key(key_file)
    try:
        key: Any = load_pem_private_key(key_pem, None)
    except (ValueError, TypeError) as error:
        raise UnusableCertificate(f"{key_file} is no key that can be read; remove it, and a new CA is made") from error
    wanted = _subtrees(names)
    old_pem, old = b"", None
    with suppress(OSError, ValueError):  # there is none yet, or no whole one
        old_pem = ca_file.read_bytes() if ca_file else b""
        old = x509.load_pem_x509_certificate(old_pem)
    if old is not None:
        if old.public_key() != key.public_key():
            raise UnusableCertificate(f"{ca_file} does not belong to {key_file}; remove both, and a new CA is made")
        permitted = _permitted(old)
        if permitted >= wanted and old.not_valid_after_utc > now() + SPARE:
            return key_pem, old_pem
        wanted |= permitted
    return key_pem, _sign_ca(key, wanted)


def _first_key(file: Path | None) -> bytes:
    """Return the key that a file holds; where there is none, make one and write it unless somebody else comes first."""
    if file is not None:
        try:
            return file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise UnusableCertificate(f"the key of the test CA, {file}, cannot be read: {error.strerror}") from error
    import trustme  # here, for few servers speak TLS

    new = trustme.CA(key_type=trustme.KeyType.ECDSA).private_key_pem.bytes()
    if file is None:
        return new
    try:
        with written(file, new) as whole:
            try:
                os.link(whole, file)
            except FileExistsError:
                return file.read_bytes()
            except OSError:  # a file system without links
                whole.replace(file)
    except OSError:  # a folder that cannot be written: the CA ends with this process
        return new
    return new


class _Anything(set["x509.GeneralName"]):
    """What a CA without limits may sign for: one that a user has brought along."""

    def __ge__(self, other: object) -> bool:
        return True


def _permitted(ca: "x509.Certificate") -> set["x509.GeneralName"]:
    from cryptography import x509  # here, as above

    try:
        limits = ca.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return _Anything()
    return set(limits.permitted_subtrees or ())


def _subtrees(names: Sequence[str]) -> set["x509.GeneralName"]:
    """Return all that a CA must be permitted to sign for."""
    from cryptography import x509  # here, as above

    found: set[x509.GeneralName] = {x509.IPAddress(ip_network(network)) for network in _LOOPBACK}
    for name in names:
        try:
            found.add(x509.IPAddress(ip_network(name)))
        except ValueError:
            found.add(x509.DNSName(name.removeprefix("*.")))
    return found


def _sign_ca(key: Any, subtrees: set["x509.GeneralName"]) -> bytes:
    """Return the CA's certificate; trustme makes none with limits."""
    from cryptography import x509  # here, as above
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    common_name = f"{ORGANIZATION}'s test CA {identifier.digest.hex()[:8]}"
    parts = ((NameOID.ORGANIZATION_NAME, ORGANIZATION), (NameOID.COMMON_NAME, common_name))
    name, today = x509.Name([x509.NameAttribute(*part) for part in parts]), now()
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
    usage |= {"digital_signature": True, "key_cert_sign": True, "crl_sign": True}
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(today - timedelta(days=1)).not_valid_after(today + CA_LASTS)
    builder = builder.add_extension(identifier, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    limits = x509.NameConstraints(sorted(subtrees, key=repr), None)
    return builder.add_extension(limits, critical=True).sign(key, SHA256()).public_bytes(Encoding.PEM)


def kept(file: Path, content: bytes) -> Path | None:
    """Write a file that everybody may read, unless it holds just that; return it, or None where it cannot be written."""
    with suppress(OSError):
        if file.read_bytes() == content:
            return file
    try:
        with written(file, content) as whole:
            whole.chmod(0o644)
            whole.replace(file)
    except OSError:
        return None
    return file


@contextmanager
def written(beside: Path, content: bytes) -> Iterator[Path]:
    """Give out a whole new file beside another one, readable by its owner alone, and remove it where it is still there."""
    beside.parent.mkdir(
        mode=0o755, parents=True, exist_ok=True
    )  # clients of other users need the certificate, not the key
    with NamedTemporaryFile(dir=beside.parent, prefix=f".{beside.name}-", delete=False) as file:
        file.write(content)
    try:
        yield Path(file.name)
    finally:
        Path(file.name).unlink(missing_ok=True)


def now() -> datetime:
    """Return the real time."""
    return datetime.fromtimestamp(_real_ns() // 1_000_000_000, UTC)
