"""A receiver of webhooks that costs as little as possible: ``python -m bench.receiver`` prints its port and listens.

It answers each POST with 200 and remembers which bodies came how often; a GET tells. It ends when its input does.
"""

import asyncio
import json
import re
import sys
from collections import Counter
from hashlib import blake2b
from typing import cast

import uvloop

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class _Connection(asyncio.Protocol):
    def __init__(self, came: Counter[bytes]) -> None:
        self.came = came
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (head := self.received.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.received, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self.received) < end:
                return
            self._answer(self.received[:4], self.received[head + 4 : end])
            self.received = self.received[end:]

    def _answer(self, method: bytes, body: bytes) -> None:
        if method == b"POST":
            self.came[blake2b(body, digest_size=16).digest()] += 1
            self.transport.write(OK)
            return
        told = json.dumps({"bodies": len(self.came), "posts": self.came.total()}).encode()
        self.came.clear()
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told))


async def _serve() -> None:
    came: Counter[bytes] = Counter()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(came), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(_serve())
