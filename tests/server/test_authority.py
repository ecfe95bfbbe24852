"""The test CA: kept, agreed on, limited to what it is for; and certificates of the user's own."""

import socket
import ssl
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from simulator.server import ca as made_ca
from simulator.server.authority import Authority
from simulator.server.ca import UnusableCertificate

HOSTS = ("api.useapi.net", "localhost", "127.0.0.1", "::1", "*.my.test")


def says(context: ssl.SSLContext, host: str, trusted: bytes) -> str:
    """Return "" where a client that trusts some certificates accepts what a server shows, else why it does not."""
    client = ssl.create_default_context(cadata=trusted.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python does from 3.13 on
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            context.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        client.wrap_socket(ours, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        ours.close()
        serving.join(10)
    return ""


def forged(made: Authority, folder: Path, host: str) -> ssl.SSLContext:
    """Return what somebody could show who has got hold of the CA's key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA.from_pem(made.ca_pem, (folder / "ca-key.pem").read_bytes()).issue_cert(host).configure_cert(context)
    return context


@pytest.mark.parametrize("host", ["api.useapi.net", "localhost", "127.0.0.1", "::1", "a.my.test"])
def test_clients_accept_every_host_that_it_signs_for(host: str) -> None:
    made = Authority(HOSTS)

    assert says(made.context, host, made.ca_pem) == ""


@pytest.mark.parametrize("host", ["useapi.net", "example.com", "127.0.0.2"])
def test_clients_refuse_every_other(host: str) -> None:
    made = Authority(HOSTS)

    assert "is not valid for" in says(made.context, host, made.ca_pem)


@pytest.mark.parametrize("host", ["example.com", "10.1.2.3", "useapi.net"])
def test_whoever_steals_its_key_can_play_nobody_else(tmp_path: Path, host: str) -> None:
    made = Authority(HOSTS, tmp_path)

    assert says(forged(made, tmp_path, host), host, made.ca_pem) == "permitted subtree violation"
    assert says(forged(made, tmp_path, "api.useapi.net"), "api.useapi.net", made.ca_pem) == ""  # so the forgery is good


def test_it_is_taken_up_again(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "tls"
    made = Authority(HOSTS, folder)

    again = Authority(HOSTS[:2], folder)

    assert again.ca_pem == made.ca_pem == (folder / "ca.pem").read_bytes()
    assert again.ca_file == folder / "ca.pem"
    assert again.bundle_file == folder / "bundle.pem"
    assert says(again.context, "localhost", made.ca_pem) == ""
    assert sorted(path.name for path in folder.iterdir()) == ["bundle.pem", "ca-key.pem", "ca.pem"]


def test_only_its_owner_reads_the_key(tmp_path: Path) -> None:
    Authority(HOSTS, tmp_path)

    assert stat.S_IMODE((tmp_path / "ca-key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "ca.pem").stat().st_mode) == 0o644
    assert b"PRIVATE" not in (tmp_path / "ca.pem").read_bytes() + (tmp_path / "bundle.pem").read_bytes()


def test_further_hosts_leave_servers_that_run_already_trusted(tmp_path: Path) -> None:
    first = Authority(HOSTS, tmp_path)

    second = Authority([*HOSTS, "new.test"], tmp_path)

    assert second.ca_pem != first.ca_pem
    assert says(first.context, "api.useapi.net", second.ca_pem) == ""
    assert says(second.context, "api.useapi.net", first.ca_pem) == "permitted subtree violation"
    assert Authority(HOSTS, tmp_path).ca_pem == second.ca_pem
    third = Authority(["third.test"], tmp_path)
    assert says(second.context, "new.test", third.ca_pem) == ""


def test_one_that_soon_ends_is_renewed_with_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as once:
        once.setattr(made_ca, "CA_LASTS", made_ca.SPARE - timedelta(days=1))
        first = Authority(HOSTS, tmp_path)

    second = Authority(HOSTS, tmp_path)

    assert second.ca_pem != first.ca_pem
    assert says(first.context, "api.useapi.net", second.ca_pem) == ""
    assert Authority(HOSTS, tmp_path).ca_pem == second.ca_pem


def test_many_that_start_at_once_agree(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def start(number: int) -> Authority:
        together.wait(10)
        return Authority(HOSTS, tmp_path / "tls")

    with ThreadPoolExecutor(8) as pool:
        started = [*pool.map(start, range(8))]

    for one in started:
        assert says(one.context, "api.useapi.net", (tmp_path / "tls" / "ca.pem").read_bytes()) == ""
        assert says(started[0].context, "api.useapi.net", one.ca_pem) == ""


def test_where_nothing_can_be_written_it_is_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    made = Authority(HOSTS, tmp_path / "file" / "tls")

    assert (made.ca_file, made.bundle_file) == (None, None)
    assert says(made.context, "localhost", made.ca_pem) == ""


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*about: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)

    assert Authority(HOSTS, tmp_path).ca_pem == Authority(HOSTS, tmp_path).ca_pem


def test_the_bundle_is_what_the_system_trusts_and_ours(tmp_path: Path) -> None:
    made = Authority(HOSTS, tmp_path)
    assert made.bundle_file is not None

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(made.bundle_file)
    held = context.get_ca_certs(binary_form=True)

    assert held.count(ssl.PEM_cert_to_DER_cert(made.ca_pem.decode())) == 1
    assert len(held) > 20
    assert len(held) == len(set(held))
    assert made.bundle_file.read_bytes().endswith(made.ca_pem)


def test_a_bundle_that_is_in_use_does_not_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Authority(HOSTS, tmp_path).bundle_file
    assert first is not None
    before = first.read_bytes()
    monkeypatch.setenv("SSL_CERT_FILE", str(first))

    Authority([*HOSTS, "new.test"], tmp_path)

    assert abs(len(first.read_bytes()) - len(before)) < 1000


def test_a_ca_that_its_user_has_brought_along_is_used_as_it_is(tmp_path: Path) -> None:
    theirs = trustme.CA(key_type=trustme.KeyType.RSA)
    (tmp_path / "ca.pem").write_bytes(theirs.cert_pem.bytes())
    (tmp_path / "ca-key.pem").write_bytes(theirs.private_key_pem.bytes())

    made = Authority(HOSTS, tmp_path)

    assert made.ca_pem == theirs.cert_pem.bytes()
    assert says(made.context, "api.useapi.net", theirs.cert_pem.bytes()) == ""


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda folder: (folder / "ca-key.pem").write_text("nothing"),
            r"ca-key\.pem is no key that can be read; remove it",
        ),
        (lambda folder: (folder / "ca-key.pem").unlink(), r"ca\.pem does not belong to .*ca-key\.pem; remove both"),
        (lambda folder: [(folder / "ca-key.pem").unlink(), (folder / "ca-key.pem").mkdir()], "cannot be read: "),
    ],
)
def test_a_ca_that_somebody_has_spoilt_is_not_replaced_in_silence(
    tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    Authority(HOSTS, tmp_path)
    spoil(tmp_path)

    with pytest.raises(UnusableCertificate, match=words):
        Authority(HOSTS, tmp_path)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a folder with certificates of a user's own: ``chain.pem``, ``key.pem``, and what is wrong with others."""
    ca = trustme.CA()
    middle = ca.create_child_ca()
    leaf, other = middle.issue_cert("api.useapi.net"), middle.issue_cert("api.useapi.net")
    chain, key = b"".join(one.bytes() for one in leaf.cert_chain_pems), leaf.private_key_pem.bytes()
    locked = load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    for name, pem in {
        "root.pem": ca.cert_pem.bytes(),
        "chain.pem": chain,
        "key.pem": key,
        "both.pem": key + chain,
        "other-key.pem": other.private_key_pem.bytes(),
        "locked-key.pem": locked,
        "empty.pem": b"",
        "broken.pem": b"-----BEGIN CERTIFICATE-----\nnot this\n-----END CERTIFICATE-----\n",
    }.items():
        (tmp_path / name).write_bytes(pem)
    return tmp_path


@pytest.mark.parametrize("names", [("chain.pem", "key.pem"), ("both.pem", None)])
def test_a_certificate_of_ones_own_is_shown_with_its_chain(own: Path, names: tuple[str, str | None]) -> None:
    cert, key = (own / name if name else None for name in names)

    made = Authority(HOSTS, own / "tls", cert=cert, key=key)

    assert says(made.context, "api.useapi.net", (own / "root.pem").read_bytes()) == ""
    assert made.ca_pem == (own / "chain.pem").read_bytes()  # and never the key
    assert [path.name for path in sorted((own / "tls").iterdir())] == ["own-bundle.pem", "own-ca.pem"]


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("none.pem", None, r"the certificate .*none\.pem cannot be read: No such file"),
        ("chain.pem", "none.pem", r"the key .*none\.pem cannot be read: No such file"),
        (".", None, "cannot be read: Is a directory"),
        ("empty.pem", None, r"empty\.pem holds no certificate"),
        ("key.pem", None, r"key\.pem holds no certificate"),
        ("chain.pem", None, r"chain\.pem holds no private key in PEM; --tls-key says where it is"),
        ("chain.pem", "empty.pem", r"empty\.pem holds no private key in PEM$"),
        ("chain.pem", "other-key.pem", r"other-key\.pem does not belong to the first certificate in .*chain\.pem"),
        ("chain.pem", "locked-key.pem", r"locked-key\.pem has a password"),
        ("broken.pem", "key.pem", r"broken\.pem and .*key\.pem cannot be used"),
    ],
)
def test_one_that_cannot_be_used_says_which_file_and_why(own: Path, cert: str, key: str | None, words: str) -> None:
    with pytest.raises(UnusableCertificate, match=words) as caught:
        Authority(HOSTS, own / "tls", cert=own / cert, key=own / key if key else None)

    assert "\n" not in str(caught.value)
