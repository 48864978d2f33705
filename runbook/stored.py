"""A run in its stored form: JSON-able data, written by `to_data`, read by `from_data`."""

from __future__ import annotations

import dataclasses
import gc
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from runbook.events import Condition, Evidence, Outcome, Role, Status, Table
from runbook.results import Result, Run, StageRecord, Verdict

FORMAT = 1
"""Version of the stored form; a new one for every change that older readers would misread."""

_T = TypeVar("_T")


def to_data(run: Run) -> Mapping[str, Any]:
    """Dictionaries, lists, texts and numbers that any JSON parser takes; `counts` and `causes` for readers' ease.

    Not to be changed: who asks for the same run again, as its report does after its history, gets the same.
    """
    last = _last.get("run")
    if last is None or last[0] is not run:
        with _uncollected():
            data = {"format": FORMAT, **plain(run), "counts": run.counts, "causes": plain(run.causes)}
        _last["run"] = last = (run, data)
    return last[1]


_last: dict[str, tuple[Run, dict[str, Any]]] = {}


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
    return kind(**{**{name: data[name] for name in _names(kind) if name in data}, **converted})


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
    if kind is str:
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if kind is int or kind is bool or value is None:
        return value
    if kind is float:
        return value if math.isfinite(value) else str(value)
    if kind is list or kind is tuple:
        return [plain(item) for item in value]
    if names := _names(kind):
        return {name: plain(getattr(value, name)) for name in names}
    return _uncommon(value)


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    """The names of a type's fields; none but a dataclass has any."""
    names = _NAMES.get(kind)
    if names is None:
        found = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
        names = _NAMES[kind] = tuple(field.name for field in found)
    return names


def _uncommon(value: Any) -> Any:
    """Mappings, and the relatives of what JSON has: of an enumeration, of a number."""
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, str):
        return plain(str(value))
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return plain(float(value))
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else str(value)
