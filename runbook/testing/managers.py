"""A service manager for tests of what is done with one: it says the states that it was given, in turn."""

# ruff: noqa: ARG002 - a manager has the protocol's signatures
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runbook.services.base import Service, ServiceError, ServiceState, Shell
from runbook.transports.base import CommandResult


class ScriptedManager:
    """Says these states in turn, the last one for ever; refuses the action `fails`; remembers what it was told."""

    OPTIONS: Mapping[str, Any] = {}

    def __init__(self, states: Iterable[ServiceState], fails: str = "") -> None:
        self._states = list(states)
        self._fails = fails
        self.told: list[str] = []
        """The actions that it was asked for, in order."""

    def detect(self, service: Service, shell: Shell) -> bool:
        return True

    def prepare(self, service: Service, shell: Shell) -> Service:
        return service

    def state(self, service: Service, shell: Shell) -> ServiceState:
        return self._states.pop(0) if len(self._states) > 1 else self._states[0]

    def act(self, service: Service, action: str, shell: Shell) -> CommandResult:
        self.told.append(action)
        if action == self._fails:
            raise ServiceError(f"{action} is refused")
        return CommandResult(action, 0)

    def status_text(self, service: Service, shell: Shell) -> str:
        return ""

    def logs(self, service: Service, lines: int, shell: Shell) -> str:
        return ""
