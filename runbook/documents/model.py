"""A document: what a plan, a difference of plans and a report of a run are, before they are text, Markdown or a page.

All text stands here as it came; the writers make it harmless. Columns, folds and colours are theirs too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from runbook.common.frozen import Frozen


class Span(Frozen):
    """A piece of a line. `style` is empty, `strong`, `soft`, `code` or `message`, or a tone as a badge has it."""

    text: str
    style: str = ""
    link: str = ""
    """The anchor of a step on the same page."""
    at: float | None = None
    """A moment, of which the text is what people read."""


Text: TypeAlias = tuple[Span, ...]


def said(text: str, style: str = "") -> Text:
    """A text of one piece."""
    return (Span(text, style),)


class Badge(Frozen):
    """How something ended, or what it does: a word in the colour of its tone, and a sign for who sees no colours."""

    tone: str
    sign: str
    word: str


# --- blocks ----------------------------------------------------------------------------------------------------


class Paragraph(Frozen):
    """A sentence or several. `style` is as a span's, or `title`, `cause`, `how`, `lead`."""

    text: Text
    style: str = ""


class Item(Frozen):
    """An item of a list: what it is about, how that ended, and what was seen."""

    text: Text
    badge: Badge | None = None
    message: str = ""


class Bullets(Frozen):
    """A list. `mark` stands before each item where it is text."""

    items: tuple[Item, ...]
    more: int = 0
    """So many that are not among the items."""
    mark: str = "•"


class Settings(Frozen):
    """Names with their values, as they are written."""

    pairs: tuple[tuple[str, str], ...]


class Code(Frozen):
    """A text of which the lines are kept."""

    text: str
    language: str = ""
    label: str = ""
    ends: bool = False
    """Where it is too long its end is shown: of a log or an output that tells the most."""
    aligned: bool = False
    """Its columns stand below one another: a line that is too long is cut, not folded."""


class Table(Frozen):
    """Rows of values, of badges, of paragraphs. Without names of columns it has no head."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    total: int = 0
    """So many rows were found; some may not be among the rows."""
    label: str = ""
    tones: tuple[str, ...] = ()
    """The colour of each row, where they have one."""
    whole: bool = False
    """All rows are shown: there are not many."""


class Check(Frozen):
    """A condition that was judged, with the value of every operand."""

    keyword: str
    text: str
    holds: bool
    values: tuple[tuple[str, str], ...] = ()
    told: bool = False
    """Does a message beside it say already that it does not hold?"""


class Checks(Frozen):
    """Conditions that were judged."""

    checks: tuple[Check, ...]


class Verdict(Frozen):
    """What all of it comes to."""

    badge: Badge
    text: str


class Section(Frozen):
    """A part with a heading. `name` is the same in every document: a style and an anchor go by it."""

    name: str
    title: str
    blocks: Iterable[Block]
    number: str = ""
    badge: Badge | None = None
    aside: str = ""


class Fold(Frozen):
    """A part that can be folded. `open` None: it never is."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    open: bool | None = True
    number: str = ""
    badge: Badge | None = None
    aside: str = ""
    anchor: str = ""
    """What the anchors of all in it begin with."""


class Entry(Frozen):
    """A step of a plan or of a run: a line, what explains it, and what stands under it."""

    number: str
    name: str
    badge: Badge | None = None
    kind: str = ""
    action: str = ""
    tags: tuple[str, ...] = ()
    message: str = ""
    took: str = ""
    blocks: tuple[Block, ...] = ()
    entries: tuple[Entry, ...] = ()
    anchor: str = ""
    open: bool | None = None
    """As of a fold."""
    quiet: bool = False
    """It is not done, or counts no more, or only says when what stands under it is done."""


def walk(entries: Iterable[Entry]) -> Iterator[tuple[int, Entry]]:
    """Each entry with how deeply it stands, as they are read. However deeply that is, nothing here calls itself."""
    stack = [iter(entries)]
    while stack:
        if (entry := next(stack[-1], None)) is None:
            stack.pop()
            continue
        yield len(stack) - 1, entry
        stack.append(iter(entry.entries))


class Field(Frozen):
    """One thing of a step that is another now."""

    name: str
    before: str
    after: str


class Change(Frozen):
    """What became of one step. `sign` is +, -, ~ or >."""

    sign: str
    text: str
    action: str = ""
    fields: tuple[Field, ...] = ()


class Changes(Frozen):
    """What is another now in a stage, and in its steps."""

    fields: tuple[Field, ...]
    changes: tuple[Change, ...]


# --- what a page alone has -------------------------------------------------------------------------------------


class Bar(Frozen):
    """A piece of time in percent of the whole."""

    left: float
    width: float
    tone: str
    title: str
    anchor: str


class Lane(Frozen):
    name: str
    bars: tuple[Bar, ...]


class Mark(Frozen):
    """Where on the axis of time something begins, in percent of the whole."""

    left: float
    text: str
    title: str


class Lanes(Frozen):
    """Time drawn to scale. It tells nothing that stands nowhere else: the other writers leave it out."""

    marks: tuple[Mark, ...]
    lanes: tuple[Lane, ...]
    axis: tuple[str, ...]
    more: int = 0


class Filters(Frozen):
    """Controls that choose which entries are seen. The other writers leave them out."""

    badges: tuple[Badge, ...]
    hosts: tuple[str, ...]


Block: TypeAlias = (
    Paragraph | Bullets | Settings | Code | Table | Checks | Section | Fold | Entry | Changes | Lanes | Filters
)


class Document(Frozen):
    """All of it. What stands before `blocks` is seen first, wherever it is shown."""

    title: str
    what: str = ""
    """What kind of document it is, such as `Plan`."""
    lead: str = ""
    verdict: Verdict | None = None
    counts: tuple[Badge, ...] = ()
    facts: tuple[tuple[str, Text], ...] = ()
    notices: tuple[Section, ...] = ()
    """What must not be folded away."""
    blocks: Iterable[Block] = ()
    footer: str = ""
    exact: bool = False
    """It is read before it is done: every character is shown that nobody would see."""


class Limits(Frozen):
    """How much is shown of what is long; 0 is all."""

    lines: int = 0
    diff: int = 0
    rows: int = 0
    items: int = 0
    value: int = 0
    """Characters of an operand's value."""
