"""A connection that is begun before anything is run on the host."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from runbook.testing.processes import run
from runbook.transports.base import Transport, Unreachable, pipelined
from runbook.transports.ssh.wire import Dial
from tests.lab.sshd import Sshd
from tests.transports.ways import ssh, through


class Gate:
    """A port in front of the lab's sshd, which counts who comes, and lets them through when it is told."""

    def __init__(self, sshd: Sshd) -> None:
        self._behind = (sshd.host, sshd.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.came: list[socket.socket] = []

    def accept(self, seconds: float = 5.0) -> None:
        """The next that comes. Raises TimeoutError when nobody does."""
        self._listening.settimeout(seconds)
        self.came.append(self._listening.accept()[0])

    def open(self) -> None:
        """Lead the last that has come to the sshd."""
        came, behind = self.came[-1], socket.create_connection(self._behind)
        for one, other in ((came, behind), (behind, came)):
            threading.Thread(target=_pump, args=(one, other), daemon=True).start()

    def close(self) -> None:
        for sock in (*self.came, self._listening):
            sock.close()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with other:
        while data := one.recv(65536):
            other.sendall(data)


@pytest.fixture
def gate(sshd: Sshd) -> Iterator[Gate]:
    with closing(Gate(sshd)) as made:
        yield made


@pytest.mark.lab
def test_the_connection_is_there_before_it_is_wanted_and_is_the_one_that_is_used(gate: Gate, sshd: Sshd) -> None:
    with closing(ssh(through(gate.port, sshd))) as host:
        host.connect_early()
        host.connect_early()
        gate.accept()
        gate.open()

        assert run(host, "echo hello").out == "hello"
        with pytest.raises(TimeoutError):
            gate.accept(0.1)


@pytest.mark.lab
def test_one_that_is_never_used_is_closed(gate: Gate, sshd: Sshd) -> None:
    host = ssh(through(gate.port, sshd))
    host.connect_early()
    gate.accept()
    host.close()
    gate.came[0].settimeout(5)

    assert gate.came[0].recv(1) == b""


def test_what_goes_wrong_is_told_when_something_is_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    refused = {"ansible_host": "127.0.0.1", "ansible_port": port, "ansible_ssh_common_args": "-F none"}
    unknown = {"ansible_host": "no-such-host.invalid", "ansible_ssh_common_args": "-F none"}
    no_name = {**unknown, "ansible_host": "ü" * 70}
    odd = {"ansible_host": "127.0.0.1", "ansible_ssh_common_args": "-F none -o ConnectTimeout=soon"}
    for found, said in (
        (refused, "nothing listens on port"),
        (unknown, "has no address"),
        (no_name, "no name"),
        (odd, "is not a time"),
    ):
        with closing(ssh(found)) as host:
            host.connect_early()
            with pytest.raises(Unreachable, match=said):
                run(host, "true")


def test_every_far_host_takes_the_hint(transport: Transport) -> None:
    far = pipelined(transport)
    for word in ("hello", "again"):
        if far is not None:
            far.connect_early()
        assert run(transport, f"echo {word}").out == word


class Names:
    """A name service that gives a name these addresses, in their order; of a family that is not there, one at will."""

    def __init__(self, *found: tuple[str, int]) -> None:
        self._found = found

    def __call__(self, *_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        families = [9999 if host == "no family" else socket.AF_INET for host, _ in self._found]
        return [(kind, socket.SOCK_STREAM, 6, "", at) for kind, at in zip(families, self._found, strict=True)]


@pytest.fixture
def full() -> Iterator[tuple[str, int]]:
    """An address where nothing answers: whoever listens there takes nobody any more."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(listening.getsockname())
        yield listening.getsockname()
        for sock in waiting:
            sock.close()


def test_the_next_address_is_tried_where_one_refuses_or_does_not_answer(
    full: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as good:
        refusing = taken.getsockname()
        taken.close()
        for first in (refusing, full, ("no family", 1)):
            monkeypatch.setattr(socket, "getaddrinfo", Names(first, good.getsockname()))
            dial = Dial("host", 1, "any")
            wire = dial.finish(time.monotonic() + 1, 60)
            assert wire.getpeername() == good.getsockname()
            wire.close()


def test_nobody_waits_for_a_connection_that_is_only_looked_at(
    full: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(full, full))
    dial = Dial("host", 1, "any")
    began = time.monotonic()

    assert not dial.there()
    assert time.monotonic() - began < 0.2
    with pytest.raises(TimeoutError):
        dial.finish(time.monotonic() + 0.3, 60)
    assert 0.2 < time.monotonic() - began < 3
