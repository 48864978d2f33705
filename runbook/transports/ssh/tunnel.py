"""Ports on this machine that lead to addresses as a host sees them, over its SSH connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runbook.transports.ssh.connection import Connection

_CHUNK = 32 * 1024
_OPENING_SECONDS = 20.0


class Tunnels:
    """The forwarded addresses of one host. For any thread."""

    def __init__(self, connection: Callable[[], Connection]) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._open: dict[tuple[str, int], _Tunnel] = {}
        self._closed = False

    def forward(self, host: str, port: int) -> tuple[str, int]:
        """The address on this machine. Raises Unreachable when the host itself cannot be reached."""
        self._connection()
        with self._lock:
            if self._closed:
                from runbook.transports.base import Unreachable

                raise Unreachable("the connection has been closed")
            if (host, port) not in self._open:
                self._open[host, port] = _Tunnel(self._connection, host, port)
            return self._open[host, port].address

    def last_error(self, host: str, port: int) -> str:
        with self._lock:
            tunnel = self._open.get((host, port))
        return tunnel.last_error if tunnel is not None else ""

    def close(self) -> None:
        with self._lock:
            self._closed = True
            tunnels, self._open = list(self._open.values()), {}
        for tunnel in tunnels:
            tunnel.close()


class _Tunnel:
    """One listening socket; each connection to it is one channel."""

    def __init__(self, connection: Callable[[], Connection], host: str, port: int) -> None:
        self._connection, self._there = connection, (host, port)
        self.last_error = ""
        self._ends: set[Any] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = ("127.0.0.1", self._listener.getsockname()[1])
        self._start(self._accept, "tunnel")

    def _start(self, work: Callable[..., None], name: str, *args: Any) -> None:
        threading.Thread(target=work, args=args, name=f"{name} {self._there[0]}:{self._there[1]}", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed
                return
            self._start(self._serve, "tunnelled", near)

    def _serve(self, near: socket.socket) -> None:
        """One connection, until both directions have ended."""
        from runbook.transports.base import Stopped, Unreachable
        from runbook.transports.ssh.fast_paramiko import paramiko

        with near:
            try:
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                far = self._connection().transport.open_channel(
                    "direct-tcpip", self._there, near.getpeername(), timeout=_OPENING_SECONDS
                )
            except paramiko.ChannelException as error:
                self.last_error = f"the host cannot connect to {self._there[0]}:{self._there[1]}: {error.text}"
                return
            except (paramiko.SSHException, OSError, EOFError, Unreachable, Stopped) as error:
                self.last_error = str(error) or type(error).__name__
                return
            self.last_error = ""
            self._ends |= {near, far}
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join()
            self._ends -= {near, far}
            far.close()

    def close(self) -> None:
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError, EOFError):
                end.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _pump(source: Any, sink: Any) -> None:
    """Bytes from one to the other; an end is passed on, and the other direction goes on."""
    with contextlib.suppress(OSError, EOFError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError, EOFError):
        sink.shutdown(socket.SHUT_WR)
    with contextlib.suppress(OSError, EOFError):
        source.shutdown(socket.SHUT_RD)
