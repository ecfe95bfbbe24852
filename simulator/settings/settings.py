"""The settings themselves: read from flags and variables, checked, and never changed after."""

import os
import re
import secrets
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec

from simulator.settings.options import OPTIONS, PREFIX, Option
from simulator.settings.readers import MIB, BadSetting, VendorPort, listed

TOLD = f"{PREFIX}URL"
"""What ``simulator exec`` tells its child; a server started in there does not take it for a setting."""

_SERVICE_LINK = re.compile(r"(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]{1,2})?")
_SERVICE_URL = re.compile(r"(tcp|udp|sctp)://")


class Settings(msgspec.Struct, frozen=True):
    """What a server is started with; ``options.py`` says what each means."""

    host: str = "127.0.0.1"
    port: int = 8080
    vendor_ports: tuple[VendorPort, ...] = ()
    folder: Path | None = None
    control_port: int | None = None
    has_control: bool = True
    token: str | None = None
    open_control: bool = False
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
    tls: bool = False
    tls_port: int = 8443
    tls_folder: Path | None = None
    tls_names: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    proxy_passthrough: tuple[str, ...] = ()
    webhook_allow: tuple[str, ...] = ()
    webhook_insecure: bool = False
    live: bool = False
    device: str = "auto"
    slots: int = 1
    drain: float = 0.0
    engine: str = "local"
    ray_address: str = ""
    gpu_share: float | None = None
    live_allow: tuple[str, ...] = ()
    has_marks: bool = True
    max_jobs: int = 100_000
    max_body_bytes: int = 64 * MIB
    max_connections: int = 20_000
    client_timeout: float = 30.0
    log: str = "off"
    cache_folder: Path | None = None


def read_settings(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings: a flag wins over its ``SIMULATOR_…`` variable, and that over the default.

    Flags are given by field name, as text or as what the text means; None means that a flag was not given. An empty
    variable says nothing, as compose files write it, but for the token: an empty one would guard nothing. What
    Kubernetes tells about a service named ``simulator`` (``SIMULATOR_PORT=tcp://…``) is no setting.

    Raises:
        BadSetting: a variable that does not exist, or a value that cannot be used.
    """
    environment = os.environ if environment is None else environment
    ours = variables_of_ours(environment)
    said: dict[str, Any] = {}
    for option in OPTIONS:
        flag = flags.get(option.field)
        if flag not in (None, (), []):
            said[option.field] = _read(option, option.flag, flag)
        elif ours.get(option.variable) or (option.field == "token" and option.variable in ours):
            text = ours[option.variable]
            said[option.field] = _read(option, option.variable, listed(text) if option.is_list else text)
    _refuse_unknown(ours)
    if said.get("tls_cert") is not None:
        said["tls"] = True
    said["seed"] = said.get("seed") or secrets.token_hex(4)
    if "cache_folder" not in said:
        said["cache_folder"] = _cache_folder(environment)
    settings = _with_folder(Settings(**said))
    _check(settings)
    return _guarded(settings)


def read_environment() -> dict[str, str]:
    """Return a copy of this process's environment, for a program that it is to start."""
    return dict(os.environ)


def variables_of_ours(environment: Mapping[str, str]) -> dict[str, str]:
    """Return those variables of an environment that say a setting, or were meant to."""
    ours = {name: said for name, said in environment.items() if name.startswith(PREFIX) and name != TOLD}
    return {name: said for name, said in ours.items() if not _is_service_link(name, said)}


def _is_service_link(name: str, said: str) -> bool:
    rest = name.removeprefix(PREFIX)
    return bool(_SERVICE_LINK.fullmatch(rest) or (rest.endswith("PORT") and _SERVICE_URL.match(said)))


def _read(option: Option, name: str, said: Any) -> Any:
    try:
        if option.is_list:
            return tuple(option.read(part) if isinstance(part, str) else part for part in said)
        return option.read(said) if isinstance(said, str) else said
    except BadSetting as error:
        raise BadSetting(f"{name}: {error}") from error


def _refuse_unknown(ours: Mapping[str, str]) -> None:
    variables = [option.variable for option in OPTIONS]
    for name in ours:
        if name not in variables:
            import difflib  # here, for its import costs a start 10 ms and most starts have no mistake

            [near, *_] = [*difflib.get_close_matches(name, variables, 1), ""]
            hint = f"did you mean {near}? " if near else ""
            raise BadSetting(f"{name} is no setting; {hint}There are: {', '.join(variables)}")


def _cache_folder(environment: Mapping[str, str]) -> Path | None:
    base = environment.get("XDG_CACHE_HOME") or (f"{environment['HOME']}/.cache" if environment.get("HOME") else "")
    return Path(base) / "media-api-simulator" if base else None


def _with_folder(settings: Settings) -> Settings:
    """Return the settings with what the mounted folder holds, where nothing else was said."""
    folder, more = settings.folder, dict[str, Any]()
    if folder is None:
        return settings
    if not folder.is_dir():
        raise BadSetting(f"--folder: there is no folder {str(folder)!r}")
    if (folder / "scenarios").is_dir() and not settings.scenario_folders:
        more["scenario_folders"] = (folder / "scenarios",)
    if settings.tls_folder is None:
        more["tls_folder"] = folder / "tls"
    if (cert := folder / "tls" / "cert.pem").is_file() and settings.tls_cert is None:
        key = folder / "tls" / "key.pem"
        more |= {"tls": True, "tls_cert": cert, "tls_key": settings.tls_key or (key if key.is_file() else None)}
    return msgspec.structs.replace(settings, **more)


def _guarded(settings: Settings) -> Settings:
    """Return the settings with a token drawn where others can reach the control API and nobody said that they may."""
    if settings.token is not None or settings.open_control or not settings.has_control or is_loopback(settings.host):
        return settings
    return msgspec.structs.replace(settings, token=secrets.token_urlsafe(12))


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach what listens on a host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _check(settings: Settings) -> None:
    if settings.token is not None and not settings.token.strip():
        raise BadSetting("the token is empty and would guard nothing; leave it out, or say one")
    if settings.control_port is not None and not settings.has_control:
        raise BadSetting("a port for the control API and no control API: say --control-port or --no-control")
    if settings.tls_key is not None and settings.tls_cert is None:
        raise BadSetting("a key and no certificate: say --tls-cert too")
    _check_ports(settings)
    for name, said, choices in (
        ("clock mode", settings.clock, ("real", "manual", "skip")),
        ("log format", settings.log, ("off", "text", "json")),
        ("engine", settings.engine, ("local", "ray")),
    ):
        if said not in choices:
            raise BadSetting(f"there is no {name} {said!r}; there are {', '.join(choices)}")
    if not 0 < settings.speed <= 1_000_000:
        raise BadSetting(f"{settings.speed} is no speed; it must be above 0 and at most 1000000")
    if not _DEVICE.fullmatch(settings.device):
        raise BadSetting(f"there is no device {settings.device!r}; write auto, cpu, cuda, or cuda:1 for the second one")
    _check_live(settings)
    if settings.max_jobs < 1 or settings.max_body_bytes < 1024:
        raise BadSetting("at least one job and 1 KiB of body must fit")
    if settings.max_connections < 1 or not 0 < settings.client_timeout <= 86_400:
        raise BadSetting("at least one connection, and more than 0 and at most 86400 seconds for a client")


def _check_live(settings: Settings) -> None:
    if not 1 <= settings.slots <= 64:
        raise BadSetting(f"{settings.slots} is no number of slots; there may be 1 to 64")
    if settings.live and (settings.clock != "real" or settings.speed != 1):
        raise BadSetting("live jobs are rendered in real time: leave --clock and --speed out beside --live")
    if not 0 <= settings.drain <= 86_400:
        raise BadSetting(f"{settings.drain:g} seconds cannot be given to renders at the end; it may be 0 to 86400")
    if settings.engine != "ray" and (settings.ray_address or settings.gpu_share is not None):
        raise BadSetting("--ray-address and --gpu-share are for --engine ray")
    if settings.gpu_share is not None and not 0 <= settings.gpu_share <= 64:
        raise BadSetting(f"{settings.gpu_share:g} is no share of a GPU; it may be 0, a part such as 0.5, or whole GPUs")


def _check_ports(settings: Settings) -> None:
    ports = [settings.port, *(own.port for own in settings.vendor_ports)]
    ports += [settings.control_port] if settings.control_port is not None else []
    ports += [settings.tls_port] if settings.tls else []
    for port in ports:
        if not 0 <= port <= 65535:
            raise BadSetting(f"{port} is no port; a port is a number from 0 to 65535")
    taken = [port for port in ports if port and ports.count(port) > 1]
    if taken:
        raise BadSetting(f"port {taken[0]} is given twice")
