"""Texts that Markdown leaves alone: in a line, as code, in a fence, and in the title of what is folded."""

from __future__ import annotations

import re
from html import escape

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~$@&])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "@": "&#64;", "$": "&#36;"}
"""What a backslash does not take the meaning from everywhere."""
_RULE = re.compile(r"^([-+=])(?=[-+=]*(?:\s|$))")
"""What would begin a list or underline a heading."""
_NUMBER = re.compile(r"^(\d+)([.)])(?=\s|$)")


def escaped(text: str) -> str:
    """A text that Markdown leaves alone, on one line. Names of hosts and steps never make mentions or HTML."""
    line = _SPECIAL.sub(lambda found: _ENTITIES.get(found[1], f"\\{found[1]}"), " ".join(text.split()))
    return _NUMBER.sub(r"\1\\\2", _RULE.sub(r"\\\1", line))


def plain(text: str) -> str:
    """A text for the title of a part, which is HTML."""
    return escape(" ".join(text.split())).replace("@", _ENTITIES["@"])


def code(text: str) -> str:
    """A text as code within a line."""
    line = " ".join(text.split()) or " "
    ticks = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """A block of code, whatever ticks are in it."""
    ticks = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}\n"
