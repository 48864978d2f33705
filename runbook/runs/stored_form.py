"""A run in its stored form: JSON, written by `to_json`, read by `from_json`."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from runbook.common.frozen import Frozen, asdict, replace
from runbook.common.json_data import placed
from runbook.runs.events import Evidence, First, Outcome
from runbook.runs.results import Result, Run, StageRecord, Verdict

FORMAT = 1
"""Version of the stored form; a new one for every change that older readers would misread."""

_T = TypeVar("_T")


class _Format(Frozen):
    format: Any = None


class _Stored(Run, kw_only=True):
    """A run of which these are there, whatever a new one begins with."""

    inventory: tuple[str, ...]
    hosts: tuple[str, ...]
    stages: tuple[StageRecord, ...]
    verdict: Verdict


def to_json(run: Run) -> str:
    """The run, with `counts` and `causes` for readers' ease.

    Kept until another run is asked for: a run's report comes after its history.
    """
    last = _last.get("run")
    if last is None or last[0] is not run:
        _last["run"] = last = (run, msgspec.json.format(encoded(_whole(run)), indent=0).decode())
    return last[1]


_last: dict[str, tuple[Run, str]] = {}


def _whole(run: Run) -> dict[str, Any]:
    with _uncollected():
        stages = tuple(replace(stage, results=tuple(map(_result, stage.results))) for stage in run.stages)
    return {"format": FORMAT, **asdict(run), "stages": stages, "counts": run.counts, "causes": run.causes}


def _result(result: Result) -> Result:
    """The same with values that JSON has, where they may be any: in data and in tables."""
    return replace(
        result,
        outcome=_outcome(result.outcome),
        items=_items(result.items),
        first=_first(result.first) if result.first is not None else None,
        children=tuple(map(_result, result.children)),
    )


def _items(items: tuple[tuple[str, Outcome], ...]) -> tuple[tuple[str, Outcome], ...]:
    return tuple((label, _outcome(outcome)) for label, outcome in items)


def _first(first: First) -> First:
    return replace(first, outcome=_outcome(first.outcome), items=_items(first.items))


def _outcome(outcome: Outcome) -> Outcome:
    if not (outcome.data or outcome.evidence):
        return outcome
    return replace(outcome, data=plain(outcome.data), evidence=tuple(map(_evidence, outcome.evidence)))


def _evidence(piece: Evidence) -> Evidence:
    return replace(piece, table=replace(piece.table, rows=plain(piece.table.rows))) if piece.table else piece


def encoded(value: Any) -> bytes:
    """Frozen classes as JSON; what JSON does not have becomes text, and half a character a question mark."""
    try:
        return msgspec.json.encode(value, enc_hook=str)
    except UnicodeEncodeError:
        return msgspec.json.encode(plain(msgspec.to_builtins(value, enc_hook=str)))


def from_json(text: bytes) -> Run:
    """A run from its stored form. Keys that are not known are left out.

    Raises ValueError with a sentence when it is not a stored run, or of another format.
    """
    try:
        found = msgspec.json.decode(text, type=_Format).format
        if found == FORMAT:
            with _uncollected():
                return Run(**asdict(msgspec.json.decode(text, type=_Stored)))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"the stored run is damaged: {placed(error)}") from None
    raise ValueError(f"this is no stored run of format {FORMAT}, but of format {found!r}")


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


def plain(value: Any) -> Any:
    """Any value of an outcome's data as JSON has it; what JSON does not have becomes text."""
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


_MAKERS: dict[type, Callable[[Any], Any]] = {}
"""How values of a type are made plain: asked of each of the millions that a large run has."""
_RELATIVES: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    (Frozen, lambda value: _mapping(asdict(value))),
    (Mapping, _mapping),
    (str, lambda value: _text(str(value))),  # an enumeration's value
    ((bool, int, type(None)), _itself),
    (float, _number),
    ((list, tuple, set, frozenset), _list),
    ((bytes, bytearray), lambda value: value.decode("utf-8", "replace")),
)


def _maker(kind: type) -> Callable[[Any], Any]:
    make = next((make for relatives, make in _RELATIVES if issubclass(kind, relatives)), str)
    _MAKERS[kind] = make
    return make
