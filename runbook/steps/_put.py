"""Puts bytes on a host as a file: what `copy` and `template` share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.events import Outcome, changed, passed
from runbook.steps._diff import of_bytes
from runbook.steps.base import Args, Context, StepError
from runbook.transports.files import FileInfo, FileMissing, FileProblem, read_file, stat, write_file

OPTIONS: Mapping[str, Any] = {
    "dest": {"type": "string", "minLength": 1, "description": "Path on the host."},
    "mode": {"type": ["string", "integer"], "description": 'Octal mode in quotes, such as "0644".'},
    "owner": {"type": "string", "description": "User that owns it."},
    "group": {"type": "string", "description": "Group that owns it."},
    "backup": {"type": "boolean", "default": True, "description": "Keep a copy of what was there."},
    "validate": {
        "type": "string",
        "pattern": "%s",
        "description": "Command that checks the new file, `%s` in its place, before it takes the old one's.",
    },
}


def mode_text(mode: Any) -> str | None:
    """A mode as octal text. YAML reads an unquoted 0644 as the number 420, which is meant as 0644."""
    if mode is None:
        return None
    return f"{mode:04o}" if isinstance(mode, int) else str(mode)


def put(data: bytes, name: str, args: Args, context: Context) -> Outcome:
    """Write it where it differs from what is there."""
    try:
        path, info = _destination(args["dest"], name, context)
        before = b"" if info is None else _current(path, context)
        attributes = _attributes(args)
        if info is not None and before == data and _same(info, attributes):
            return passed(f"{path} is as it should be", path=path, changed=False, backup="", size=len(data))
        backup = write_file(
            context.command,
            path,
            data,
            **attributes,
            backup=bool(args.get("backup")) and before != data,
            validate=args.get("validate"),
        )
    except FileProblem as error:
        raise StepError(str(error)) from None
    said = f"{path} {'written' if info is None else 'changed'}"
    return changed(said, diff=of_bytes(before, data, path), path=path, changed=True, backup=backup, size=len(data))


def _destination(dest: str, name: str, context: Context) -> tuple[str, FileInfo | None]:
    info = stat(context.command, dest.rstrip("/") or "/")
    if dest.endswith("/") or (info is not None and info.kind == "directory"):
        if not name:
            raise StepError(f"{dest} is a folder: with `content`, dest is the file's whole path")
        path = f"{dest.rstrip('/')}/{name}"
        return path, stat(context.command, path)
    return dest, info


def _current(path: str, context: Context) -> bytes:
    try:
        return read_file(context.command, path)
    except FileMissing:
        return b""


def _attributes(args: Args) -> dict[str, Any]:
    return {"mode": mode_text(args.get("mode")), "owner": args.get("owner"), "group": args.get("group")}


def _same(info: FileInfo, attributes: Mapping[str, Any]) -> bool:
    mode, owner, group = attributes["mode"], attributes["owner"], attributes["group"]
    return (
        (mode is None or (mode.isdigit() and int(mode, 8) == int(info.mode, 8)))
        and (owner is None or owner == info.owner)
        and (group is None or group == info.group)
    )
