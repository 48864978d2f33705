"""A document as Markdown, as GitHub and GitLab show it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from runbook.documents.changes import diff_text
from runbook.documents.harmless import Harmless, bounded, cell, clean, exact, shortened, tail
from runbook.documents.markdown_escapes import code, escaped, fenced, plain
from runbook.documents.model import (
    Badge,
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
    Span,
    Table,
    Text,
    Verdict,
    walk,
)


def sha256(text: str) -> str:
    """The hash of a text, named as such."""
    return f"sha256 {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"


def as_markdown(document: Document, limits: Limits) -> str:
    """The whole of it, with a heading of the first level."""
    write = Writer(limits, exact if document.exact else clean)
    lines = (*write.head(document), *write.blocks((*document.notices, *document.blocks)))
    return "\n".join(lines).rstrip("\n") + "\n"


class Writer:
    """Writes blocks as lines; before each block stands an empty one. `level`: of the document's own heading."""

    def __init__(self, limits: Limits, harmless: Harmless = clean, level: int = 1) -> None:
        self._limits, self._harmless, self._level = limits, harmless, level

    def head(self, document: Document) -> Iterator[str]:
        title = f"{document.what}: {document.title}" if document.what else document.title
        yield f"{'#' * self._level} {self._escaped(title)}"
        if document.verdict:
            yield ""
            yield self._verdict(document.verdict)
        if document.lead:
            yield ""
            yield self._escaped(document.lead)
        if document.counts:
            yield ""
            yield ", ".join(self._escaped(badge.word) for badge in document.counts)
        if document.facts:
            yield from self._rows(("", ""), ((self._escaped(name), self._text(text)) for name, text in document.facts))

    def blocks(self, blocks: Iterable[Block], level: int = 1) -> Iterator[str]:
        for block in blocks:
            yield from self.block(block, level)

    def block(self, block: Block, level: int = 1) -> Iterator[str]:
        """`level` is that of the heading that it stands under."""
        match block:
            case Paragraph():
                yield ""
                yield self._text(block.text)
            case Bullets() | Settings() | Checks():
                yield ""
                yield from self.listed(block)
            case Code():
                yield from self._code(block)
            case Table():
                yield from self._table(block)
            case Section():
                yield from self._section(block, level)
            case Fold():
                yield ""
                yield f"<details{' open' if block.open else ''}><summary>{self.title(block)}</summary>"
                yield from self.blocks(block.blocks, level)
                yield ""
                yield "</details>"
            case Entry():
                for depth, entry in walk((block,)):
                    yield from self._entry(entry, "  " * depth)
            case Changes():
                yield from self._fence(diff_text(block, self._harmless).split("\n"), "diff")
            case Lanes() | Filters():
                pass

    def title(self, block: Section | Fold) -> str:
        """The heading of a part as HTML."""
        sign = f"{block.badge.sign} " if block.badge else ""
        return sign + plain(self._harmless(_heading(block)))

    # --- texts -------------------------------------------------------------------------------------------------

    def _escaped(self, text: str) -> str:
        return escaped(self._harmless(text))

    def _code_in_line(self, text: str) -> str:
        return code(self._harmless(text))

    def _text(self, text: Text) -> str:
        return "".join(map(self._span, text)).strip()

    def _span(self, span: Span) -> str:
        if span.text == "\n":
            return "<br>"
        if span.style == "code":
            return self._code_in_line(span.text)
        before = " " * (len(span.text) - len(span.text.lstrip()))
        after = " " * (len(span.text) - len(span.text.rstrip())) if span.text.strip() else ""
        text = self._escaped(span.text)
        return f"{before}**{text}**{after}" if span.style == "strong" else f"{before}{text}{after}"

    def _badge(self, badge: Badge) -> str:
        return " ".join(filter(None, (badge.sign, self._escaped(badge.word))))

    def _verdict(self, verdict: Verdict) -> str:
        badge, text = verdict.badge, self._escaped(verdict.text)
        return f"**{badge.sign} {badge.word.upper()}** – {text}" if badge.word else f"**{text}**"

    # --- blocks ------------------------------------------------------------------------------------------------

    def listed(self, block: Bullets | Settings | Checks) -> Iterator[str]:
        """The items of a list."""
        match block:
            case Settings(pairs):
                yield from (f"- {self._escaped(name)}: {self._code_in_line(value)}" for name, value in pairs)
            case Bullets(items, more):
                kept = items[: self._limits.items or None]
                yield from (f"- {self._item(item)}" for item in kept)
                if left := more + len(items) - len(kept):
                    yield f"- and {left} more"
            case Checks(checks):
                for check in checks:
                    sign = "✓ " if check.holds else ""
                    yield f"- {sign}{self._code_in_line(f'{check.keyword}: {check.text}')}"
                    yield from (f"  - {self._operand(name, value)}" for name, value in check.values)

    def _operand(self, name: str, value: str) -> str:
        return self._code_in_line(f"{name} = {shortened(' '.join(value.split()), self._limits.value)}")

    def _item(self, item: Item) -> str:
        badge = f"{self._badge(item.badge)} – " if item.badge else ""
        message = f": {self._escaped(shortened(item.message, self._limits.value))}" if item.message else ""
        return badge + self._text(item.text) + message

    def _code(self, block: Code) -> Iterator[str]:
        if block.label:
            yield ""
            yield self._escaped(block.label) + ":" * bool(block.text)
        if not block.text.strip():
            return
        most = self._limits.lines
        lines = (tail if block.ends else bounded)(block.text, most, self._harmless)
        yield from self._fence(lines, block.language)
        if most and len(lines) < len(self._harmless(block.text).rstrip("\n").split("\n")):
            yield ""
            yield f"Shortened; the whole has {sha256(block.text)}."

    def _fence(self, lines: list[str], language: str) -> Iterator[str]:
        yield ""
        yield from fenced("\n".join(lines), language).rstrip("\n").split("\n")

    def _table(self, block: Table) -> Iterator[str]:
        if block.label:
            yield ""
            yield f"{self._escaped(block.label)}:"
        rows = block.rows if block.whole else block.rows[: self._limits.rows or None]
        columns = block.columns or ("",) * len(block.rows[0] if block.rows else ())
        yield from self._rows(tuple(map(self._cell, columns)), (tuple(map(self._cell, row)) for row in rows))
        more = max(block.total, len(block.rows)) - len(rows)
        if more > 0 or not rows:
            yield ""
            yield f"… {more} more rows" if rows else "no rows"

    def _rows(self, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
        yield ""
        yield f"| {' | '.join(columns)} |"
        yield "|" + " --- |" * len(columns)
        yield from (f"| {' | '.join(row)} |" for row in rows)

    def _cell(self, value: object) -> str:
        if isinstance(value, Badge):
            return self._badge(value)
        return self._text(value.text) if isinstance(value, Paragraph) else self._escaped(cell(value))

    def _section(self, block: Section, level: int) -> Iterator[str]:
        sign = f"{block.badge.sign} " if block.badge else ""
        yield ""
        yield f"{'#' * (level + 1)} {sign}{self._escaped(_heading(block))}"
        yield from self.blocks(block.blocks, level + 1)

    def _entry(self, block: Entry, indent: str) -> Iterator[str]:
        """A step in a list; what explains it is indented."""
        yield indent + self._step(block)
        inner = indent + "  "
        for one in block.blocks:
            if isinstance(one, Bullets | Settings | Checks):
                yield from (inner + line for line in self.listed(one))
            else:
                yield from ((inner + line).rstrip() for line in self.block(one))

    def _step(self, block: Entry) -> str:
        sign = f"{block.badge.sign} " if block.badge and not block.quiet else ""
        number = f"{self._code_in_line(block.number)} " if block.number else ""
        name = self._escaped(block.name)
        ended = f" ({block.badge.word})" if block.badge and block.quiet else ""
        action = self._code_in_line(block.action) if block.kind and block.action else self._escaped(block.action)
        does = " ".join(filter(None, (self._escaped(block.kind), action)))
        return (
            f"- {sign}{number}"
            + (f"**{name}**" if block.number else f"*{name}*")
            + ended
            + (f" – {does}" if does else "")
        )


def _heading(block: Section | Fold) -> str:
    """Number, title, how it ended, and what stands beside it."""
    title = f"{block.number} {block.title}" if block.number else block.title
    return ": ".join(filter(None, (title, block.badge.word if block.badge else "", block.aside)))
