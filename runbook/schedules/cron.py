"""A cron expression of five fields, read by cronsim as Debian's cron reads it, and as systemd has it. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from runbook.common.frozen import Frozen

if TYPE_CHECKING:
    from cronsim import CronSim

_FIELDS = (
    ("minute", "a number from 0 to 59"),
    ("hour", "a number from 0 to 23"),
    ("day of the month", "a number from 1 to 31"),
    ("month", "a number from 1 to 12, or jan, feb, mar, apr, may, jun, jul, aug, sep, oct, nov, dec"),
    ("day of the week", "a number from 0 to 7, or sun, mon, tue, wed, thu, fri, sat"),
)
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

_OWN = re.compile(r"(?:\A|\d)L|#", re.IGNORECASE)
"""What cronsim knows beside what every cron does: the last day, the second Monday."""


class Cron(Frozen):
    """The values of each field, sorted; None where the field is `*`."""

    text: str
    both: bool
    """Must a day be one of `days` and one of `weekdays`? crontab(5) means either, unless one begins with a `*`."""
    minutes: tuple[int, ...] | None
    hours: tuple[int, ...] | None
    days: tuple[int, ...] | None
    months: tuple[int, ...] | None
    weekdays: tuple[int, ...] | None
    """0 is Sunday."""


def parse(text: str) -> Cron:
    """Raises ValueError with a sentence."""
    words = _MACROS.get(text.strip().lower(), text).split()
    if len(words) != len(_FIELDS):
        raise ValueError(f"{text!r} is no cron expression: write minute, hour, day, month and weekday, as 0 6 * * 1-5")
    for at in range(len(_FIELDS)):
        _check(words[at], at)
    if (read := _read(words)) is None:
        raise ValueError(f"{text!r} never comes: none of its months has such a day")
    weekdays = {day % 7 for day in read.weekdays if isinstance(day, int)}
    found = (read.minutes, read.hours, read.days, read.months, weekdays)
    values = [None if word == "*" else tuple(sorted(one)) for word, one in zip(words, found, strict=True)]
    return Cron(" ".join(words), read.day_and, *values)


def _check(word: str, at: int) -> None:
    """Each part of a list by itself, and each number of a range: one that is wrong can be named."""
    name, values = _FIELDS[at]
    for part in word.split(","):
        for number in part.partition("/")[0].split("-"):
            if _wrong(number, at):
                raise ValueError(f"{name}: {number!r} is not {values}")
        if _wrong(part, at):
            raise ValueError(f"{name}: {part!r} is neither a range such as 1-5 nor a step such as */2 or 1-5/2")


def _wrong(part: str, at: int) -> bool:
    return bool(_OWN.search(part)) or _read([part if at == other else "*" for other in range(len(_FIELDS))]) is None


def _read(words: list[str]) -> CronSim | None:
    from cronsim import CronSim, CronSimError

    try:
        return CronSim(" ".join(words), datetime(2000, 1, 1))
    except CronSimError:
        return None


def to_calendar(cron: Cron, timezone: str = "") -> tuple[str, ...]:
    """`OnCalendar=` values. Two where cron means days of the month or of the week: systemd means both."""
    time = f"{_listed(cron.hours)}:{_listed(cron.minutes)}:00"
    zone = f" {timezone}" if timezone else ""
    dates = [f"*-{_listed(cron.months)}-{_listed(cron.days)} {time}"]
    if cron.weekdays is not None:
        named = ",".join(_DAYS[day] for day in cron.weekdays)
        by_weekday = f"{named} *-{_listed(cron.months)}-* {time}"
        dates = [f"{named} {dates[0]}"] if cron.both else [*dates, by_weekday]
    return tuple(f"{date}{zone}" for date in dates)


def _listed(values: tuple[int, ...] | None) -> str:
    return "*" if values is None else ",".join(f"{value:02}" for value in values)
