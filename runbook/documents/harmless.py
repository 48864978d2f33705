"""Text from hosts and from playbooks, made harmless and bounded: it drives no terminal and reads as it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TypeAlias

Harmless: TypeAlias = Callable[[str], str]
"""`clean` or `exact`."""
# Sequences that colour a terminal or drive it: ESC [ … letter, ESC ] … BEL, and two-character ones.
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()*+][0-9A-Za-z]|[=>78cDEHM])")
_REORDERING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that make text read in another order than it is written."""
_HARMLESS: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    **dict.fromkeys(map(ord, _REORDERING), "\ufffd"),
    0x2028: "\n",
    0x2029: "\n",
}
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Text from a host without what could drive a terminal.

    Colours are dropped; other control characters become visible (`␛`), as do those that reorder text. Line ends and
    tabs stay.
    """
    if _is_harmless(text):
        return text
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n"))
    return _SURROGATE.sub("\ufffd", text).translate(_HARMLESS)


def exact(text: str) -> str:
    """Text that is read before it is carried out: each character that nobody sees is shown by its number."""
    if _is_harmless(text):
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def _is_harmless(text: str) -> bool:
    """Most texts are, and that is known at once."""
    return text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable()


def one_line(text: str, longest: int = 0) -> str:
    """Clean text on one line, cut to `longest` characters when that is given."""
    return shortened(" ".join(clean(text).split()), longest)


def shortened(line: str, longest: int) -> str:
    """At most so many characters, where that is not 0."""
    return line if not longest or len(line) <= longest else line[: longest - 1] + "…"


def cell(value: object) -> str:
    """A value in a table, on one line."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value).replace("\n", " ").replace("\t", " ")
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}" if abs(value) < 1e15 else str(value)
    return clean(json.dumps(value, ensure_ascii=False, default=str))


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def diff_line(line: str) -> str:
    """What a line of a unified diff is: `added`, `removed`, or neither."""
    if line.startswith(("+++ ", "--- ")):
        return ""
    return {"+": "added", "-": "removed"}.get(line[:1], "")


def bounded(text: str, most: int, harmless: Harmless = clean) -> list[str]:
    """Harmless lines, at most so many, with a line that says how many are left out. All of them for 0."""
    lines = harmless(text).rstrip("\n").split("\n")
    return lines if not most or len(lines) <= most + 1 else [*lines[:most], f"… {len(lines) - most} more lines"]


def tail(text: str, most: int, harmless: Harmless = clean) -> list[str]:
    """As `bounded`, but the last lines: of a log or an output they tell the most."""
    lines = harmless(text).rstrip("\n").split("\n")
    return lines if not most or len(lines) <= most + 1 else [f"… {len(lines) - most} lines before", *lines[-most:]]
