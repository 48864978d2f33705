"""Time stamps at the beginning of log lines, and the host's clock to compare them with."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from runbook.common.frozen import Frozen
from runbook.steps.base import Context, StepError

_TIME = r"(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(Z|UTC|GMT|[+-]\d\d:?\d\d)?\b"
_DATE_TIME = rf"(\d{{4}})[-/](\d\d)[-/](\d\d)[ T]{_TIME}"
_LEVEL = r"(?i:trace|debug|info|notice|warn|warning|err|error|crit|critical|fatal|[tdiwecf])"
_ISO = re.compile(rf"^\W{{0,2}}(?:{_LEVEL}\W{{1,8}})?{_DATE_TIME}")
_KEY = r'"@?(?:time|timestamp|ts|asctime)"\s*:\s*'
_JSON = re.compile(rf'^\{{.{{0,500}}?{_KEY}"{_DATE_TIME}')
_JSON_EPOCH = re.compile(rf"^\{{.{{0,500}}?{_KEY}(\d{{10}})(\d{{3}})?(\.\d+)?\s*[,}}]")
_SYSLOG = re.compile(r"^(?:<\d{1,3}>)?([A-Z][a-z]{2})\s+(\d{1,2}) (\d\d):(\d\d):(\d\d)\b")
_WEB = re.compile(rf"^\S+ \S+ .{{1,100}}?\[(\d\d)/([A-Z][a-z]{{2}})/(\d{{4}}):{_TIME}\]")
"""What web servers write for each request: `10.0.0.1 - - [31/Jan/2026:12:00:00 +0000] "GET …`."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LATE = 900.0
"""Seconds from a file's last line to its last writing that are usual; a wrong time zone gives more."""


class Clock(Frozen):
    """The host's time: seconds since the epoch, and its distance from UTC."""

    now: float
    zone: timezone


class Stamp(Frozen):
    """Seconds since the epoch; not `exact` when the line tells whole seconds only. Does it tell its zone?"""

    at: float
    exact: bool
    zoned: bool = True

    def since(self, moment: float) -> bool:
        """Is it at or after the moment? In the same second, the one without a fraction is taken to be."""
        return self.at >= (moment if self.exact else math.floor(moment))


def clock(context: Context) -> Clock:
    """Asks the host. Raises StepError when its answer is no time."""
    answer = context.command("date +%s.%N; date +%z")
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\S*\s+([+-])(\d\d)(\d\d)", answer.out.strip())  # busybox: no %N
    if found is None:
        raise StepError(f"the host's clock cannot be read: {answer.err or answer.out}")
    distance = timedelta(hours=int(found[3]), minutes=int(found[4]))
    return Clock(float(found[1]), timezone(-distance if found[2] == "-" else distance))


def stamp(line: str, now: Clock) -> Stamp | None:
    """A line's time stamp; without a zone it is in the clock's, without a year of the last twelve months."""
    if found := _ISO.match(line) or _JSON.match(line):
        return _whole(found.groups()[:3], found.groups()[3:], now)
    if found := _JSON_EPOCH.match(line):
        fraction = float(f"0.{found[2]}") if found[2] else float(found[3] or 0)
        return Stamp(int(found[1]) + fraction, bool(found[2] or found[3]))
    if (found := _WEB.match(line)) and found[2] in _MONTHS:
        return _whole((found[3], str(_MONTHS.index(found[2]) + 1), found[1]), found.groups()[3:], now)
    if (found := _SYSLOG.match(line)) and found[1] in _MONTHS:
        here = datetime.fromtimestamp(now.now, now.zone) + timedelta(days=1)  # a clock that goes a little fast
        month, day = _MONTHS.index(found[1]) + 1, int(found[2])
        year = here.year - 1 if (month, day) > (here.month, here.day) else here.year
        return _whole((str(year), str(month), str(day)), (*found.groups()[2:], None, None), now)
    return None


def _whole(date: Sequence[str], time: Sequence[str | None], now: Clock) -> Stamp | None:
    """(year, month, day), and (hour, minute, second, fraction, zone), of which the last two may be None."""
    fraction, zone = time[3], _zone(time[4])
    whole = _epoch([int(part or 0) for part in (*date, *time[:3])], zone or now.zone)
    if whole is None:
        return None
    return Stamp(whole + float(f"0.{fraction or 0}"), fraction is not None, zone is not None)


def in_zone(lines: Sequence[str], written: float, now: Clock) -> Clock:
    """The clock in the zone of a file's lines, where these do not tell it: the host's own, or UTC.

    Many applications write UTC on a host with another zone: their lines would seem hours old, and none of them new.
    The last line tells: a file is `written` to when it, or what belongs to it, is written.
    """
    last = next((found for line in reversed(lines) if (found := stamp(line, now)) is not None), None)
    if last is None or last.zoned or 0 <= written + 2 - last.at <= LATE:
        return now
    universal = Clock(now.now, UTC)
    apart = (now.zone.utcoffset(None) or timedelta()).total_seconds()
    return universal if 0 <= written + 2 - (last.at + apart) <= LATE else now


def after(lines: Sequence[str], moment: float, now: Clock) -> list[str]:
    """The lines from the moment on; a line without a time stamp belongs to the one before it."""
    out, taking = [], False
    for line in lines:
        found = stamp(line, now)
        if found is not None:
            taking = found.since(moment)
        if taking:
            out.append(line)
    return out


def _epoch(parts: Sequence[int], zone: timezone) -> float | None:
    year, month, day, hour, minute, second = parts
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).timestamp()
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    distance = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-distance if text[0] == "-" else distance) if distance < timedelta(days=1) else None
