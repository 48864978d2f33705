"""Files of the controller that steps name, and that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runbook.lint.rules import found
from runbook.lint.subject import Subject
from runbook.model import Step
from runbook.source.document import Place, Problem
from runbook.templating.render import is_template

_KINDS = ("copy", "template", "script")


def sources(subject: Subject) -> Iterator[tuple[Step, str, Path, Place]]:
    """Every `src` that is no template: the step, what it says, the file, the place."""
    for node in subject.places:
        if not isinstance(node, Step) or node.kind not in _KINDS:
            continue
        src = node.args.get("src")
        if isinstance(src, str) and src and "\0" not in src and not is_template(src):
            base = Path(node.place.document.file).absolute().parent
            yield node, src, base / src, node.args_place / "src"


def missing_files(subject: Subject) -> Iterator[Problem]:
    for _, src, path, place in sources(subject):
        try:
            there = path.exists()
        except OSError:  # a name that is too long, a folder that may not be read
            there = False
        if not there:
            hint = f"it is looked for beside {place.document.file}"
            yield found("missing-file", place, f"there is no file {src!r}", hint)
