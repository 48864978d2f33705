"""What one run shares between its hosts: connections, secrets, questions, the queue of events, the stop flag."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

from runbook.common.frozen import Frozen, field, replace, repr_without
from runbook.common.masking import Masker
from runbook.engine.controller_commands import run_on_controller
from runbook.engine.fleet.run_once import RunOnce
from runbook.engine.fleet.throttle import Throttle
from runbook.engine.mode import Mode
from runbook.model import Host
from runbook.plan.make.plan import Plan
from runbook.runs.events import Event, StepProgress
from runbook.steps.base import Answer, Question
from runbook.templating.errors import TemplateError
from runbook.transports.base import Transport
from runbook.transports.ssh.jumps import Jumps


class TransportFor(Protocol):
    """Makes the way to a host, from its variables; see `runbook.transports.connect.transport_for`."""

    def __call__(
        self, name: str, variables: Mapping[str, Any], /, *, stop: threading.Event, jumps: Jumps
    ) -> Transport: ...


MOST_WAITING = 1000
"""Events that wait to be shown."""
_PAUSE = 0.005


class Tools(Frozen):
    """What the command line hands to the engine."""

    __repr__ = repr_without("become_password", "secrets", "stop")

    transport_for: TransportFor
    ask: Callable[[Question], Answer | None] = lambda _question: None
    forks: int = 10
    run_id: str = ""
    mode: Mode = Mode.RUN
    output_dir: Path | None = None
    """Where the whole output of every command is written; see `runbook.engine.output.files`."""
    become: bool = False
    become_user: str = ""
    become_password: str | None = None
    secrets: tuple[str, ...] = ()
    stop: threading.Event = field(default_factory=threading.Event)
    """Set it, from any thread or a signal handler, to end the run: the events of what had run still come."""


class OpenThings:
    """Connections kept open for the run. A `Cache` of one host: used by one thread at a time."""

    def __init__(self) -> None:
        self._held: dict[tuple[Any, ...], Any] = {}

    def get(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        if key not in self._held:
            self._held[key] = make()
        return self._held[key]

    def drop(self, key: tuple[Any, ...]) -> None:
        _close(self._held.pop(key, None))

    def close(self) -> None:
        for key in list(self._held):
            self.drop(key)


class Session:
    """One run's shared things. Everything here may be used from several threads."""

    def __init__(self, plan: Plan, tools: Tools) -> None:
        self.plan, self.tools, self.mode = plan, tools, tools.mode
        self.queue: SimpleQueue[Event | None] = SimpleQueue()
        self.stop = tools.stop
        self.masker = Masker(tools.secrets)
        self.started = time.time()
        self.lookup_controller = replace(plan.variables.controller, run_command=run_on_controller)
        """The controller, as lookups see it during the run."""
        self.run_once = RunOnce(self.stop)
        self.throttle = Throttle(self.stop)
        self._transports: dict[tuple[str, str], Transport] = {}
        self._answers: dict[tuple[str, str], Answer | None] = {}
        self._caches: dict[str, OpenThings] = {}
        self._jumps = Jumps()
        self._lock = threading.RLock()
        self._asking = threading.Lock()

    def emit(self, event: Event) -> None:
        self.queue.put(event)
        # Who prints faster than it is shown waits, as on a terminal: else all of it would pile up here.
        while isinstance(event, StepProgress) and self.queue.qsize() > MOST_WAITING and not self.stop.wait(_PAUSE):
            pass

    def cache(self, owner: str) -> OpenThings:
        known = self._caches.get(owner)
        if known is None:
            with self._lock:
                known = self._caches.setdefault(owner, OpenThings())
        return known

    def transport(self, owner: Host, target: str) -> Transport:
        """The connection that the host `owner` uses to reach `target` (itself, or a delegate).

        Each owner has its own, so that no two threads share one. Raises TemplateError when a connection variable
        cannot be rendered.
        """
        known = self._transports.get((owner.name, target))
        return known or self._opened((owner.name, target), lambda: self._connection(owner, target))

    def transport_if_open(self, host: Host) -> Transport | None:
        """The host's own, if it has been asked for."""
        return self._transports.get((host.name, host.name))

    def controller(self, owner: Host) -> Transport:
        """This machine."""
        known = self._transports.get((owner.name, ""))
        return known or self._opened((owner.name, ""), lambda: {"ansible_connection": "local"})

    def _opened(self, key: tuple[str, str], variables: Callable[[], Mapping[str, Any]]) -> Transport:
        """Kept under the key. Who finds it there needs no lock: hundreds of steps a second would wait for it."""
        with self._lock:
            if key not in self._transports:
                name = key[1] or "localhost"
                self._transports[key] = self.tools.transport_for(name, variables(), stop=self.stop, jumps=self._jumps)
            return self._transports[key]

    def _connection(self, owner: Host, target: str) -> Mapping[str, Any]:
        host = owner if target == owner.name else self.plan.inventory.hosts.get(target)
        if host is None:
            if target in ("localhost", "127.0.0.1", "::1"):
                return {"ansible_connection": "local"}
            raise TemplateError(f"delegate_to: the inventory has no host {target!r}")
        scope = self.plan.variables.scope(host, self.lookup_controller)
        names = {name for name in scope if name.startswith("ansible_")}
        variables = {name: scope[name] for name in names}
        for name, value in variables.items():
            if "pass" in name and isinstance(value, str):
                self.masker.add(value)
        return variables

    def ask(self, question: Question) -> Answer | None:
        """Ask the operator, once a run for each question; others wait for the same answer."""
        key = (question.number, question.host)
        with self._asking:
            if key not in self._answers:
                self._answers[key] = self.tools.ask(question)
            return self._answers[key]

    def close(self) -> None:
        with self._lock:
            for cache in self._caches.values():
                cache.close()
            for transport in self._transports.values():
                _close(transport)
            self._jumps.close()


def _close(thing: Any) -> None:
    close = getattr(thing, "close", None)
    if close:
        with contextlib.suppress(Exception):  # closing is the end of it: there is nobody left to tell
            close()
