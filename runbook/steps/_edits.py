"""Edits of a text, pure: what each finds, what it makes of it, and whether it has been done before.

Applied twice, an edit gives what it gave once; one of which that would not be true is refused.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ACTIONS = ("replace", "insert", "line", "block", "absent")
"""The keys that say what an edit is; each edit has exactly one."""


class EditProblem(Exception):
    """An edit does not fit the text; the sentence says what was found instead."""


@dataclass(frozen=True)
class Edited:
    """The new text, and for each edit whether it changed something."""

    text: str
    applied: tuple[bool, ...]


def apply_edits(text: str, edits: Sequence[Mapping[str, Any]]) -> Edited:
    """All edits in order, or none. Line ends stay those of the text. Raises EditProblem."""
    crlf = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    current = text.replace("\r\n", "\n") if crlf else text
    applied = []
    for index, edit in enumerate(edits, 1):
        try:
            after = _once(current, edit)
        except EditProblem as error:
            where = f"edit {index}: " if len(edits) > 1 else ""
            raise EditProblem(f"{where}{error}") from None
        applied.append(after != current)
        current = after
    return Edited(current.replace("\n", "\r\n") if crlf else current, tuple(applied))


def _once(text: str, edit: Mapping[str, Any]) -> str:
    after = _apply(text, edit)
    if after != text and _apply(after, edit) != after:
        raise EditProblem("what it makes would be changed again by a second run: choose another text")
    return after


def _apply(text: str, edit: Mapping[str, Any]) -> str:
    found = [key for key in ACTIONS if key in edit]
    if len(found) != 1:
        raise EditProblem(
            f"an edit has exactly one of {', '.join(ACTIONS)}; this one has {' and '.join(found) or 'none'}"
        )
    return _DO[found[0]](text, edit)


# --- replace -----------------------------------------------------------------------------------------------


def _replace(text: str, edit: Mapping[str, Any]) -> str:
    if "with" not in edit:
        raise EditProblem("`replace` needs `with`")
    return _replace_regex(text, edit) if edit.get("regex") else _replace_plain(text, edit)


def _replace_plain(text: str, edit: Mapping[str, Any]) -> str:
    old, new = edit["replace"], edit["with"]
    if not old:
        raise EditProblem("`replace` is empty")
    done = _places(text, new) if new and old in new else []
    pending = [at for at in _places(text, old) if not any(d <= at and at + len(old) <= d + len(new) for d in done)]
    if not pending and _stands(new, text):
        return text
    _count(text, old, pending, edit.get("count", 1))
    out, last = [], 0
    for at in pending:
        out += [text[last:at], new]
        last = at + len(old)
    return "".join([*out, text[last:]])


def _stands(new: str, text: str) -> bool:
    """Does the new text stand there already? Whole lines must do so as whole lines."""
    return f"\n{new}" in f"\n{text}" if new.endswith("\n") else new in text


def _replace_regex(text: str, edit: Mapping[str, Any]) -> str:
    pattern, new = _pattern(edit["replace"]), edit["with"]
    places = [match.start() for match in pattern.finditer(text)]
    wanted = edit.get("count", 1)
    if not places and (wanted == "any" or (new and new in text)):
        return text
    if places and all(match.expand(new) == match.group() for match in pattern.finditer(text)):
        return text
    _count(text, edit["replace"], places, wanted)
    try:
        return pattern.sub(new, text)
    except (re.error, IndexError) as error:
        raise EditProblem(f"`with` {new!r} cannot be used: {error}") from None


# --- insert ------------------------------------------------------------------------------------------------


def _insert(text: str, edit: Mapping[str, Any]) -> str:
    if ("after" in edit) == ("before" in edit):
        raise EditProblem("`insert` needs either `after` or `before`")
    where = "after" if "after" in edit else "before"
    new = _ended(edit["insert"])
    spans = _line_spans(text, edit[where], bool(edit.get("regex")))
    _count(text, edit[where], [start for start, _ in spans], edit.get("count", 1))
    for start, end in reversed(spans):
        at = end if where == "after" else start
        there = (
            text.startswith(new, at) or text[at:] == new.rstrip("\n") if where == "after" else text.endswith(new, 0, at)
        )
        if not there:
            head = text[:at]
            text = (_ended(head) if head and where == "after" else head) + new + text[at:]
    return text


def _line_spans(text: str, anchor: str, regex: bool) -> list[tuple[int, int]]:
    """The whole lines that each place of an anchor lies in."""
    if not anchor:
        raise EditProblem("the text to find is empty")
    pattern = _pattern(anchor) if regex else re.compile(re.escape(anchor))
    spans: list[tuple[int, int]] = []
    for match in pattern.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        stop = match.end() if match.end() > match.start() and text[match.end() - 1] == "\n" else None
        end = stop if stop is not None else text.find("\n", match.end()) + 1 or len(text)
        if not spans or spans[-1] != (start, end):
            spans.append((start, end))
    return spans


# --- line, block, absent -----------------------------------------------------------------------------------


def _line(text: str, edit: Mapping[str, Any]) -> str:
    """As lineinfile: the last line that `regexp` matches becomes the line; without one it is added."""
    wanted = str(edit["line"]).rstrip("\n")
    if "\n" in wanted:
        raise EditProblem("`line` is one line: use `block` or `insert` for more")
    lines = text.splitlines(keepends=True)
    bare = [line.rstrip("\n") for line in lines]
    if "regexp" in edit:
        pattern = _pattern(edit["regexp"])
        hits = [index for index, line in enumerate(bare) if pattern.search(line)]
        if hits:
            ending = "\n" if lines[hits[-1]].endswith("\n") else ""
            lines[hits[-1]] = wanted + ending
            return "".join(lines)
    if wanted in bare:
        return text
    if "after" in edit or "before" in edit:
        return _insert(text, {**edit, "insert": wanted})
    return (_ended(text) if text else "") + wanted + "\n"


def _block(text: str, edit: Mapping[str, Any]) -> str:
    """As blockinfile: a block between two marker lines, replaced whole."""
    marker = edit.get("marker", "# {mark} runbook")
    if "{mark}" not in marker:
        raise EditProblem("`marker` needs {mark}")
    begin, end = marker.replace("{mark}", "BEGIN"), marker.replace("{mark}", "END")
    new = f"{begin}\n{_ended(edit['block'])}{end}\n"
    lines = text.splitlines(keepends=True)
    bare = [line.rstrip("\n") for line in lines]
    if (begin in bare) != (end in bare):
        raise EditProblem(f"only one of the marker lines {begin!r} and {end!r} is there")
    if begin in bare:
        first, last = bare.index(begin), bare.index(end)
        if last < first:
            raise EditProblem(f"the marker line {end!r} stands before {begin!r}")
        return "".join(lines[:first]) + new + "".join(lines[last + 1 :])
    if "after" in edit or "before" in edit:
        return _insert(text, {**{k: v for k, v in edit.items() if k != "block"}, "insert": new})
    return (_ended(text) if text else "") + new


def _absent(text: str, edit: Mapping[str, Any]) -> str:
    """Without the lines that the text or the expression is found in."""
    spans = _line_spans(text, edit["absent"], bool(edit.get("regex")))
    if not spans:
        return text
    wanted = edit.get("count", "any")
    _count(text, edit["absent"], [start for start, _ in spans], wanted)
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return text


_DO = {"replace": _replace, "insert": _insert, "line": _line, "block": _block, "absent": _absent}


# --- what they share ---------------------------------------------------------------------------------------


def _places(text: str, part: str) -> list[int]:
    places, at = [], text.find(part)
    while at >= 0:
        places.append(at)
        at = text.find(part, at + len(part))
    return places


def _count(text: str, wanted: str, places: list[int], count: Any) -> None:
    """Raises EditProblem when another number of places was found than is expected."""
    if count == "any" and places:
        return
    if isinstance(count, int) and len(places) == count:
        return
    first = wanted.strip().splitlines()[0] if wanted.strip() else wanted
    if not places:
        near = difflib.get_close_matches(first, [line.strip() for line in text.splitlines()], n=1, cutoff=0.5)
        hint = f"; the nearest line is {near[0]!r}" if near else ""
        raise EditProblem(f"{first!r} is not in the file{hint}")
    lines = ", ".join(str(text.count("\n", 0, at) + 1) for at in places[:10])
    raise EditProblem(f"{first!r} is in {len(places)} places (lines {lines}), not {count}: say `count`, or more of it")


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.MULTILINE)
    except re.error as error:
        raise EditProblem(f"{text!r} is not a regular expression: {error}") from None


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
