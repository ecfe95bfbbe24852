"""A receiver within other projects: without a web framework, in unittest, and without a warning."""

import subprocess
import sys
from pathlib import Path

WITHOUT_AIOHTTP = """
import sys
sys.modules["aiohttp"] = None
from simulator.client import Receiver
with Receiver("akool", clientId="AKOOL-client-id-000000001", clientSecret="AKOOL-secret-of-24-bytes"):
    taken = {"aiohttp", "asyncio", "yaml", "PIL", "simulator.assembly", "simulator.server"} & {
        name for name, module in sys.modules.items() if module
    }
print(sorted(taken))
"""
IN_UNITTEST = """
import unittest
from http.client import HTTPConnection, RemoteDisconnected
from threading import Thread
from simulator.client import NothingReceived, Receiver

class Callbacks(unittest.TestCase):
    def setUp(self):
        self.receiver = Receiver("deepswapai", webhook_secret="mine").start()
        self.addCleanup(self.receiver.close)

    def call(self):
        connection = HTTPConnection(self.receiver.url.removeprefix("http://"), timeout=30)
        try:
            connection.request("POST", "/", b"{}", {"X-DeepSwapAI-Signature": "0" * 64})
            return connection.getresponse().status
        except RemoteDisconnected:
            return None
        finally:
            connection.close()

    def test_a_forged_message(self):
        self.assertEqual(self.call(), 200)
        self.assertIs(self.receiver.wait().is_genuine, False)

    def test_one_that_hangs_at_the_end(self):
        self.receiver.hang()
        caller = Thread(target=self.call)
        caller.start()
        self.addCleanup(caller.join)
        self.receiver.wait(30)
        self.receiver.close()

    def test_nothing(self):
        with self.assertRaises(AssertionError):
            self.receiver.wait(timeout=0)

unittest.main()
"""


def run(folder: Path, program: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", program]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_it_needs_neither_a_web_framework_nor_a_loop(checkout: Path) -> None:
    done = run(checkout, WITHOUT_AIOHTTP)

    assert (done.stderr, done.stdout) == ("", "[]\n")


def test_it_serves_unittest_and_ends_without_a_warning(checkout: Path) -> None:
    done = run(checkout, IN_UNITTEST)

    assert done.stderr.splitlines()[-1] == "OK", done.stderr
    assert "Ran 3 tests" in done.stderr
    assert "Warning" not in done.stderr
