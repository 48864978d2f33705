"""Edits a text file on the host: an ordered list of small changes, all of them or none.

Each edit is one of

- `replace` with `with`: the text becomes another one;
- `insert` with `after` or `before`: lines are put behind or before the line that has this text;
- `line`, with `regexp`: the last line that matches becomes this one; else it is added (at the end, `after`, `before`);
- `block`, with `marker`: lines between two marker lines, replaced whole; an empty block goes, with its markers;
- `absent`: the lines that have this text go.

Texts are exact; with `regex: true` they are regular expressions over the whole file. `replace` and `insert` must find
exactly one place unless `count` says how many (`any` for one or more); otherwise nothing is changed, and the message
says what was found. A second run finds its work done and changes nothing; edits of which that would not be true are
refused. Line ends, a byte order mark, mode and owner stay; write `\\n` whatever the line ends are. A link is followed.
`validate` checks the new file before it takes the old one's place.

Outcome: `path`, `changed`, `edits` (true for each that changed something), `backup` (path, or empty).

```yaml
- name: The middleware is always on
  edit:
    path: /opt/app/main.py
    edits:
      - replace: |
          if not settings.debug:
              app.add_middleware(UsageMiddleware)
        with: |
          app.add_middleware(UsageMiddleware)
    validate: python3 -m py_compile %s
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.runs.events import Outcome, changed, passed
from runbook.steps.base import Args, Context, Detail, StepError
from runbook.steps.files.edit_diff import as_diff
from runbook.steps.files.text_edits import ACTIONS, OPTIONS, EditProblem, apply_edits
from runbook.steps.files.unified_diff import unified
from runbook.steps.quoted_text import shown
from runbook.steps.traits import Fields
from runbook.transports.shell.files import FileMissing, FileProblem, could_write, read_file, write_file

_EDIT: Mapping[str, Any] = {
    "replace": {"type": "string", "minLength": 1, "description": "Text to find; `with` takes its place."},
    "with": {"type": ["string", "integer"], "description": "What takes the place of `replace`."},
    "insert": {"type": "string", "minLength": 1, "description": "Lines to put `after` or `before` a line."},
    "after": {"type": "string", "minLength": 1, "description": "Text of the line to insert behind."},
    "before": {"type": "string", "minLength": 1, "description": "Text of the line to insert before."},
    "line": {"type": "string", "description": "A line that must be there."},
    "regexp": {"type": "string", "description": "Expression for the line that `line` takes the place of."},
    "block": {"type": "string", "description": "Lines that stand between two marker lines."},
    "marker": {"type": "string", "pattern": "\\{mark\\}", "description": "Marker line; {mark} is BEGIN or END."},
    "absent": {"type": "string", "minLength": 1, "description": "Text whose lines must not be there."},
    "regex": {"type": "boolean", "description": "The text to find is a regular expression."},
    "count": {
        "anyOf": [{"type": "integer", "minimum": 1}, {"enum": ["any"]}],
        "description": "How many places must be found; `any` for one or more.",
    },
}


def _goes_with(action: str) -> Mapping[str, Any]:
    """Keys that mean nothing beside an action are refused, not passed over; what it needs must be there."""
    earlier = ACTIONS[: ACTIONS.index(action)]
    others = [key for key in _EDIT if key not in (action, *earlier, *OPTIONS[action])]
    needs: dict[str, Any] = {"required": ["with"]} if action == "replace" else {}
    if action == "insert":
        needs = {"anyOf": [{"required": ["after"]}, {"required": ["before"]}]}
    wrong = {key: {"not": {}, "description": f"`{key}` does not go with `{action}`"} for key in others}
    return {"if": {"required": [action]}, "then": {"properties": wrong, **needs}}


_EACH = [_goes_with(action) for action in ACTIONS]
_SOME = {
    "not": {"not": {"anyOf": [{"required": [action]} for action in ACTIONS]}},
    "description": f"needs one of {', '.join(ACTIONS)}",
}
_BOTH = {"not": {}, "description": "stands beside `edits`: put it into the list"}
_WHOLE = {
    "if": {"required": ["edits"]},
    "then": {"properties": dict.fromkeys(_EDIT, _BOTH)},
    "else": {"allOf": [*_EACH, {**_SOME, "description": f"needs `edits`, or one of {', '.join(ACTIONS)}"}]},
}

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Ordered edits of a text file.",
    "additionalProperties": False,
    "required": ["path"],
    "properties": {
        "path": {"type": "string", "minLength": 1, "description": "File on the host."},
        "edits": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": _EDIT,
                "allOf": [*_EACH, _SOME],
            },
            "description": "The edits, in order; a single one may stand without the list.",
        },
        **_EDIT,
        "create": {"type": "boolean", "default": False, "description": "Begin with an empty file where there is none."},
        "backup": {"type": "boolean", "default": True, "description": "Keep a copy of what was there."},
        "encoding": {"type": "string", "default": "utf-8", "description": "Encoding of the file."},
        "validate": {
            "type": "string",
            "pattern": "%s",
            "description": "Command that checks the new file, `%s` in its place, before it takes the old one's.",
        },
    },
    "allOf": [_WHOLE],
}
SHORT = ""
FIELDS = Fields(frozenset({"path", "changed", "edits", "backup"}))
CHECKED_BY = ("validate",)


def changes(_args: Args) -> bool:
    return True


def plan(args: Args) -> str:
    edits = _edits(args)
    told = "; ".join(map(_say, edits)) if isinstance(edits, list) else str(edits)  # a template, not known yet
    return f"{args.get('path', '')}: {told}"


def detail(args: Args) -> tuple[Detail, ...]:
    """The edits as a diff of the playbook's own texts: what is in the file, only the host knows."""
    edits = _edits(args)
    if not isinstance(edits, list) or not all(isinstance(edit, Mapping) for edit in edits):
        return ()
    return (Detail(str(args.get("path", "")), "\n".join(map(as_diff, edits)), "diff", ("path", "edits", *_EDIT)),)


def run(args: Args, context: Context) -> Outcome:
    return _outcome(args, context, write=True)


def preview(args: Args, context: Context) -> Outcome:
    """What it would change, as a diff; fails where the change would. `validate` is asked, on a file of its own."""
    return _outcome(args, context, write=False)


def _outcome(args: Args, context: Context, *, write: bool) -> Outcome:
    path, edits = args["path"], _edits(args)
    try:
        raw = _read(path, args, context)
        before = _decode(raw or b"", args)
        edited = apply_edits(before, edits)
        data = {"path": path, "changed": raw is None or edited.text != before, "edits": list(edited.applied)}
        if not data["changed"]:
            return passed(f"{path} has it already", **data, backup="")
        after = _encode(edited.text, args)
        backup = ""
        if write:
            backup = _write(path, after, args, context, keep=raw is not None)
        else:
            could_write(context.command, path, after, validate=args.get("validate"))
    except (EditProblem, FileProblem) as error:
        said = str(error)
        raise StepError(said if said.startswith(path) else f"{path}: {said}") from None
    done, verb = sum(edited.applied), "" if write else "would be "
    said = f"{path}: {done} of {len(edits)} edits {verb}done" if len(edits) > 1 else f"{path} {verb}edited"
    return changed(said, diff=unified(before, edited.text, path), **data, backup=backup)


def _write(path: str, data: bytes, args: Args, context: Context, *, keep: bool) -> str:
    return write_file(context.command, path, data, backup=args["backup"] and keep, validate=args.get("validate"))


def _read(path: str, args: Args, context: Context) -> bytes | None:
    """The file as it is; None when it has to be made."""
    try:
        return read_file(context.command, path)
    except FileMissing:
        if args["create"]:
            return None
        raise


def _decode(raw: bytes, args: Args) -> str:
    """Its text. Bytes that would not be the same again when they are written back are refused."""
    path, encoding = args["path"], args["encoding"]
    try:
        text = raw.decode(encoding)
        if text.encode(encoding) == raw or not raw:
            return text
        why = "written back, its other bytes would not be the same"
    except LookupError:
        raise StepError(f"encoding {encoding!r} is not known; such as utf-8, latin-1, utf-16") from None
    except UnicodeError as error:
        why = str(error)
    raise StepError(f"{path} is not text in {encoding}: {why}; say its `encoding`, such as latin-1")


def _encode(text: str, args: Args) -> bytes:
    try:
        return text.encode(args["encoding"])
    except UnicodeError as error:
        raise StepError(f"{args['path']}: the new text cannot be written in {args['encoding']}: {error}") from None


def _edits(args: Args) -> Any:
    """The list of edits, or the one that stands without a list."""
    return args["edits"] if "edits" in args else [{key: args[key] for key in _EDIT if key in args}]


def _say(edit: Any) -> str:
    """One edit in words, with the first line of its texts."""
    if not isinstance(edit, Mapping):
        return str(edit)
    match next((key for key in ACTIONS if key in edit), ""):
        case "replace":
            return f"replace {shown(edit['replace'])} with {shown(edit.get('with', ''))}"
        case "insert":
            where = "after" if "after" in edit else "before"
            return f"insert {shown(edit['insert'])} {where} {shown(edit.get(where, ''))}"
        case "line":
            return f"line {shown(edit['line'])}"
        case "block":
            return f"block {shown(edit['block'])}"
        case "absent":
            return f"without {shown(edit['absent'])}"
    return "nothing"
