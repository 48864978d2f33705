"""Log lines since some moment: of a file, a systemd unit, a compose service, a PM2 application."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from runbook.common.durations import seconds
from runbook.services import compose, pm2
from runbook.services.base import Service, ServiceError
from runbook.steps.base import Args, Context, StepError
from runbook.steps.logs import log_files
from runbook.steps.logs.log_files import Found, split
from runbook.steps.logs.rotated_files import must
from runbook.steps.logs.time_stamps import Clock, after, clock
from runbook.steps.processes.service import shell_of

SOURCES = ("file", "unit", "compose", "pm2")

SOURCE_OPTIONS: Mapping[str, Any] = {
    "file": {"type": "string", "minLength": 1, "description": "Log file on the host."},
    "unit": {"type": "string", "minLength": 1, "description": "systemd unit, read by journalctl."},
    "scope": {"enum": ["system", "user"], "description": "Whose systemd: the system's, or the user's own."},
    "compose": {"type": "string", "minLength": 1, "description": "Compose service."},
    "project_dir": {"type": "string", "description": "Folder of the compose project."},
    "pm2": {"type": "string", "minLength": 1, "description": "PM2 application."},
}

MARK_FIELDS = frozenset({"type", "time", *SOURCES, "files", "inode", "offset", "fingerprint", "previous"})
"""What a mark on a log may have."""


def source(args: Args) -> str:
    """Which of the sources is named. Raises StepError unless it is exactly one."""
    found = [name for name in SOURCES if name in args]
    if len(found) != 1:
        raise StepError(f"name one of {', '.join(SOURCES)}; here are {' and '.join(found) or 'none'}")
    return found[0]


def marked(args: Args, context: Context) -> dict[str, Any]:
    """The fields of a mark at the log's end now."""
    name = source(args)
    states = [log_files.mark_at(file, context) for file in _files(args, context)]
    at = {"type": name, "time": clock(context).now}
    return {**at, **states[0]} if name == "file" else {**at, name: args[name], "files": states}


def found(args: Args, context: Context) -> Found:
    """The lines since `since`; without it the last `lines`, or all."""
    since, name = args.get("since"), source(args)
    if isinstance(since, Mapping):
        if "time" not in since:
            raise StepError("`since` is not a mark: give the registered outcome of a `mark` step")
        if since.get("type") in ("file", "pm2"):
            return _since_mark(args, since, context)
    now = clock(context)
    moment = None if since is None else _moment(since, now, context)
    if name in ("file", "pm2"):
        files = _files(args, context)
        if moment is None:
            return _joined([log_files.tail(file, args.get("lines"), context) for file in files])
        return _joined([log_files.since_moment(file, moment, now, context) for file in files])
    return Found((_of_unit if name == "unit" else _of_compose)(args, moment, now, context))


def _moment(since: Any, now: Clock, context: Context) -> float:
    """A mark's time, `start`, or a duration before now, as seconds since the epoch by the host's clock."""
    if isinstance(since, Mapping):
        return float(since["time"])
    if since == "start":
        return now.now - (time.time() - context.run_started)
    try:
        return now.now - seconds(since)
    except ValueError:
        raise StepError(f"since {since!r} is not a mark, a duration such as 10m, or `start`") from None


def _since_mark(args: Args, mark: Mapping[str, Any], context: Context) -> Found:
    name = mark["type"]
    if args.get(name) != mark.get(name):
        raise StepError(f"`since` is a mark on {name} {mark.get(name)}, which is another log")
    marks = {one["file"]: one for one in ([mark] if name == "file" else mark["files"])}
    parts = []
    for file in _files(args, context):
        known = marks.get(file) or {"inode": 0, "offset": 0, "fingerprint": ""}
        fresh = not known["inode"]  # a file that PM2 has made since
        parts.append(
            log_files.tail(file, None, context)
            if fresh
            else log_files.since_mark(file, known, float(mark["time"]), context)
        )
    return _joined(parts)


def _joined(parts: list[Found]) -> Found:
    notes = dict.fromkeys(part.note for part in parts if part.note)
    lines = [line for part in parts for line in part.lines]
    return Found(lines, "; ".join(notes), all(part.complete for part in parts))


def _files(args: Args, context: Context) -> list[str]:
    """The plain files of a log; none of one that its manager keeps."""
    if "file" in args:
        return [args["file"]]
    if "pm2" not in args:
        return []
    listed = must(context.command(pm2.list_script(Service(args["pm2"]))), "PM2's list").decode("utf-8", "replace")
    if not listed.strip():
        raise StepError("no PM2 daemon is running")
    try:
        apps = pm2.parse_list(listed)
    except ServiceError as error:
        raise StepError(str(error)) from None
    chosen = [app for app in apps if args["pm2"] in (app.name, str(app.id))]
    if not chosen:
        known = ", ".join(sorted({app.name for app in apps})) or "none"
        raise StepError(f"PM2 has no application {args['pm2']!r}; there are: {known}")
    return list(dict.fromkeys(file for app in chosen for file in app.logs if file and file != "/dev/null"))


# --- logs that their manager keeps -----------------------------------------------------------------------------


def _of_unit(args: Args, moment: float | None, now: Clock, context: Context) -> list[str]:
    user, unit = " --user" if args.get("scope") == "user" else "", shlex.quote(args["unit"])
    since = f" --since @{int(moment)}" if moment is not None else ""
    last = f" -n {int(args['lines'])}" if "lines" in args and moment is None else ""
    read = f"LC_ALL=C journalctl{user} -u {unit} --no-pager{since}{last}"
    result = context.command(f"{read} -o short-iso-precise 2>/dev/null || {read} -o short-iso")
    lines = [line for line in split(must(result, f"the journal of {args['unit']}")) if not line.startswith("-- ")]
    if not lines:
        _must_be_known(f"systemctl{user} show -p LoadState -- {unit}", f"{read} -n 1", args["unit"], context)
    return lines if moment is None else after(lines, moment, now)


def _must_be_known(show: str, read: str, unit: str, context: Context) -> None:
    """An empty journal says something only of a unit that is there, and to somebody who may read it."""
    if "LoadState=not-found" in context.command(f"LC_ALL=C {show}").out:
        raise StepError(f"there is no unit {unit}, and the journal has nothing of it")
    said = context.command(read).err
    if "not seeing messages" in said or "No journal files" in said or "insufficient permissions" in said:
        raise StepError(f"the journal of {unit} cannot be read: {said.splitlines()[0]} – try `become: true`")


_PREFIX = re.compile(r"^(?:[^|]*\| )?(\d{4}-\d\d-\d\dT\S+) ?")
"""`web-1  | 2026-11-24T01:02:03.123456789Z `, before the line itself."""


def _of_compose(args: Args, moment: float | None, now: Clock, context: Context) -> list[str]:
    options = {"project_dir": args["project_dir"]} if "project_dir" in args else {}
    try:
        service = compose.prepare(Service(args["compose"], options), shell_of(context))
    except ServiceError as error:
        raise StepError(str(error)) from None
    last = ["--tail", str(args["lines"])] if "lines" in args and moment is None else []
    read = compose.compose(service, "logs", "--no-color", "-t", *last, args["compose"])
    if moment is not None:  # compose 1 has no --since; there all is read, and what is older left out below
        since = datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        newer = compose.compose(service, "logs", "--no-color", "-t", "--since", since, args["compose"])
        read = f"{newer} 2>/dev/null || {read}"
    result = context.command(compose.script(service, read))
    lines = [_PREFIX.sub(r"\1 ", line) for line in split(must(result, f"the log of {args['compose']}"))]
    kept = lines if moment is None else after(lines, moment, now)
    return [_PREFIX.sub("", line) for line in kept]
