"""A host that was away a moment ago, for steps that diagnose and repair: it is not tried once more for each of them."""

from __future__ import annotations

from typing import NoReturn

from runbook.transports.base import Command, OnOutput, Unreachable


class Away:
    """Stands in a transport's place, and is never there."""

    local = False

    def __init__(self, host: str) -> None:
        self._said = f"{host} is away"

    def run(self, command: Command, on_output: OnOutput | None = None) -> NoReturn:  # noqa: ARG002 - as a transport's
        raise Unreachable(self._said)

    def forward(self, host: str, port: int) -> NoReturn:  # noqa: ARG002 - as a transport's
        raise Unreachable(self._said)

    def close(self) -> None:
        """Nothing is open."""
