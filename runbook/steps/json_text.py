"""Text that may be JSON: its value, or why it is none."""

from __future__ import annotations

import json
from typing import Any

from runbook.common.frozen import Frozen
from runbook.common.nesting import MAX_LEVELS, deeper

_SHOWN = 40
"""Characters of a text that is no JSON."""
_MARK = "\ufeff"


class Parsed(Frozen):
    """`value` is None where there is no JSON; then `wrong` says why. `odd` is what is strange in it and no error."""

    value: Any = None
    wrong: str = ""
    odd: str = ""


_TOO_DEEP = Parsed(wrong=f"it has more than {MAX_LEVELS} levels")
"""It is not for expressions, and stays text."""


def parse_json(text: str) -> Parsed:
    """A byte order mark before it does no harm, but is told. NaN and Infinity are Python's, not JSON's."""
    if not text.strip():
        return Parsed(wrong="it is empty")
    odd = "its JSON begins with a byte order mark" if text.startswith(_MARK) else ""
    try:
        found = json.loads(text.removeprefix(_MARK), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return Parsed(wrong=f"{error.msg} at line {error.lineno}, column {error.colno} ({_beginning(text)})")
    except ValueError as error:
        return Parsed(wrong=str(error))
    except RecursionError:
        return _TOO_DEEP
    return _TOO_DEEP if deeper(found) else Parsed(found, odd=odd)


def _beginning(text: str) -> str:
    line = " ".join(text[: 4 * _SHOWN].split())
    return f"it begins with {line[:_SHOWN]!r}"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is Python's, not JSON's")
