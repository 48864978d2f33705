"""An edit as a diff of its own texts, for who reviews it: what goes with `-`, what comes with `+`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.steps.files.text_edits import ACTIONS


def as_diff(edit: Mapping[str, Any]) -> str:
    """The lines of one edit under a head that says where, and how many places there must be."""
    action = next((name for name in ACTIONS if name in edit), "")
    match action:
        case "replace":
            lines = [*_each("-", edit["replace"]), *_each("+", edit.get("with", ""))]
        case "insert":
            new = _each("+", edit["insert"])
            lines = [*_each(" ", edit["after"]), *new] if "after" in edit else [*new, *_each(" ", edit.get("before"))]
        case "line" | "block":
            lines = _each("+", edit[action]) if edit[action] else []
        case "absent":
            lines = _each("-", edit["absent"])
        case _:
            lines = []
    return "\n".join([f"@@ {_where(action, edit)} @@", *lines])


def _where(action: str, edit: Mapping[str, Any]) -> str:
    if action == "line":
        place = f", else {_near(edit)}" if _near(edit) else ""
        return (f"in place of the last line matching {edit['regexp']}" if "regexp" in edit else "a line") + place
    if action == "block":
        marker = f" marked {edit['marker']}" if "marker" in edit else ""
        return ("a block" if edit["block"] else "no block") + marker + (f", {_near(edit)}" if _near(edit) else "")
    what = "lines with" if action == "absent" else action
    how = " the regular expression" if edit.get("regex") else ""
    count = edit.get("count")
    times = "" if count is None else (", in one place or more" if count == "any" else f", in {count} places")
    return f"{what}{how}{times}"


def _near(edit: Mapping[str, Any]) -> str:
    return next((f"{word} {edit[word]}" for word in ("after", "before") if word in edit), "")


def _each(sign: str, text: Any) -> list[str]:
    return [f"{sign}{line}" for line in str("" if text is None else text).rstrip("\n").split("\n")]
