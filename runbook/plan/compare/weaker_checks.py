"""In which way a step checks less than it did: an assertion removed or loosened, a failure that no longer counts.

Only what is certainly less is told as less. An assertion in the place of another is told as that: what the first one
held is not asserted any more. More retries and longer waiting are no weakening: what must hold is the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from runbook.plan.compare.comparable_lines import Line
from runbook.plan.describe.view import Note
from runbook.steps.traits import option, traits
from runbook.steps.weaker import listed

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
    texts = [*_texts(line.notes, "expect"), *_conditions(line)]
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
    if line.step.role != "step" or not line.counts:
        return False
    return bool(_texts(line.notes, "expect")) or traits(line.step.kind).checks(json.loads(line.step.args))


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
    if new.step.kind != old.step.kind:
        return
    kind = traits(new.step.kind)
    before, after = json.loads(old.step.args), json.loads(new.step.args)
    yield from _assertions(_conditions(old), _conditions(new))
    yield from kind.weaker(before, after)


def _conditions(line: Line) -> list[str]:
    """What must hold by the options of the step itself."""
    args = json.loads(line.step.args)
    return [str(item) for one in traits(line.step.kind).conditions(args) for item in listed(option(args, one.at))]


def _texts(notes: tuple[Note, ...], key: str) -> list[str]:
    return [note.text for note in notes if note.key == key]


def _new(old: tuple[Note, ...], new: tuple[Note, ...], key: str) -> list[str]:
    known = _texts(old, key)
    return [text for text in _texts(new, key) if text not in known]
