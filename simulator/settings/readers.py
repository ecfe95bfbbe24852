"""What the text of a flag or variable means: numbers, sizes, truths, pairs, and hosts that may be reached."""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import msgspec

MIB = 1 << 20
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")
_LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(\*\.)?({_LABEL}\.)*(?!\d+\.?$){_LABEL}\.?", re.IGNORECASE | re.ASCII)


class BadSetting(ValueError):
    """A flag or variable that cannot be used; the message says which and what would be legal."""


class VendorPort(msgspec.Struct, frozen=True):
    """A port that is one vendor's own, and one sandbox's where it names one."""

    vendor: str
    port: int
    sandbox: str = ""


def read_text(text: str) -> str:
    """Return the text as it is."""
    return text


def read_path(text: str) -> Path | None:
    """Return a path; nothing is none."""
    return Path(text) if text else None


def read_folder(text: str) -> Path:
    """Return one path of several."""
    return Path(text)


def read_whole(text: str) -> int:
    """Return a whole number.

    Raises:
        BadSetting: it is none.
    """
    try:
        return int(text)
    except ValueError as error:
        raise BadSetting(f"{text!r} is no whole number") from error


def read_number(text: str) -> float:
    """Return a number.

    Raises:
        BadSetting: it is none.
    """
    try:
        return float(text)
    except ValueError as error:
        raise BadSetting(f"{text!r} is no number") from error


def read_truth(text: str) -> bool:
    """Return what a yes or a no says, in any of the usual spellings.

    Raises:
        BadSetting: it is neither.
    """
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise BadSetting(f"{text!r} is neither true nor false")


def read_pair(text: str, what: str = "pair") -> tuple[str, str]:
    """Return the two sides of ``name=value``.

    Raises:
        BadSetting: there is no ``=``, or nothing on one side of it.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise BadSetting(f"{text!r} is no {what}; write NAME=VALUE")
    return name.strip(), value.strip()


def read_switch(text: str) -> tuple[str, str]:
    """Return a switch's name and what it is set to.

    Raises:
        BadSetting: it is no pair.
    """
    return read_pair(text, "switch")


def read_size(text: str) -> int:
    """Return a size in bytes: a whole number, or one with KiB, MiB or GiB.

    Raises:
        BadSetting: it is neither.
    """
    for unit, factor in (("KiB", 1024), ("MiB", MIB), ("GiB", 1024 * MIB)):
        if text.endswith(unit) and text.removesuffix(unit).strip().isdecimal():
            return int(text.removesuffix(unit)) * factor
    if text.isdecimal():
        return int(text)
    raise BadSetting(f"{text!r} is no size; write for example 1048576, 512KiB or 64MiB")


def read_vendor_port(text: str) -> VendorPort:
    """Return what ``useapi=8001`` says, or ``t1/useapi=8001``, which names a sandbox too.

    Raises:
        BadSetting: it is neither.
    """
    name, port = read_pair(text, "vendor's port")
    sandbox, slash, vendor = name.rpartition("/")
    if not port.isdecimal() or (slash and not sandbox):
        raise BadSetting(f"{port!r} is no port; write for example useapi=8001, or t1/useapi=8001 for the sandbox t1")
    return VendorPort(vendor, int(port), sandbox)


def read_allowed(text: str) -> str:
    """Return what webhooks are to be allowed to reach, or what inputs may come from: ``*``, a host, all below one, an address or a network.

    Raises:
        BadSetting: it is none of them.
    """
    if text == "*" or _HOST.fullmatch(text):
        return text
    try:
        ip_network(text)
    except ValueError as error:
        raise BadSetting(
            f"{text!r} is nothing that can be allowed; write a host (hooks.example.com, or *.example.com for all below it), "
            f"an address (203.0.113.7), a network (203.0.113.0/24), or * for every public address"
        ) from error
    return text


def read_host(text: str) -> str:
    """Return a host name in small letters, ``*.example.com`` for all below one, or an address as it is usually written.

    Raises:
        BadSetting: it is none.
    """
    if _HOST.fullmatch(text):
        return text.lower().rstrip(".")
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise BadSetting(
            f"{text!r} is no host; write for example api.example.com, *.example.com for all below it, or 203.0.113.7"
        ) from error


def listed(text: str) -> list[str]:
    """Return the parts of a list as a variable has it: separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
