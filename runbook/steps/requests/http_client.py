"""An HTTP client that sees the network of the host: httpx over the transport's addresses."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

if TYPE_CHECKING:
    from httpcore._backends.base import SOCKET_OPTION

Address = Callable[[str, int], tuple[str, int]]
"""(host, port) as the host sees it → where to connect on this machine."""


class Backend(httpcore.NetworkBackend):
    """Dials where the transport says. The names in the URL stay, for the Host header and for TLS."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._plain = httpcore.SyncBackend()
        self._sockets: list[socket.socket] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        there, at = self._address(host, port)
        stream = self._plain.connect_tcp(there, at, timeout, local_address, socket_options)
        # A copy of its own: TLS takes the first one over.
        self._sockets.append(stream.get_extra_info("socket").dup())
        return stream

    def cut(self) -> None:
        """End every connection, whoever reads from it now."""
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in self._sockets:
            one.close()


def client(backend: Backend, *, verify: ssl.SSLContext, follow: bool, timeout: float) -> httpx.Client:
    """A client for one request and its redirects. The environment's proxies do not hold: they are not the host's."""
    transport = httpx.HTTPTransport(verify=verify, trust_env=False)
    # The pool is httpx's own; only the way to a socket is another. There is no public way to say it.
    pool: Any = httpcore.ConnectionPool(ssl_context=verify, network_backend=backend, max_connections=4)
    transport._pool = pool
    headers = {"User-Agent": "runbook"}
    return httpx.Client(transport=transport, follow_redirects=follow, timeout=timeout, trust_env=False, headers=headers)


@lru_cache(maxsize=16)
def tls(verify: bool, ca: str | None, _changed: float = 0.0) -> ssl.SSLContext:
    """The TLS settings of a request, made once: reading a system's certificates takes a while.

    `_changed` is when the file of `ca` was written. Raises OSError, ssl.SSLError for one that cannot be read.
    """
    context = ssl.create_default_context(cafile=ca)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
