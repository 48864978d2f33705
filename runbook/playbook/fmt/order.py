"""Brings the keys of playbooks, stages and steps into order, by moving whole lines: nothing in them is touched.

A mapping is left as it is where its keys do not begin lines of their own, and where an anchor or an alias would move.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import yaml

from runbook.playbook.schema import PLAYBOOK
from runbook.source.yaml import Loader
from runbook.steps import KINDS

_WORK = ("steps", "rescue", "recheck", "rescued", "always", "choose")
_COMMON = (
    *("vars", "when", "loop", "loop_control", "tags", "become", "become_user", "delegate_to", "run_once", "throttle"),
    *("environment", "timeout", "changes", "until", "retries", "delay", "changed_when", "failed_when", "expect"),
    *("ignore_errors", "severity", "no_log", "secrets", "register", "cause"),
)
_AFTER = ("diagnose", "remediate")
STEP = ("name", *(kind for kind in KINDS), "include", *_COMMON, *_WORK, *_AFTER)
STAGE = (
    *("name", "hosts", "when", "tags", "serial", "order", "max_fail_percentage", "any_errors_fatal", "confirm"),
    *("become", "become_user", "environment", "vars", *_WORK, *_AFTER),
)
REMEDIATION = ("name", "description", "when", "vars", "recheck", "steps")
TOP = tuple(PLAYBOOK)
_ANCHOR = re.compile(r"(?:[:\-,]\s+|[\[{]\s*)[&*][\w-]")
_COMMENT = re.compile(r"\s*#")

Order = Sequence[str]


def ordered(text: str) -> str:
    """The text with the keys of every mapping that the language knows in its order."""
    lines = text.split("\n")
    loader = Loader(text)
    try:
        root = loader.get_single_node()
    finally:
        loader.dispose()
    for node, order in _known(root):
        _reorder(node, order, lines)
    return "\n".join(lines)


def _known(root: Any) -> Iterator[tuple[Any, Order]]:
    """The mappings with an order, those inside another before it."""
    if isinstance(root, yaml.SequenceNode):
        yield from _steps(root)
        return
    yield from _inside(root, {"stages": _stages, "remediations": _remediations})
    yield root, TOP


def _stages(node: Any) -> Iterator[tuple[Any, Order]]:
    for stage in _items(node):
        yield from _inside(stage, _HOLDS)
        yield stage, STAGE


def _steps(node: Any) -> Iterator[tuple[Any, Order]]:
    for step in _items(node):
        yield from _inside(step, _HOLDS)
        yield step, STEP


def _choose(node: Any) -> Iterator[tuple[Any, Order]]:
    for options in _values(node, "options"):
        for _, option in _pairs(options):
            yield from _inside(option, _HOLDS)


def _remediations(node: Any) -> Iterator[tuple[Any, Order]]:
    for _, branch in _pairs(node):
        yield from _inside(branch, _HOLDS)
        yield branch, REMEDIATION


def _remediate(node: Any) -> Iterator[tuple[Any, Order]]:
    for branch in [node, *_items(node)]:
        if isinstance(branch, yaml.MappingNode):
            yield from _inside(branch, _HOLDS)
            yield branch, REMEDIATION


_HOLDS = {
    **dict.fromkeys(("steps", "rescue", "always", "diagnose"), _steps),
    "choose": _choose,
    "remediate": _remediate,
}


def _inside(node: Any, makers: Any) -> Iterator[tuple[Any, Order]]:
    for key, value in _pairs(node):
        if key in makers:
            yield from makers[key](value)


def _pairs(node: Any) -> list[tuple[str, Any]]:
    return [(str(key.value), value) for key, value in node.value] if isinstance(node, yaml.MappingNode) else []


def _values(node: Any, name: str) -> Iterator[Any]:
    return (value for key, value in _pairs(node) if key == name)


def _items(node: Any) -> list[Any]:
    items = node.value if isinstance(node, yaml.SequenceNode) else []
    return [item for item in items if isinstance(item, yaml.MappingNode)]


# --- lines -------------------------------------------------------------------------------------------------


def _reorder(node: Any, order: Order, lines: list[str]) -> None:
    if not isinstance(node, yaml.MappingNode) or node.flow_style or len(node.value) < 2:
        return
    rank = {name: index for index, name in enumerate(order)}
    keys = [str(key.value) for key, _ in node.value]
    wanted = sorted(range(len(keys)), key=lambda index: rank.get(keys[index], len(rank)))
    if wanted == list(range(len(keys))) or "<<" in keys:
        return
    starts = [key.start_mark.line for key, _ in node.value]
    column = node.value[0][0].start_mark.column
    if not _begin_lines(node, starts, column, lines):
        return
    first, end = starts[0], _last(node.value[-1][1]) + 1
    while not lines[end - 1].strip():  # what is empty behind a block of text
        end -= 1
    bounds = [first, *(_with_comments(start, lines, first) for start in starts[1:]), end]
    chunks = [lines[start:stop] for start, stop in pairwise(bounds)]
    begin = wanted[0]
    if _COMMENT.match(chunks[begin][0]) or any(_ANCHOR.search(line) for chunk in chunks for line in chunk):
        return
    prefix = lines[first][:column]
    chunks[0] = [" " * column + lines[first][column:], *chunks[0][1:]]
    chunks[begin] = [prefix + chunks[begin][0][column:], *chunks[begin][1:]]
    lines[first:end] = [line for index in wanted for line in chunks[index]]


def _begin_lines(node: Any, starts: list[int], column: int, lines: list[str]) -> bool:
    """Does every key begin a line, in one column (the first one behind `- `)?"""
    if len(set(starts)) < len(starts) or any(key.start_mark.column != column for key, _ in node.value):
        return False
    alone = all(not lines[start][:column].strip() for start in starts[1:])
    return alone and set(lines[starts[0]][:column]) <= {" ", "-"}


def _with_comments(start: int, lines: list[str], first: int) -> int:
    """The line at which the comments above a key begin."""
    while start - 1 > first and _COMMENT.match(lines[start - 1]):
        start -= 1
    return start


def _last(node: Any) -> int:
    """The last line of a node, without what is empty behind it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last(last[1] if isinstance(last, tuple) else last)
    end = node.end_mark
    return int(end.line - 1 if end.column == 0 and end.line > node.start_mark.line else end.line)
