"""When a line of a log was written: the time stamps that logs have, and the zone in which they are."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from runbook.steps.base import Context, StepError

SLACK = 2.0
"""Seconds by which a file may have been written to before or after the time in its last line."""


@dataclass(frozen=True)
class Clock:
    """The host's time: seconds since the epoch, and its distance from UTC."""

    now: float
    zone: timezone


@dataclass(frozen=True)
class Stamp:
    """A line's time, in seconds since the epoch. One without a fraction stands for the whole second."""

    at: float
    whole: bool
    zoned: bool
    """Did the line say its zone?"""

    def since(self, moment: float) -> bool:
        return self.at >= (math.floor(moment) if self.whole else moment)


def clock(context: Context) -> Clock:
    """Asks the host. Raises StepError."""
    result = context.command("date +%s.%N; date +%z")
    found = re.fullmatch(r"(\d+)(\.\d+)?\S*\s+([+-])(\d\d)(\d\d)", result.out.strip())  # busybox knows no %N
    if found is None:
        raise StepError(f"the host's clock cannot be read: {result.err or result.out!r}")
    whole, fraction, sign, hours, minutes = found.groups()
    return Clock(float(whole + (fraction or "")), _zone(sign, hours, minutes))


_DATE = r"(?P<year>\d{4})[-/](?P<month>\d\d)[-/](?P<day>\d\d)"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_OFFSET = r"(?:\s?(?P<zone>Z|UTC|[+-]\d\d:?\d\d))?"
_ISO = rf"{_DATE}[T ]{_TIME}{_OFFSET}"
_FORMS = [
    re.compile(form)
    for form in (
        # At the beginning, in brackets or not, perhaps behind a level or a name: `[2026-01-31 …`, `ERROR: 2026/01/31 …`
        rf"\W{{0,3}}(?:[A-Za-z][\w.]{{0,30}}\W{{1,8}})?{_ISO}",
        rf'\{{.{{0,400}}?"@?(?:time|timestamp|ts|date|asctime)"\s*:\s*"{_ISO}',
        rf"(?:<\d+>)?(?P<name>[A-Z][a-z]{{2}})\s+(?P<day>\d{{1,2}}) {_TIME}",
        # What web servers write for each request: `10.0.0.1 - - [31/Jan/2026:12:00:00 +0000] "GET …`
        rf"\S+ \S+ .{{1,80}}?\[(?P<day>\d\d)/(?P<name>[A-Z][a-z]{{2}})/(?P<year>\d{{4}}):{_TIME}{_OFFSET}\]",
    )
]
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def stamp(line: str, here: Clock) -> Stamp | None:
    """The time at which a line was written; without a zone of its own it is taken to be in the clock's."""
    for form in _FORMS:
        if found := form.match(line):
            return _read(found.groupdict(), here)
    return None


def _read(parts: dict[str, str | None], here: Clock) -> Stamp | None:
    name, fraction, offset = parts.get("name"), parts.get("fraction"), parts.get("zone")
    if name is not None and name not in _MONTHS:
        return None
    month, day = _MONTHS.index(name) + 1 if name else int(parts["month"] or 0), int(parts["day"] or 0)
    written = parts.get("year")
    year = int(written) if written else _year(month, day, here)
    zone = here.zone if offset is None else _offset(offset)
    hour, minute, second = (int(parts[key] or 0) for key in ("hour", "minute", "second"))
    try:
        whole = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).timestamp()
    except ValueError:
        return None
    return Stamp(whole + float(f"0.{fraction}") if fraction else whole, not fraction, offset is not None)


def _year(month: int, day: int, here: Clock) -> int:
    """Syslog has no year: it is the last one in which that day was. A day's grace, for zones."""
    tomorrow = datetime.fromtimestamp(here.now, here.zone) + timedelta(days=1)
    return tomorrow.year - 1 if (month, day) > (tomorrow.month, tomorrow.day) else tomorrow.year


def _offset(text: str) -> timezone:
    if text in ("Z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "")
    return _zone(text[0], digits[:2], digits[2:])


def _zone(sign: str, hours: str, minutes: str) -> timezone:
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-distance if sign == "-" else distance) if distance < timedelta(days=1) else UTC


def zoned(lines: Sequence[str], written: float, here: Clock) -> Clock:
    """The clock with the zone of a file's lines, where they do not say it themselves: the host's own, or UTC.

    `written` is when the file was last written to, and so the time of its last line, or just after it. Many
    applications write UTC on a host that has another zone; their lines would seem hours old, and none of them new.
    """
    last = next((found for line in reversed(lines) if (found := stamp(line, here)) is not None), None)
    if last is None or last.zoned:
        return here
    universal = last.at + (here.zone.utcoffset(None) or timedelta()).total_seconds()
    distances = [(_distance(written, last.at), here), (_distance(written, universal), Clock(here.now, UTC))]
    return min(distances, key=lambda item: item[0])[1]


def _distance(written: float, last: float) -> float:
    """How far the last line is from the writing; one that is ahead of it cannot be right."""
    return written - last if last <= written + SLACK else math.inf


def after(lines: Sequence[str], moment: float, written: float, here: Clock, *, whole: bool) -> list[str] | None:
    """The lines from a moment on; None where no line has a time that is known here.

    A line without a time belongs to the one before it. Where it cannot be told whether a line is older or newer, it is
    taken: those before the first time of a `whole` file, and those behind the last time of a file that was `written`
    to after the moment.
    """
    here = zoned(lines, written, here)
    stamps = [stamp(line, here) for line in lines]
    known = [(index, found) for index, found in enumerate(stamps) if found is not None]
    if not known:
        return None
    taking, out = whole and known[0][1].since(moment), []
    for line, found in zip(lines, stamps, strict=True):
        taking = taking if found is None else found.since(moment)
        if taking:
            out.append(line)
    last, newest = known[-1]
    if not newest.since(moment) and written >= moment:
        out += lines[last + 1 :]
    return out
