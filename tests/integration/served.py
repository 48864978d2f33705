"""Small servers on a host of the lab, in that host's network: what only the host itself can reach."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook.transports.base import Command, Transport

WEB = """\
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"path": self.path, "host": self.headers["Host"], "client": self.client_address[0]}).encode()
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
print(server.server_address[1], flush=True)
server.serve_forever()
"""

RELAY = """\
import asyncio, sys

async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()

async def serve(reader, writer):
    there = await (asyncio.open_connection("127.0.0.1", int(sys.argv[2])) if sys.argv[1] == "inner"
                   else asyncio.open_unix_connection(sys.argv[2]))
    await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))

async def main():
    if sys.argv[1] == "inner":
        server, name = await asyncio.start_unix_server(serve, sys.argv[3]), 0
    else:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        name = server.sockets[0].getsockname()[1]
    print(name, flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
"""`inner PORT SOCKET`: a socket file leads to a port here. `outer SOCKET`: a port leads to a socket file, which is the
same in every network."""


@contextmanager
def serving(transport: Transport, program: str, *words: object) -> Iterator[int]:
    """Runs a Python program on the host until the end of the block; yields the port that it prints first."""
    argv = shlex.join([sys.executable, "-c", program, *map(str, words)])
    script = f"""\
said=$(mktemp)
nohup setsid {argv} >"$said" 2>&1 &
for n in $(seq 100); do [ -s "$said" ] && break; sleep 0.05; done
echo $!; cat "$said"; rm -f "$said"
"""
    result = transport.run(Command(script, timeout=20))
    pid, port, *rest = result.out.split()
    assert port.isdigit(), result.out
    assert not rest, result.out
    try:
        yield int(port)
    finally:
        transport.run(Command(f"kill {pid}", timeout=20))


@contextmanager
def led_to(port: int, here: Transport, there: Transport, folder: Path) -> Iterator[int]:
    """A port of the host's loopback address, in its own network, that leads to a port of this machine's."""
    socket = folder / "relay"
    with serving(here, RELAY, "inner", port, socket), serving(there, RELAY, "outer", socket) as found:
        yield found
