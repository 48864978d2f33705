"""A cron expression of five fields, checked, and as systemd has it. Pure."""

from __future__ import annotations

import re

from runbook.common.frozen import Frozen

_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    ("day of the week", 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


class Cron(Frozen):
    """The values of each field, sorted; None where the field is `*`."""

    text: str
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
    minutes, hours, days, months, weekdays = (_values(word, *field) for word, field in zip(words, _FIELDS, strict=True))
    if weekdays is not None:
        weekdays = tuple(sorted({day % 7 for day in weekdays}))
    return Cron(" ".join(words), minutes, hours, days, months, weekdays)


def _values(word: str, name: str, low: int, high: int, names: tuple[str, ...]) -> tuple[int, ...] | None:
    if word == "*":
        return None
    found: set[int] = set()
    for part in word.split(","):
        found |= _part(part, name, low, high, names)
    return tuple(sorted(found))


def _part(part: str, name: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    span, slash, step = part.partition("/")
    first, dash, last = span.partition("-")
    if slash and not re.fullmatch(r"[1-9]\d*", step):
        raise ValueError(f"{name}: the step in {part!r} is not a number above 0")
    if span == "*":
        start, end = low, high if name != "day of the week" else 6
    else:
        start = _number(first, name, low, high, names)
        end = _number(last, name, low, high, names) if dash else (high if slash else start)
    if start > end:
        raise ValueError(f"{name}: {span!r} ends before it begins")
    return set(range(start, end + 1, int(step) if slash else 1))


def _number(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + (1 if name == "month" else 0)
    if not re.fullmatch(r"\d{1,2}", text) or not low <= int(text) <= high:
        also = f", or {', '.join(names)}" if names else ""
        raise ValueError(f"{name}: {text!r} is not a number from {low} to {high}{also}")
    return int(text)


def to_calendar(cron: Cron, timezone: str = "") -> tuple[str, ...]:
    """`OnCalendar=` values. Two where day and weekday are both given: cron means either, systemd both."""
    time = f"{_listed(cron.hours)}:{_listed(cron.minutes)}:00"
    zone = f" {timezone}" if timezone else ""
    dates = [f"*-{_listed(cron.months)}-{_listed(cron.days)} {time}"]
    if cron.weekdays is not None:
        named = ",".join(_DAYS[day] for day in cron.weekdays)
        by_weekday = f"{named} *-{_listed(cron.months)}-* {time}"
        dates = [by_weekday] if cron.days is None else [*dates, by_weekday]
    return tuple(f"{date}{zone}" for date in dates)


def _listed(values: tuple[int, ...] | None) -> str:
    return "*" if values is None else ",".join(f"{value:02}" for value in values)
