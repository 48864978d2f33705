"""Files of the repository that are made: by `make schemas`, or as golden files beside what they are made of.

One that is not as it would be made today fails with the sentence that says what to run. What is different shows git,
when it has been run: a test would print thousands of lines of it.
"""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def committed(path: Path, command: str) -> str:
    """What is in it. `command` makes it."""
    if not path.exists():
        pytest.fail(f"{_shown(path)} is not there: run `{command}`, and commit what it makes", pytrace=False)
    return path.read_text(encoding="utf-8")


def held_against(path: Path, text: str, command: str) -> None:
    """Is it this text? `command` makes it so."""
    kept = committed(path, command)
    if kept != text:
        pairs = enumerate(zip_longest(kept.splitlines(keepends=True), text.splitlines(keepends=True)), start=1)
        line = next(number for number, (one, other) in pairs if one != other)
        what = f"{_shown(path)} is not what the code makes, from line {line} on"
        pytest.fail(f"{what}: run `{command}`, look at the difference, and commit it", pytrace=False)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
