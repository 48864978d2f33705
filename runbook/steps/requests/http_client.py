"""An HTTP client that sees the network of the host: httpx over the transport's addresses.

httpx knows no way to say where a name leads; httpcore, on which it stands, does. So the client's transport is a small
one over httpcore's pool, of public names alone: a request can leave by nothing else than the `Backend`.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import httpcore
import httpx

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
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
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


class Transport(httpx.BaseTransport):
    """What carries the requests of a client: HTTP/1.1 over the connections that a backend makes."""

    def __init__(self, backend: httpcore.NetworkBackend, verify: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=verify, network_backend=backend, max_connections=4)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.TransportError; what the backend itself raises comes as it is."""
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,  # the timeouts
        )
        with _as_httpx():
            answer = self._pool.handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        with _as_httpx():
            self._pool.close()


class _Body(httpx.SyncByteStream):
    """The body of an answer, as it arrives."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        with _as_httpx():
            self._answer.close()


ERRORS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.TimeoutException: httpx.TimeoutException,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.NetworkError: httpx.NetworkError,
    httpcore.ProxyError: httpx.ProxyError,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.ProtocolError: httpx.ProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable: httpx.NetworkError,
}
"""The two libraries call them alike."""


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except tuple(ERRORS) as error:
        kind = next(kind for kind in type(error).__mro__ if kind in ERRORS)
        raise ERRORS[kind](str(error)) from error


def client(backend: Backend, *, verify: ssl.SSLContext, follow: bool, timeout: float) -> httpx.Client:
    """A client for one request and its redirects. The environment's proxies do not hold: they are not the host's."""
    headers = {"User-Agent": "runbook"}
    return httpx.Client(
        transport=Transport(backend, verify), follow_redirects=follow, timeout=timeout, trust_env=False, headers=headers
    )


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
