"""Addresses as a host sees them, reached from here over its SSH connection."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runbook.testing.contracts.transport_forward import talk
from runbook.testing.processes import run, wait_until
from runbook.transports.base import Unreachable
from runbook.transports.local.transport import LocalTransport
from runbook.transports.ssh.transport import SshTransport
from tests.lab.jump import Jump
from tests.lab.sshd import Sshd
from tests.lab.tools import free_port
from tests.transports.ways import jump_variables, ssh, variables

ECHO = """\
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    client, _ = server.accept()
    with client:
        client.sendall(b"here ")
        while data := client.recv(65536):
            client.sendall(data)
"""


@pytest.fixture
def server() -> Iterator[int]:
    """A server on this machine's loopback address, which is the lab host's too. It echoes."""
    with subprocess.Popen([sys.executable, "-c", ECHO], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


def test_it_leads_to_what_listens_there(host: SshTransport, server: int) -> None:
    address = host.forward("127.0.0.1", server)
    assert address[0] == "127.0.0.1"
    assert address[1] != server
    data = bytes(range(256)) * 8000
    assert talk(address, data) == b"here " + data
    assert talk(address, b"again") == b"here again"
    assert host.last_error("127.0.0.1", server) == ""


def test_the_same_pair_gives_the_same_address(host: SshTransport, server: int) -> None:
    assert host.forward("127.0.0.1", server) == host.forward("127.0.0.1", server)
    assert host.forward("localhost", server) != host.forward("127.0.0.1", server)


def test_many_at_once_beside_a_command(host: SshTransport, server: int) -> None:
    address = host.forward("127.0.0.1", server)
    said: list[bytes] = []
    threads = [threading.Thread(target=lambda: said.append(talk(address, b"x" * 300_000))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert len(run(host, "head -c 3000000 /dev/zero").stdout) == 3_000_000
    for thread in threads:
        thread.join()
    assert [len(one) for one in said] == [300_005] * len(threads)


def test_where_nothing_listens_the_connection_is_closed_and_why_is_known(host: SshTransport) -> None:
    port = free_port()
    address = host.forward("127.0.0.1", port)
    assert talk(address, b"") == b""
    wait_until(lambda: host.last_error("127.0.0.1", port), "the reason is known")
    assert host.last_error("127.0.0.1", port) == f"the host cannot connect to 127.0.0.1:{port}: Connect failed"


def test_it_ends_with_the_transport(sshd: Sshd, server: int) -> None:
    with closing(ssh(variables(sshd))) as transport:
        address = transport.forward("127.0.0.1", server)
        client = socket.create_connection(address, timeout=10)
        assert client.recv(5) == b"here "
    with client:
        assert client.recv(10) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    with pytest.raises(Unreachable, match="has been closed"):
        transport.forward("127.0.0.1", server)


def test_a_host_that_is_not_reached_gives_none(sshd: Sshd) -> None:
    transport = ssh(variables(sshd, ansible_port=free_port()))
    with closing(transport), pytest.raises(Unreachable, match="nothing listens on port"):
        transport.forward("127.0.0.1", 80)


def test_this_machine_needs_none(stop: threading.Event) -> None:
    assert LocalTransport(stop).forward("db.example", 5432) == ("db.example", 5432)


def test_it_leads_into_a_network_that_only_the_host_has(jump: Jump, tmp_path: Path) -> None:
    """The server listens on the loopback address of the host behind the jump host: a network namespace of its own."""
    with closing(ssh(jump_variables(jump))) as transport:
        result = run(
            transport,
            f'setsid {shlex.quote(sys.executable)} -c "$SERVER" >port 2>&1 & echo $!\n'
            "until [ -s port ]; do sleep 0.05; done; cat port",
            environment={"SERVER": ECHO},
            chdir=str(tmp_path),
        )
        pid, port = map(int, result.stdout.split())
        try:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=2)
            assert talk(transport.forward("127.0.0.1", port), b"hello") == b"here hello"
            assert talk(transport.forward("localhost", port), b"hello") == b"here hello"
        finally:
            run(transport, f"kill {pid}")
