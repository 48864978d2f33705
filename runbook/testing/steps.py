"""Runs one attempt of a kind of step without the engine: options held against its schema, real templates, any host."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runbook.engine.session import OpenThings
from runbook.model import Host
from runbook.playbook.schema_check import check, with_defaults
from runbook.runs.events import Outcome, failed
from runbook.source.document import Document, Place
from runbook.steps import KINDS
from runbook.steps.base import Answer, Args, Cache, Context, Kind, Question, StepError
from runbook.steps.traits import said_by
from runbook.templating.render import judge
from runbook.templating.template_files import render_file
from runbook.transports.base import Become, OnOutput, Transport
from runbook.transports.local.transport import LocalTransport

Settings = Mapping[str, Any]


def run_step(
    kind: str | Kind, args: Mapping[str, Any], host: Transport | None = None, *, context: Context | None = None
) -> Outcome:
    """One attempt of a kind with these options, on a host (this machine, where none is given) or in a whole context.

    What the step cannot do is a failed outcome, as in the engine. Options that the schema refuses are a ValueError; a
    field of the outcome that the kind does not say it has is an AssertionError.
    """
    known = _kind(kind)
    try:
        outcome = known.run(options(known, args), context or step_context(host))
    except StepError as error:
        return failed(str(error))
    said = said_by(known).fields(args)
    if (more := set(outcome.data) - said.known) and not said.open:
        raise AssertionError(f"fields of the outcome that the kind does not say it has: {', '.join(sorted(more))}")
    return outcome


def step_context(
    host: Transport | None = None,
    *,
    variables: Mapping[str, Any] | None = None,
    base: Path | None = None,
    environment: Mapping[str, str] | None = None,
    become: Become | None = None,
    timeout: float | None = None,
    databases: Mapping[str, Settings] | None = None,
    ask: Callable[[Question], Answer | None] = lambda _question: None,
    note: Callable[[str], None] = lambda _text: None,
    output: OnOutput = lambda _stream, _data: None,
    number: str = "1.1",
    run_started: float | None = None,
    cache: Cache | None = None,
    stop: threading.Event | None = None,
) -> Context:
    """What a kind is given to work with, each part as one likes."""
    scope = variables or {}
    stop = stop or threading.Event()
    return Context(
        host=Host("test-host"),
        number=number,
        transport=host or LocalTransport(stop),
        controller=LocalTransport(stop),
        variables=scope,
        base=base or Path.cwd(),
        cache=cache or OpenThings(),
        run_started=time.time() if run_started is None else run_started,
        stop=stop,
        note=note,
        output=output,
        render=lambda text, name: render_file(text, scope, name),
        judge=lambda texts, extra: [judge(text, {**scope, **extra}, nowhere()) for text in texts],
        database=lambda name: _database(databases or {}, name),
        ask=ask,
        become=become,
        environment=environment or {},
        timeout=timeout,
    )


def options(kind: str | Kind, args: Mapping[str, Any]) -> Args:
    """Options as the engine gives them to the kind: held against its schema, with its defaults. Raises ValueError."""
    wrong = problems(kind, args)
    if wrong:
        raise ValueError("; ".join(wrong))
    return with_defaults(_kind(kind).SCHEMA, args)


def problems(kind: str | Kind, args: Mapping[str, Any]) -> list[str]:
    """What the kind's schema says against some options."""
    return [problem.message for problem in check(_kind(kind).SCHEMA, args, nowhere())]


def examples(kind: str | Kind) -> list[dict[str, Any]]:
    """The steps of the example in a kind's docstring."""
    import yaml

    fences = re.findall(r"```yaml\n(.*?)```", _kind(kind).__doc__ or "", re.DOTALL)
    return [step for fence in fences for step in yaml.safe_load(fence)]


def nowhere() -> Place:
    """The place of a step in a document that was never written."""
    return Place(Document("test.yml", "", {}), ())


def _kind(kind: str | Kind) -> Kind:
    if isinstance(kind, str) and kind not in KINDS:
        raise LookupError(f"no kind of step is called {kind!r}: has it a row in runbook/steps/__init__.py?")
    return KINDS[kind] if isinstance(kind, str) else kind


def _database(databases: Mapping[str, Settings], name: str) -> Settings:
    """As the engine: where there is one alone, it need not be named."""
    if not name and len(databases) == 1:
        return next(iter(databases.values()))
    if name not in databases:
        raise StepError(f"no database is called {name!r}")
    return databases[name]
