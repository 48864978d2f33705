"""Where a request of the step `http` goes: the managed host's `localhost` is never the controller's."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpcore
import httpx
import pytest

import runbook.steps.requests.http as kind
from runbook.runs.events import Status
from runbook.steps.requests import http_client
from runbook.testing import FarHost, run_step
from tests.lab.jump import Jump
from tests.lab.tools import Daemon
from tests.steps.web import Site, serving
from tests.transports.ways import jump_variables, ssh


@pytest.fixture
def site() -> Iterator[Site]:
    """What the managed host's addresses lead to."""
    yield from serving()


@pytest.fixture
def here() -> Iterator[socket.socket]:
    """A port of the controller on which somebody listens; a test fails when anybody has come there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("page", ["/", "/redirect", "/status/503"])
def test_the_same_port_of_the_controller_stays_untouched(
    site: Site, here: socket.socket, name: str, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for proxy in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(proxy, f"http://127.0.0.1:{port_of(here)}")
    there = FarHost(site.port)
    outcome = run_step(kind, {"url": f"http://{name}:{port_of(here)}{page}"}, there)
    assert outcome.status is (Status.FAILED if page == "/status/503" else Status.PASSED)
    assert [asked["headers"]["host"] for asked in site.asked] == [f"{name}:{port_of(here)}"] * len(site.asked)
    assert set(there.wanted) == {(name, port_of(here))}


def test_it_stays_untouched_when_nothing_listens_on_the_host(here: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = port_of(server)
    outcome = run_step(kind, {"url": f"http://localhost:{port_of(here)}/"}, FarHost(closed))
    assert outcome.status is Status.FAILED
    assert "nothing listens there" in outcome.message


@pytest.mark.lab
def test_over_ssh_a_network_of_its_own_has_a_localhost_of_its_own(
    jump: Jump, here: socket.socket, tmp_path: Path
) -> None:
    """The same address and port on both sides."""
    (tmp_path / "who").write_text("the managed host")
    port = port_of(here)
    words = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(tmp_path), str(port)]
    server = Daemon(jump.inner.far.inside(*words), tmp_path / "server.log")
    with closing(ssh(jump_variables(jump))) as transport:
        server.start(lambda: "Serving HTTP" in server.log.read_text())
        try:
            outcome = run_step(kind, {"url": f"http://127.0.0.1:{port}/who"}, transport)
        finally:
            server.stop()
    assert (outcome.status, outcome.data["body"]) == (Status.PASSED, "the managed host")


def test_each_error_of_httpcore_has_its_like_in_httpx() -> None:
    """What httpcore may get tomorrow is mapped too, by what it is derived from."""
    mapped = http_client.ERRORS
    errors = {value for value in vars(httpcore).values() if isinstance(value, type) and issubclass(value, Exception)}
    for error in errors:
        found = next((mapped[kind] for kind in error.__mro__ if kind in mapped), None)
        assert found is not None, error
        assert found is getattr(httpx, error.__name__, httpx.NetworkError)
