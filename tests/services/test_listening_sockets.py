"""The kernel's table of sockets, and who holds them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runbook.services.listening_sockets import Listener, answering, listeners, owner, parse_sockets
from tests.services.support import local_shell

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 ffff 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 ffff 20 4 30 10 -1
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when …
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 \
00000000  1000        0 4713 1 ffff 100 0 0 10 0
   1: B80D0120000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 \
00000000  1000        0 4714 1 ffff 100 0 0 10 0
"""


@contextmanager
def listening(address: str) -> Iterator[int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        yield server.getsockname()[1]


def test_the_table_is_read() -> None:
    found = parse_sockets(TABLE, 8080)
    assert [(one.shown, one.inode) for one in found] == [
        ("127.0.0.1:8080", 4711),
        ("[::]:8080", 4713),
        ("[2001:db8::1]:8080", 4714),
    ]
    assert parse_sockets(TABLE, 50000) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a_listener_is_found_with_its_owner(address: str) -> None:
    shell = local_shell()
    with listening(address) as port:
        found = listeners(port, shell)
        assert [one.address for one in found] == [address]
        seen = owner(found[0], shell)
        assert seen is not None
        assert seen[0].pid == os.getpid()
    assert listeners(port, shell) == []


@pytest.mark.parametrize(
    ("host", "addresses", "answers"),
    [
        ("localhost", ["127.0.0.1"], "127.0.0.1"),
        ("localhost", ["::1"], "::1"),
        ("localhost", ["::", "127.0.0.1"], "127.0.0.1"),
        ("localhost", ["127.0.0.2"], None),
        ("127.0.0.2", ["127.0.0.1", "0.0.0.0"], "0.0.0.0"),
        ("127.0.0.2", ["127.0.0.1"], None),
        ("127.0.0.1", ["::"], "::"),
        ("::1", ["0.0.0.0"], None),
        ("::1", ["::"], "::"),
        ("10.0.0.1", ["0.0.0.0"], None),
        ("db.internal", ["0.0.0.0"], None),
    ],
)
def test_which_listener_a_connection_would_reach(host: str, addresses: list[str], answers: str | None) -> None:
    found = answering(host, [Listener(address, 80, 1) for address in addresses])
    assert (found and found.address) == answers
