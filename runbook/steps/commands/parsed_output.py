"""What a command printed, as data: JSON, pairs of key and value, lines, or a table with a head."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from runbook.steps.json_text import parse_json


class NotParsed(ValueError):
    """The output is not what the step says; the sentence has the line."""


def parsed(form: str, text: str) -> Any:
    """The output as `parse` names it. Raises NotParsed."""
    return FORMS[form](text)


def _json(text: str) -> Any:
    found = parse_json(text)
    if found.wrong:
        raise NotParsed(f"the output is no JSON: {found.wrong}")
    return found.value


def _pairs(text: str) -> dict[str, str]:
    """`key=value` or `key: value`, a line each; quotes around a value go. Lines that begin with # are comments."""
    out: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = re.fullmatch(r"\s*(?:export\s+)?([^\s=:][^=:]*?)\s*[=:]\s*(.*?)\s*", line)
        if not found:
            raise NotParsed(f"line {number} of the output is no `key=value` and no `key: value`: {line.strip()[:80]!r}")
        out[found[1]] = _unquoted(found[2])
    return out


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _lines(text: str) -> list[str]:
    """The lines that have something on them."""
    return [line for line in text.splitlines() if line.strip()]


def _table(text: str) -> list[dict[str, str]]:
    """A head and rows. Columns are where two spaces stand in the head, else at each word; the last takes the rest."""
    lines = _lines(text)
    if not lines:
        raise NotParsed("the output is no table: it is empty")
    wide = len(re.split(r"\s{2,}|\t", lines[0].strip())) > 1 and not re.search(r"\S \S", lines[0].strip())
    head = lines[0].split() if wide else _cells(lines[0])
    if len(set(head)) < len(head):
        raise NotParsed(f"the output is no table: two columns of its head have one name: {' '.join(head)}")
    return [_row(head, line, number) for number, line in enumerate(lines[1:], 2)]


def _cells(line: str) -> list[str]:
    found = [cell for cell in re.split(r"\s{2,}|\t", line.strip()) if cell]
    return found if len(found) > 1 else line.split()


def _row(head: list[str], line: str, number: int) -> dict[str, str]:
    cells = _cells(line)
    if len(cells) != len(head):
        cells = line.split(None, len(head) - 1)
    if len(cells) != len(head):
        raise NotParsed(
            f"line {number} of the output has {len(cells)} columns, its head {len(head)}: {line.strip()[:80]!r}"
        )
    return dict(zip(head, (cell.strip() for cell in cells), strict=True))


FORMS: Mapping[str, Callable[[str], Any]] = {"json": _json, "kv": _pairs, "lines": _lines, "table": _table}
