"""The `port` step, with real sockets of this machine."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import runbook.steps.processes.port as kind
from runbook.runs.events import Status
from runbook.testing import FarHost, examples, options, problems, run_step
from tests.lab.tools import free_port


@pytest.fixture
def server() -> Iterator[int]:
    """A port of 127.0.0.1 that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made.getsockname()[1]


@contextmanager
def tunnel(answer: bytes | None) -> Iterator[int]:
    """The near end of one, as SSH makes it: it accepts whatever the far end does.

    `answer` is what the far end sends at once; None when it refuses, so that the near end is closed.
    """
    over = threading.Event()

    def serve() -> None:
        with near.accept()[0] as connection:
            if answer is not None:
                connection.sendall(answer)
                over.wait(5)

    with socket.create_server(("127.0.0.1", 0)) as near:
        near.settimeout(5)
        thread = threading.Thread(target=serve)
        thread.start()
        yield near.getsockname()[1]
        over.set()
        thread.join()


@pytest.mark.parametrize("step", examples(kind), ids=lambda step: str(step["name"]))
def test_the_examples_are_right(step: dict[str, Any]) -> None:
    assert options(kind, step["port"])["port"] > 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_listener_is_seen_with_its_process(server: int, host: str) -> None:
    outcome = run_step(kind, {"port": server, "host": host})
    assert outcome.status is Status.PASSED, outcome.message
    assert outcome.data["listening"] is True
    assert outcome.data["address"] == f"127.0.0.1:{server}"
    assert outcome.data["pid"] == outcome.data["process"]["pid"] == os.getpid()
    assert set(outcome.data["process"]) == {"pid", "user", "started", "uptime", "command"}


def test_nobody_listens() -> None:
    port = free_port()
    outcome = run_step(kind, {"port": port})
    assert outcome.status is Status.FAILED
    assert outcome.message == f"nobody listens on localhost:{port} (connection refused)"
    assert outcome.data == {
        "listening": False,
        "host": "localhost",
        "port": port,
        "address": None,
        "pid": None,
        "process": None,
    }


@pytest.mark.parametrize(
    ("state", "there", "passes"),
    [("closed", True, False), ("closed", False, True), ("any", True, True), ("any", False, True)],
)
def test_what_passes(server: int, state: str, there: bool, passes: bool) -> None:
    outcome = run_step(kind, {"port": server if there else free_port(), "state": state})
    assert (outcome.status is Status.PASSED, outcome.data["listening"]) == (passes, there), outcome.message


def test_an_unknown_host_says_so() -> None:
    outcome = run_step(kind, {"port": 80, "host": "no-such-host.invalid"})
    assert outcome.status is Status.FAILED
    assert "no-such-host.invalid:80" in outcome.message


@pytest.mark.parametrize(("answer", "listens"), [(b"", True), (b"hello", True), (None, False)])
def test_through_a_tunnel_the_connection_must_hold(answer: bytes | None, listens: bool) -> None:
    with tunnel(answer) as near:
        host = FarHost(near)
        outcome = run_step(kind, {"port": 5432, "host": "db.internal"}, host)
    assert host.wanted == [("db.internal", 5432)]
    assert outcome.data["listening"] is listens, outcome.message
    assert outcome.data["process"] is None


@pytest.mark.parametrize(
    ("args", "said"),
    [({"port": 0}, "must be at least 1"), ({"port": 70000}, "must be at most 65535"), ({}, "missing key 'port'")],
)
def test_options_are_held_against_the_schema(args: dict[str, Any], said: str) -> None:
    assert problems(kind, args) == [said]


def test_the_plan_is_one_line() -> None:
    assert kind.plan({"port": 80}) == "check that localhost:80 is listened on"
    assert kind.plan({"port": "{{ p }}", "host": "db", "state": "closed"}) == "check that nobody listens on db:{{ p }}"
    assert not kind.changes({"port": 80})
