"""An HTTP client that sees the network of the host: httpx over the transport's addresses."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
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

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        there, at = self._address(host, port)
        return self._plain.connect_tcp(there, at, timeout, local_address, socket_options)


def client(address: Address, *, verify: ssl.SSLContext, follow: bool, timeout: float, proxies: bool) -> httpx.Client:
    """A client for one request and its redirects. With `proxies` the environment's proxy variables hold."""
    if proxies:
        return httpx.Client(verify=verify, follow_redirects=follow, timeout=timeout)
    transport = httpx.HTTPTransport(verify=verify, trust_env=False)
    # The pool is httpx's own; only the way to a socket is another. There is no public way to say it.
    pool: Any = httpcore.ConnectionPool(ssl_context=verify, network_backend=Backend(address), max_connections=4)
    transport._pool = pool
    return httpx.Client(transport=transport, follow_redirects=follow, timeout=timeout, trust_env=False)


def tls(*, verify: bool, ca: str | None) -> ssl.SSLContext:
    """The TLS settings of a request. Raises OSError, ssl.SSLError for a `ca` that cannot be read."""
    context = ssl.create_default_context(cafile=ca)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
