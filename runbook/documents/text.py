"""A document as text: lines with their colour and their place, for a terminal, a log or a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runbook.common.frozen import Frozen
from runbook.documents import columns
from runbook.documents.changes import change_lines
from runbook.documents.harmless import Harmless, bounded, clean, diff_line, exact, shortened, tail
from runbook.documents.model import (
    Block,
    Bullets,
    Changes,
    Checks,
    Code,
    Document,
    Entry,
    Filters,
    Fold,
    Item,
    Lanes,
    Limits,
    Paragraph,
    Section,
    Settings,
    Table,
    Text,
    Verdict,
    walk,
)
from runbook.documents.wrap import chopped, cropped, folded

NARROWEST = 40
"""Columns that a text takes at the least."""
_STYLES = {
    **dict.fromkeys(("title", "how", "lead", "first"), "soft"),
    **dict.fromkeys(("cause", "tried"), "strong"),
    **dict.fromkeys(("code", ""), "text"),
}
"""What a style is to a terminal; each other is its own."""


class Line(Frozen):
    """`style` is `text`, `soft`, `strong`, `added`, `removed`, or a badge's tone."""

    text: str
    style: str = "text"
    indent: int = 0
    long: str = "fold"
    """What happens to a line that is too long: `fold` between words, `chop` anywhere (code, logs), `cut` (tables)."""
    hang: int = 0
    """How far to the right it goes on where it is folded."""

    def fitted(self, width: int) -> list[str]:
        """In so many columns beside its indentation."""
        if self.long == "cut":
            return [cropped(self.text, width)]
        return chopped(self.text, width) if self.long == "chop" else folded(self.text, width, self.hang)


def as_text(document: Document, width: int, *, last: bool = False) -> str:
    """The whole of it. `last`: the verdict stands at the end, which is what a terminal shows."""
    write = Writer(width=width, harmless=exact if document.exact else clean)
    return joined(write.document(document, last=last), width) + "\n"


def joined(lines: Iterable[Line], width: int) -> str:
    """Lines as one text without colours, folded between words; code and tables stay as wide as they are."""
    room = max(NARROWEST, width)
    out: list[str] = []
    for line in lines:
        margin = " " * min(line.indent, room // 2)  # of what is nested more deeply its number alone tells how deeply
        parts = line.fitted(room - len(margin)) if line.long == "fold" else [line.text]
        out += [(margin + part).rstrip() for part in parts]
    return "\n".join(out)


class Writer:
    """Writes blocks as lines. `width` 0: tables are as wide as they are."""

    def __init__(self, limits: Limits | None = None, width: int = 0, harmless: Harmless = clean) -> None:
        self._limits, self._width, self._harmless = limits or Limits(), width, harmless

    def document(self, document: Document, *, last: bool) -> Iterator[Line]:
        yield Line(self._one_line(": ".join(filter(None, (document.what, document.title)))), "strong")
        if document.verdict and not last:
            yield self.verdict(document.verdict)
        for name, text in document.facts:
            yield Line(f"{self._one_line(name)}: {self._one_line(plain(text))}", "soft", 2, hang=2)
        yield from self.blocks((*document.notices, *document.blocks))
        if document.verdict and last:
            yield Line("")
            yield self.verdict(document.verdict)

    def verdict(self, verdict: Verdict) -> Line:
        mark = " ".join(filter(None, (verdict.badge.sign, verdict.badge.word.upper())))
        said = self._one_line(verdict.text)
        return Line(f"{mark} – {said}" if mark else said, verdict.badge.tone, hang=2)

    def blocks(self, blocks: Iterable[Block], indent: int = 0) -> Iterator[Line]:
        for block in blocks:
            yield from self.block(block, indent)

    def block(self, block: Block, indent: int = 0) -> Iterator[Line]:
        match block:
            case Paragraph():
                yield from self._paragraph(block, indent)
            case Bullets():
                yield from self._bullets(block, indent)
            case Settings(pairs):
                for name, value in pairs:
                    yield Line(f"{self._one_line(name)}: {self._one_line(value)}", indent=indent, hang=2)
            case Code():
                yield from self._code(block, indent)
            case Table():
                yield from self._table(block, indent)
            case Checks():
                yield from self._checks(block, indent)
            case Section():
                yield from self._section(block, indent)
            case Fold():
                yield Line(self._heading(block), "soft", indent, hang=2)
                yield from self.blocks(block.blocks, indent)
            case Entry():
                for depth, entry in walk((block,)):
                    yield from self._entry(entry, indent + 2 * depth)
            case Changes():
                yield from (
                    Line(text, style, indent + more) for text, style, more in change_lines(block, self._harmless)
                )
            case Lanes() | Filters():
                pass

    def _one_line(self, text: str, longest: int = 0) -> str:
        return shortened(" ".join(self._harmless(text).split()), longest)

    def _paragraph(self, block: Paragraph, indent: int) -> Iterator[Line]:
        style = _STYLES.get(block.style, block.style)
        for line in bounded(plain(block.text), self._limits.lines, self._harmless):
            yield Line(line, style, indent)

    def _bullets(self, block: Bullets, indent: int) -> Iterator[Line]:
        kept = block.items[: self._limits.items or None]
        for item in kept:
            yield Line(self._item(item, block.mark), item.badge.tone if item.badge else "text", indent, hang=2)
        if more := block.more + len(block.items) - len(kept):
            yield Line(f"… and {more} more", "soft", indent)

    def _item(self, item: Item, mark: str) -> str:
        said = self._harmless(plain(item.text)).replace("\n", " ")
        message = f": {self._one_line(item.message, self._limits.value)}" if item.message else ""
        return f"{item.badge.sign if item.badge else mark} {said}{message}"

    def _code(self, block: Code, indent: int) -> Iterator[Line]:
        if block.label:
            yield Line(self._one_line(block.label) + ":" * bool(block.text), "soft", indent)
        if not block.text.strip():
            return
        if block.language == "diff":
            for line in bounded(block.text, self._limits.diff, self._harmless):
                yield Line(line, diff_line(line) or "soft", indent + 2 * bool(block.label), "chop")
            return
        lines = (tail if block.ends else bounded)(block.text, self._limits.lines, self._harmless)
        yield from (Line(line, "soft", indent + 2, "cut" if block.aligned else "chop") for line in lines)

    def _table(self, block: Table, indent: int) -> Iterator[Line]:
        if block.label:
            yield Line(self._one_line(block.label), "soft", indent)
        drawn = columns.lines(block, 0 if block.whole else self._limits.rows, max(0, self._width - indent))
        tones = block.tones if len(drawn) == len(block.tones) else ()
        for index, line in enumerate(drawn):
            yield Line(line, tones[index] if tones else "text", indent, "cut")

    def _checks(self, block: Checks, indent: int) -> Iterator[Line]:
        for check in block.checks:
            sign = "✓ " if check.holds else ""
            if not check.told:
                yield Line(self._one_line(f"{sign}{check.keyword}: {check.text}"), indent=indent)
            for name, value in check.values:
                yield Line(f"{self._one_line(name)} = {self._one_line(value, self._limits.value)}", indent=indent + 2)

    def _section(self, block: Section, indent: int) -> Iterator[Line]:
        """What it holds stands under its title, beside its number."""
        yield Line("")
        if block.title:
            yield Line(self._heading(block), "strong", indent)
        yield from self.blocks(block.blocks, indent + (len(block.number) + 2 if block.number else 2))

    def _heading(self, block: Section | Fold) -> str:
        number = f"{block.number}  " if block.number else ""
        return self._harmless(number + block.title + (f": {block.aside}" if block.aside else "")).replace("\n", " ")

    def _entry(self, block: Entry, indent: int) -> Iterator[Line]:
        sign = block.badge.sign if block.badge else " "
        number = f"{block.number} " if block.number else ""
        ended = f" ({block.badge.word})" if block.badge and block.quiet else ""
        yield Line(f"{sign} {self._one_line(number + block.name + ended)}", indent=indent, hang=2)
        below = indent + 6
        if block.action:
            kind = f"{block.kind}: " if block.kind else ""
            yield Line(self._one_line(kind + block.action), indent=below, hang=2)
        elif any(isinstance(inner, Code) for inner in block.blocks):
            yield Line(self._one_line(f"{block.kind}:"), indent=below)
        for inner in block.blocks:
            yield from self.block(inner, below if isinstance(inner, Bullets) else below + 2)


def plain(text: Text) -> str:
    """What is read of a text."""
    return "".join(span.text for span in text)
