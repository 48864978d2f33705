"""Hosts that have the same variables where it counts are described once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook.model import Host
from runbook.plan.describe.redacted_variables import RedactedVariables


class Memo:
    """Keeps what was made for one host for all hosts for which it would be the same.

    Sound, since what was made can depend on a host only by what was read of its own variables.
    """

    def __init__(self, redacted: RedactedVariables) -> None:
        self._redacted = redacted
        self._kept: dict[Any, list[tuple[tuple[str, ...], dict[tuple[Any, ...], Any]]]] = {}

    def get(self, what: Any, host: Host, make: Callable[[], Any]) -> Any:
        redacted = self._redacted
        tables = self._kept.setdefault(what, [])
        for names, table in tables:
            found = table.get(tuple([redacted.key(host, name) for name in names]))
            if found is not None:
                return found
        redacted.read.clear()
        made = make()
        names = tuple(sorted(redacted.read))
        key = tuple(redacted.key(host, name) for name in names)
        for known, table in tables:
            if known == names:
                table[key] = made
                return made
        tables.append((names, {key: made}))
        return made
