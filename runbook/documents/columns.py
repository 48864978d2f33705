"""Tables as aligned text that fits a width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from runbook.documents.harmless import cell, is_number, one_line
from runbook.documents.model import Badge, Paragraph, Table
from runbook.documents.wrap import cropped

GAP = 2
NARROWEST = 6
"""Columns are not made narrower than this; a table that still does not fit is turned on its side."""


def lines(table: Table, most: int, width: int = 0) -> list[str]:
    """The first rows of a table (0: all), columns aligned, at most `width` wide (0: as wide as they are)."""
    columns = [cell(column) for column in table.columns]
    shown = table.rows[:most] if most else table.rows
    rows = [[text_of(value) for value in row] for row in shown]
    head = [columns] if columns else rows[:1]
    widths = _widths([*head, *rows])
    if width:
        widths = _fit(widths, width - GAP * (len(widths) - 1))
        if sum(widths) + GAP * (len(widths) - 1) > width:
            return [*_on_its_side(columns, rows, width), *_more(table, len(shown))]
    right = [bool(shown) and all(is_number(row[i]) for row in shown) for i in range(len(widths))]
    ruler = [["─" * size for size in widths]]
    drawn = [_row(row, widths, right) for row in ([columns, *ruler, *rows] if columns else rows)]
    return [*drawn, *(_more(table, len(shown)) if table.rows else ["no rows"])]


def text_of(value: object) -> str:
    """What stands in a cell, on one line."""
    if isinstance(value, Badge):
        return one_line(f"{value.sign} {value.word}")
    if isinstance(value, Paragraph):
        return one_line("".join(span.text for span in value.text))
    return cell(value)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def _fit(widths: list[int], room: int) -> list[int]:
    """The widest columns made narrower until all fit."""
    over = sum(widths) - room
    if over <= 0 or not widths:
        return widths
    limit = max(NARROWEST, _limit(sorted(widths, reverse=True), over))
    return [min(size, limit) for size in widths]


def _limit(sizes: list[int], over: int) -> int:
    """The width down to which the widest of them, widest first, must come to save `over`."""
    saved = 0
    for count, (size, following) in enumerate(pairwise([*sizes, 0]), 1):
        if saved + count * (size - following) >= over:
            return size - -(-(over - saved) // count)
        saved += count * (size - following)
    return 0


def _row(values: Sequence[str], widths: list[int], right: list[bool]) -> str:
    from rich.cells import cell_len

    parts = []
    for value, width, is_right in zip(values, widths, right, strict=True):
        text = cropped(value, width)
        space = " " * (width - cell_len(text))
        parts.append(space + text if is_right else text + space)
    return (" " * GAP).join(parts).rstrip()


def _on_its_side(columns: list[str], rows: list[list[str]], width: int) -> list[str]:
    """One line for each value: for tables of many columns."""
    out = []
    for number, row in enumerate(rows, 1):
        if len(rows) > 1:
            out.append(f"row {number}")
        named = [f"{column} = {value}" for column, value in zip(columns, row, strict=True)] if columns else row
        out += [cropped(f"  {text}", width) for text in named]
    return out


def _more(table: Table, shown: int) -> list[str]:
    rest = max(table.total, len(table.rows)) - shown
    return [f"… {rest} more row{'s' * (rest > 1)}"] if rest > 0 else []
