"""In which way a step checks less than it did: an assertion removed or loosened, a failure that no longer counts.

Only what is certainly less is told as less. An assertion in the place of another is told as that: what the first one
held is not asserted any more. More retries and longer waiting are no weakening: what must hold is the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from runbook.plan.compare.comparable_lines import Line
from runbook.plan.describe.view import Note

_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "copy": ("validate",),
    "edit": ("validate",),
    "file": (
        "contains",
        "not_contains",
        "matches",
        "not_matches",
        "mode",
        "owner",
        "group",
        "newer_than",
        "sha256",
        "size",
    ),
    "http": ("status", "contains"),
    "service": ("newer_than",),
    "template": ("validate",),
    "wait": ("contains", "not_contains", "matches", "not_matches", "status", "pattern", "until"),
}
"""Options by which a kind checks something: without them it checks less."""
_CHECKS = ("assert", "confirm", "file", "port", "process", "wait")
"""Kinds that do nothing but check."""
_COMPARED = re.compile(r"^(.+?)\s*(==|!=|>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)$")
_ALWAYS = ("true", "True", "1", "1 == 1")


def weaker(old: Line, new: Line, *, holds_checks: bool = False) -> tuple[str, ...]:
    """In which ways the later step checks less; nothing when it does not. `holds_checks`: are there checks in it?"""
    found = [
        *_assertions(_texts(old.notes, "expect"), _texts(new.notes, "expect")),
        *_assertions(_texts(old.notes, "until"), _texts(new.notes, "until"), "is no longer tried until"),
        *_failures(old.notes, new.notes),
        *_options(old, new),
    ]
    if old.step.changes and _texts(new.notes, "changes") == ["false"] != _texts(old.notes, "changes"):
        found.append("it is said to change nothing now: --check and verify will run it")
    if old.counts and not new.counts:
        found.append(f"its failure no longer counts {new.where}")
    if is_check(old) or holds_checks:
        found += [f"it is only done when {text}" for text in _new(old.notes, new.notes, "when")]
        if new.step.skipped and not old.step.skipped:
            found.append("it is skipped now")
    return tuple(dict.fromkeys(found))


def weaker_without(line: Line) -> tuple[str, ...]:
    """What is lost with a step that is no longer there."""
    if not is_check(line) or line.step.skipped:
        return ()
    texts = [*_texts(line.notes, "expect"), *_that(line)]
    return tuple(f"no longer expects {text}" for text in texts) or ("this check is gone",)


def weaker_stage(old: tuple[Note, ...], new: tuple[Note, ...]) -> tuple[str, ...]:
    found = []
    before, after = ({note.key: note.text for note in notes} for notes in (old, new))
    if "any_errors_fatal" in before and "any_errors_fatal" not in after:
        found.append("one failure no longer ends the run for all hosts")
    if "confirm" in before and "confirm" not in after:
        found.append("it no longer asks before it begins")
    key = "max_fail_percentage"
    # Without the key a stage goes on for the other hosts, however many have failed.
    if key in before and (key not in after or float(after[key]) > float(before[key])):
        found.append(f"more hosts may fail: {key} {before[key]} → {after.get(key, 'none')}")
    return tuple(found)


def holding_checks(lines: list[Line]) -> set[int]:
    """The identities of the lines that have a check under them; that of a stage has all."""
    found: set[int] = set()
    for line in lines:
        if is_check(line):
            above = line.parent
            while above >= 0:
                found.add(id(lines[above]))
                above = lines[above].parent
            found |= {id(one) for one in lines if one.step.role == "stage"}
    return found


def is_check(line: Line) -> bool:
    """Can it find something wrong, and does that count?"""
    step = line.step
    if step.role != "step" or not line.counts:
        return False
    checked = step.kind in _CHECKS or (step.kind == "service" and not step.changes)
    states = step.kind == "log" and line.args.get("state", "any") != "any"
    options = any(_option_of(name) in _OPTIONS.get(step.kind, ()) for name in line.args)
    return checked or states or options or bool(_texts(line.notes, "expect"))


# --- expressions -----------------------------------------------------------------------------------------------


def _assertions(old: list[str], new: list[str], verb: str = "no longer expects") -> Iterator[str]:
    gone = [text for text in old if text not in new]
    come = [text for text in new if text not in old]
    for text in gone:
        if any(_holds_with(other, text) for other in come):  # what comes asserts it too, or more
            continue
        looser = next((other for other in come if _holds_with(text, other)), None)
        if looser is not None:
            yield f"{verb} {text}, only {looser}"
        elif len(gone) == len(come):
            yield f"{verb} {text}, but {come[gone.index(text)]}"
        else:
            yield f"{verb} {text}"


def _holds_with(strict: str, loose: str) -> bool:
    """Is it certain that `loose` holds wherever `strict` does?"""
    if strict == loose or loose in _ALWAYS:
        return True
    parts, options = _split(strict, "and"), _split(loose, "or")
    if (len(parts) > 1 or len(options) > 1) and "(" not in strict + loose:
        if len(parts) > 1 and len(_split(strict, "or")) == 1:
            others = _split(loose, "and")
            if len(_split(loose, "or")) == 1 and all(any(_holds_with(p, other) for p in parts) for other in others):
                return True
        if len(options) > 1 and len(_split(loose, "and")) == 1 and len(_split(strict, "and")) == 1:
            return all(any(_holds_with(p, o) for o in options) for p in _split(strict, "or"))
        return False
    one, other = _COMPARED.match(strict), _COMPARED.match(loose)
    if not (one and other and one[1] == other[1]) or len(parts) > 1 or len(options) > 1:
        return False
    return _inside(one[2], float(one[3]), other[2], float(other[3]))


def _split(text: str, word: str) -> list[str]:
    """The parts of an expression at a word that stands in no quotes."""
    parts, quoted = [""], ""
    for piece in re.split(rf"(\s{word}\s|['\"])", text):
        if piece in ("'", '"') and quoted in ("", piece):
            quoted = "" if quoted else piece
        if not quoted and piece.strip() == word:
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts]


def _inside(sign: str, number: float, wider: str, limit: float) -> bool:
    """Does `x SIGN number` mean `x WIDER limit`, for every x?"""
    match wider:
        case "==":
            return sign == "==" and number == limit
        case "!=":
            held = {"==": number != limit, ">": number >= limit, ">=": number > limit}
            held |= {"<": number <= limit, "<=": number < limit, "!=": number == limit}
            return held[sign]
        case ">" | ">=":
            strict = wider == ">" and sign != ">"
            return sign in ("==", ">", ">=") and (number > limit if strict else number >= limit)
    strict = wider == "<" and sign != "<"
    return sign in ("==", "<", "<=") and (number < limit if strict else number <= limit)


# --- the rest --------------------------------------------------------------------------------------------------


def _failures(old: tuple[Note, ...], new: tuple[Note, ...]) -> Iterator[str]:
    if _texts(new, "severity") == ["warn"] != _texts(old, "severity"):
        yield "a failure is only a warning now"
    for text in _new(old, new, "ignore_errors"):
        if text != "false":
            yield "errors are ignored now" if text == "true" else f"errors are ignored now, if {text}"
    # All of `failed_when` must hold for a failure: one more is one way less to fail.
    for text in _new(old, new, "failed_when"):
        yield f"it fails only when {text}"


def _options(old: Line, new: Line) -> Iterator[str]:
    kind = new.step.kind
    if kind != old.step.kind:
        return
    before, after = json.loads(old.step.args), json.loads(new.step.args)
    if kind == "assert":
        yield from _assertions(_that(old), _that(new))
    yield from _fewer(before, after, _OPTIONS.get(kind, ()))
    if after.get("state") == "any" and before.get("state", "") != "any" and kind in ("log", "port", "process"):
        yield "whatever it finds is right now"
    for inner, found in ((before, after), *_mappings(before, after)):
        if found.get("verify") is False and inner.get("verify") is not False:
            yield "the server's certificate is no longer checked"


def _mappings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    for name, value in after.items():
        if isinstance(value, dict) and isinstance(before.get(name), dict):
            yield before[name], value


def _fewer(before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        old, new = _listed(before.get(name)), _listed(after.get(name))
        if old and not new:
            yield f"no longer checks `{name}`: {', '.join(map(str, old))}"
        elif name == "status" and old != new and _wider(old, new):
            yield f"more answers are right: status {_short(before[name])} → {_short(after[name])}"
        elif len(new) < len(old) and all(item in old for item in new):
            gone = [str(item) for item in old if item not in new]
            yield f"no longer checks `{name}`: {', '.join(gone)}"
    for inner, found in _mappings(before, after):
        yield from _fewer(inner, found, names)


def _wider(old: list[Any], new: list[Any]) -> bool:
    """Are all the answers that were right still right, and others too?"""
    classes = {str(item)[0] for item in new if str(item).endswith("xx")}
    return all(item in new or str(item)[:1] in classes for item in old)


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _listed(value: Any) -> list[Any]:
    return [] if value in (None, "") else value if isinstance(value, list) else [value]


def _that(line: Line) -> list[str]:
    if line.step.kind != "assert":
        return []
    return [str(item) for item in _listed(json.loads(line.step.args).get("that"))]


def _option_of(path: str) -> str:
    return re.split(r"[.\[]", path)[-1 if "." in path else 0]


def _texts(notes: tuple[Note, ...], key: str) -> list[str]:
    return [note.text for note in notes if note.key == key]


def _new(old: tuple[Note, ...], new: tuple[Note, ...], key: str) -> list[str]:
    known = _texts(old, key)
    return [text for text in _texts(new, key) if text not in known]
