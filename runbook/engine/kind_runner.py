"""A kind at work: its options rendered and checked, what it may touch put together, what it raises made an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn, cast

from runbook.common.durations import seconds
from runbook.common.frozen import Frozen
from runbook.common.spelling import nearest
from runbook.engine.inherited import Inherited
from runbook.engine.session import Session
from runbook.model import Host, Step
from runbook.playbook.coercion import coerced
from runbook.playbook.schema_check import check, with_defaults
from runbook.runs.events import Evidence, Outcome, Role, Status
from runbook.runs.results import ASIDE
from runbook.source.document import Place, Span
from runbook.steps import KINDS
from runbook.steps.base import Context, Previews, StepError
from runbook.steps.traits import traits
from runbook.templating.errors import TemplateError
from runbook.templating.render import judge, render
from runbook.templating.scope import Scope
from runbook.transports.base import Become, Command, CommandTimeout, OnOutput, Unreachable


class Progress(Frozen):
    """Where a running step shows what it does."""

    note: Callable[[str], None]
    output: Callable[[str, bytes], None]


class KindRunner:
    """Runs the kinds of one host's steps. Used by one thread at a time."""

    def __init__(self, session: Session, host: Host) -> None:
        self.session, self.host = session, host
        self.away: set[str] = set()
        """Hosts that could not be reached: what diagnoses and repairs does not try each of them once more."""

    def args(self, step: Step, scope: Scope) -> dict[str, Any]:
        """The options rendered, checked strictly, with defaults. Raises TemplateError, StepError."""
        kind = KINDS[step.kind]
        place = step.args_place
        args = coerced(kind.SCHEMA, step.args, render(step.args, scope, place))
        wrong = check(kind.SCHEMA, args, place)
        if wrong:
            raise TemplateError("; ".join(f"{_option(p.span, place)}{p.message}" for p in wrong), wrong[0].span)
        return with_defaults(kind.SCHEMA, args)

    def run(
        self, step: Step, args: Mapping[str, Any], scope: Scope, own: Inherited, progress: Progress, *, preview: bool
    ) -> Outcome:
        """The kind's work, or its preview, with everything that can go wrong in it as an outcome."""
        try:
            context = self.context(step, scope, own, progress)
            kind = KINDS[step.kind]
            return cast(Previews, kind).preview(args, context) if preview else kind.run(args, context)
        except Unreachable as error:
            return Outcome(Status.UNREACHABLE, str(error))
        except CommandTimeout as error:
            tail = "\n".join(filter(None, [error.result.out[-4000:], error.result.err[-4000:]]))
            evidence = (Evidence("what it had printed", tail, language="log"),) if tail else ()
            data = {"timed_out": True, "stdout": error.result.out, "stderr": error.result.err}
            return Outcome(Status.FAILED, str(error), data, evidence)
        except StepError as error:
            return Outcome(Status.FAILED, str(error), looked=False)

    def reached(self, step: Step, own: Inherited, scope: Scope, outcome: Outcome) -> None:
        """Remember whether the host of a step was there."""
        target = self.target(own, scope)
        if outcome.status is Status.UNREACHABLE:
            self.away.add(target)
        elif own.role not in ASIDE:
            self.away.discard(target)
        elif own.role is Role.REMEDIATE and outcome.ok and self._brings_back(step, outcome, target):
            self.away.clear()

    def _brings_back(self, step: Step, outcome: Outcome, target: str) -> bool:
        """May a host that was away be there again after this?"""
        said = traits(step.kind)
        return outcome.changed or target not in self.away or said.PATIENT or said.ASKS_PERSON

    def context(self, step: Step, scope: Scope, own: Inherited, progress: Progress) -> Context:
        session = self.session
        target = self.target(own, scope)
        known_away = target in self.away and own.role in ASIDE and not traits(step.kind).PATIENT
        return Context(
            host=self.host,
            number=step.number,
            transport=_Away(target) if known_away else session.transport(self.host, target),
            controller=session.controller(self.host),
            variables=scope,
            base=_folder_of(step.place.document.file),
            cache=session.cache(f"{self.host.name}\0{target}"),
            run_started=session.started,
            stop=session.stop,
            note=progress.note,
            output=progress.output,
            render=lambda text, name: _render_file(text, scope, name),
            judge=lambda texts, extra: [judge(text, scope.with_data(**extra), step.args_place) for text in texts],
            database=lambda name: self.database(name, scope),
            ask=session.ask,
            become=self.become(own, scope),
            environment=_environment(own, scope),
            timeout=seconds(render(own.timeout, scope)) if own.timeout is not None else None,
            run_id=session.tools.run_id,
        )

    def target(self, own: Inherited, scope: Scope) -> str:
        return str(render(own.delegate_to, scope)) if own.delegate_to else self.host.name

    def become(self, own: Inherited, scope: Scope) -> Become | None:
        tools = self.session.tools
        asked = render(own.become, scope) if own.become is not None else None
        wanted = asked if asked is not None else scope.get("ansible_become", tools.become)
        if not _truth(wanted):
            return None
        # What a variable holds has been rendered when it was read: what is in it now is data.
        user = render(own.become_user, scope) or scope.get("ansible_become_user") or tools.become_user or "root"
        password = tools.become_password or scope.get("ansible_become_password") or scope.get("ansible_become_pass")
        self.session.masker.add(password)
        return Become(str(user), str(password) if password is not None else None)

    def database(self, name: str, scope: Scope) -> Mapping[str, Any]:
        known = self.session.plan.playbook.databases
        if not name and len(known) == 1:
            name = next(iter(known))
        if name not in known:
            hint = nearest(name, known) or f"known: {', '.join(known) or 'none'}"
            raise StepError(f"no database is called {name!r}; {hint}")
        place = self.session.plan.playbook.place / "databases" / name
        settings: Mapping[str, Any] = render(known[name], scope, place)
        self.session.masker.add(settings.get("password"))
        return settings


class _Away:
    """Stands in the place of the transport of a host that was away a moment ago: it is not tried once more."""

    local = False

    def __init__(self, host: str) -> None:
        self._said = f"{host} is away"

    def run(self, command: Command, on_output: OnOutput | None = None) -> NoReturn:  # noqa: ARG002 - as a transport's
        raise Unreachable(self._said)

    def forward(self, host: str, port: int) -> NoReturn:  # noqa: ARG002 - as a transport's
        raise Unreachable(self._said)

    def close(self) -> None:
        """Nothing is open."""


def _environment(own: Inherited, scope: Scope) -> dict[str, str]:
    out: dict[str, str] = {}
    for values, place in own.environment:
        rendered = render(values, scope, place)
        out.update({str(key): "" if value is None else str(value) for key, value in rendered.items()})
    return out


def _truth(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in ("true", "yes", "on", "1")


def _option(span: Span, place: Place) -> str:
    """`timeout: ` for a problem with that option."""
    for path, known in place.document.keys.items():
        if known == span or place.document.values.get(path) == span:
            return f"{path[-1]}: " if len(path) > len(place.path) else ""
    return ""


def _render_file(text: str, scope: Scope, name: str) -> str:
    from runbook.templating.template_files import render_file  # imports Jinja

    return render_file(text, scope, name)


@lru_cache(maxsize=64)
def _folder_of(file: str) -> Path:
    return Path(file).absolute().parent
