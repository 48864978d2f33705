"""A text in its layout. What must not change is compared before and after; where it would, the text is refused."""

from __future__ import annotations

import io
import re
from typing import Any

from runbook.playbook.fmt.order import ordered
from runbook.source.document import Document
from runbook.source.yaml import read_yaml

PASSES = 4
"""A layout that has not come to rest by then is not used."""
_COMMENT = re.compile(r"(?:^|\s)#\s?(.*?)\s*$", re.MULTILINE)


class NotKept(Exception):
    """The text cannot be laid out without changing what it means. `str()` says what would change."""


def formatted(text: str, file: str) -> str:
    """The text in its layout; itself where it has it already.

    Raises Problems for what is no YAML, and NotKept.
    """
    before = read_yaml(text, file)
    if before.data is None:
        return text
    last = text
    for _ in range(PASSES):
        laid = _laid_out(_in_order(last, file))
        if laid == last:
            return laid
        last = laid
        _compare(before, last, file)
    raise NotKept("its layout does not come to rest")


def _in_order(text: str, file: str) -> str:
    """With the keys in order, where that leaves the meaning as it is."""
    moved = ordered(text)
    if moved == text:
        return text
    from runbook.source.document import Problems

    try:
        return moved if read_yaml(moved, file).data == read_yaml(text, file).data else text
    except Problems:
        return text


def _laid_out(text: str) -> str:
    """A list at the top is laid out below a key, so that it is indented as any other, and comes back to the left."""
    head, body = _head(text)
    if not re.match(r"(?:[ \t]*(?:#.*)?\n)*-\s", body):
        return _dumped(text)
    inside = "\n".join(f"  {line}" if line.strip() else line for line in body.split("\n"))
    laid = _dumped(f"x:\n{inside}").removeprefix("x:\n")
    return head + "\n".join(line.removeprefix("  ") for line in laid.split("\n"))


def _head(text: str) -> tuple[str, str]:
    """The lines up to `---`, and the rest."""
    found = re.match(r"(?:(?:#.*|%.*)?\n)*---[ \t]*\n", text)
    return (found[0], text[found.end() :]) if found else ("", text)


def _dumped(text: str) -> str:
    """By ruamel.yaml, which keeps comments, quotes and blocks."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    ruamel = YAML()
    ruamel.preserve_quotes = True
    ruamel.width = 1_000_000
    ruamel.indent(mapping=2, sequence=4, offset=2)
    ruamel.allow_duplicate_keys = True  # the loader tells of them
    ruamel.explicit_start = bool(_head(text)[0])
    out = io.StringIO()
    try:
        data = ruamel.load(text)
        _keep_anchors(data, set())
        ruamel.dump(data, out)
    except (YAMLError, MarkedYAMLError, ValueError, TypeError, AssertionError, AttributeError, KeyError) as error:
        raise NotKept(f"its layout cannot be read: {' '.join(str(error).split())[:120]}") from None
    lines = out.getvalue().rstrip("\n").split("\n")
    return "\n".join(line if line.strip() else "" for line in lines) + "\n"


def _keep_anchors(data: Any, seen: set[int]) -> None:
    """Anchors are kept, be they used or not."""
    if id(data) in seen:
        return
    seen.add(id(data))
    if hasattr(data, "yaml_anchor") and (anchor := data.yaml_anchor()) is not None:
        anchor.always_dump = True
    inner = list(data.values()) if isinstance(data, dict) else data if isinstance(data, list) else ()
    for item in inner:
        _keep_anchors(item, seen)


def _compare(before: Document, text: str, file: str) -> None:
    """Raises NotKept when data, comments or the blocks of text are others than they were."""
    from runbook.source.document import Problems

    try:
        after = read_yaml(text, file)
    except Problems as error:
        raise NotKept(f"it would not be YAML any more: {error.problems[0].message}") from None
    if not _same(after.data, before.data):
        raise NotKept("its data would change")
    if sorted(_COMMENT.findall(before.text)) != sorted(_COMMENT.findall(text)):
        raise NotKept("a comment would be lost or changed")


def _same(one: Any, other: Any) -> bool:
    """Equal, and of the same types: 1, 1.0 and true are three things."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
