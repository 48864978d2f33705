"""A message for whoever reads the run.

Outcome: `message`.

```yaml
- note: Nothing to do on {{ inventory_hostname }}
```
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runbook.runs.events import Evidence, Outcome, passed
from runbook.steps.base import Args, Context
from runbook.steps.traits import Fields

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A message in the report.",
    "additionalProperties": False,
    "required": ["message"],
    "properties": {
        "message": {"type": "string", "description": "What to say."},
        "data": {"description": "Anything to show with it, as JSON."},
    },
}
SHORT = "message"
FIELDS = Fields(frozenset({"message"}))
TELLING = True


def changes(_args: Args) -> bool:
    return False


def plan(args: Args) -> str:
    return str(args.get("message", ""))


def run(args: Args, context: Context) -> Outcome:
    del context  # nothing is asked of the host
    evidence: tuple[Evidence, ...] = ()
    if "data" in args:
        text = json.dumps(args["data"], ensure_ascii=False, indent=2, default=str)
        evidence = (Evidence("data", text, language="json"),)
    return passed(str(args["message"]), evidence, message=args["message"])
