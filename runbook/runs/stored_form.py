"""A run in its stored form: JSON-able data, written by `to_data`, read by `from_data`."""

from __future__ import annotations

import dataclasses
import gc
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from runbook.runs.events import Condition, Evidence, Outcome, Role, Status, Table
from runbook.runs.results import Result, Run, StageRecord, Verdict

FORMAT = 1
"""Version of the stored form; a new one for every change that older readers would misread."""

_T = TypeVar("_T")


def to_data(run: Run) -> dict[str, Any]:
    """Dictionaries, lists, texts and numbers that any JSON parser takes; `counts` and `causes` for readers' ease."""
    with _uncollected():
        return {"format": FORMAT, **plain(run), "counts": run.counts, "causes": plain(run.causes)}


def to_json(run: Run) -> str:
    """The same as a text. Kept until another run is asked for: a run's report comes after its history."""
    last = _last.get("run")
    if last is None or last[0] is not run:
        _last["run"] = last = (run, json.dumps(to_data(run), ensure_ascii=False))
    return last[1]


_last: dict[str, tuple[Run, str]] = {}


def from_data(data: Mapping[str, Any]) -> Run:
    """A run from its stored form. Keys that are not known are left out.

    Raises ValueError with a sentence when it is not a stored run, or of another format.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, Mapping) else None
        raise ValueError(f"this is no stored run of format {FORMAT}, but of format {found!r}")
    try:
        with _uncollected():
            return _run(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the stored run is damaged: {error!r}") from None


@contextmanager
def _uncollected() -> Iterator[None]:
    """While many small things are made that all stay: the collector would look through them again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _run(data: Mapping[str, Any]) -> Run:
    return _known(
        Run,
        data,
        inventory=tuple(data["inventory"]),
        hosts=tuple(data["hosts"]),
        verdict=Verdict(data["verdict"]),
        stages=tuple(_stage(stage) for stage in data["stages"]),
    )


def _known(kind: type[_T], data: Mapping[str, Any], **converted: Any) -> _T:
    """A dataclass from the keys that it has."""
    names: tuple[str, ...] = _names(kind)  # type: ignore[arg-type]  # a class can be hashed
    return kind(**{**{name: data[name] for name in names if name in data}, **converted})


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields."""
    return tuple(field.name for field in dataclasses.fields(kind))


def _stage(data: Mapping[str, Any]) -> StageRecord:
    results = tuple(_result(result) for result in data["results"])
    return _known(StageRecord, data, hosts=tuple(data["hosts"]), results=results)


def _result(data: Mapping[str, Any]) -> Result:
    return _known(
        Result,
        data,
        role=Role(data["role"]),
        outcome=_outcome(data["outcome"]),
        conditions=tuple(_condition(condition) for condition in data["conditions"]),
        causes=tuple(data["causes"]),
        items=tuple((label, _outcome(outcome)) for label, outcome in data["items"]),
        children=tuple(_result(child) for child in data["children"]),
    )


def _condition(data: Mapping[str, Any]) -> Condition:
    return _known(Condition, data, values=tuple((name, value) for name, value in data["values"]))


def _outcome(data: Mapping[str, Any]) -> Outcome:
    evidence = tuple(_evidence(piece) for piece in data["evidence"])
    return _known(Outcome, data, status=Status(data["status"]), evidence=evidence)


def _evidence(data: Mapping[str, Any]) -> Evidence:
    return _known(Evidence, data, table=_table(data["table"]) if data["table"] else None)


def _table(data: Mapping[str, Any]) -> Table:
    return _known(Table, data, columns=tuple(data["columns"]), rows=tuple(tuple(row) for row in data["rows"]))


def plain(value: Any) -> Any:
    """Any value of an event or a record as JSON has it; what JSON does not have becomes text."""
    kind = type(value)
    return (_MAKERS.get(kind) or _maker(kind))(value)


def _text(value: str) -> str:
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _number(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))


def _itself(value: _T) -> _T:
    return value


def _list(value: Iterable[Any]) -> list[Any]:
    return [plain(item) for item in value]


def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(plain(key)): plain(item) for key, item in value.items()}


def _record(names: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
    """For a dataclass with these fields, most of which hold a text, or nothing."""

    def make(value: Any) -> dict[str, Any]:
        made = {}
        for name in names:
            item = getattr(value, name)
            kind = type(item)
            if kind is str and item.isascii():
                made[name] = item
            else:
                made[name] = (_MAKERS.get(kind) or _maker(kind))(item)
        return made

    return make


_MAKERS: dict[type, Callable[[Any], Any]] = {}
"""How values of a type are made plain: asked of each of the millions that a large run has."""
_RELATIVES: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    (Mapping, _mapping),
    (str, lambda value: _text(str(value))),  # an enumeration's value
    ((bool, int, type(None)), _itself),
    (float, _number),
    ((list, tuple, set, frozenset), _list),
    ((bytes, bytearray), lambda value: value.decode("utf-8", "replace")),
)


def _maker(kind: type) -> Callable[[Any], Any]:
    if dataclasses.is_dataclass(kind):
        make: Callable[[Any], Any] = _record(_names(kind))
    else:
        make = next((make for relatives, make in _RELATIVES if issubclass(kind, relatives)), str)
    _MAKERS[kind] = make
    return make
