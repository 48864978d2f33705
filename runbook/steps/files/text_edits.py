"""Edits of a text, pure: what each finds, what it makes of it, and whether it has been done before.

Applied twice, an edit gives what it gave once; one of which that would not be true is refused.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from runbook.common.frozen import Frozen
from runbook.steps.quoted_text import shown

ACTIONS = ("replace", "insert", "line", "block", "absent")
"""The keys that say what an edit is; each edit has exactly one."""

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "replace": ("with", "regex", "count"),
    "insert": ("after", "before", "regex", "count"),
    "line": ("regexp", "after", "before", "regex", "count"),
    "block": ("marker", "after", "before", "regex", "count"),
    "absent": ("regex", "count"),
}
"""The keys that may stand beside each of them."""

BOM = "\ufeff"


Lines = tuple[int, int]
"""Where whole lines begin and end in a text."""


class EditProblem(Exception):
    """An edit does not fit the text; the sentence says what was found instead."""


class Edited(Frozen):
    """The new text, and for each edit whether it changed something."""

    text: str
    applied: tuple[bool, ...]


def apply_edits(text: str, edits: Sequence[Mapping[str, Any]]) -> Edited:
    """All edits in order, or none. Line ends and a byte order mark stay those of the text. Raises EditProblem."""
    mark = BOM if text.startswith(BOM) else ""
    body = text.removeprefix(BOM)
    crlf = "\r\n" in body and "\n" not in body.replace("\r\n", "")
    current = body.replace("\r\n", "\n") if crlf else body
    applied = []
    for index, edit in enumerate(edits, 1):
        try:
            after = _once(current, _with_newlines(edit) if crlf else edit)
        except EditProblem as error:
            where = f"edit {index}: " if len(edits) > 1 else ""
            raise EditProblem(f"{where}{error}") from None
        applied.append(after != current)
        current = after
    if any(applied):
        _all_again(current, edits if not crlf else [_with_newlines(edit) for edit in edits])
    return Edited(mark + (current.replace("\n", "\r\n") if crlf else current), tuple(applied))


def _with_newlines(edit: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value.replace("\r\n", "\n") if isinstance(value, str) else value for key, value in edit.items()}


def _all_again(text: str, edits: Sequence[Mapping[str, Any]]) -> None:
    """Raises EditProblem when a second run would not leave the text alone: one edit undoes what another has done."""
    again = text
    for index, edit in enumerate(edits, 1):
        try:
            again = _apply(again, edit)
        except EditProblem as error:
            raise EditProblem(f"edit {index} would fail in a second run, after those behind it: {error}") from None
    if again != text:
        raise EditProblem("the edits undo one another: a second run would change the file again")


def _once(text: str, edit: Mapping[str, Any]) -> str:
    after = _apply(text, edit)
    if after == text:
        return text
    try:
        again = _apply(after, edit)
    except EditProblem as error:
        raise EditProblem(f"a second run would fail: {error}; choose another text") from None
    if again != after:
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
    old, new = edit["replace"], str(edit["with"])
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
    pattern, new = _pattern(edit["replace"]), str(edit["with"])
    matches = list(pattern.finditer(text))
    try:
        made = [match.expand(new) for match in matches]
    except (re.error, IndexError) as error:
        raise EditProblem(f"`with` {new!r} cannot be used: {error}") from None
    if not matches and _was_made(new, text):
        return text
    if matches and all(match.group() == own for match, own in zip(matches, made, strict=True)):
        return text
    _count(text, edit["replace"], [match.start() for match in matches], edit.get("count", 1))
    return pattern.sub(new, text)


def _was_made(new: str, text: str) -> bool:
    """Does what an expression's `with` makes stand there already? What its groups held may be anything on a line."""
    parts = re.split(r"\\(\d{1,2}|g<\w+>|.)", new)
    pattern = "".join(re.escape(part) if index % 2 == 0 else _escape(part) for index, part in enumerate(parts))
    return bool(re.search(pattern, text)) if not new or pattern.replace(_GROUP, "").strip() else False


_GROUP = "(?:.*?)"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "b": "\b", "\\": "\\"}


def _escape(part: str) -> str:
    return re.escape(_ESCAPES[part]) if part in _ESCAPES else _GROUP


# --- insert ------------------------------------------------------------------------------------------------


def _insert(text: str, edit: Mapping[str, Any]) -> str:
    if ("after" in edit) == ("before" in edit):
        raise EditProblem("`insert` needs either `after` or `before`")
    where = "after" if "after" in edit else "before"
    new = _ended(edit["insert"])
    spans, done = _anchors(text, new, _line_spans(text, edit[where], bool(edit.get("regex"))), where)
    _count(text, edit[where], [start for start, _ in spans], edit.get("count", 1))
    for start, end in reversed([span for span in spans if span not in done]):
        at = end if where == "after" else start
        head = text[:at]
        text = (_ended(head) if head and where == "after" else head) + new + text[at:]
    return text


def _anchors(text: str, new: str, spans: list[Lines], where: str) -> tuple[list[Lines], set[Lines]]:
    """The lines to insert at, without those that an earlier run has inserted, and those of them where one has been."""
    found: list[Lines] = []
    done: set[Lines] = set()
    inside: Lines | None = None
    for start, end in spans if where == "after" else reversed(spans):
        if inside and inside[0] <= start and end <= inside[1]:
            continue
        found.append((start, end))
        inside = _inserted(text, new, start, end, where)
        if inside:
            done.add((start, end))
    return sorted(found), done


def _inserted(text: str, new: str, start: int, end: int, where: str) -> Lines | None:
    """Where the new lines stand beside these already."""
    if where == "before":
        return (
            (start - len(new), start) if text.endswith(new, 0, start) and _starts_line(text, start - len(new)) else None
        )
    if text.startswith(new, end):
        return (end, end + len(new))
    return (end, len(text)) if end < len(text) and text[end:] == new.removesuffix("\n") else None


def _starts_line(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] == "\n"


def _line_spans(text: str, anchor: str, regex: bool) -> list[Lines]:
    """The whole lines that each place of an anchor lies in."""
    if not anchor:
        raise EditProblem("the text to find is empty")
    pattern = _pattern(anchor) if regex else re.compile(re.escape(anchor))
    spans: list[Lines] = []
    for match in pattern.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        stop = match.end() if match.end() > match.start() and text[match.end() - 1] == "\n" else None
        end = stop if stop is not None else text.find("\n", match.end()) + 1 or len(text)
        if start < end and (not spans or spans[-1] != (start, end)):
            spans.append((start, end))
    return spans


# --- line, block, absent -----------------------------------------------------------------------------------


def _line(text: str, edit: Mapping[str, Any]) -> str:
    """As lineinfile: the last line that `regexp` matches becomes the line; without one it is added."""
    wanted = str(edit["line"]).rstrip("\n")
    if "\n" in wanted:
        raise EditProblem("`line` is one line: use `block` or `insert` for more")
    lines = _split(text)
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
    """As blockinfile: a block between two marker lines, replaced whole; an empty one goes, with its markers."""
    marker = edit.get("marker", "# {mark} runbook")
    if "{mark}" not in marker:
        raise EditProblem("`marker` needs {mark}")
    begin, end = marker.replace("{mark}", "BEGIN"), marker.replace("{mark}", "END")
    new = f"{begin}\n{_ended(edit['block'])}{end}\n" if edit["block"] else ""
    lines = _split(text)
    bare = [line.rstrip("\n") for line in lines]
    if (begin in bare) != (end in bare):
        raise EditProblem(f"only one of the marker lines {shown(begin)} and {shown(end)} is there")
    if begin in bare:
        first, last = bare.index(begin), bare.index(end)
        if last < first:
            raise EditProblem(f"the marker line {shown(end)} stands before {shown(begin)}")
        return "".join(lines[:first]) + new + "".join(lines[last + 1 :])
    if not new:
        return text
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
        hint = f"; the nearest line is {shown(near[0])}" if near else ""
        raise EditProblem(f"{shown(first)} is not in the file{hint}")
    lines = ", ".join(str(text.count("\n", 0, at) + 1) for at in places[:10])
    raise EditProblem(
        f"{shown(first)} is in {len(places)} places (lines {lines}), not {count}: say `count`, or more of it"
    )


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.MULTILINE)
    except re.error as error:
        raise EditProblem(f"{text!r} is not a regular expression: {error}") from None


def _split(text: str) -> list[str]:
    """Lines with their ends. Only a newline ends one: a form feed, or a separator of Unicode, stands inside a line."""
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
