"""Sets variables of this host for the rest of the run.

Templates are rendered now; what they give is data from then on. `-e` still wins over them.

Outcome: `variables`, by name.

```yaml
- set:
    release: "{{ lookup_result.stdout | default('unknown') }}"
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.model import VARIABLE_NAME
from runbook.runs.events import Outcome, passed
from runbook.steps.base import Args, Context
from runbook.steps.traits import Fields, SetVariable

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Variables by name.",
    "additionalProperties": True,
    "minProperties": 1,
    # A name that no expression could read would be lost without a word.
    "propertyNames": {"pattern": VARIABLE_NAME},
}
SHORT = ""
FIELDS = Fields(frozenset({"variables"}))


def changes(_args: Args) -> bool:
    return False


def plan(args: Args) -> str:
    return ", ".join(f"{name} = {value}" for name, value in args.items())


def sets(args: Args) -> tuple[SetVariable, ...]:
    return tuple(SetVariable(str(name), (name,), value) for name, value in args.items())


def run(args: Args, context: Context) -> Outcome:
    del context  # nothing is asked of the host
    return passed(", ".join(args), variables=dict(args))
