"""Two steps of a stage with one name: in reports nobody can tell them apart, and --start-at takes the first."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.lint.rules import found
from runbook.lint.subject import Subject, inner
from runbook.model import Choose, Node
from runbook.source.document import Problem, Span
from runbook.templating.render import is_template

Seen = dict[str, Span]


def duplicate_names(subject: Subject) -> Iterator[Problem]:
    for stage in subject.playbook.stages:
        yield from _among(inner(stage.block), {})


def _among(nodes: tuple[Node, ...], seen: Seen) -> Iterator[Problem]:
    for node in nodes:
        name, span = node.common.name, (node.place / "name").value
        if name and not is_template(name):
            first = seen.setdefault(name, span)
            if first != span:
                message = f"another step of this stage is called {name!r} too"
                yield found("duplicate-name", span, message, f"the first is in line {first.line} of {first.file}")
        if isinstance(node, Choose):  # only one of the options runs
            for option in node.options:
                yield from _among(option.steps, dict(seen))
        else:
            yield from _among(inner(node), seen)
