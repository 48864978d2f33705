"""Which TCP ports are listened on, and by which process: from /proc/net, without any tool."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from runbook.common.frozen import Frozen
from runbook.services.base import Shell
from runbook.services.process_table import Process, snapshot

_LISTEN = "0A"
_ROW = re.compile(
    r"\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) (?:\S+ ){3}\s*\S+\s+\S+ (\d+)"
)


class Listener(Frozen):
    """A listening socket; `inode` leads to the processes that hold it."""

    address: str
    port: int
    inode: int

    @property
    def shown(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def listeners(port: int, shell: Shell) -> list[Listener]:
    """Who listens on the port, on any address of the host; empty where there is no /proc/net."""
    return parse_sockets(shell("cat /proc/net/tcp /proc/net/tcp6 2>/dev/null").out, port)


def parse_sockets(text: str, port: int) -> list[Listener]:
    """The listening sockets of a port in /proc/net/tcp and tcp6."""
    rows = filter(None, map(_ROW.match, text.splitlines()))
    return [
        Listener(_address(row[1]), port, int(row[4])) for row in rows if row[3] == _LISTEN and int(row[2], 16) == port
    ]


def answering(host: str, found: Sequence[Listener]) -> Listener | None:
    """The listener that a connection to `host` would reach, for an address of the host itself."""
    if host == "localhost":
        wanted = ["127.0.0.1", "::1", "0.0.0.0", "::"]  # noqa: S104 - compared with, not bound to
    elif _loopback(host):
        wanted = [host, "::"] if ":" in host else [host, "0.0.0.0", "::"]  # noqa: S104 - compared with, not bound to
    else:
        wanted = []
    return next((listener for address in wanted for listener in found if listener.address == address), None)


def owner(listener: Listener, shell: Shell) -> tuple[Process, float] | None:
    """The process that holds the socket, the oldest of several, and the host's clock.

    None when it is another user's and cannot be seen.
    """
    script = f"ls -l /proc/[0-9]*/fd 2>/dev/null | grep -e '^/proc/' -e 'socket:\\[{listener.inode}\\]'"
    pids: list[str] = []
    folder = ""
    for line in shell(script).out.splitlines():
        if line.startswith("/proc/"):
            folder = line.split("/")[2]
        elif not pids or pids[-1] != folder:
            pids.append(folder)
    table = snapshot(shell, map(int, pids)) if pids else None
    if table is None or not table.processes:
        return None
    return min(table.processes, key=lambda process: process.birth.zfill(20)), table.now


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(text: str) -> str:
    """From the kernel's hexadecimal: words of 32 bits, each in the machine's order (little endian on most)."""
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    return str(ipaddress.ip_address(b"".join(words)))
