"""The protocol of a service manager: what `service` asks of systemd, compose, PM2 and the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from runbook.common.frozen import Frozen, field
from runbook.transports.base import CommandResult

Shell = Callable[[str], CommandResult]
"""Runs sh text on the host, as the step's user, with its environment and time limit."""


class ServiceError(Exception):
    """The manager refused or failed; the sentence says what it answered."""


class Service(Frozen):
    """What to manage: its name for the manager, and the manager's own options."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


class ServiceState(Frozen):
    """What the manager says now. `started` is seconds since the epoch by the host's clock.

    `identity` is the same as long as the process is the same one: a pid with its start time, a container's id with
    its start. It has one word for each process, so that a restart of several can be proved: no word may remain.
    `detail` is the manager's own word for the state (`active (running)`, `online`, `exited (1)`).
    """

    running: bool
    pid: int | None = None
    started: float | None = None
    identity: str = ""
    detail: str = ""
    phase: str = ""
    """When it is not running: `starting` (on its way up), `retrying` (it ended, and the manager will start it again),
    `leftover` (it ended, but its children run on), `finished` (it did its work and counts as started: a oneshot unit
    that remains active), or empty: it is down."""
    now: float | None = None
    """The host's clock when this was seen."""

    @property
    def uptime(self) -> float | None:
        """Seconds since it was started."""
        return None if self.started is None or self.now is None else max(0.0, self.now - self.started)


class Manager(Protocol):
    """A module in `runbook/services/`, a row in MANAGERS."""

    @property
    def OPTIONS(self) -> Mapping[str, Any]:
        """JSON Schema properties of its own options (`project_dir`, `scope`, `command` …), each described."""
        ...

    def detect(self, service: Service, shell: Shell) -> bool:
        """Does this manager run this service on this host? For `manager: auto`."""
        ...

    def prepare(self, service: Service, shell: Shell) -> Service:
        """The service with what is to be found out only once among its options (compose: which command there is).

        Everything works without it, at the price of finding it out at each call. Raises ServiceError.
        """
        ...

    def state(self, service: Service, shell: Shell) -> ServiceState:
        """How it is now. Raises ServiceError when the manager cannot say, or does not know the service."""
        ...

    def act(self, service: Service, action: str, shell: Shell) -> CommandResult:
        """`start`, `stop`, `restart` or `reload`. Raises ServiceError where it has no such action or it failed."""
        ...

    def status_text(self, service: Service, shell: Shell) -> str:
        """The manager's status as people know it (`systemctl status`), for evidence."""
        ...

    def logs(self, service: Service, lines: int, shell: Shell) -> str:
        """The last lines that the service logged, for evidence."""
        ...
