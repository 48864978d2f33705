"""What paramiko reads from and writes to: a socket (or a channel of a jump host) without delays of its own."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import struct
import subprocess
import time
from typing import Any

CHUNK = 65536
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)


class Wire:
    """A duplex stream with the part of a socket's interface that paramiko uses.

    It reads as much as there is and hands it out in the small pieces that paramiko asks for: half the system calls.
    """

    def __init__(self, sock: Any, process: subprocess.Popen[bytes] | None = None) -> None:
        self._sock = sock
        self._process = process
        self._tcp = isinstance(sock, socket.socket) and sock.family in (socket.AF_INET, socket.AF_INET6)
        self._data, self._at = b"", 0
        self._closed = False
        self.heard = time.monotonic()
        """When bytes came last."""

    def recv(self, size: int) -> bytes:
        if self._at < len(self._data):
            piece = self._data[self._at : self._at + size]
            self._at += len(piece)
            return piece
        data = self._received()
        self.heard = time.monotonic()
        if self._tcp and _QUICKACK is not None:
            # The kernel forgets it: without it a server that writes twice waits 40 ms for our acknowledgement.
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        if len(data) <= size:
            return data
        self._data, self._at = data, size
        return data[:size]

    def _received(self) -> bytes:
        try:
            data: bytes = self._sock.recv(CHUNK)
        except BlockingIOError:
            raise TimeoutError from None
        return data

    def send(self, data: bytes) -> int:
        sent: int = self._sock.send(data)
        return sent

    def settimeout(self, seconds: float | None) -> None:
        """How long to wait for what arrives. Of a socket the kernel keeps the time, in the call that reads: Python
        would make another one before it, and hand the interpreter to another thread twice as often.
        """
        if isinstance(self._sock, socket.socket):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(seconds or 0.0))
        else:
            self._sock.settimeout(seconds)

    def getpeername(self) -> Any:
        return self._sock.getpeername()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):  # wakes whoever reads from it; a close alone does not
            self._sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError, EOFError):
            self._sock.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(2)


class Dial:
    """A TCP connection to a host on its way: begun without waiting for it, finished when it is wanted."""

    def __init__(self, host: str, port: int, family: str) -> None:
        """Looks the host up. Raises OSError."""
        families = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
        found = socket.getaddrinfo(_as_idna(host), port, families.get(family, socket.AF_UNSPEC), socket.SOCK_STREAM)
        self._addresses = [(kind, address) for kind, _, _, _, address in found]
        self._failure: OSError | None = None
        self._sock: socket.socket | None = None
        self._next()

    def _next(self) -> None:
        """Begin with the first of the addresses that are left which does not refuse at once."""
        while self._addresses and self._sock is None:
            kind, address = self._addresses.pop(0)
            try:
                self._sock = socket.socket(kind, socket.SOCK_STREAM)
            except OSError as error:  # a family that this machine does not have
                self._give_up(error)
            else:
                self._sock.setblocking(False)
                self._weigh(self._sock.connect_ex(address))

    def _weigh(self, code: int) -> None:
        """What connecting came to so far; the socket is given up where it failed."""
        if code not in (0, errno.EINPROGRESS):
            self._give_up(OSError(code, os.strerror(code)))

    def _give_up(self, why: OSError) -> None:
        self.close()
        self._failure = self._failure or why

    def there(self) -> bool:
        """Is it connected by now? Does not wait."""
        return self._connected() is not None

    def _connected(self) -> socket.socket | None:
        """An address that has refused makes way for the next."""
        while (sock := self._sock) is not None and _writable(sock, 0):
            self._weigh(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            if self._sock is not None:
                return sock
            self._next()
        return None

    def finish(self, deadline: float, dead_after: float) -> Wire:
        """The connection, without Nagle's delay, that notices within `dead_after` seconds when the other side is gone.

        `deadline` is a time of the monotonic clock, which the addresses share. Raises OSError: that of the first.
        """
        while (sock := self._connected()) is None:
            if self._sock is None:
                raise self._failure or OSError("it has no address")
            left = max(0.05, deadline - time.monotonic())
            if not _writable(self._sock, left / (1 + len(self._addresses))):
                self._give_up(TimeoutError())
                self._next()
        self._sock = None
        sock.setblocking(True)
        _tune(sock, dead_after)
        return Wire(sock)

    def close(self) -> None:
        """Give it up."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None


def _as_idna(host: str) -> bytes:
    """The name as name services have it. Python would do that itself, but imports what it takes for every name."""
    try:
        return host.encode() if host.isascii() else host.encode("idna")
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, f"it is no name: {error}") from None


def _writable(sock: socket.socket, seconds: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        return bool(selector.select(seconds))


def _timeval(seconds: float) -> bytes:
    """As C has it; 0 is for ever."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))


def _tune(sock: socket.socket, dead_after: float) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if _QUICKACK is not None:
        sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    every = max(1, round(dead_after / 4))
    for name, value in (("TCP_KEEPIDLE", every), ("TCP_KEEPINTVL", every), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    if _USER_TIMEOUT is not None:
        sock.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, round(dead_after * 1000))


def through_command(command: str) -> Wire:
    """The standard input and output of a command, as of ProxyCommand. Raises OSError."""
    ours, theirs = socket.socketpair()
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return Wire(ours, process)
