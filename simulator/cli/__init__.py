"""The command line: ``simulator serve``, ``exec``, ``receive``, ``demo``, ``check``, ``twin``, ``hosts`` and ``health``; each imports only what it needs itself."""

import argparse
import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from simulator import __version__

WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: 0 well, 1 something was found, 2 wrong use, before any port opens."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


def _run(options: argparse.Namespace) -> int:
    if options.command == "check":
        from simulator.cli.check import check

        return check(options.paths)
    if options.command == "demo":
        from simulator.cli.demo import demo

        return demo(options.into, options.vendor, speed=options.speed)
    if options.command == "receive":
        from simulator.cli.receive import receive

        return receive(**{name: said for name, said in vars(options).items() if name != "command"})
    if options.command == "twin":
        from simulator.cli.twin import twin

        return twin(**{name: said for name, said in vars(options).items() if name != "command"})
    if options.command == "hosts":
        from simulator.cli.hosts import hosts

        return hosts(options.address)
    if options.command == "health":
        from simulator.cli.health import health

        return health(options.url)
    if options.command == "exec":
        from simulator.cli.exec import execute

        said = {name: said for name, said in vars(options).items() if name not in ("command", "child")}
        return execute(options.child, said)
    if os.getpid() == 1:  # a container's first process: what it does not handle, the system ignores for it
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    gc.disable()  # nothing that a start makes is garbage; looking for some costs it a tenth of its time
    from simulator.cli.serve import serve

    return serve({name: said for name, said in vars(options).items() if name != "command"})


def fail(message: str) -> int:
    """Say what is wrong, in plain words, and return the status for wrong use."""
    print(f"simulator: {message}", file=sys.stderr)
    return WRONG_USE


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        sys.exit(fail(f"{message.removeprefix('argument ')}; {self.prog} --help tells more"))


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from error


def _statuses(text: str) -> list[int]:
    statuses = [_whole(part.strip()) for part in text.split(",")]
    if not all(200 <= status <= 599 for status in statuses):
        raise argparse.ArgumentTypeError(f"{text!r}: a status is a number from 200 to 599")
    return statuses


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="simulator",
        description="Plays asynchronous media APIs: submit a job, poll it, download the result, on a clock you command.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_exec(commands)
    _add_receive(commands)
    demo = commands.add_parser("demo", help="walk one job of each vendor from submit to download")
    demo.add_argument("--into", default="simulator-demo", metavar="FOLDER", help="where the files go (simulator-demo)")
    demo.add_argument("--vendor", action="append", default=[], metavar="NAME", help="only this vendor; may be repeated")
    demo.add_argument("--speed", type=_number, default=4.0, help="virtual seconds a second (4); 0 does not wait at all")
    check = commands.add_parser("check", help="say what is wrong with scenario files")
    check.add_argument("paths", nargs="+", metavar="PATH", help="a scenario file, or a folder with some")
    _add_twin(commands)
    hosts = commands.add_parser("hosts", help="print the lines of a hosts file by which the vendors' names lead here")
    hosts.add_argument("--address", default="127.0.0.1", help="the IP address that the simulator has (127.0.0.1)")
    health = commands.add_parser("health", help="ask a running server whether it is ready; status 0 if it is, 1 if not")
    health.add_argument("--url", default="", help="where it is (on this machine, on the port that the settings say)")
    return parser


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser(
        "serve",
        help="serve until Ctrl-C",
        epilog="Each flag is also a variable, such as SIMULATOR_PORT; docs/settings.md lists them.",
    )
    add_settings(serve)


def _add_exec(commands: Any) -> None:
    execute = commands.add_parser(
        "exec",
        usage="simulator exec [SETTINGS] -- COMMAND ...",
        help="run a program, such as your tests, that reaches a simulator by the vendors' own host names",
        description="Starts a server, points the program's proxy and CA variables at it, runs it, says what its jobs came to, "
        "and ends with the program's own status.",
        epilog="The settings are those of `simulator serve`, but for ports, which are free ones. For a program that polls, "
        "--clock skip is the fast one; for one that waits for webhooks, --speed 60. docs/drop-in.md tells more.",
    )
    add_settings(execute)
    execute.add_argument("child", nargs=argparse.REMAINDER, metavar="COMMAND", help="the program and its arguments")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the flags of all settings; what they mean is read later, together with the environment."""
    from simulator.settings.options import GROUPS
    from simulator.settings.settings import Settings

    defaults = Settings()
    for title, options in GROUPS:
        group = parser.add_argument_group(title)
        for option in options:
            told = option.default_told(defaults)
            about = f"{option.about} ({told})" if told and option.metavar else option.about
            if not option.metavar:
                group.add_argument(
                    option.flag, dest=option.field, action="store_const", const=option.flag_means, help=about
                )
            elif option.is_list:
                group.add_argument(
                    option.flag, dest=option.field, action="append", default=[], metavar=option.metavar, help=about
                )
            else:
                group.add_argument(option.flag, dest=option.field, metavar=option.metavar, help=about)


def _add_receive(commands: Any) -> None:
    receive = commands.add_parser(
        "receive",
        help="receive webhooks, verify them and print them, until Ctrl-C",
        description="Receives webhooks by HTTP, verifies and decrypts them as the vendor signs, and prints them.",
        epilog="It understands the real vendor's webhooks as well as the simulator's: let a tunnel lead to its port, "
        "give the vendor the tunnel's URL, and the keys of your real account here.",
    )
    say = receive.add_argument
    say("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    say("--port", type=_whole, default=9000, help="port to listen on (9000; 0 lets the system choose)")
    say("--vendor", default="", metavar="NAME", help="whose webhooks they are (nobody's: shown as they come)")
    say(
        "--key",
        dest="pairs",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what they are verified with: akool clientId and clientSecret, deepswapai webhook_secret, openshorts "
        "webhook_secret and a2e webhook_token where a submit has one",
    )
    say(
        "--answer",
        dest="statuses",
        type=_statuses,
        default=[200],
        metavar="STATUS,STATUS",
        help="what they are answered, one after the other and then always the last, such as 503,503,200 (200)",
    )
    say("--json", dest="for_scripts", action="store_true", help="one line of JSON each; the start goes to stderr")


def _add_twin(commands: Any) -> None:
    twin = commands.add_parser(
        "twin",
        help="make a scenario that is timed like live jobs, and say how near it comes to them",
        description="Makes a scenario in which each state lasts as long as it did in jobs that were rendered for real, and holds "
        "simulated jobs against live ones.",
        epilog="docs/twin.md tells more.",
    )
    say = twin.add_argument
    say("source", metavar="URL|FILE", help="a server with live jobs, or a file of jobs as its control API shows them")
    say("--vendor", default="", metavar="NAME", help="only jobs of this vendor")
    say("--kind", default="", metavar="NAME", help="only jobs of this kind, such as video")
    say("--sandbox", default="", metavar="ID", help="the sandbox whose jobs they are (main)")
    say("--token", default=None, metavar="TEXT", help="the token of the server's control API (SIMULATOR_TOKEN)")
    say("--into", default="", metavar="FILE", help="the file to write, whose name names the scenario (standard output)")
    say("--save", default="", metavar="FILE", help="keep the jobs in this file, for another time")
