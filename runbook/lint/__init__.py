"""What `validate` finds beyond the loader: mistakes that a run would show late or never, each by a rule of its own.

One file for each kind of rule, one row in `LINTS`; the names of all rules are in `rules.RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runbook.lint.commands import changing
from runbook.lint.constants import constants
from runbook.lint.duplicate_names import twins
from runbook.lint.files import missing_files
from runbook.lint.habits import habits
from runbook.lint.names import undefined
from runbook.lint.secrets import secrets
from runbook.lint.subject import Subject, subject
from runbook.lint.unused import unused
from runbook.model import Inventory
from runbook.playbook.load import Loaded
from runbook.source.document import Problem
from runbook.vault.documents import without_words

LINTS: tuple[Callable[[Subject], Iterator[Problem]], ...] = (
    undefined,
    missing_files,
    constants,
    changing,
    habits,
    twins,
    secrets,
    unused,
)


def lint(loaded: Loaded, inventory: Inventory | None = None, extra: Mapping[str, Any] | None = None) -> list[Problem]:
    """Every problem of a playbook, those of the loader among them; comments that silence are not looked at here.

    `inventory` and `extra` (what -e gives) make certain which names there are.
    """
    looked_at, patterns = subject(loaded, inventory, extra or {})
    told = [*loaded.problems, *patterns, *(problem for look in LINTS for problem in look(looked_at))]
    return without_words(told, loaded.playbook.documents)
