"""What was written to a log file since a mark or a moment, also across its rotation.

Nothing is left out in silence: where it cannot be known what is new, it is an error, and never "no lines".
"""

from __future__ import annotations

import hashlib
import math
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbook.steps._stamps import Clock, after, stamp
from runbook.steps.base import Context, StepError
from runbook.transports.base import CommandResult

LIMIT = 32 * 1024 * 1024
"""Bytes that are looked at, at the most."""
CHUNK = 8 * 1024 * 1024
FINGERPRINT = 64
"""Bytes at a file's beginning by which it is known again after a rotation."""
_MISSING = 44


@dataclass(frozen=True)
class FileState:
    """`fingerprint` is the SHA-256 of the first bytes; `mtime` is in whole seconds."""

    inode: int
    size: int
    mtime: float
    fingerprint: str


@dataclass(frozen=True)
class Found:
    """Lines of a log. `note` says what a reader should know of them."""

    lines: list[str]
    note: str = ""


def must(result: CommandResult, what: str) -> bytes:
    """A command's output. Raises StepError when it failed, or when it is not all of it."""
    if not result.ok:
        raise StepError(f"{what} cannot be read: {result.err or result.out or f'exit code {result.exit_code}'}")
    if result.dropped:
        raise StepError(f"{what} gives more than can be looked at: say a later `since`, or `lines`")
    return result.stdout


def split(data: bytes) -> list[str]:
    """Lines, at line feeds only: other characters that Unicode counts as line ends may stand inside of one."""
    lines = data.decode("utf-8", "replace").split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def state(path: str, context: Context, first: int = FINGERPRINT) -> FileState | None:
    """Where a file ends now, and the fingerprint of its first bytes; None when it is not there."""
    word = shlex.quote(path)
    # At least one byte is read, so that a file that may not be read is found out here.
    script = f"[ -e {word} ] || exit {_MISSING}\nstat -L -c '%i %s %Y' -- {word} && head -c {max(1, first)} -- {word}"
    result = context.command(script)
    if result.exit_code == _MISSING:
        return None
    line, _, start = must(result, path).partition(b"\n")
    inode, size, mtime = (int(word) for word in line.split())
    return FileState(inode, size, float(mtime), hashlib.sha256(start[:first]).hexdigest())


def there(path: str, context: Context) -> FileState:
    """Raises StepError when the file is not there."""
    found = state(path, context)
    if found is None:
        raise StepError(f"{path} is not there")
    return found


def mark_at(path: str, context: Context) -> dict[str, Any]:
    """The fields of a mark at a file's end. `previous` is the inode of FILE.1 then, which is not ours."""
    at, old = there(path, context), state(f"{path}.1", context, 0)
    ends = {"file": path, "inode": at.inode, "offset": at.size, "fingerprint": at.fingerprint}
    return {**ends, "previous": old.inode if old else 0}


def tail(path: str, lines: int | None, context: Context) -> Found:
    """The last lines, or all."""
    now = there(path, context)
    if lines is None:
        return Found(split(_content(path, 0, now.size, context)))
    return Found(split(must(context.command(f"tail -n {int(lines)} -- {shlex.quote(path)}"), path)))


def since_mark(path: str, mark: Mapping[str, Any], time: float, context: Context) -> Found:
    """What was written after a mark that was set at `time`."""
    offset = int(mark["offset"])
    now = state(path, context, min(FINGERPRINT, offset))
    # A file that was empty then is no proof of itself: it may have been copied and truncated since.
    if (
        now is not None
        and now.inode == mark["inode"]
        and _same(now, mark)
        and (offset or not _copied(path, mark, time, context))
    ):
        return Found(split(_content(path, offset, now.size, context)))
    new = _content(path, 0, now.size, context) if now is not None else b""
    old = _rotated(path, mark, time, context)
    if old is not None:
        return Found(split(old + new), "it was rotated meanwhile")
    if now is None:
        raise StepError(f"{path} is not there any more")
    if offset and _same(now, mark):  # another file with the same beginning: it was replaced by a copy of itself
        return Found(split(new[offset:]))
    return Found(split(new), "it was truncated or rotated away meanwhile: what stood there before is gone")


def _same(now: FileState, mark: Mapping[str, Any]) -> bool:
    """Is it the file that was marked, as far as its beginning tells? A shorter one is not."""
    return bool(now.size >= mark["offset"] and now.fingerprint == mark["fingerprint"])


def _rotated(path: str, mark: Mapping[str, Any], time: float, context: Context) -> bytes | None:
    """What was written behind the mark before the file was rotated: to FILE.1, FILE.2 and so on, or FILE-DATE."""
    offset = int(mark["offset"])
    for name in _old_names(path, mark["inode"], context):
        before = state(name, context, min(FINGERPRINT, offset))
        if before is None or not _same(before, mark):
            continue
        if offset == 0 and before.inode != mark["inode"] and not _copied(path, mark, time, context):
            continue
        parts = [_content(name, offset, before.size, context)]
        number = int(found[1]) if (found := re.search(r"\.(\d{1,3})$", name)) else 0
        for between in (f"{path}.{n}" for n in range(number - 1, 0, -1)):
            at = state(between, context)
            parts.append(_content(between, 0, at.size, context) if at is not None else b"")
        return b"".join(parts)
    return None


def _copied(path: str, mark: Mapping[str, Any], time: float, context: Context) -> bool:
    """Was FILE.1 made since the mark?"""
    old = state(f"{path}.1", context, 0)
    return old is not None and old.inode != mark.get("previous", 0) and old.mtime >= math.floor(time)


def _old_names(path: str, inode: int, context: Context) -> list[str]:
    """Files beside it that it may have been renamed to, by their inode; and FILE.1, which may be a copy."""
    word = shlex.quote(path)
    script = f'for one in {word}.* {word}-*; do [ -f "$one" ] && stat -c "%i %n" -- "$one"; done; true'
    rows = [line.partition(" ") for line in context.command(script).out.splitlines()]
    return [*(name for number, _, name in rows if number == str(inode)), f"{path}.1"]


def since_moment(path: str, moment: float, now: Clock, context: Context) -> Found:
    """The lines from a moment on, by the time stamps at their beginning."""
    at = there(path, context)
    lines, reaches_back = _recent(path, at, moment, now, context)
    kept = after(lines, moment, now)
    if not kept and at.size and at.mtime >= math.ceil(moment):
        # Written to since, and no line says so: lines without a stamp, or a clock of another time zone.
        raise StepError(f"{path} was written to since, but no line has a time stamp of that time: use a `mark`")
    if reaches_back:
        return Found(kept)
    old = f"{path}.1"
    before = state(old, context)
    if before is None or before.mtime < math.floor(moment):
        return Found(kept)
    lines, _ = _recent(old, before, moment, now, context)
    return Found(after(lines, moment, now) + kept, "with what was rotated away meanwhile")


def _recent(path: str, at: FileState, moment: float, now: Clock, context: Context) -> tuple[list[str], bool]:
    """As much of the file's end as reaches back to the moment; and whether something older stands in it."""
    if at.mtime < math.floor(moment):
        return [], bool(at.size)
    size = 256 * 1024
    while True:
        start = max(0, at.size - size)
        lines = split(_content(path, start, at.size, context))[1 if start else 0 :]
        stamps = [found for line in lines if (found := stamp(line, now)) is not None]
        if stamps and stamps[-1].at > now.now + 60:
            raise StepError(f"{path}: its time stamps are ahead of the host's clock: use a `mark` for `since`")
        if any(not found.since(moment) for found in stamps):
            return lines, True
        if start == 0:
            if lines and not stamps:
                raise StepError(f"{path}: its lines have no time stamps that are known here: use a `mark` for `since`")
            return lines, False
        if size >= LIMIT:
            raise _too_much(path)
        size = min(LIMIT, size * 8)


def _content(path: str, start: int, end: int, context: Context) -> bytes:
    """The bytes of a file from `start` to `end`."""
    if end - start > LIMIT:
        raise _too_much(path)
    word, out = shlex.quote(path), bytearray()
    while (at := start + len(out)) < end:
        part = must(context.command(f"tail -c +{at + 1} -- {word} | head -c {min(CHUNK, end - at)}"), path)
        if not part:
            raise StepError(f"{path} was truncated while it was read")
        out += part
    return bytes(out)


def _too_much(path: str) -> StepError:
    return StepError(f"{path}: more than {LIMIT >> 20} MiB are to be looked at: say a later `since`, or `lines`")
