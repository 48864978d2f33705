"""Explanations of a variable, as text for people and as data for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from runbook.common.wrapping import wrapped
from runbook.model import Inventory
from runbook.plan.make.settings import Level, Setting, why
from runbook.plan.make.variable_origins import Explained

WIDTH = 80
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
    if len(found) == 1:
        return "\n".join(_full(name, found[0], inventory))
    return "\n".join(_grouped(name, found))


def _full(name: str, found: Explained, inventory: Inventory) -> Iterator[str]:
    if not found.places:
        how = "before a step sets it" if found.later else "yet: it is an input, and nothing has given it"
        yield f"{name} on {found.host} has no value {how}"
    elif found.error:
        yield from _wrapped(f"{name} on {found.host} has no value: {found.error}", "")
    else:
        yield from _wrapped(f"{name} on {found.host} is {_value(found.value)}", "")
    for index, setting in enumerate(found.places):
        yield ""
        yield from _setting("over" if index else "wins", setting)
        if index:
            yield from _wrapped(f"({why(found.places[0], setting, inventory)})", "      ")
    if len(found.places) == 1:
        yield "      (nothing else sets it)"
    if found.later:
        given = found.places and found.places[0].level is Level.GIVEN
        yield ""
        yield "The playbook sets it too; what was given goes over that:" if given else "While the playbook runs:"
    for setting in found.later:
        yield ""
        yield from _setting("then", setting)
        part = "only there" if setting.level is Level.SCOPED else "from there on, on this host"
        yield f"      ({part})"


def _setting(word: str, setting: Setting) -> Iterator[str]:
    yield f"{word}  {_where(setting)}"
    written, rendered = _value(setting.written), _value(setting.rendered)
    yield from _wrapped(written, "      ")
    if rendered != written:
        yield from _wrapped(f"= {rendered}", "      ")


def _where(setting: Setting) -> str:
    return setting.by + (f"  {setting.span}" if setting.span else "")


def _grouped(name: str, found: Sequence[Explained]) -> Iterator[str]:
    """By value, the most frequent first; below each the places that it comes from, and its hosts."""
    groups: dict[str, list[Explained]] = {}
    for each in found:
        value = f"no value: {each.error}" if each.error else _value(each.value) if each.places else "not set"
        groups.setdefault(value, []).append(each)
    yield f"{name} has {len(groups)} value{'s' if len(groups) > 1 else ''} on {len(found)} hosts"
    for value, hosts in sorted(groups.items(), key=lambda item: -len(item[1])):
        yield ""
        yield from _wrapped(value, "")
        winners = list(dict.fromkeys(_where(each.places[0]) for each in hosts if each.places))
        yield from (f"      {winner}" for winner in winners[:FEW])
        if len(winners) > FEW:
            yield f"      and {len(winners) - FEW} more places"
        yield from _wrapped(_names([each.host for each in hosts]), "      ")
    yield ""
    yield "--host HOST shows every place that sets it."


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MANY]) + (f" and {len(names) - MANY} more" if len(names) > MANY else "")
    return f"{len(names)} host{'s' if len(names) > 1 else ''}: {shown}"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _wrapped(text: str, indent: str) -> list[str]:
    return wrapped(text, WIDTH, indent, indent or "      ") or [indent]
