"""Runs the clients where a hosts file says that the vendors' names are this machine's; prints as JSON how each ended.

It runs in a namespace of its own, so that it may write ``/etc/hosts`` and listen on the ports of http and https.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

from simulator.assembly import Background
from simulator.settings import Settings
from tests.production_clients import commands

_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1


def bring_loopback_up() -> None:
    """Do what ``ip link set lo up`` does, for some machines have no ``ip``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        _, flags = struct.unpack("16sh", fcntl.ioctl(any_socket, _GET_FLAGS, struct.pack("16sh", b"lo", 0)))
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh", b"lo", flags | _UP))


def main(folder: Path) -> None:
    hosts = folder / "hosts"
    bring_loopback_up()
    settings = Settings(port=80, tls=True, tls_port=443, tls_folder=folder, clock="skip", seed="alias")
    with Background(settings) as server:
        printed = subprocess.run(
            [sys.executable, "-m", "simulator", "hosts"], capture_output=True, text=True, check=True
        )
        hosts.write_text(f"127.0.0.1 localhost\n{printed.stdout}")
        subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)
        authority = server.simulator.authority
        assert authority is not None
        assert authority.ca_file is not None
        assert authority.bundle_file is not None
        plain = {name: said for name, said in os.environ.items() if "PROXY" not in name.upper()}
        environment = {**plain, **commands.trusting(authority.ca_file, authority.bundle_file)}
        ended = {}
        for name in commands.NAMES:
            if not commands.why_not(name):
                done = subprocess.run(
                    commands.command(name), env=environment, capture_output=True, text=True, timeout=60, check=False
                )
                ended[name] = [done.returncode, done.stdout, done.stderr]
    print(json.dumps(ended))


main(Path(sys.argv[1]))
