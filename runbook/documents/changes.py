"""What is another now, as lines: by words for a terminal, by lines of `-` and `+` where a diff is drawn in colours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.documents.harmless import Harmless, diff_line
from runbook.documents.model import Changes, Field

CONTEXT = 2
ALIKE = 0.4
"""With less in common two texts are told one after the other, not mixed."""
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_SIGNS = {"~": "!", ">": "!"}
"""What a diff knows beside + and -."""


def change_lines(changes: Changes, harmless: Harmless) -> Iterator[tuple[str, str, int]]:
    """Text, style and indentation of each line; of a field of one line the changed words are marked."""
    for field in changes.fields:
        yield from _field_lines(field, harmless, 0)
    for change in changes.changes:
        yield f"{change.sign} {_one_line(change.text, harmless)}", "text", 0
        if change.action:
            yield _one_line(change.action, harmless), "text", 4
        for field in change.fields:
            yield from _field_lines(field, harmless, 4)


def _field_lines(field: Field, harmless: Harmless, indent: int) -> Iterator[tuple[str, str, int]]:
    if not _is_long(field):
        yield harmless(f"{field.name}: {changed_words(field.before, field.after)}"), "text", indent
        return
    yield harmless(f"{field.name}:"), "text", indent
    yield from ((line, diff_line(line) or "soft", indent + 2) for line in _changed_lines(field, harmless))


def diff_text(changes: Changes, harmless: Harmless) -> str:
    """The same as a diff."""
    return "\n".join(_diff_lines(changes, harmless))


def _diff_lines(changes: Changes, harmless: Harmless) -> Iterator[str]:
    for field in changes.fields:
        yield from _diff_field(field, harmless, " ")
    for change in changes.changes:
        sign = _SIGNS.get(change.sign, change.sign)
        yield f"{sign} {_one_line(change.text, harmless)}"
        if change.action:
            yield f"{sign}     {_one_line(change.action, harmless)}"
        for field in change.fields:
            yield from _diff_field(field, harmless, "     ")


def _diff_field(field: Field, harmless: Harmless, space: str) -> Iterator[str]:
    if _is_long(field):
        yield harmless(f"  {field.name}:")
        yield from _changed_lines(field, harmless)
        return
    for sign, text in (("-", field.before), ("+", field.after)):
        if text:
            yield harmless(f"{sign}{space}{field.name}: {text}")


def _is_long(field: Field) -> bool:
    return "\n" in field.before.strip() + field.after.strip()


def _one_line(text: str, harmless: Harmless) -> str:
    return harmless(text).replace("\n", " ")


def _changed_lines(field: Field, harmless: Harmless) -> Iterator[str]:
    """The changed lines of a text with a few around."""
    import difflib

    before, after = (harmless(text).splitlines() for text in (field.before, field.after))
    made = difflib.unified_diff(before, after, lineterm="", n=CONTEXT)
    return (line for line in made if not line.startswith(("---", "+++")))


def changed_words(before: str, after: str) -> str:
    """One line with what went as [-…-] and what came as {+…+}.

    >>> changed_words("restart app now", "restart web now")
    'restart [-app-]{+web+} now'
    """
    import difflib

    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if before and after and matcher.ratio() < ALIKE:
        return f"[-{before}-]{{+{after}+}}"
    out = []
    for what, left, left_end, right, right_end in matcher.get_opcodes():
        gone, come = "".join(old[left:left_end]), "".join(new[right:right_end])
        if what == "equal":
            out.append(gone)
        else:
            out.append((f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else ""))
    return "".join(out)
