"""``simulator exec -- COMMAND``: a server, a program that reaches it by the vendors' own names, and what came of it."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import msgspec

from simulator.assembly import Background, CannotListen
from simulator.cli import fail
from simulator.cli.child import CannotStart, forwarding
from simulator.cli.pointing import Pointed, point
from simulator.cli.summary import sum_up
from simulator.library import BadScenarios
from simulator.settings import BadSetting, Settings, is_loopback, read_environment, read_settings, variables_of_ours

_OWN_DEFAULTS = {"SIMULATOR_PORT": "0", "SIMULATOR_TLS_PORT": "0"}  # many of these may run at once


def execute(child: Sequence[str], flags: Mapping[str, Any]) -> int:
    """Run a program against a server of its own and return the program's exit status.

    Nothing of ours goes to standard output; what came of it is told on standard error, and never changes the status.
    """
    command = [*child[1:]] if child[:1] == ["--"] else [*child]
    if not command:
        return fail("exec: there is no command to run; write for example: simulator exec -- pytest -q")
    environment = read_environment()
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="simulator-")))
        try:
            server = held.enter_context(Background(_settings(flags, environment, folder)))
            pointed = _pointed(server, environment, folder)
        except BadSetting as error:
            return fail(str(error))
        except BadScenarios as error:
            return fail(f"the scenarios have mistakes; nothing was started\n{error}")
        except CannotListen as error:
            return fail(str(error))
        for remark in pointed.remarks:
            _say(f"simulator: {remark}")
        forward = held.enter_context(forwarding())
        try:
            status = forward.run(command, pointed.variables)
        except CannotStart as error:
            _say(f"simulator: exec: {error}")
            return error.status
        _say(_summary(server))
        return status


def _settings(flags: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> Settings:
    known = {**environment, **_OWN_DEFAULTS, **variables_of_ours(environment)}
    settings = read_settings({**flags, "tls": True}, known)
    return settings if settings.tls_folder else msgspec.structs.replace(settings, tls_folder=folder)


def _pointed(server: Background, environment: Mapping[str, str], folder: Path) -> Pointed:
    simulator, host, authority = server.simulator, server.simulator.settings.host, server.simulator.authority
    if authority is None or authority.ca_file is None or authority.bundle_file is None:
        kept_in = simulator.settings.tls_folder
        raise BadSetting(
            f"{str(kept_in)!r} cannot be written, and the program is to find the test CA there; --tls-folder names another"
        )
    is_ipv4_here = ":" not in host and (is_loopback(host) or host == "0.0.0.0")  # noqa: S104 - compared with, not bound
    url = server.url if is_ipv4_here else simulator.url
    return point(
        environment,
        url=url,
        control_url=f"{url.rpartition(':')[0]}:{simulator.control_door.port}",
        hosts=[name for name in simulator.desks.hosts if ":" not in name],
        ca_file=authority.ca_file,
        bundle_file=authority.bundle_file,
        folder=folder,
        token=simulator.settings.token,
    )


def _summary(server: Background) -> str:
    try:
        return sum_up(server)
    except Exception as error:  # whatever is wrong with it, the program's own status counts
        return f"simulator: no summary, for that failed: {type(error).__name__}: {error}"


def _say(text: str) -> None:
    with suppress(OSError):  # nobody listens any more
        print(text, file=sys.stderr, flush=True)
