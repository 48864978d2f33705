"""Runs kinds of step without the engine: with a real transport, real templates, and options held against the schema."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import yaml

from runbook.engine.session import OpenThings
from runbook.model import Host
from runbook.playbook.check import check, with_defaults
from runbook.runs.events import Outcome
from runbook.source.document import Document, Place
from runbook.steps.base import Args, Context, Kind, StepError
from runbook.templating.render import judge
from runbook.templating.template_files import render_file
from runbook.transports.base import Transport
from runbook.transports.local.transport import LocalTransport


def place() -> Place:
    """The place of a step in a document that was never written."""
    return Place(Document("test.yml", "", {}), ())


def make_context(transport: Transport | None = None, **fields: Any) -> Context:
    """A context on this machine, or on another transport. `fields` replace what it has."""
    variables: Mapping[str, Any] = fields.get("variables", {})
    stop = fields.get("stop") or threading.Event()
    context = Context(
        host=Host("test-host"),
        number="1.1",
        transport=transport or LocalTransport(stop),
        controller=LocalTransport(stop),
        variables=variables,
        base=Path.cwd(),
        cache=OpenThings(),
        run_started=time.time(),
        stop=stop,
        note=lambda _text: None,
        output=lambda _stream, _data: None,
        render=lambda text, name: render_file(text, variables, name),
        judge=lambda texts, extra: [judge(text, {**variables, **extra}, place()) for text in texts],
        database=_no_database,
        ask=lambda _question: None,
    )
    return replace(context, **fields)


def _no_database(name: str) -> Mapping[str, Any]:
    raise StepError(f"no database is called {name!r}")


def options(kind: Any, args: Mapping[str, Any]) -> Args:
    """Options as the engine gives them: held against the schema, defaults filled in. Fails on a wrong one."""
    known = cast(Kind, kind)
    assert [problem.message for problem in check(known.SCHEMA, args, place())] == []
    return with_defaults(known.SCHEMA, args)


def run_kind(kind: Any, context: Context | None = None, /, **args: Any) -> Outcome:
    """One attempt of a kind with these options. What it cannot do is a failed outcome, as in the engine."""
    known = cast(Kind, kind)
    try:
        return known.run(options(kind, args), context or make_context())
    except StepError as error:
        from runbook.runs.events import failed

        return failed(str(error))


def problems(kind: Any, args: Mapping[str, Any]) -> list[str]:
    """What the schema says against some options."""
    return [problem.message for problem in check(cast(Kind, kind).SCHEMA, args, place())]


def examples(kind: ModuleType) -> list[dict[str, Any]]:
    """The steps of the example in a kind's docstring."""
    fences = re.findall(r"```yaml\n(.*?)```", kind.__doc__ or "", re.DOTALL)
    return [step for fence in fences for step in yaml.safe_load(fence)]
