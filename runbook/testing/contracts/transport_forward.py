"""Where every way to a host leads: an address of this machine through which what listens on the host is reached."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from runbook.testing.processes import run
from runbook.transports.base import Transport

GREETING = b"here "


def talk(address: tuple[str, int], data: bytes) -> bytes:
    """Sends all, closes that direction, and reads to the end."""
    with socket.create_connection(address, timeout=10) as client:
        sender = threading.Thread(target=_send, args=(client, data))
        sender.start()
        said = bytearray()
        while part := client.recv(65536):
            said += part
        sender.join()
    return bytes(said)


def _send(client: socket.socket, data: bytes) -> None:
    client.sendall(data)
    client.shutdown(socket.SHUT_WR)


def _echo(server: socket.socket, over: threading.Event) -> None:
    """Greets whoever comes, and gives back what they say, until it is over."""
    while not over.is_set():
        with server.accept()[0] as client:
            client.sendall(GREETING)
            while data := client.recv(65536):
                client.sendall(data)


class ForwardContract:
    @pytest.fixture
    def echo(self) -> Iterator[int]:
        """The port of a server on the host's loopback address, which is this machine's too."""
        over = threading.Event()
        with socket.create_server(("127.0.0.1", 0)) as server:
            port: int = server.getsockname()[1]
            thread = threading.Thread(target=_echo, args=(server, over))
            thread.start()
            yield port
            over.set()
            talk(("127.0.0.1", port), b"")
            thread.join()

    def test_an_address_leads_to_what_listens_on_the_host(self, transport: Transport, echo: int) -> None:
        address = transport.forward("127.0.0.1", echo)
        data = bytes(range(256)) * 2000
        assert talk(address, data) == GREETING + data
        assert talk(address, b"again") == GREETING + b"again"

    def test_the_same_pair_gives_the_same_address(self, transport: Transport, echo: int) -> None:
        address = transport.forward("127.0.0.1", echo)
        assert transport.forward("127.0.0.1", echo) == address
        assert (address == ("127.0.0.1", echo)) is transport.local, "nothing is tunnelled on this machine alone"

    def test_it_is_used_beside_a_command(self, transport: Transport, echo: int) -> None:
        address = transport.forward("127.0.0.1", echo)
        said: list[bytes] = []
        thread = threading.Thread(target=lambda: said.append(talk(address, b"x" * 300_000)))
        thread.start()
        assert len(run(transport, "head -c 3000000 /dev/zero").stdout) == 3_000_000
        thread.join()
        assert len(said[0]) == 300_000 + len(GREETING)

    def test_where_nothing_listens_connecting_is_refused_or_closed(self, transport: Transport) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port: int = taken.getsockname()[1]
        address = transport.forward("127.0.0.1", port)
        try:
            assert talk(address, b"") == b""
        except ConnectionError:
            assert transport.forward("127.0.0.1", port) == address
