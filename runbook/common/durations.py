"""Durations as people write them."""

from __future__ import annotations

import re
from typing import Any

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhd])")


def seconds(value: Any) -> float:
    """Seconds from a number, or from text such as `30`, `1.5s`, `5m`, `1h30m`. Raises ValueError with a sentence."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        raise ValueError(f"{value!r} is not a duration: write seconds, or such as 30s, 5m, 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def show(value: float) -> str:
    """Seconds for people: `0.12 s`, `4.0 s`, `2 min 5 s`, `1 h 3 min`."""
    if value < 1:
        return f"{value:.2f} s"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
