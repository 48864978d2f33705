"""Unified diffs of text files, for people."""

from __future__ import annotations

import difflib

NO_NEWLINE = "\\ No newline at end of file\n"


def unified(before: str, after: str, path: str) -> str:
    """What changed in a file, with three lines around; empty when nothing did."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"{path} (before)", f"{path} (after)"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}" for line in lines)


def of_bytes(before: bytes, after: bytes, path: str) -> str:
    """The same for bytes; a sentence where they are no text."""
    if before == after:
        return ""
    try:
        return unified(before.decode(), after.decode(), path)
    except UnicodeDecodeError:
        return f"binary files differ: {path}, {len(before)} bytes before, {len(after)} after\n"
