"""What was written to a log file since a mark or a moment, also across its rotations.

Nothing is left out in silence: where it cannot be known what is new, it is an error, and never "no lines".
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from runbook.common.frozen import Frozen
from runbook.steps.base import Context, StepError
from runbook.steps.logs.rotated_files import LIMIT, LogFile, content, current, must, proved, rotated, too_much
from runbook.steps.logs.time_stamps import Clock, after, in_zone, stamp

ENOUGH = 32
"""Fewer bytes than this do not prove that a file with another inode is the marked one."""
FIRST_LOOK = 256 * 1024


class Found(Frozen):
    """Lines of a log. `note` says what a reader should know of them; not `complete` when some are known to be lost."""

    lines: list[str]
    note: str = ""
    complete: bool = True


def split(data: bytes) -> list[str]:
    """Lines, at line feeds only: other characters that Unicode counts as line ends may stand inside of one."""
    lines = data.decode("utf-8", "replace").split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def mark_at(path: str, context: Context) -> dict[str, Any]:
    """The fields of a mark at a file's end. `previous` has the inodes of the older files then, which are not ours."""
    at = _there(path, current(path, None, context))
    previous = [file.inode for file in rotated(path, context)][-20:]
    return {"file": path, "inode": at.inode, "offset": at.size, "fingerprint": at.proof, "previous": previous}


def tail(path: str, lines: int | None, context: Context) -> Found:
    """The last lines, or all."""
    now = _there(path, current(path, 0, context))
    if lines is None:
        return Found(split(content(now, 0, context)))
    return Found(split(must(context.command(f"tail -n {int(lines)} -- {shlex.quote(path)}"), path)))


def _there(path: str, found: LogFile | None) -> LogFile:
    if found is None:
        raise StepError(f"{path} is not there")
    return found


# --- since a mark ----------------------------------------------------------------------------------------------


def since_mark(path: str, mark: Mapping[str, Any], time: float, context: Context) -> Found:
    """What was written after a mark that was set at `time`."""
    offset = int(mark["offset"])
    now = current(path, offset, context)
    newest = [(now, 0)] if now is not None else []
    appeared = [file for file in rotated(path, context) if file.inode not in mark.get("previous", ())]
    older = proved(appeared, offset, context)
    made_since = [file for file in older if file.mtime >= math.floor(time)]
    # First the older ones: a new file may have the inode and the beginning of the one that is packed now.
    if (marked := _marked(older, made_since, mark)) is not None:
        later = [(file, 0) for file in older[older.index(marked) + 1 :]]
        return _joined([(marked, offset), *later, *newest], context, "it was rotated meanwhile")
    if now is not None and _is_marked(now, mark):
        return _joined([(now, offset)], context)
    if now is None and not made_since:
        raise StepError(f"{path} is not there any more")
    parts = [*((file, 0) for file in made_since), *newest]
    return _joined(parts, context, "it was truncated or rotated away meanwhile: what stood there before is gone", False)


def _is_marked(file: LogFile, mark: Mapping[str, Any]) -> bool:
    """Is it the marked file, or a copy of it, by what stands in it?"""
    return bool(file.proof == mark["fingerprint"] and (file.inode == mark["inode"] or mark["offset"] >= ENOUGH))


def _marked(older: Sequence[LogFile], made_since: Sequence[LogFile], mark: Mapping[str, Any]) -> LogFile | None:
    """The marked file among those rotated away: itself, else its copy; of a short one, the first made since."""
    same = [file for file in older if file.proof == mark["fingerprint"]] if mark["offset"] else list(older)
    itself = [file for file in same if file.inode == mark["inode"]]
    copies = itself or [file for file in same if _is_marked(file, mark)]
    return copies[-1] if copies else next((file for file in same if file in made_since), None)


def _joined(parts: Sequence[tuple[LogFile, int]], context: Context, note: str = "", complete: bool = True) -> Found:
    return Found([line for file, at in parts for line in split(content(file, at, context))], note, complete)


# --- since a moment --------------------------------------------------------------------------------------------


def since_moment(path: str, moment: float, now: Clock, context: Context) -> Found:
    """The lines from a moment on, by their time stamps."""
    at = current(path, 0, context)
    written = math.floor(moment)
    older = [file for file in rotated(path, context) if file.mtime >= written]
    if at is None and not older:
        raise StepError(f"{path} is not there")
    files = [*older, *([at] if at is not None and at.size and at.mtime >= written else [])]
    kept = [line for file in files for line in _recent(file, moment, now, context)]
    if not kept and any(file.mtime >= math.ceil(moment) for file in files):
        # Written to since, and no line says so: lines without a stamp, or a clock of another time zone.
        raise StepError(f"{path} was written to since, but no line has a time stamp of that time: use a `mark`")
    return Found(kept, "with what was rotated away meanwhile" if older else "")


def _recent(file: LogFile, moment: float, now: Clock, context: Context) -> list[str]:
    """One file's lines from a moment on, read from its end as far back as is needed. Raises StepError."""
    size = LIMIT if file.packed else FIRST_LOOK
    while True:
        start = 0 if file.packed else max(0, file.size - size)
        lines = split(content(file, start, context))[1 if start else 0 :]
        here = in_zone(lines, file.mtime, now)
        stamps = [found for line in lines if (found := stamp(line, here)) is not None]
        if stamps and stamps[-1].at > now.now + 60:
            raise StepError(f"{file.path}: its time stamps are ahead of the host's clock: use a `mark` for `since`")
        if start == 0 or any(not found.since(moment) for found in stamps):
            break
        if size >= LIMIT:
            raise too_much(file.path)
        size = min(LIMIT, size * 8)
    if lines and not stamps:
        raise StepError(f"{file.path}: its lines have no time stamps that are known here: use a `mark` for `since`")
    return after(lines, moment, here)
