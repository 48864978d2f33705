"""Text with positions: YAML in which every key and value knows its place, and problems that point at it.

`read_yaml` gives a `Document`: plain Python data beside a table of spans. A `Problem` is something that the
user wrote wrong; `render` shows it with an excerpt and a caret. Lines and columns count from 1, in characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from runbook.common.frozen import Frozen, field
from runbook.common.wrapping import wrapped

Key = str | int
Keys = tuple[Key, ...]


class Span(Frozen, order=True):
    """A place in a file: line and column from 1, length in characters on that line."""

    file: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(StrEnum):
    """How bad a problem is. Only errors keep a run from starting."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Problem(Frozen):
    """One thing that the user wrote wrong, or that looks so: what it is, where, and the way out.

    `rule` is the short name of the check that found it. `hidden` says that what stands at the place is a secret.
    """

    message: str
    span: Span
    hint: str = ""
    rule: str = ""
    severity: Severity = Severity.ERROR
    hidden: bool = False


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, sorted by place."""
    return tuple(sorted(set(problems), key=lambda p: (p.span, p.message)))


class Problems(Exception):
    """Everything that is wrong with what the user wrote, sorted by place."""

    def __init__(self, problems: Iterable[Problem], texts: Mapping[str, str] | None = None) -> None:
        self.problems = in_order(problems)
        self.texts = dict(texts or {})
        super().__init__("\n".join(f"{p.span}: {p.message}" for p in self.problems))


class Document(Frozen):
    """One parsed file. `data` is plain Python; `keys` and `values` give spans by path (`("stages", 0, "name")`)."""

    file: str
    text: str
    data: Any
    keys: Mapping[Keys, Span] = field(default_factory=dict)
    values: Mapping[Keys, Span] = field(default_factory=dict)
    encrypted: bool = False
    """Its file is encrypted: there is no text to be shown, and nothing in it is in clear text."""


class Place(Frozen):
    """Where something stands in a document; `place / "name"` is the place of what it holds."""

    document: Document
    path: Keys = ()

    def __truediv__(self, key: Key) -> Place:
        return Place(self.document, (*self.path, key))

    def below(self, path: Keys) -> Place:
        """The place that several keys, one below the other, lead to."""
        return Place(self.document, (*self.path, *path))

    @property
    def value(self) -> Span:
        """The span of the value here, or of the nearest thing around it that has one."""
        return self._find(self.document.values)

    @property
    def key(self) -> Span:
        """The span of the key here; of the value where there is no key (a list item)."""
        return self.document.keys.get(self.path) or self.value

    def _find(self, spans: Mapping[Keys, Span]) -> Span:
        for end in range(len(self.path), -1, -1):
            if span := spans.get(self.path[:end]):
                return span
        return Span(self.document.file, 1, 1)

    def problem(self, message: str, hint: str = "", rule: str = "", *, at_key: bool = False) -> Problem:
        return Problem(message, self.key if at_key else self.value, hint, rule)

    def __repr__(self) -> str:
        return f"Place({self.document.file}, {self.path})"


WIDTH = 80
"""Columns at which a hint is broken."""
LONGEST = 160
"""Characters of a line that an excerpt shows."""


def show_path(path: str | Path) -> str:
    """A path as the user would type it: relative to the working directory where it lies below it."""
    absolute = Path(path).absolute()
    try:
        return str(absolute.relative_to(Path.cwd()))
    except ValueError:
        return str(absolute)


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a file, of a pipe or of a device, up to `limit` and one more. Raises OSError."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def excerpt(text: str, span: Span, context: int = 1) -> str:
    """The lines around a span with line numbers, and a caret line under the span. Of a long line, what is near.

    Wide characters (CJK, emoji) count as two columns, so that the caret stands under the right place.
    """
    lines = _lines(text)
    if not 1 <= span.line <= len(lines):
        return ""
    first, last = max(1, span.line - context), min(len(lines), span.line + context)
    gutter = len(str(last))
    out = []
    for number in range(first, last + 1):
        start = max(0, span.column - 1 - LONGEST // 2) if len(lines[number - 1]) > LONGEST else 0
        line = _printable(_cut(lines[number - 1], start))
        out.append(f"{number:>{gutter}} | {line}".rstrip())
        if number == span.line:
            before, under = line[: span.column - 1 - start], line[span.column - 1 - start :][: max(1, span.length)]
            carets = "^" * max(1, _width(under))
            out.append(f"{'':>{gutter}} | {' ' * _width(before)}{carets}")
    return "\n".join(out)


@lru_cache(maxsize=4)
def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines())


def render(problem: Problem, text: str = "") -> str:
    """A problem as a person reads it: `file:line:column: message`, the excerpt, the hint.

    What is no error says so before its message. Of a secret only the place is shown.
    """
    mark = "" if problem.severity is Severity.ERROR else f"{problem.severity}: "
    parts = [_printable(f"{problem.span}: {mark}{problem.message}")]
    context = 0 if problem.hidden else 1
    shown = covered(text, [problem.span]) if problem.hidden else text
    if shown and (lines := excerpt(shown, problem.span, context)):
        parts.append(_indent(lines))
    if problem.hint:
        parts.append(_wrapped(_printable(problem.hint), "  hint: "))
    return "\n".join(parts)


def _wrapped(text: str, before: str) -> str:
    """Broken between words at 80 columns, the later lines under the first."""
    return "\n".join(wrapped(text, WIDTH, before, " " * len(before), break_words=False))


def covered(text: str, spans: Iterable[Span]) -> str:
    """The text with `*` for what stands at these places of it."""
    lines = text.splitlines()
    for span in spans:
        number, start = span.line - 1, span.column - 1
        if 0 <= number < len(lines):
            line = lines[number]
            lines[number] = f"{line[:start]}{'*' * span.length}{line[start + span.length :]}"
    return "\n".join(lines)


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _cut(line: str, start: int) -> str:
    """The part of a line that begins at `start`, with `…` where something is left out."""
    if len(line) <= LONGEST:
        return line
    part = line[start : start + LONGEST]
    part = f"…{part[1:]}" if start else part
    return f"{part}…" if start + LONGEST < len(line) else part


def _printable(line: str) -> str:
    """Tabs as one space and control characters as `?`, so that no terminal is driven by a file's text."""
    return "".join(c if c.isprintable() else (" " if c == "\t" else "?") for c in line)


def _width(text: str) -> int:
    return sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
