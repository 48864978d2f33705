"""How deeply data is nested: lists and mappings within each other, from wherever it comes."""

from __future__ import annotations

from typing import Any

MAX_LEVELS = 100
"""What reads data calls itself for each level, and ends well with so many."""


def deeper(value: Any, levels: int = MAX_LEVELS) -> bool:
    """Does it have more levels than so many? Asked without a call for each level."""
    layer = [value]
    for _ in range(levels + 1):
        layer = [inner for item in layer for inner in _inside(item)]
        if not layer:
            return False
    return True


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
