"""What Ray itself reads from the environment: said before it is imported, because it looks only then."""

import os
import secrets
import sys


def prepare_ray(*, is_local: bool) -> None:
    """Have Ray tell nobody of its use. One of our own also keeps to loopback, and lets in only whom it started.

    What the user has said stays, and where somebody else has imported it already, Ray is as they have it. Without our word Ray takes a public address of this machine where it is asked for loopback,
    and writes its token into the home folder.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if is_local and "ray" not in sys.modules:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        if "RAY_AUTH_MODE" not in os.environ:
            os.environ["RAY_AUTH_MODE"] = "token"
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
