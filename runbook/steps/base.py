"""The protocol of a kind of step, and what a kind is given to work with.

A kind is one module: a docstring that is its reference page, `SCHEMA`, `SHORT`, `changes`, `plan`, `run`, and what it
says of itself to the rest of the house (`traits.py`). It never decides whether it may run, retries nothing, and judges
nothing but its own work: the engine does the rest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from runbook.common.frozen import Frozen, field, replace
from runbook.model import Host
from runbook.runs.events import Condition, Outcome
from runbook.transports.base import Become, Command, CommandResult, Transport

Args = Mapping[str, Any]
"""A kind's options, rendered and validated against its SCHEMA, with the schema's defaults filled in."""

Resource = TypeVar("Resource")


class Kind(Protocol):
    """A module in `runbook/steps/`."""

    @property
    def SCHEMA(self) -> Mapping[str, Any]:
        """JSON Schema of the options: an object, `additionalProperties: false`, every property with a description."""
        ...

    @property
    def SHORT(self) -> str:
        """The option that a bare value stands for (`command: uptime` is `{cmd: uptime}`); empty when there is none."""
        ...

    def changes(self, args: Args) -> bool:
        """Does it change the host, given these options? Options may still hold templates."""
        ...

    def plan(self, args: Args) -> str:
        """One line that a reviewer reads. Options may hold placeholders for what is not known yet."""
        ...

    def run(self, args: Args, context: Context) -> Outcome:
        """Do it. Raises Unreachable, CommandTimeout, Stopped, or StepError for what cannot be done."""
        ...


class Previews(Kind, Protocol):
    """A kind that can say what it would do: `changed` with a diff where it has one, or `passed`."""

    def preview(self, args: Args, context: Context) -> Outcome:
        """Look, and change nothing. Raises as `run`."""
        ...


class AsksOnce(Kind, Protocol):
    """A kind whose steps may go to the host before it has answered the one in front of them."""

    @property
    def BY_EXIT_CODE(self) -> bool:
        """Does it pass when, and only when, the exit code of its command is 0? The host can tell that by itself."""
        ...

    def asks_once(self, args: Args) -> bool:
        """With these options, does `run` run one command on the host, and do nothing else?"""
        ...


class Detail(Frozen):
    """A part of an action that takes several lines, for a plan: a script, a query, a request, an edit as a diff."""

    label: str
    text: str
    language: str = ""
    """As highlighters call it: sh, sql, http, diff, json."""
    options: tuple[str, ...] = ()
    """The options of the step that it tells."""


class StepError(Exception):
    """The step cannot do what was asked; the sentence says why and the way out. It becomes a failed outcome."""


class Question(Frozen):
    """What a step asks a person; `host` is empty when one answer is that of all hosts."""

    number: str
    host: str
    text: str


class Answer(Frozen):
    """`value` is yes, no or na (not applicable); `at` is seconds since the epoch."""

    value: str
    by: str
    at: float
    comment: str = ""


class Cache(Protocol):
    """Things kept open for the length of a run: connections. Closed by the engine at the end."""

    def get(self, key: tuple[Any, ...], make: Callable[[], Resource]) -> Resource:
        """What is kept under the key, made at first use. What has a `close()` is closed at the end of the run."""
        ...

    def drop(self, key: tuple[Any, ...]) -> None:
        """Forget and close what is kept under the key (a broken connection)."""
        ...


class Context(Frozen):
    """Everything that a kind may touch. Made by the engine for one attempt of one step on one host."""

    host: Host
    number: str
    transport: Transport
    """Leads to the host (or to the delegate)."""
    controller: Transport
    """This machine."""
    variables: Mapping[str, Any]
    """Every variable in scope, rendered when read; read only."""
    base: Path
    """The folder of the file that the step stands in: relative `src` paths start there."""
    cache: Cache
    run_started: float
    """Seconds since the epoch, on this machine."""
    stop: threading.Event
    """Set when the run is being stopped: pause with `pause`, never with sleep."""
    note: Callable[[str], None]
    """Show one line of progress while the step runs."""
    output: Callable[[str, bytes], None]
    """Show output as it arrives: (`stdout` or `stderr`, bytes)."""
    render: Callable[[str, str], str]
    """Render a template's text with the variables: (text, file name for messages)."""
    judge: Callable[[list[str], Mapping[str, Any]], list[Condition]]
    """Judge bare expressions with extra variables on top; each with the values of its operands."""
    database: Callable[[str], Mapping[str, Any]]
    """The settings of a named database, rendered for this host. Raises StepError for an unknown name."""
    ask: Callable[[Question], Answer | None]
    """Ask the operator; None when nobody can answer now."""
    become: Become | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    """Seconds for one attempt; None is without bound."""
    run_id: str = ""

    def command(
        self,
        script: str,
        *,
        stdin: bytes = b"",
        chdir: str | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
        live: bool = False,
    ) -> CommandResult:
        """Run sh text on the host with this step's become, environment and timeout. `live` shows its output."""
        command = Command(
            script,
            stdin=stdin,
            chdir=chdir,
            environment={**self.environment, **(environment or {})},
            become=self.become,
            timeout=self.timeout if timeout is None else timeout,
        )
        return self.transport.run(command, self.output if live else None)

    def address(self, host: str, port: int, origin: str = "host") -> tuple[str, int]:
        """Where to connect on this machine to reach `host:port` as `origin` (`host` or `controller`) sees it."""
        return (host, port) if origin == "controller" else self.transport.forward(host, port)

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than the run lives. Raises Stopped."""
        from runbook.transports.base import Stopped

        if self.stop.wait(seconds):
            raise Stopped

    def on(self, transport: Transport) -> Context:
        """The same context on another transport."""
        return replace(self, transport=transport)
