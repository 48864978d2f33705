"""Filters for numbers and sizes: `log`, `human_to_bytes` …"""

from __future__ import annotations

import math
import re
from typing import Any

from jinja2 import filters as jinja

_UNITS = "YZEPTGMKB"
_FACTORS = {unit: 1 << (10 * power) for unit, power in zip(_UNITS, range(8, -1, -1), strict=True)}
_NAMES = {
    "B": "",
    "K": "kilo",
    "M": "mega",
    "G": "giga",
    "T": "tera",
    "P": "peta",
    "E": "exa",
    "Z": "zeta",
    "Y": "yotta",
}


def human_readable(size: Any, isbits: bool = False, unit: str | None = None) -> str:
    """A number of bytes, or of bits, with a unit: that which fits, or `unit`.

    `1536 | human_readable` → `"1.50 KB"`
    """
    if unit is None:
        letter = next((one for one in _UNITS if size >= _FACTORS[one]), "B")
    else:
        letter = unit.upper() if unit.upper() in _FACTORS else "B"
    base = "bits" if isbits else "Bytes"
    return f"{size / _FACTORS[letter]:.2f} {base if letter == 'B' else letter + base[0]}"


def human_to_bytes(size: Any, default_unit: str | None = None, isbits: bool = False) -> int:
    """The number of bytes, or of bits, that a text with a unit says; 1 KB is 1024.

    `'1.5 KB' | human_to_bytes` → `1536`
    """
    found = re.search(r"^([0-9]*\.?[0-9]+)(?:\s*([A-Za-z]+))?\s*$", str(size))
    if not found:
        raise ValueError(f"human_to_bytes: {size!r} is not a number with a unit, such as 10M")
    unit = found[2] or default_unit
    if not unit:
        return round(float(found[1]))
    letter = unit[0].upper()
    if letter not in _FACTORS or (len(unit) > 1 and not _is_unit(unit, letter, "b" if isbits else "B")):
        one = "Mb" if isbits else "MB"
        raise ValueError(f"human_to_bytes: {unit!r} is not a unit of {'bits' if isbits else 'bytes'}, such as {one}")
    return round(float(found[1]) * _FACTORS[letter])


def _is_unit(unit: str, letter: str, base: str) -> bool:
    word = _NAMES[letter] + ("byte" if base == "B" else "bit")
    return unit.lower() == word or unit == ("" if letter == "B" else letter) + base


def log(value: Any, base: float = math.e) -> float:
    """The logarithm.

    `100 | log(10)` → `2.0`
    """
    return math.log10(value) if base == 10 else math.log(value, base)


def pow_(value: Any, exponent: float) -> float:
    """The power.

    `2 | pow(10)` → `1024.0`
    """
    return math.pow(value, exponent)


def root(value: Any, base: float = 2) -> float:
    """The root, of the second degree if none is said.

    `27 | root(3)` → `3.0`
    """
    return math.sqrt(value) if base == 2 else math.pow(value, 1.0 / float(base))


def round_(value: Any, precision: int = 0, method: str = "common") -> float:
    """The number with so many places; `method` is common, ceil or floor."""
    if abs(precision) > 300:
        raise ValueError(f"round: {precision} places are too many")
    return jinja.do_round(value, precision, method)  # type: ignore[arg-type]  # Jinja checks it
