"""A real web server for tests, plain or with TLS, and a host from which every address leads to it."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit


@dataclass
class Site:
    """A server and what it was asked. `slow` holds its slow answers until it is set."""

    port: int
    asked: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


class Pages(BaseHTTPRequestHandler):
    """Echoes what it was asked; some paths do what their name says."""

    def log_message(self, format: str, *args: Any) -> None:
        """The tests' output stays readable."""

    def _site(self) -> Site:
        return cast(Site, self.server.site)  # type: ignore[attr-defined] # `serving` gives it

    def _echo(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        self._site().asked.append(seen)
        page = urlsplit(self.path).path
        if page.startswith("/status/"):
            return self._answer(int(page.rpartition("/")[2]), "текст ошибки".encode())
        if page == "/redirect":
            return self._answer(302, b"", Location="/landed")
        if page == "/circle":
            return self._answer(302, b"", Location="/circle")
        if page == "/broken-json":
            return self._answer(200, b"{no json", **{"Content-Type": "application/json"})
        if page == "/unknown-charset":
            return self._answer(200, "привет".encode(), **{"Content-Type": "text/plain; charset=klingon"})
        if page == "/cp1251":
            return self._answer(200, "привет".encode("cp1251"), **{"Content-Type": "text/plain; charset=windows-1251"})
        if page in ("/slow", "/drip", "/half"):
            return self._slowly(page)
        return self._answer(200, json.dumps(seen).encode(), **{"Content-Type": "application/json"})

    def _slowly(self, page: str) -> None:
        if page == "/slow":
            self._site().released.wait(20)
            return
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        while page == "/drip" and not self._site().released.wait(0.05):
            self.wfile.write(b".")
            self.wfile.flush()

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = _echo


class Quiet(ThreadingHTTPServer):
    """A client that goes away is what some tests are about."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing is printed."""


def serving(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    server = Quiet(("127.0.0.1", 0), Pages)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    site = Site(server.server_address[1])
    server.site = site  # type: ignore[attr-defined] # read by the handlers
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield site
    site.released.set()
    server.shutdown()
    server.server_close()
    thread.join()
