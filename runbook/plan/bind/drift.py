"""What has become something else since a plan was made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from runbook.plan.bind.plan_file import Bound, PlanFile
from runbook.plan.compare.diff import diff
from runbook.plan.compare.diff_text import as_text
from runbook.source.yaml import decode


def drift(reviewed: PlanFile, today: PlanFile) -> list[str]:
    """A line for each thing that the plan was made of and that has changed, then what that does; empty for nothing."""
    lines = list(_bound(reviewed.bound, today.bound))
    if reviewed.plan == today.plan:
        return [*lines, "What is done on the hosts is the same."] if lines else []
    found = diff(reviewed.plan, today.plan)
    if found.same:  # what is shown differs, and not what is done: a description, an input that nothing reads
        return [*(lines or ["the texts of the plan have changed"]), "What is done on the hosts is the same."]
    return [*lines, "", *as_text(found).rstrip("\n").split("\n")]


def _bound(old: Bound, new: Bound) -> Iterator[str]:
    if old.program != new.program:
        yield f"made by version {old.program} of runbook; this is {new.program}"
    before, after = ({file.path: file.sha256 for file in bound.files} for bound in (old, new))
    for path in sorted({**before, **after}):
        if before.get(path) != after.get(path):
            yield f"{path} {'is new' if path not in before else 'is gone' if path not in after else 'has changed'}"
    if old.inventory_sha256 != new.inventory_sha256:
        yield "the inventory's hosts, groups or variables have changed"
    if old.variables != new.variables:
        yield "the variables that were given have changed"
    if old.withheld != new.withheld:
        now, then = (", ".join(bound.withheld) or "none" for bound in (new, old))
        yield f"its secrets are {now} now; they were {then}"


def changed_files(bound: Bound) -> list[str]:
    """Of the files that the plan was made of those that are not the same now; the inventory need not be readable."""
    out = []
    for file in bound.files:
        path = Path(file.path)
        if not path.exists():
            out.append(f"{file.path} is not there: paths are from the folder in which the plan was made")
        elif file.sha256 not in _hashes(path):
            out.append(f"{file.path} has changed")
    return out


def _hashes(path: Path) -> tuple[str, ...]:
    """Of a file's bytes, and of its text: playbooks are known by their text."""
    try:
        data = path.read_bytes()
        text = decode(data, str(path)).removeprefix("\ufeff").encode()
    except OSError:
        return ()
    except Exception:  # noqa: BLE001 - not a text: then it is none of a playbook's files
        return (hashlib.sha256(data).hexdigest(),)
    return hashlib.sha256(data).hexdigest(), hashlib.sha256(text).hexdigest()
