"""Servers that the simulator is compared with; each raises ``Missing`` where it is not installed."""

import json
import os
import shutil
import sys
from pathlib import Path

from bench.rows import Missing
from bench.servers import ROOT, Server, installed, node
from bench.subject import CONTRACT, SAMPLE_ID

# The contract's paths may or may not repeat what its server address already says.
CONTRACT_PATHS = (f"/v1/status/{SAMPLE_ID}", f"/status/{SAMPLE_ID}")


def bare_aiohttp(path: str, body: Path) -> Server:
    """A constant of the same size on the same loop."""
    script = str(Path(__file__).parent / "bare_aiohttp.py")
    return Server("bare aiohttp", lambda port: (sys.executable, script, str(port), path, str(body)), (path,))


def prism() -> Server:
    """Prism 5 with the same contract, validating; as it comes, it logs each request, and silenced it is twice as fast."""
    program = (node(), str(installed("@stoplight/prism-cli/dist/index.js")), "mock", str(ROOT / CONTRACT))
    options = ("--errors", "--host", "127.0.0.1")
    return Server("Prism 5", lambda port: (*program, *options, "--port", str(port)), CONTRACT_PATHS)


def mockoon() -> Server:
    """Mockoon 9, with the same contract."""
    program = (node(), str(installed("@mockoon/cli/bin/run.js")), "start", "--data", str(ROOT / CONTRACT))
    options = ("--disable-log-to-file", "--disable-admin-api", "--hostname", "127.0.0.1")
    return Server("Mockoon 9", lambda port: (*program, *options, "--port", str(port)), CONTRACT_PATHS)


def wiremock(path: str, body: Path, folder: Path) -> Server:
    """WireMock 3: one stub with a constant, written into the folder; its journal off and its JIT warm, as fast as it gets."""
    java = shutil.which("java")
    if java is None:
        raise Missing("no Java: install a JRE, 11 or newer (Debian: apt install default-jre-headless)")
    jar = os.environ.get("WIREMOCK_JAR") or str(installed("wiremock/build/wiremock-standalone-*.jar"))
    stub = {
        "request": {"method": "GET", "urlPath": path},
        "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body.read_text()},
    }
    (folder / "mappings").mkdir()
    (folder / "mappings/status.json").write_text(json.dumps(stub))
    options = ("--bind-address", "127.0.0.1", "--root-dir", str(folder), "--no-request-journal", "--disable-banner")
    return Server("WireMock 3", lambda port: (java, "-jar", jar, *options, "--port", str(port)), (path,), 15)
