"""Unified diffs of text files, for people."""

from __future__ import annotations

import difflib
from itertools import islice

LINES = 2000
"""Lines of a diff that are told; nobody reads more."""
NO_NEWLINE = "\\ No newline at end of file\n"


def unified(before: str, after: str, path: str) -> str:
    """What changed in a file, with three lines around; empty when nothing did."""
    shown = repr(path)[1:-1] if "\n" in path else path
    lines = difflib.unified_diff(_lines(before), _lines(after), f"{shown} (before)", f"{shown} (after)")
    told = [line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}" for line in islice(lines, LINES)]
    more = sum(1 for _ in lines)
    return "".join(told) + (f"… and {more} more lines\n" if more else "")


def of_bytes(before: bytes | None, after: bytes, path: str) -> str:
    """The same for bytes; a sentence where they are no text, or too many (then `before` is None)."""
    if before is None:
        return f"too large to be shown: {path}, {len(after)} bytes after\n"
    if before == after:
        return ""
    try:
        return unified(before.decode(), after.decode(), path)
    except UnicodeDecodeError:
        return f"binary files differ: {path}, {len(before)} bytes before, {len(after)} after\n"


def _lines(text: str) -> list[str]:
    """Lines with their ends. Only a newline ends one: other separators of Unicode stand inside lines."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
