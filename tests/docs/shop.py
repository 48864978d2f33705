"""The shop of docs/how-to/http.md: a page, lists for who has the token, and a login. `python shop.py PORT`"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "token-12345"


class Shop(BaseHTTPRequestHandler):
    """Answers as the page says."""

    def do_GET(self) -> None:
        if self.path == "/":
            self._say(200, "text/html; charset=utf-8", b"<h1>Welcome</h1>")
        elif self.path == "/health" or self.headers.get("authorization") == f"Bearer {TOKEN}":
            self._say(200, "application/json", b'[{"id": 1}]')
        else:
            self._say(401, "text/plain", b"log in first")

    def do_POST(self) -> None:
        login = json.loads(self.rfile.read(int(self.headers["content-length"])))
        good = login == {"user": "check", "password": "right-password"}
        self._say(200 if good else 401, "application/json", json.dumps({"token": TOKEN if good else None}).encode())

    def _say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
