"""Log text since some moment: of a file, also across its rotation, of a systemd unit, a compose service, a pm2 app."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from runbook.durations import seconds
from runbook.steps.base import Args, Context, StepError
from runbook.transports.base import CommandResult

MAX_BYTES = 4 * 1024 * 1024
FINGERPRINT = 64
"""Bytes at a file's beginning by which it is known again after a rotation."""
SOURCES = ("file", "unit", "compose", "pm2")

SOURCE_OPTIONS: Mapping[str, Any] = {
    "file": {"type": "string", "minLength": 1, "description": "Log file on the host."},
    "unit": {"type": "string", "minLength": 1, "description": "systemd unit, read by journalctl."},
    "scope": {"enum": ["system", "user"], "description": "Whose systemd: the system's, or the user's own."},
    "compose": {"type": "string", "minLength": 1, "description": "Compose service."},
    "project_dir": {"type": "string", "description": "Folder of the compose project."},
    "pm2": {"type": "string", "minLength": 1, "description": "PM2 application."},
}


@dataclass(frozen=True)
class FileState:
    inode: int
    size: int
    mtime: float
    fingerprint: str


@dataclass(frozen=True)
class Clock:
    """The host's time: seconds since the epoch, and its distance from UTC."""

    now: float
    zone: timezone


def source(args: Args) -> str:
    """Which of the sources is named. Raises StepError unless it is exactly one."""
    found = [name for name in SOURCES if name in args]
    if len(found) != 1:
        raise StepError(f"name one of {', '.join(SOURCES)}; here are {' and '.join(found) or 'none'}")
    return found[0]


def clock(context: Context) -> Clock:
    answer = must(context.command("date +%s.%N; date +%z"), "the host's clock").out.split()
    sign = -1 if answer[1].startswith("-") else 1
    hours, minutes = int(answer[1][1:3]), int(answer[1][3:5])
    now = float(re.sub(r"\.N$|\.%N$", "", answer[0]))
    return Clock(now, timezone(sign * timedelta(hours=hours, minutes=minutes)))


def must(result: CommandResult, what: str) -> CommandResult:
    if not result.ok:
        raise StepError(f"{what} cannot be read: {result.err or result.out or f'exit code {result.exit_code}'}")
    return result


def state(path: str, context: Context) -> FileState | None:
    """Where a file ends now; None when it is not there."""
    word = shlex.quote(path)
    result = context.command(
        f"[ -e {word} ] || exit 44\nstat -L -c '%i %s %Y' -- {word} && head -c {FINGERPRINT} -- {word}"
    )
    if result.exit_code == 44:
        return None
    first, _, head = must(result, path).stdout.partition(b"\n")
    inode, size, mtime = first.split()
    return FileState(int(inode), int(size), float(mtime), hashlib.sha256(head[:FINGERPRINT]).hexdigest())


def text(args: Args, context: Context) -> str:
    """The log's text since `since`, or its last `lines`."""
    since = args.get("since")
    if isinstance(since, Mapping):
        return _since_mark(args, since, context)
    if source(args) == "file":
        return _file(args, since, context)
    return _of_manager(args, _moment(since, context) if since is not None else None, context)


# --- files -----------------------------------------------------------------------------------------------------


def _file(args: Args, since: Any, context: Context) -> str:
    path = args["file"]
    now = state(path, context)
    if now is None:
        raise StepError(f"{path} is not there")
    if since is None:
        lines = args.get("lines")
        word = shlex.quote(path)
        how = f"tail -n {int(lines)} -- {word}" if lines else f"tail -c {MAX_BYTES} -- {word}"
        return _decoded(must(context.command(how), path).stdout)
    moment = _moment(since, context)
    content = _bytes(path, max(0, now.size - MAX_BYTES), context)
    return _after(content, moment, clock(context), path, now)


def _since_mark(args: Args, mark: Mapping[str, Any], context: Context) -> str:
    if mark.get("type") != "file" or source(args) != "file":
        if "time" not in mark:
            raise StepError("`since` is not a mark: give the registered outcome of a `mark` step")
        args = {**args, "since": None}
        return (
            _of_manager(args, float(mark["time"]), context) if source(args) != "file" else _by_time(args, mark, context)
        )
    path, offset = args["file"], int(mark["offset"])
    now = state(path, context)
    if now is not None and _same(now, mark) and now.size >= offset:
        return _decoded(_bytes(path, offset, context))
    # Rotated: what was written to the old file after the mark stands in FILE.1, the rest in the new one.
    old = f"{path}.1"
    before = state(old, context)
    rest = _bytes(old, offset, context) if before is not None and _same(before, mark) and before.size >= offset else b""
    return _decoded(rest + (_bytes(path, 0, context) if now is not None else b""))


def _by_time(args: Args, mark: Mapping[str, Any], context: Context) -> str:
    now = state(args["file"], context)
    if now is None:
        raise StepError(f"{args['file']} is not there")
    content = _bytes(args["file"], max(0, now.size - MAX_BYTES), context)
    return _after(content, float(mark["time"]), clock(context), args["file"], now)


def _same(now: FileState, mark: Mapping[str, Any]) -> bool:
    """Is it the file that was marked? One that was empty or short then has a fingerprint of that little only."""
    if now.inode == mark["inode"]:
        return True
    return bool(mark["offset"] >= FINGERPRINT and now.fingerprint == mark["fingerprint"])


def _bytes(path: str, offset: int, context: Context) -> bytes:
    word = shlex.quote(path)
    result = context.command(f"tail -c +{offset + 1} -- {word} | head -c {MAX_BYTES}")
    return must(result, path).stdout


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# --- time stamps -----------------------------------------------------------------------------------------------

_ISO = re.compile(r"^\W{0,2}(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?")
_SYSLOG = re.compile(r"^([A-Z][a-z]{2})\s+(\d{1,2}) (\d\d):(\d\d):(\d\d)")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def _after(content: bytes, moment: float, now: Clock, path: str, at: FileState) -> str:
    """The lines from the moment on; a line without a time stamp belongs to the one before it."""
    lines = _decoded(content).splitlines(keepends=True)
    if not lines or at.mtime < moment - 1:
        return ""
    stamps = [stamp(line, now) for line in lines]
    known = [found for found in stamps if found is not None]
    if not known:
        raise StepError(f"{path}: its lines have no time stamps that are known here: use a `mark` for `since`")
    out, taking = [], False
    for line, found in zip(lines, stamps, strict=True):
        if found is not None:
            taking = found >= int(moment)
        if taking:
            out.append(line)
    return "".join(out)


def stamp(line: str, now: Clock) -> float | None:
    """Seconds since the epoch of a line's time stamp; without a zone it is the host's own time."""
    if found := _ISO.match(line):
        year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
        fraction = float(f"0.{found.group(7)}") if found.group(7) else 0.0
        zone = _zone(found.group(8)) or now.zone
        return _epoch(year, month, day, hour, minute, second, zone, fraction)
    if (found := _SYSLOG.match(line)) and found.group(1) in _MONTHS:
        here = datetime.fromtimestamp(now.now, now.zone)
        month, day = _MONTHS.index(found.group(1)) + 1, int(found.group(2))
        year = here.year - 1 if (month, day) > (here.month, here.day) else here.year
        hour, minute, second = (int(part) for part in found.groups()[2:])
        return _epoch(year, month, day, hour, minute, second, now.zone, 0.0)
    return None


def _epoch(
    year: int, month: int, day: int, hour: int, minute: int, second: int, zone: timezone, fraction: float
) -> float | None:
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).timestamp() + fraction
    except ValueError:
        return None


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text == "Z":
        return timezone(timedelta(0))
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


def _moment(since: Any, context: Context) -> float:
    """`start`, or a duration before now, as seconds since the epoch by the host's clock."""
    now = clock(context).now
    if since == "start":
        import time

        return now - (time.time() - context.run_started)
    try:
        return now - seconds(since)
    except ValueError:
        raise StepError(f"since {since!r} is not a mark, a duration such as 10m, or `start`") from None


# --- managers --------------------------------------------------------------------------------------------------


def _of_manager(args: Args, moment: float | None, context: Context) -> str:
    name = source(args)
    script = "".join(_manager_script(name, args, moment))
    result = must(context.command(script), f"the log of {args[name]}")
    found = result.stdout[-MAX_BYTES:].decode("utf-8", "replace")
    if name == "pm2" and moment is not None:
        now = clock(context)
        return _after(found.encode(), moment, now, args[name], FileState(0, 0, now.now, ""))
    return found


def _manager_script(name: str, args: Args, moment: float | None) -> Iterator[str]:
    word, lines = shlex.quote(str(args[name])), args.get("lines")
    if name == "unit":
        scope = " --user" if args.get("scope") == "user" else ""
        yield f"journalctl{scope} -u {word} --no-pager -o short-iso"
        yield f" --since @{moment:.3f}" if moment is not None else f" -n {int(lines or 1000)}"
    elif name == "compose":
        if "project_dir" in args:
            yield f"cd {shlex.quote(args['project_dir'])} || exit 1\n"
        yield "if docker compose version >/dev/null 2>&1; then set -- docker compose\n"
        yield "elif command -v docker-compose >/dev/null; then set -- docker-compose\nelse set -- podman compose; fi\n"
        since = "--since " + shlex.quote(_iso(moment)) if moment is not None else f"--tail {int(lines or 1000)}"
        yield f'"$@" logs --no-color --no-log-prefix {since} {word}'
    else:
        yield f"pm2 logs {word} --nostream --raw --timestamp --lines {int(lines or 1000)} 2>&1"


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
