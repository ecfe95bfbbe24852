"""The environment of a program that ``simulator exec`` starts: every way to the vendors' hosts leads to the simulator."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from simulator.settings import PREFIX, TOLD, variables_of_ours

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY")
_OTHER_PROXIES = ("ALL_PROXY", "WS_PROXY", "WSS_PROXY")  # ways around ours, for some clients
_NO_PROXY = "NO_PROXY"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_REPLACES_ALL_ROOTS = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_ADDS_ROOTS = ("NODE_EXTRA_CA_CERTS",)


class Pointed(msgspec.Struct, frozen=True):
    """An environment, and what its owner should know of the changes to it."""

    variables: Mapping[str, str]
    remarks: list[str]


def point(
    environment: Mapping[str, str],
    *,
    url: str,
    hosts: Iterable[str],
    ca_file: Path,
    bundle_file: Path,
    folder: Path,
    control_url: str = "",
    token: str | None = None,
) -> Pointed:
    """Return an environment in which clients reach ``hosts`` through the proxy at ``url``, and trust what they find there.

    ``control_url`` is where it is commanded, if not there: vendors by prefix are there too.
    Roots that the environment already named stay trusted: where there are some, files in ``folder`` hold them and ours.
    Settings of ours are left out, so that a second simulator may be started inside.
    """
    said = {name: text for name, text in environment.items() if name not in variables_of_ours(environment)}
    remarks: list[str] = []
    _set_proxy(said, url, remarks)
    _spare_loopback(said, [*hosts], remarks)
    for name in _REPLACES_ALL_ROOTS:
        said[name] = _trusting(said.get(name), bundle_file, folder, name)
    for name in _ADDS_ROOTS:
        said[name] = _trusting(said.get(name), ca_file, folder, name)
    said |= {"NODE_USE_ENV_PROXY": "1", TOLD: control_url or url}
    if token is not None:
        said[f"{PREFIX}TOKEN"] = token  # the control API asks whoever is in there for it
    return Pointed(said, remarks)


def _set_proxy(said: dict[str, str], url: str, remarks: list[str]) -> None:
    """Set both spellings: curl reads ``http_proxy`` in small letters only, for a CGI program's ``HTTP_PROXY`` is a header."""
    spellings = [spelt for name in (*_PROXIES, *_OTHER_PROXIES) for spelt in (name, name.lower())]
    if replaced := [name.upper() for name in spellings if said.pop(name, "")]:
        named = ", ".join(dict.fromkeys(replaced))
        remarks.append(f"your {named} named another proxy; in here the simulator is the only one")
    for name in _PROXIES:
        said[name] = said[name.lower()] = url


def _spare_loopback(said: dict[str, str], hosts: list[str], remarks: list[str]) -> None:
    """Add loopback to what needs no proxy, and take out what would spare a vendor's host, which must not be reached."""
    texts = [said.pop(name, "") for name in (_NO_PROXY, _NO_PROXY.lower())]
    entries = [entry for text in texts for part in text.split(",") if (entry := part.strip())]
    left = [entry for entry in entries if not any(_spares(entry, host) for host in hosts)]
    if dropped := [entry for entry in dict.fromkeys(entries) if entry not in left]:
        remarks.append(f"your NO_PROXY spared a vendor's host, and in here it does not: {', '.join(dropped)}")
    said[_NO_PROXY] = said[_NO_PROXY.lower()] = ",".join(dict.fromkeys((*left, *_LOOPBACK)))


def _spares(entry: str, host: str) -> bool:
    name = entry.lower().partition(":")[0].lstrip("*").strip(".")
    return (entry == "*") or (bool(name) and f".{host}".endswith(f".{name}"))


def _trusting(theirs: str | None, ours: Path, folder: Path, name: str) -> str:
    """Return a file of roots: ours alone, or theirs and ours where a file of theirs can be read."""
    try:
        known = Path(theirs).read_bytes() if theirs else b""
    except OSError:  # a folder of them, or none at all
        known = b""
    if not known:
        return str(ours)
    both = folder / f"{name.lower()}.pem"
    both.write_bytes(known.rstrip() + b"\n" + ours.read_bytes())
    return str(both)
