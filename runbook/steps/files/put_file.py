"""Puts bytes on a host as a file: what `copy` and `template` share."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping
from typing import Any

from runbook.common.frozen import Frozen
from runbook.runs.events import Outcome, changed, passed
from runbook.steps.base import Args, Context, StepError
from runbook.steps.files.unified_diff import of_bytes
from runbook.steps.traits import Fields
from runbook.transports.shell.files import FileInfo, FileProblem, Run, could_write, read_file, stat, write_file

SHA256_DIGITS = 64
SHOWN = 1024 * 1024
"""Bytes up to which a file is read to be compared and shown; larger ones are compared by their checksum."""

OPTIONS: Mapping[str, Any] = {
    "dest": {"type": "string", "minLength": 1, "description": "Path on the host."},
    "mode": {"type": ["string", "integer"], "description": 'Octal mode in quotes, such as "0644".'},
    "owner": {"type": ["string", "integer"], "description": "User that owns it, by name or number."},
    "group": {"type": ["string", "integer"], "description": "Group that owns it, by name or number."},
    "backup": {"type": "boolean", "default": True, "description": "Keep a copy of what was there."},
    "validate": {
        "type": "string",
        "pattern": "%s",
        "description": "Command that checks the new file, `%s` in its place, before it takes the old one's.",
    },
}
OUTCOME_FIELDS = Fields(frozenset({"path", "changed", "backup", "size"}))


def mode_text(mode: Any) -> str | None:
    """A mode as octal text. YAML reads an unquoted 0644 as the number 420, which is meant as 0644. Raises StepError."""
    if mode is None:
        return None
    if isinstance(mode, int):
        if mode > 0o777 and re.fullmatch("[0-7]{3}", str(mode)):  # 644 without 0: nobody means 1204
            raise StepError(f'mode {mode} is the octal mode {mode:o}: write "0{mode}", in quotes')
        mode = f"{mode:04o}"
    if not re.fullmatch("[0-7]{1,4}", str(mode)):
        raise StepError(f'mode {mode!r} is not an octal mode: write one such as "0644", in quotes')
    return str(mode).zfill(4)


def sha256_of(run: Run, path: str) -> str:
    """The SHA-256 of a file of any size, counted on the host. Raises FileProblem."""
    word = shlex.quote(path)
    result = run(f"[ -f {word} ] || exit 44; sha256sum < {word}")
    digest = result.out.split(" ", 1)[0]
    if result.exit_code == 44:
        raise FileProblem(f"{path} is not a regular file")
    if not result.ok or len(digest) != SHA256_DIGITS:
        raise FileProblem(f"{path}: its sha256 cannot be counted: {result.err or f'exit code {result.exit_code}'}")
    return digest


def source(context: Context, src: str) -> bytes:
    """A file of the controller, relative to the playbook. Raises StepError."""
    path = context.base / src
    try:
        if path.is_dir():
            raise StepError(f"{src} is a folder: single files are copied; name them, or use `loop`")
        return path.read_bytes()
    except OSError as error:
        raise StepError(f"{src} cannot be read beside the playbook: {error.strerror}") from None
    except ValueError as error:  # a NUL in its name
        raise StepError(f"{src!r} cannot be a file's name: {error}") from None


def put(data: bytes, name: str, args: Args, context: Context, *, write: bool = True) -> Outcome:
    """Write it where it differs from what is there; without `write`, say so only. Raises StepError."""
    try:
        path, info = _destination(args["dest"], name, context)
        before = _Before() if info is None else _look(path, data, info, context)
        attributes = _attributes(args)
        told = [] if info is None else _differences(info, attributes)
        if before.same and not told:
            return passed(f"{path} is as it should be", path=path, changed=False, backup="", size=len(data))
        keep = bool(args.get("backup")) and not before.same
        backup = ""
        if write:
            backup = write_file(context.command, path, data, **attributes, backup=keep, validate=args.get("validate"))
        else:
            owner, group = attributes["owner"], attributes["group"]
            could_write(context.command, path, data, owner=owner, group=group, validate=args.get("validate"))
    except FileProblem as error:
        raise StepError(str(error)) from None
    verb = ("" if write else "would be ") + ("written" if info is None else "changed")
    said = f"{path} {verb}" + (f" ({', '.join(told)})" if told else "")
    diff = "" if before.same else of_bytes(before.data, data, path)
    return changed(said, diff=diff, path=path, changed=True, backup=backup, size=len(data))


class _Before(Frozen):
    """What was there: the same, or these bytes; None where they are too many to show."""

    same: bool = False
    data: bytes | None = b""


def _look(path: str, data: bytes, info: FileInfo, context: Context) -> _Before:
    if info.kind != "file":
        raise FileProblem(f"{path} cannot be written: it is neither a file nor a link to one")
    if max(info.size, len(data)) <= SHOWN:
        before = read_file(context.command, path)
        return _Before(before == data, before)
    same = info.size == len(data) and sha256_of(context.command, path) == hashlib.sha256(data).hexdigest()
    return _Before(same, None)


def _destination(dest: str, name: str, context: Context) -> tuple[str, FileInfo | None]:
    info = stat(context.command, dest.rstrip("/") or "/")
    if dest.endswith("/") or (info is not None and info.kind == "directory"):
        if not name:
            raise StepError(f"{dest} is a folder: with `content`, dest is the file's whole path")
        path = f"{dest.rstrip('/')}/{name}"
        return path, stat(context.command, path)
    return dest, info


def _attributes(args: Args) -> dict[str, str | None]:
    owner, group = args.get("owner"), args.get("group")
    return {
        "mode": mode_text(args.get("mode")),
        "owner": None if owner is None else str(owner),
        "group": None if group is None else str(group),
    }


def _differences(info: FileInfo, attributes: Mapping[str, str | None]) -> list[str]:
    """What of mode, owner and group is not as asked for, in words."""
    mode, owner, group = attributes["mode"], attributes["owner"], attributes["group"]
    out = []
    if mode is not None and int(mode, 8) != int(info.mode, 8):
        out.append(f"mode {info.mode} → {mode}")
    if owner is not None and owner not in (info.owner, info.uid):
        out.append(f"owner {info.owner} → {owner}")
    if group is not None and group not in (info.group, info.gid):
        out.append(f"group {info.group} → {group}")
    return out
