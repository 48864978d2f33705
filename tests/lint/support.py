"""Playbooks given as text, looked at as `validate` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook.inventory.load import load_inventory
from runbook.lint import lint
from runbook.lint.ignore_comments import silenced
from runbook.playbook.load import playbook_from
from runbook.source.document import Problem, in_order
from runbook.source.yaml import read_yaml
from tests.playbooks import on_all

HEAD = "name: Test\nstages:\n  - name: One\n    steps:\n"
"""Four lines: a step that follows begins in line 5, and its key in column 9."""


def steps(text: str) -> str:
    """A playbook with these steps, and what follows after a line `---`."""
    inside, _, after = text.strip("\n").partition("\n---\n")
    return on_all(HEAD + "".join(f"      {line}\n" for line in inside.splitlines()) + after)


def problems(
    text: str, hosts: str = "", extra: dict[str, Any] | None = None, root: Path | None = None
) -> list[Problem]:
    """`hosts` is the text of an inventory, or a list with a comma."""
    folder = root or Path("nowhere").absolute()
    loaded = playbook_from(read_yaml(on_all(text), str(folder / "p.yml")), folder)
    inventory = load_inventory([hosts]) if hosts else None
    return list(in_order(silenced(in_order(lint(loaded, inventory, extra)), loaded.texts)))


def told(text: str, hosts: str = "", extra: dict[str, Any] | None = None, root: Path | None = None) -> list[str]:
    """`line:column rule`, with `!` behind an error."""
    return [
        f"{p.span.line}:{p.span.column} {p.rule}{'!' if p.severity == 'error' else ''}"
        for p in problems(text, hosts, extra, root)
    ]
