"""Every setting of a server, from flags first and the environment second; no other module reads the environment."""

import os
import re
import secrets
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec

PREFIX = "MEDIASIM_"  # not SIMULATOR_: Kubernetes sets SIMULATOR_PORT where a service has that name
MIB = 1 << 20


class BadSetting(ValueError):
    """A flag or variable that cannot be used; the message says which and what would be legal."""


class VendorPort(msgspec.Struct, frozen=True):
    """A port that is one vendor's own, and one sandbox's where it names one."""

    vendor: str
    port: int
    sandbox: str = ""


class Settings(msgspec.Struct, frozen=True):
    """What a server is started with. Lists in the environment are separated by commas."""

    host: str = "127.0.0.1"
    port: int = 8080
    vendor_ports: tuple[VendorPort, ...] = ()
    control_port: int | None = None
    has_control: bool = True
    token: str | None = None
    scenario_folders: tuple[Path, ...] = ()
    scenario: str = ""
    clock: str = "real"
    speed: float = 1.0
    hold: bool = False
    seed: str = ""
    epoch: str = ""
    switches: tuple[tuple[str, str], ...] = ()
    strict_keys: bool = False
    auto_sandboxes: bool = False
    max_jobs: int = 100_000
    max_body_bytes: int = 64 * MIB
    cache_folder: Path | None = None
    has_access_log: bool = False
    webhook_allow: tuple[str, ...] = ()
    webhook_insecure: bool = False


def read_settings(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings: a flag wins over its ``MEDIASIM_…`` variable, and that over the default.

    Flags are given by field name; None means that a flag was not given.

    Raises:
        BadSetting: a variable that does not exist, or a value that cannot be read.
    """
    environment = os.environ if environment is None else environment
    said: dict[str, Any] = {}
    for variable, field in VARIABLES.items():
        flag = flags.get(field)
        if flag not in (None, (), []):
            said[field] = tuple(flag) if isinstance(flag, list) else flag
        elif variable in environment:
            said[field] = _read(variable, field, environment[variable])
    unknown = [name for name in environment if name.startswith(PREFIX) and name not in VARIABLES]
    if unknown:
        raise BadSetting(f"{unknown[0]} is no setting; there are: {', '.join(VARIABLES)}")
    said["seed"] = said.get("seed") or secrets.token_hex(4)
    if "cache_folder" not in said:
        said["cache_folder"] = _cache_folder(environment)
    settings = Settings(**said)
    _check(settings)
    return settings


VARIABLES = {
    "MEDIASIM_HOST": "host",
    "MEDIASIM_PORT": "port",
    "MEDIASIM_VENDOR_PORTS": "vendor_ports",
    "MEDIASIM_CONTROL_PORT": "control_port",
    "MEDIASIM_CONTROL": "has_control",
    "MEDIASIM_TOKEN": "token",
    "MEDIASIM_SCENARIOS": "scenario_folders",
    "MEDIASIM_SCENARIO": "scenario",
    "MEDIASIM_CLOCK": "clock",
    "MEDIASIM_SPEED": "speed",
    "MEDIASIM_HOLD": "hold",
    "MEDIASIM_SEED": "seed",
    "MEDIASIM_EPOCH": "epoch",
    "MEDIASIM_SWITCHES": "switches",
    "MEDIASIM_STRICT_KEYS": "strict_keys",
    "MEDIASIM_AUTO_SANDBOXES": "auto_sandboxes",
    "MEDIASIM_MAX_JOBS": "max_jobs",
    "MEDIASIM_MAX_BODY": "max_body_bytes",
    "MEDIASIM_CACHE": "cache_folder",
    "MEDIASIM_ACCESS_LOG": "has_access_log",
    "MEDIASIM_WEBHOOK_ALLOW": "webhook_allow",
    "MEDIASIM_WEBHOOK_INSECURE": "webhook_insecure",
}
"""Every variable and the field it sets."""

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


def read_pair(text: str, what: str) -> tuple[str, str]:
    """Return the two sides of ``name=value``.

    Raises:
        BadSetting: there is no ``=``, or nothing before it.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise BadSetting(f"{text!r} is no {what}; write NAME=VALUE")
    return name.strip(), value.strip()


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


def _read(variable: str, field: str, text: str) -> Any:
    try:
        return _READERS.get(field, str)(text)
    except ValueError as error:
        raise BadSetting(f"{variable}: {error}") from error


def _flag(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise BadSetting(f"{text!r} is neither true nor false")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


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


_LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(\*\.)?({_LABEL}\.)*(?!\d+\.?$){_LABEL}\.?", re.IGNORECASE | re.ASCII)


def check_allowed(entry: str) -> None:
    """Check what webhooks are to be allowed to reach: ``*``, a host, all below one, an address or a network.

    Raises:
        BadSetting: it is none of them.
    """
    if entry == "*" or _HOST.fullmatch(entry):
        return
    try:
        ip_network(entry)
    except ValueError as error:
        raise BadSetting(
            f"{entry!r} is nothing that webhooks can be allowed to reach; write a host (hooks.example.com, or *.example.com "
            f"for all below it), an address (203.0.113.7), a network (203.0.113.0/24), or * for every public address"
        ) from error


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BadSetting(f"{text!r} is no whole number") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BadSetting(f"{text!r} is no number") from error


_READERS: dict[str, Any] = {
    "port": _whole,
    "vendor_ports": lambda text: tuple(map(read_vendor_port, _listed(text))),
    "control_port": _whole,
    "has_control": _flag,
    "scenario_folders": lambda text: tuple(Path(part) for part in _listed(text)),
    "speed": _number,
    "hold": _flag,
    "switches": lambda text: tuple(read_pair(part, "switch") for part in _listed(text)),
    "strict_keys": _flag,
    "auto_sandboxes": _flag,
    "max_jobs": _whole,
    "max_body_bytes": read_size,
    "cache_folder": Path,
    "has_access_log": _flag,
    "webhook_allow": lambda text: tuple(_listed(text)),
    "webhook_insecure": _flag,
}


def _cache_folder(environment: Mapping[str, str]) -> Path | None:
    base = environment.get("XDG_CACHE_HOME") or (f"{environment['HOME']}/.cache" if environment.get("HOME") else "")
    return Path(base) / "media-api-simulator" if base else None


def _check(settings: Settings) -> None:
    if settings.token is not None and not settings.token.strip():
        raise BadSetting("the token is empty and would guard nothing; leave it out, or say one")
    if settings.control_port is not None and not settings.has_control:
        raise BadSetting("a port for the control API and no control API: say --control-port or --no-control")
    ports = [settings.port, *(own.port for own in settings.vendor_ports)]
    if settings.control_port is not None:
        ports.append(settings.control_port)
    for port in ports:
        if not 0 <= port <= 65535:
            raise BadSetting(f"{port} is no port; a port is a number from 0 to 65535")
    taken = [port for port in ports if port and ports.count(port) > 1]
    if taken:
        raise BadSetting(f"port {taken[0]} is given twice")
    if settings.clock not in ("real", "manual", "skip"):
        raise BadSetting(f"there is no clock mode {settings.clock!r}; there are real, manual, skip")
    if not 0 < settings.speed <= 1_000_000:
        raise BadSetting(f"{settings.speed} is no speed; it must be above 0 and at most 1000000")
    for entry in settings.webhook_allow:
        check_allowed(entry)
    if settings.max_jobs < 1 or settings.max_body_bytes < 1024:
        raise BadSetting("at least one job and 1 KiB of body must fit")
