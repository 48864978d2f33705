"""A document as a comment on GitHub or GitLab: the head above what is folded, the longest parts cut until it fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from runbook.common.frozen import Frozen, replace
from runbook.documents.harmless import clean, exact, shortened
from runbook.documents.markdown import Writer
from runbook.documents.model import Document, Fold, Limits, Section, Text

LIMIT = 65_000
"""Bytes; GitHub takes 65,536 characters, and counts some twice."""
SHORTEST = 300
"""Bytes for a part at the least: with less it is left out."""
MOST_FACTS, LONGEST_FACT = 50, 100
MOST_NOTICES = 30
_RESERVE = 300
"""Bytes for the sentence that says what is left out."""
_LEVEL = 3
"""Of the heading: a comment stands in a page that has its own."""


class Part(Frozen):
    """A folded part: its title as HTML, and what is in it."""

    title: str
    lines: tuple[str, ...]
    open: bool = False


def as_comment(document: Document, limit: int = LIMIT, chart: str = "") -> str:
    """At most `limit` bytes; `chart` is shown where there is room for it."""
    harmless = exact if document.exact else clean
    write = Writer(Limits(items=MOST_NOTICES), harmless, _LEVEL)
    notices = [line for section in document.notices for line in _notice(write, section)]
    facts = tuple((name, _brief(text)) for name, text in document.facts[:MOST_FACTS])
    head = "\n".join((*write.head(replace(document, facts=facts)), *notices)) + "\n"
    write = Writer(Limits(), harmless, _LEVEL)
    parts = [part for block in document.blocks if isinstance(block, Section) for part in _parts(write, block)]
    return fitted(head, chart, parts, limit)


def _brief(text: Text) -> Text:
    return tuple(replace(span, text=shortened(span.text, LONGEST_FACT)) for span in text)


def _notice(write: Writer, section: Section) -> Iterator[str]:
    """What must be seen; a warning is drawn as one."""
    lines = list(write.blocks(section.blocks))[1:]
    if section.name == "warning":
        yield from ("", "> [!WARNING]", f"> **{write.title(section)}**", *(f"> {line}" for line in lines))
    else:
        yield from ("", f"**{write.title(section)}**", "", *lines)


def _parts(write: Writer, section: Section) -> Iterator[Part]:
    """A part for each fold of a section, the first with what stands before it; of one without folds the whole."""
    title = f"<b>{write.title(section)}</b>"
    blocks = tuple(section.blocks)
    loose = [block for block in blocks if not isinstance(block, Fold)]
    folds = [block for block in blocks if isinstance(block, Fold)]
    lines = tuple(write.blocks(loose))
    if not folds:
        yield Part(title, lines, open=True)
    for fold in folds:
        yield Part(f"{title} – {write.title(fold)}", (*lines, "", *write.blocks(fold.blocks)))
        lines = ()


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
