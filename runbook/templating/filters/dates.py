"""Filters for points in time: `to_datetime`, `strftime`."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any


def to_datetime(value: str, format: str = "%Y-%m-%d %H:%M:%S") -> datetime:
    """A text as a point in time. One less another has `days`, `seconds` and `total_seconds()`.

    `('2026-03-02 00:00:00' | to_datetime - '2026-03-01' | to_datetime('%Y-%m-%d')).days` → `1`
    """
    return datetime.strptime(value, format)


def strftime(value: str, second: Any = None, utc: bool = False) -> str:
    """The time now, or that of seconds since 1970, as the text says.

    `'%Y-%m-%d' | strftime(0, utc=true)` → `"1970-01-01"`
    """
    if second is not None:
        try:
            second = float(second)
        except (TypeError, ValueError):
            raise ValueError(f"strftime: {second!r} is not a number of seconds") from None
    return time.strftime(value, time.gmtime(second) if utc else time.localtime(second))
