"""Files of the controller that steps name, and that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runbook.lint.rules import found
from runbook.lint.subject import Subject
from runbook.lint.texts import option_place
from runbook.model import Step
from runbook.source.document import Place, Problem
from runbook.steps.traits import SourceFile, traits
from runbook.templating.render import is_template


def sources(subject: Subject) -> Iterator[tuple[SourceFile, Path | None, Place]]:
    """Every file that a step reads, with the place that names it; no path where only the run knows it."""
    for node in subject.places:
        if not isinstance(node, Step):
            continue
        base = Path(node.place.document.file).absolute().parent
        for one in traits(node.kind).files(node.args):
            known = isinstance(one.path, str) and one.path and "\0" not in one.path and not is_template(one.path)
            yield one, base / one.path if known else None, option_place(node, one.at)


def missing_files(subject: Subject) -> Iterator[Problem]:
    for source, path, place in sources(subject):
        try:
            there = path is None or path.exists()
        except OSError:  # a name that is too long, a folder that may not be read
            there = False
        if not there:
            hint = f"it is looked for beside {place.document.file}"
            yield found("missing-file", place, f"there is no file {source.path!r}", hint)
