"""Explanations of a variable, as text for people and as data for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from runbook.documents.harmless import exact
from runbook.documents.text import Line, joined
from runbook.model import Inventory
from runbook.plan.make.settings import Level, Setting, why
from runbook.plan.make.variable_origins import Explained

WIDTH = 80
INDENT = 6
"""Columns before a value, under the word that says what became of it."""
MANY = 8
"""Names of hosts that are listed for a value."""
FEW = 3
"""Places that are listed for a value."""


def as_data(name: str, found: Sequence[Explained], inventory: Inventory) -> dict[str, Any]:
    """`{"variable", "hosts": [{"host", "value", "error", "places": […], "later": […]}]}`."""
    return {"variable": name, "hosts": [_data(each, inventory) for each in found]}


def _data(found: Explained, inventory: Inventory) -> dict[str, Any]:
    places = [
        _place(each) | {"wins": not index, "why": why(found.places[0], each, inventory) if index else ""}
        for index, each in enumerate(found.places)
    ]
    later = [_place(each) | {"step": each.number} for each in found.later]
    return {"host": found.host, "value": found.value, "error": found.error, "places": places, "later": later}


def _place(setting: Setting) -> dict[str, Any]:
    span = setting.span
    where = {"file": span.file, "line": span.line, "column": span.column} if span else {"file": None}
    return {
        "level": setting.level.name.lower(),
        "by": setting.by,
        **where,
        "written": setting.written,
        "rendered": setting.rendered,
    }


def as_text(name: str, found: Sequence[Explained], inventory: Inventory) -> str:
    """One host in full; several grouped by their values."""
    return joined(_full(name, found[0], inventory) if len(found) == 1 else _grouped(name, found), WIDTH)


def _full(name: str, found: Explained, inventory: Inventory) -> Iterator[Line]:
    if not found.places:
        how = "before a step sets it" if found.later else "yet: it is an input, and nothing has given it"
        yield _line(f"{name} on {found.host} has no value {how}")
    elif found.error:
        yield _line(f"{name} on {found.host} has no value: {found.error}")
    else:
        yield _line(f"{name} on {found.host} is {_value(found.value)}")
    for index, setting in enumerate(found.places):
        yield from _setting("over" if index else "wins", setting)
        if index:
            yield _line(f"({why(found.places[0], setting, inventory)})", INDENT)
    if len(found.places) == 1:
        yield _line("(nothing else sets it)", INDENT)
    if found.later:
        given = found.places and found.places[0].level is Level.GIVEN
        yield Line("")
        yield _line("The playbook sets it too; what was given goes over that:" if given else "While the playbook runs:")
    for setting in found.later:
        yield from _setting("then", setting)
        part = "only there" if setting.level is Level.SCOPED else "from there on, on this host"
        yield _line(f"({part})", INDENT)


def _setting(word: str, setting: Setting) -> Iterator[Line]:
    yield Line("")
    yield Line(exact(f"{word}  {_where(setting)}"), long="chop")  # a place stays whole
    written, rendered = _value(setting.written), _value(setting.rendered)
    yield _line(written, INDENT)
    if rendered != written:
        yield _line(f"= {rendered}", INDENT)


def _where(setting: Setting) -> str:
    return setting.by + (f"  {setting.span}" if setting.span else "")


def _grouped(name: str, found: Sequence[Explained]) -> Iterator[Line]:
    """By value, the most frequent first; below each the places that it comes from, and its hosts."""
    groups: dict[str, list[Explained]] = {}
    for each in found:
        value = f"no value: {each.error}" if each.error else _value(each.value) if each.places else "not set"
        groups.setdefault(value, []).append(each)
    yield _line(f"{name} has {len(groups)} value{'s' if len(groups) > 1 else ''} on {len(found)} hosts")
    for value, hosts in sorted(groups.items(), key=lambda item: -len(item[1])):
        yield Line("")
        yield _line(value)
        winners = list(dict.fromkeys(_where(each.places[0]) for each in hosts if each.places))
        yield from (Line(exact(winner), indent=INDENT, long="chop") for winner in winners[:FEW])
        if len(winners) > FEW:
            yield _line(f"and {len(winners) - FEW} more places", INDENT)
        yield _line(_names([each.host for each in hosts]), INDENT)
    yield Line("")
    yield _line("--host HOST shows every place that sets it.")


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MANY]) + (f" and {len(names) - MANY} more" if len(names) > MANY else "")
    return f"{len(names)} host{'s' if len(names) > 1 else ''}: {shown}"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _line(text: str, indent: int = 0) -> Line:
    """What is too long goes on under the values."""
    return Line(exact(text).replace("\n", " "), indent=indent, hang=INDENT - indent)
