"""Whether the other side is still there, while nothing but a command's end is waited for."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from runbook.transports.base import Unreachable

if TYPE_CHECKING:
    from runbook.transports.ssh.connection import Connection

NOT_KNOWN = "; whether it came to its end is not known"


class Watch:
    """Asks a silent host for a sign of life, and gives it up when none comes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._since = time.monotonic()
        self._asked = 0

    def look(self) -> None:
        """Raises Unreachable."""
        login = self._connection.login
        if self._connection.heard > self._since:
            self._since, self._asked = self._connection.heard, 0
        silent = time.monotonic() - self._since
        if silent < login.alive_interval * (self._asked + 1):
            return
        if self._asked >= login.alive_count:
            self._connection.close()
            raise Unreachable(f"{login}: no sign of life for {silent:.0f} s while a command ran{NOT_KNOWN}")
        self._asked += 1
        with contextlib.suppress(OSError, EOFError):
            self._connection.ask_for_life()
