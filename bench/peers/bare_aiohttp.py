"""The least an aiohttp server can do: one route that returns a constant.

Run as a script, ``bare_aiohttp.py PORT PATH FILE``, and knows nothing of the bench, whose imports would slow its start.
"""

import sys
from pathlib import Path

import uvloop
from aiohttp import web


def main(port: str, path: str, file: str) -> None:
    body = Path(file).read_bytes()

    async def status(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get(path, status)
    web.run_app(app, host="127.0.0.1", port=int(port), access_log=None, print=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main(*sys.argv[1:])
