"""Text that may be JSON: its value, or why it is none."""

from __future__ import annotations

import json
from typing import Any

from runbook.common.frozen import frozen

MAX_DEPTH = 100
"""Levels of lists and mappings; what is deeper is not for expressions, and stays text."""
_SHOWN = 40
"""Characters of a text that is no JSON."""
_MARK = "\ufeff"


@frozen
class Parsed:
    """`value` is None where there is no JSON; then `wrong` says why. `odd` is what is strange in it and no error."""

    value: Any = None
    wrong: str = ""
    odd: str = ""


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
        return Parsed(wrong=f"it has more than {MAX_DEPTH} levels")
    return Parsed(wrong=f"it has more than {MAX_DEPTH} levels") if _deeper(found, MAX_DEPTH) else Parsed(found, odd=odd)


def _beginning(text: str) -> str:
    line = " ".join(text[: 4 * _SHOWN].split())
    return f"it begins with {line[:_SHOWN]!r}"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is Python's, not JSON's")


def _deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(item, levels - 1) for item in inner)
