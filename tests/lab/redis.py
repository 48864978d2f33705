"""A real Redis in memory."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .tools import Daemon, answers, free_port, require


@dataclass(frozen=True)
class Redis:
    """A server on 127.0.0.1 that keeps nothing on disk."""

    port: int
    daemon: Daemon = field(repr=False)
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"


@pytest.fixture(scope="session")
def redis(lab_dir: Path) -> Iterator[Redis]:
    """One server for all tests; use keys of your own."""
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(lab_dir)]
    server = require("redis-server", "apt-get install redis-server")
    daemon = Daemon([server, *options], lab_dir / "redis.log", stop_signal=signal.SIGTERM)
    daemon.start(lambda: answers(port))
    yield Redis(port, daemon)
    daemon.stop()
