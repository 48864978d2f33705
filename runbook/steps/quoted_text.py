"""A text of the user's within a sentence: quoted, on one line, with its backslashes as they were written."""

from __future__ import annotations

from typing import Any

LONGEST = 80


def shown(value: Any) -> str:
    """`'^\\d+$'`; of several lines, and of a long one, the beginning. Other values as Python has them."""
    if not isinstance(value, str):
        return f"[{', '.join(map(shown, value))}]" if isinstance(value, list) else repr(value)
    lines = [line.strip() for line in value.strip().splitlines()] or [""]
    cut = len(lines) > 1 or len(lines[0]) > LONGEST
    more = (" …" if len(lines) > 1 else "…") if cut else ""
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in lines[0][:LONGEST])
    return f"'{text}{more}'"
