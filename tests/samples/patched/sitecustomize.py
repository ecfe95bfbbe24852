"""Loaded by Python at start: ``time.sleep`` moves the simulator's clock instead of waiting."""

import json
import os
import time
from urllib.request import Request, urlopen


def sleep(seconds: float) -> None:
    body = json.dumps({"by": round(seconds * 1000)}).encode()
    url = os.environ["SIMULATOR_CLOCK"]
    with urlopen(Request(url, body, {"Content-Type": "application/json"})) as reply:
        reply.read()


time.sleep = sleep
