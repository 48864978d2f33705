"""Checks a path on the host; changes nothing.

All that is wrong is told at once. `contains` and `not_contains` are plain text, `matches` and `not_matches` regular
expressions over the whole text in which `^` and `$` stand for the ends of lines, whatever these are; each takes one or
a list. With `count` each text of `contains` and `matches` must be found that often (places that overlap count once).
A link is followed, but for the states `link` and `absent`. Texts are looked for in files up to 16 MiB.

Outcome: `path`, `exists`, and where it is there `kind` (file, directory, link, other), `size` (bytes), `mode` (octal
text), `owner`, `group`, `uid`, `gid`, `mtime` (seconds since the epoch), `target` (where a link leads), `sha256` when
asked for, `count` (how often the texts of `contains` and `matches` were found, together).

```yaml
- name: The hosts file is whole
  file:
    path: /etc/hosts
    contains: localhost
    not_matches: '^0\\.0\\.0\\.0\\s'
    mode: "0644"

- name: The loopback address is named once
  file: {path: /etc/hosts, matches: '^127\\.0\\.0\\.1\\s', count: 1}
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook.common.frozen import asdict
from runbook.runs.events import Evidence, Outcome, failed, passed
from runbook.steps.base import Args, Context, StepError
from runbook.steps.files.file_texts import TEXT_CHECKS, listed, number_holds, texts
from runbook.steps.files.put_file import mode_text, sha256_of
from runbook.steps.quoted_text import shown
from runbook.steps.traits import Fields
from runbook.transports.shell.files import FileInfo, FileProblem, read_file, stat

_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "What must be true of a path.",
    "additionalProperties": False,
    "required": ["path"],
    "properties": {
        "path": {"type": "string", "minLength": 1, "description": "Path on the host."},
        "state": {
            "enum": ["present", "absent", "file", "directory", "link"],
            "default": "present",
            "description": "What must be there.",
        },
        "contains": {**_TEXTS, "description": "Text that must stand in it."},
        "not_contains": {**_TEXTS, "description": "Text that must not stand in it."},
        "matches": {**_TEXTS, "description": "Regular expression that must match."},
        "not_matches": {**_TEXTS, "description": "Regular expression that must not match."},
        "count": {
            "type": ["integer", "string"],
            "minimum": 0,
            "description": "How often `contains` and `matches` must be found in it: a number, or a comparison such as "
            "`<= 2`. Without it once is enough.",
        },
        "mode": {"type": ["string", "integer"], "description": 'Octal mode in quotes, such as "0644".'},
        "owner": {"type": ["string", "integer"], "description": "User that must own it, by name or number."},
        "group": {"type": ["string", "integer"], "description": "Group that must own it, by name or number."},
        "newer_than": {**_TEXTS, "description": "Path on the host that it must be newer than."},
        "sha256": {
            "type": "string",
            "pattern": "^[0-9a-fA-F]{64}$",
            "description": "Its SHA-256: 64 hexadecimal digits.",
        },
        "size": {"type": ["integer", "string"], "description": "Bytes, or a comparison such as `> 0`."},
    },
    "anyOf": [
        {"not": {"required": ["count"]}, "description": "`count` needs `contains` or `matches`"},
        {"required": ["contains"]},
        {"required": ["matches"]},
    ],
}
SHORT = "path"
FIELDS = Fields(frozenset({"path", "exists", "sha256", "count", *FileInfo.__struct_fields__}))
OWN_VERDICT = ("exists",)
BY_EXIT_CODE = False
CHECKED_BY = (*TEXT_CHECKS, "mode", "owner", "group", "newer_than", "sha256", "size", "count")


def changes(_args: Args) -> bool:
    return False


def asks_once(args: Args) -> bool:
    return not any(key in args for key in (*TEXT_CHECKS, "sha256", "newer_than"))


def plan(args: Args) -> str:
    checks = [
        f"{key} {shown(args[key])}" for key in SCHEMA["properties"] if key in args and key not in ("path", "state")
    ]
    state = args.get("state", "present")
    return f"{args.get('path', '')} is {state}" + (f", {', '.join(checks)}" if checks else "")


def checks(_args: Args) -> bool:
    return True


def run(args: Args, context: Context) -> Outcome:
    path, state = args["path"], args.get("state", "present")
    try:
        info = stat(context.command, path, follow=state not in ("link", "absent"))
        data = {"path": path, "exists": info is not None, **(asdict(info) if info else {})}
        if info is None or state == "absent":
            return _existence(path, state, info, data)
        wrong = [*_attributes(args, info), *_newer(args, info, context)]
        said, evidence = _content(args, info, context, data)
    except FileProblem as error:
        raise StepError(str(error)) from None
    wrong += said
    if wrong:
        return failed(f"{path}: " + "; ".join(wrong), tuple(evidence), **data)
    return passed(f"{path} is as it should be", **data)


def _content(args: Args, info: FileInfo, context: Context, data: dict[str, Any]) -> tuple[list[str], list[Evidence]]:
    """What is wrong with what it holds, with the places that show it; its checksum goes into the data."""
    if not any(key in args for key in (*TEXT_CHECKS, "sha256")):
        return [], []
    if info.kind not in ("file", "link"):
        return [f"it is {_a(info.kind)}, which holds no text"], []
    wrong: list[str] = []
    if "sha256" in args:
        data["sha256"] = sha256_of(context.command, args["path"])
        if data["sha256"] != args["sha256"].lower():
            wrong.append(f"its sha256 is {data['sha256']}")
    found = texts(args, _read(args, context))
    if found.count is not None:
        data["count"] = found.count
    return wrong + found.wrong, found.evidence


def _read(args: Args, context: Context) -> str:
    """Its text, where texts are asked for: bytes that are no UTF-8 as U+FFFD, with \\n at the ends of lines."""
    if not any(key in args for key in TEXT_CHECKS):
        return ""
    text = read_file(context.command, args["path"]).decode("utf-8", "replace")
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _existence(path: str, state: str, info: FileInfo | None, data: Mapping[str, Any]) -> Outcome:
    if (info is None) == (state == "absent"):
        return passed(f"{path} is {'absent' if info is None else 'present'}", **data)
    return failed(f"{path} is not there" if info is None else f"{path} is there, and must not be", **data)


def _attributes(args: Args, info: FileInfo) -> Iterator[str]:
    state, mode = args.get("state", "present"), mode_text(args.get("mode"))
    if state in ("file", "directory", "link") and info.kind != state:
        yield f"it is {_a(info.kind)}, not {_a(state)}"
    if mode is not None and int(mode, 8) != int(info.mode, 8):
        yield f"its mode is {info.mode}, not {mode}"
    for name, seen in (("owner", (info.owner, info.uid)), ("group", (info.group, info.gid))):
        if name in args and str(args[name]) not in seen:
            yield f"its {name} is {seen[0]}, not {args[name]}"
    if "size" in args and not number_holds("size", args["size"], info.size):
        yield f"its size is {info.size}, not {args['size']}"


def _a(kind: str) -> str:
    return "neither a file nor a directory" if kind == "other" else f"a {kind}"


def _newer(args: Args, info: FileInfo, context: Context) -> list[str]:
    wrong = []
    for other in listed(args.get("newer_than")):
        theirs = stat(context.command, other)
        if theirs is None:
            wrong.append(f"{other}, which it must be newer than, is not there")
        elif info.mtime <= theirs.mtime:
            wrong.append(f"it is not newer than {other}")
    return wrong
