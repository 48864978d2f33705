"""A TCP relay: what arrives at one address goes to a port of the loopback address."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer


@contextmanager
def relay(address: str, port: int, to_port: int) -> Iterator[None]:
    """Relays connections to `address:port` to `127.0.0.1:to_port` until the end of the block."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            near: socket.socket = self.request
            with socket.create_connection(("127.0.0.1", to_port)) as far:
                back = threading.Thread(target=_copy, args=(far, near))
                back.start()
                _copy(near, far)
                back.join()

    class Server(ThreadingTCPServer):
        allow_reuse_address = True  # the last test's connections may not be forgotten yet
        daemon_threads = True

    with Server((address, port), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield
        finally:
            server.shutdown()
            serving.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
