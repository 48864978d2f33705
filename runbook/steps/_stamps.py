"""Time stamps at the beginning of log lines, and the host's clock to compare them with."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from runbook.steps.base import Context, StepError

_ISO = re.compile(
    r"^[^\w]{0,2}(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(Z|UTC|GMT|[+-]\d\d:?\d\d)?\b"
)
_SYSLOG = re.compile(r"^([A-Z][a-z]{2})\s+(\d{1,2}) (\d\d):(\d\d):(\d\d)\b")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Clock:
    """The host's time: seconds since the epoch, and its distance from UTC."""

    now: float
    zone: timezone


@dataclass(frozen=True)
class Stamp:
    """Seconds since the epoch; not `exact` when the line tells whole seconds only."""

    at: float
    exact: bool

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
    """A line's time stamp; without a zone it is the host's own time, without a year of the last twelve months."""
    if found := _ISO.match(line):
        fraction = float(f"0.{found[7]}") if found[7] else 0.0
        whole = _epoch([int(part) for part in found.groups()[:6]], _zone(found[8]) or now.zone)
        return None if whole is None else Stamp(whole + fraction, bool(found[7]))
    if (found := _SYSLOG.match(line)) and found[1] in _MONTHS:
        here = datetime.fromtimestamp(now.now, now.zone) + timedelta(days=1)  # a clock that goes a little fast
        month, day = _MONTHS.index(found[1]) + 1, int(found[2])
        year = here.year - 1 if (month, day) > (here.month, here.day) else here.year
        whole = _epoch([year, month, day, *map(int, found.groups()[2:])], now.zone)
        return None if whole is None else Stamp(whole, False)
    return None


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
