"""Markdown for a comment on GitHub or GitLab: parts that are folded, and shortened where all is too long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from runbook.common.frozen import frozen

LIMIT = 65_000
"""Bytes; GitHub takes 65,536 characters, and counts some twice."""
SHORTEST = 300
"""Bytes for a part at the least: with less it is left out."""
_RESERVE = 300
"""Bytes for the sentence that says what is left out."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+!|~$@])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "@": "&#64;", "$": "&#36;"}
"""What a backslash does not take the meaning from everywhere."""


@frozen
class Part:
    """A folded part: its title as HTML, and what is in it."""

    title: str
    lines: tuple[str, ...]
    open: bool = False


def fitted(head: str, second: str, parts: Sequence[Part], limit: int) -> str:
    """The head, what comes second if there is room for it, and the parts: the longest cut to one length that fits."""
    fixed = len((head + second).encode()) + _RESERVE
    if fixed > limit // 2:
        second, fixed = "", len(head.encode()) + _RESERVE
    if fixed > limit:
        return head.encode()[: limit - _RESERVE].decode("utf-8", "ignore") + " …\n\n*The rest is too long.*\n"
    shown = parts[: (limit - fixed) // SHORTEST]
    kept = _shortened(shown, limit - fixed)
    left = len(parts) - len(shown)
    more = f"*{left} more parts are left out: all of it is too long to be shown here.*" if left else ""
    return "\n".join(filter(None, [head, second, *map(_folded, kept), more])).rstrip() + "\n"


def _folded(part: Part) -> str:
    text = "\n".join(part.lines).strip("\n")
    return f"<details{' open' if part.open else ''}><summary>{part.title}</summary>\n\n{text}\n\n</details>\n"


def _shortened(parts: Sequence[Part], room: int) -> list[Part]:
    sizes = [len(_folded(part).encode()) + 1 for part in parts]
    if sum(sizes) <= room:
        return list(parts)
    most = longest_that_fits(sizes, room)
    return [part if size <= most else _cut(part, most) for part, size in zip(parts, sizes, strict=True)]


def longest_that_fits(sizes: Sequence[int], room: int) -> int:
    """The length to which the longer ones must be cut, so that all together have no more than `room`.

    >>> longest_that_fits([10, 100, 100], 110)
    50
    """
    left, ordered = room, sorted(sizes)
    for index, size in enumerate(ordered):
        share = left // (len(ordered) - index)
        if size > share:
            return share
        left -= size
    return max(ordered, default=0)


def _cut(part: Part, most: int) -> Part:
    """The first lines of a part, as many as there is room for. A fenced text is ended where it is cut."""
    title = (
        part.title.encode()[: SHORTEST // 3].decode("utf-8", "ignore") + "…"
        if len(part.title) > most // 3
        else part.title
    )
    size = len(_folded(Part(title, ("",))).encode()) + 100
    kept: list[str] = []
    fence = ""
    for line in part.lines:
        size += len(line.encode()) + 1
        if size + len(fence) > most:
            break
        kept.append(line)
        if fence:
            fence = "" if line == fence else fence
        elif found := re.match(r" *`{3,}", line):
            fence = found[0]
    left = len(part.lines) - len(kept)
    ended = (fence,) if fence else ()
    return Part(title, (*kept, *ended, "", f"*… {left} more lines: shortened.*"), part.open)


def escaped(text: str) -> str:
    """A text that Markdown leaves alone, on one line. Names of hosts and steps never make mentions or HTML."""
    line = " ".join(text.split())
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[1], f"\\{found[1]}"), line)


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
