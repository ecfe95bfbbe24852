"""Process start to first vendor reply, beside a bare aiohttp server and WireMock."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import peers
from bench.rows import Missing, Row, median_row, ratios
from bench.servers import Server, first_reply, free_port, start, stop
from bench.subject import PREFIX, SAMPLE_ID, SIMULATOR

PATH = f"{PREFIX}/status/{SAMPLE_ID}"


def measure(rounds: int) -> list[Row]:
    """Return the rows of the start. The first round fills caches and does not count."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        body = folder / "reply.json"
        body.write_text('{"success": true}')
        servers = {"simulator": SIMULATOR, "bare aiohttp": peers.bare_aiohttp(PATH, body)}
        try:
            servers["WireMock 3"] = peers.wiremock(PATH, body, folder)
            missing = ""
        except Missing as reason:
            missing = str(reason)
        took_s: dict[str, list[float]] = {server: [] for server in servers}
        for number in range(rounds + 1):
            for server in servers if number % 2 else reversed(servers):
                took_s[server].append(once(servers[server]))
    counted = {server: times[1:] for server, times in took_s.items()}
    for server, times in counted.items():
        print(f"  {server:32} {sorted(times)[len(times) // 2] * 1000:8.0f} ms to the first reply")
    rows = [median_row("start ÷ bare aiohttp", ratios(counted["simulator"], counted["bare aiohttp"]), at_most=1.3)]
    if missing:
        return [*rows, Row("start ÷ WireMock 3", None, at_most=0.5, note=missing)]
    return [*rows, median_row("start ÷ WireMock 3", ratios(counted["simulator"], counted["WireMock 3"]), at_most=0.5)]


def once(server: Server) -> float:
    """Return how many seconds a server needs from its start to its first reply."""
    port = free_port()
    begun = time.perf_counter()
    process = start(server, port)
    try:
        first_reply(process, port, server.paths[0])
        return time.perf_counter() - begun
    finally:
        stop(process)
