"""The test CA: certificates for every vendor's host, and where clients find what they are to trust."""

import os
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NoReturn

from simulator.server.ca import ORGANIZATION, UnusableCertificate, find_ca, kept, nameable, now

LEAF_LASTS = timedelta(days=820)  # Apple's clients refuse more than 825
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\s*", re.DOTALL)


class Authority:
    """Signs for all hosts that it is given; ``ca_file`` and ``bundle_file`` are None where no folder can be written.

    ``ca_file`` holds the CA's certificate alone, ``bundle_file`` what this system trusts and then the CA's, for variables
    such as SSL_CERT_FILE that replace a client's whole list. The CA can sign for these hosts and this machine only: whoever
    has come to trust it, and lost its key, still talks to nobody but the true servers of all other hosts.
    """

    ca_pem: bytes
    ca_file: Path | None = None
    bundle_file: Path | None = None

    def __init__(
        self, hosts: Sequence[str], folder: Path | None = None, *, cert: Path | None = None, key: Path | None = None
    ) -> None:
        """Make the CA, or take it up again from its folder; a certificate of the user's own replaces all that we sign.

        With a certificate of the user's own, ``ca_pem`` and the files hold that, and its chain.

        Raises:
            UnusableCertificate: the user's certificate or key cannot be read, or the CA in the folder.
        """
        if cert is None:
            names, stem = nameable(hosts), ""
            key_pem, self.ca_pem = find_ca(names, folder)
            self._context = _signed_context(key_pem, self.ca_pem, names)
        else:
            self._context, stem = _own_context(cert, key), "own-"
            self.ca_pem = b"".join(_certificates(_read(cert, "certificate")))
        if folder is not None:
            folder = folder.absolute()  # programs that are told of the files may be elsewhere
            self.ca_file = kept(folder / f"{stem}ca.pem", self.ca_pem)
            bundle = folder / f"{stem}bundle.pem"
            self.bundle_file = kept(bundle, _bundle(self.ca_pem, apart_from=bundle)) if self.ca_file else None

    @property
    def context(self) -> ssl.SSLContext:
        """What a listening socket, or a tunnel through the proxy, speaks TLS with."""
        return self._context


def _signed_context(key_pem: bytes, ca_pem: bytes, names: Sequence[str]) -> ssl.SSLContext:
    import trustme  # here, as above

    today = now()
    leaf = trustme.CA.from_pem(ca_pem, key_pem).issue_cert(
        *names,
        organization_name=ORGANIZATION,
        organization_unit_name="test certificate",
        not_before=today - timedelta(days=1),
        not_after=today + LEAF_LASTS - timedelta(days=1),
    )
    context = _new_context()
    with _in_memory(leaf.private_key_and_cert_chain_pem.bytes()) as file:
        context.load_cert_chain(file)
    return context


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


@contextmanager
def _in_memory(pem: bytes) -> Iterator[str]:
    """Give out a file for as long as OpenSSL reads it, which takes nothing else; where nothing can be written too."""
    if not hasattr(os, "memfd_create"):
        with NamedTemporaryFile(delete=False) as file:
            file.write(pem)
        try:
            yield file.name
        finally:
            Path(file.name).unlink()
        return
    number = os.memfd_create("certificate")
    try:
        os.write(number, pem)
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)


def _own_context(cert: Path, key: Path | None) -> ssl.SSLContext:
    """Return a context that shows the user's own certificate.

    Raises:
        UnusableCertificate: with what is wrong, and in which file.
    """
    if not _certificates(_read(cert, "certificate")):
        raise UnusableCertificate(f"{cert} holds no certificate in PEM")
    if b"PRIVATE KEY-----" not in _read(key or cert, "key"):
        raise UnusableCertificate(
            f"{key or cert} holds no private key in PEM" + ("" if key else "; --tls-key says where it is")
        )

    def refuse() -> NoReturn:
        raise UnusableCertificate(
            f"the key in {key or cert} has a password, and nobody is there to say it; store it without"
        )

    context = _new_context()
    try:
        context.load_cert_chain(cert, key, refuse)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UnusableCertificate(
                f"the key in {key or cert} does not belong to the first certificate in {cert}"
            ) from error
        raise UnusableCertificate(f"{cert} and {key or cert} cannot be used: {error.reason or error}") from error
    return context


def _read(file: Path, what: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnusableCertificate(f"the {what} {file} cannot be read: {error.strerror}") from error


def _certificates(pem: bytes) -> list[bytes]:
    """Return the certificates that a file holds, each once, and nothing else of it."""
    return list(dict.fromkeys(found.strip() + b"\n" for found in _PEM.findall(pem)))


def _bundle(ca_pem: bytes, *, apart_from: Path) -> bytes:
    """Return what this system trusts, and then ours. ``apart_from`` is the file it goes to, which may be in use already."""
    roots = next(filter(None, _system_roots(apart_from)), [])
    return b"".join(dict.fromkeys((*roots, *_certificates(ca_pem))))


def _system_roots(apart_from: Path) -> Iterator[list[bytes]]:
    """Yield what is trusted here, by one account after the other: OpenSSL's, certifi's, the system's own store."""
    paths = ssl.get_default_verify_paths()
    for file in (paths.cafile, paths.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt", _certifi()):
        with suppress(OSError):
            if file and not _is_same(Path(file), apart_from):
                yield _certificates(Path(file).read_bytes())
    context = ssl.create_default_context()
    yield [ssl.DER_cert_to_PEM_cert(one).encode() for one in context.get_ca_certs(binary_form=True)]


def _certifi() -> str:
    try:
        import certifi  # here, for not every machine has it
    except ImportError:
        return ""
    return certifi.where()


def _is_same(one: Path, other: Path) -> bool:
    return other.exists() and one.samefile(other)
