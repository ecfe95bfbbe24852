"""The one table of all settings: its flag, its variable, what it means. Help, reading and docs/settings.md come from it."""

from collections.abc import Callable
from typing import Any

import msgspec

from simulator.settings import readers as read

PREFIX = "SIMULATOR_"


class Option(msgspec.Struct, frozen=True):
    """One setting: ``field`` of ``Settings``, said by ``flag`` or ``variable``, read by ``read``.

    ``metavar`` is "" where the flag alone says it, and the flag then means ``flag_means``. ``default`` is told where the
    field's own does not say it. A list is several flags, or one variable with commas.
    """

    field: str
    flag: str
    about: str
    read: Callable[[str], Any] = read.read_text
    metavar: str = ""
    default: str | None = None
    is_list: bool = False
    flag_means: bool = True
    variable_stem: str = ""

    @property
    def variable(self) -> str:
        """The environment's name for it."""
        return PREFIX + (self.variable_stem or self.flag.removeprefix("--").upper().replace("-", "_"))

    def default_told(self, defaults: object) -> str:
        """Return the default in words; ``defaults`` are settings that nobody touched."""
        if self.default is not None:
            return self.default
        value = getattr(defaults, self.field)
        return (
            ("on" if value else "off")
            if isinstance(value, bool)
            else f"{value:g}"
            if isinstance(value, float)
            else str(value)
        )


def _truth(field: str, flag: str, about: str, **more: Any) -> Option:
    return Option(field, flag, about, read.read_truth, **more)


def _several(field: str, flag: str, metavar: str, about: str, reader: Callable[[str], Any], stem: str = "") -> Option:
    return Option(field, flag, about, reader, metavar, default="", is_list=True, variable_stem=stem)


GROUPS: tuple[tuple[str, tuple[Option, ...]], ...] = (
    (
        "Where it listens",
        (
            Option("host", "--host", "address to listen on", metavar="ADDRESS"),
            Option("port", "--port", "port to listen on; 0 lets the system choose", read.read_whole, "PORT"),
            _several(
                "vendor_ports",
                "--vendor-port",
                "[SANDBOX/]VENDOR=PORT",
                "a port of its own, for a sandbox of its own where it names one",
                read.read_vendor_port,
                "VENDOR_PORTS",
            ),
            Option(
                "folder",
                "--folder",
                "a folder that may hold scenarios/ and tls/, to mount into a container",
                read.read_path,
                "FOLDER",
                default="none",
            ),
        ),
    ),
    (
        "What jobs do",
        (
            _several("scenario_folders", "--scenarios", "FOLDER", "your own scenarios", read.read_folder),
            Option(
                "scenario",
                "--scenario",
                "what jobs play that nobody else chose for",
                metavar="NAME",
                default="each vendor's",
            ),
            Option("clock", "--clock", "real, manual or skip", metavar="MODE"),
            Option("speed", "--speed", "virtual seconds a second, in the mode real", read.read_number, "FACTOR"),
            _truth("hold", "--hold", "blocking calls wait, instead of moving a standing clock"),
            Option("seed", "--seed", "what all dice depend on", metavar="TEXT", default="drawn and printed"),
            Option(
                "epoch",
                "--epoch",
                "where the clock starts, such as 2026-01-31T12:00:00Z",
                metavar="INSTANT",
                default="now",
            ),
            _several("switches", "--switch", "NAME=CHOICE", "what a vendor leaves open", read.read_switch, "SWITCHES"),
            _truth("strict_keys", "--strict-keys", "refuse keys that nobody made known"),
            _truth("auto_sandboxes", "--auto-sandboxes", "make a sandbox when it is first called"),
        ),
    ),
    (
        "The control API",
        (
            Option(
                "control_port",
                "--control-port",
                "serve it on a port of its own",
                read.read_whole,
                "PORT",
                default="the main port",
            ),
            _truth(
                "has_control", "--no-control", "serve no control API at all", flag_means=False, variable_stem="CONTROL"
            ),
            Option(
                "token",
                "--token",
                "what guards it",
                metavar="TOKEN",
                default="none on loopback, else drawn and printed",
            ),
            _truth("open_control", "--open-control", "ask for no token, though others can reach it"),
        ),
    ),
    (
        "https, and as a proxy",
        (
            _truth(
                "tls",
                "--tls",
                "serve https too, and be a proxy for the vendors' host names, with certificates of a test CA",
            ),
            Option("tls_port", "--tls-port", "port for https", read.read_whole, "PORT"),
            Option(
                "tls_folder",
                "--tls-folder",
                "where the test CA is kept, for clients to trust",
                read.read_path,
                "FOLDER",
                default="tls/ in --folder, else in the user's cache",
            ),
            _several(
                "tls_names",
                "--tls-name",
                "HOST",
                "a further host name for the certificate",
                read.read_host,
                "TLS_NAMES",
            ),
            Option(
                "tls_cert",
                "--tls-cert",
                "a certificate of your own, with its chain, in PEM",
                read.read_path,
                "FILE",
                default="made",
            ),
            Option(
                "tls_key", "--tls-key", "its key, in PEM", read.read_path, "FILE", default="in the certificate's file"
            ),
            _several(
                "proxy_passthrough",
                "--proxy-passthrough",
                "HOST",
                "a host that the proxy lets through; all but the vendors' are refused",
                read.read_host,
            ),
        ),
    ),
    (
        "Webhooks",
        (
            _several(
                "webhook_allow",
                "--webhook-allow",
                "WHERE",
                "a host, address or network beyond private ones that webhooks may go to; * is any",
                read.read_allowed,
            ),
            _truth("webhook_insecure", "--webhook-insecure", "trust any certificate of a webhook's receiver"),
        ),
    ),
    (
        "Live mode",
        (
            _truth("live", "--live", "do the work for real, where a kind of job can be done; needs the extra live"),
            Option("device", "--device", "what renders: auto, cpu, cuda or cuda:1", metavar="DEVICE"),
            Option(
                "slots", "--slots", "jobs rendered at a time, each in a process of its own", read.read_whole, "NUMBER"
            ),
            Option(
                "drain",
                "--drain",
                "seconds that renders may still take when the server is asked to stop; then they are cancelled",
                read.read_number,
                "SECONDS",
            ),
            Option("engine", "--engine", "where slots are: local, or ray; needs the extra scale", metavar="ENGINE"),
            Option(
                "ray_address",
                "--ray-address",
                "the Ray cluster that renders; without one, Ray starts on this machine",
                metavar="HOST:PORT",
                default="",
            ),
            Option(
                "gpu_share",
                "--gpu-share",
                "of a GPU, what a slot on Ray takes: 0.5 puts two on each",
                read.read_number,
                "SHARE",
                default="1 where Ray has a GPU and the device is not cpu, else 0",
            ),
            _several(
                "live_allow",
                "--live-allow",
                "WHERE",
                "a host, address or network beyond private ones that inputs may be fetched from; * is any",
                read.read_allowed,
            ),
            _truth(
                "has_marks",
                "--no-marks",
                "leave the visible mark out of renders, not their metadata",
                flag_means=False,
                variable_stem="MARKS",
            ),
        ),
    ),
    (
        "Limits",
        (
            Option("max_jobs", "--max-jobs", "jobs kept in each sandbox", read.read_whole, "NUMBER"),
            Option(
                "max_body_bytes", "--max-body", "largest body held in memory", read.read_size, "SIZE", default="64MiB"
            ),
            Option(
                "max_connections",
                "--max-connections",
                "connections kept at a time; the longest idle one makes room",
                read.read_whole,
                "NUMBER",
            ),
            Option(
                "client_timeout",
                "--client-timeout",
                "real seconds that a client may take over its request, or leave a reply unread",
                read.read_number,
                "SECONDS",
            ),
        ),
    ),
    (
        "What it tells",
        (
            Option("log", "--log", "a line for each call on standard error: off, text or json", metavar="FORMAT"),
            Option(
                "cache_folder",
                "--cache",
                "where contracts are kept ready for the next start",
                read.read_path,
                "FOLDER",
                default="the user's cache",
            ),
        ),
    ),
)
"""All settings, in the groups in which help and documentation show them."""

OPTIONS: tuple[Option, ...] = tuple(option for _, options in GROUPS for option in options)
