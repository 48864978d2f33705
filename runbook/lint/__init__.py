"""What `validate` finds beyond the loader: mistakes that a run would show late or never, each by a rule of its own.

A playbook, as far as it could be read, comes in as a `subject.Subject`; problems with their places leave. One file for
each kind of rule, one row in `LINTS`; the names of all rules are in `rules.RULES`. Open `subject.py` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runbook.lint.changing_commands import changing
from runbook.lint.clear_text_secrets import secrets
from runbook.lint.constant_conditions import constants
from runbook.lint.duplicate_names import duplicate_names
from runbook.lint.habits import habits
from runbook.lint.missing_files import missing_files
from runbook.lint.subject import Subject, subject
from runbook.lint.undefined_names import undefined
from runbook.lint.unknown_fields import unknown_fields
from runbook.lint.unused import unused
from runbook.model import Inventory
from runbook.playbook.load import Loaded
from runbook.source.document import Problem
from runbook.vault.documents import redacted_problems

LINTS: tuple[Callable[[Subject], Iterator[Problem]], ...] = (
    undefined,
    unknown_fields,
    missing_files,
    constants,
    changing,
    habits,
    duplicate_names,
    secrets,
    unused,
)


def lint(loaded: Loaded, inventory: Inventory | None = None, extra: Mapping[str, Any] | None = None) -> list[Problem]:
    """Every problem of a playbook, those of the loader among them; comments that silence are not looked at here.

    `inventory` and `extra` (what -e gives) make certain which names there are.
    """
    looked_at, patterns = subject(loaded, inventory, extra or {})
    told = [*loaded.problems, *patterns, *(problem for look in LINTS for problem in look(looked_at))]
    return redacted_problems(told, loaded.playbook.documents)
