"""Regular expressions: Python's."""

from __future__ import annotations

import re
from typing import Any

from runbook.templating.budget import MAX_TEXT, fits, spend, text_of


def flags(ignorecase: bool, multiline: bool) -> int:
    return (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)


def regex_search(
    value: Any, regex: str, *groups: str, ignorecase: bool = False, multiline: bool = False
) -> str | list[Any] | None:
    """The first place that matches, or nothing; the named groups of it (`'\\1'`, `'\\g<name>'`) as a list.

    `'port=80' | regex_search('(\\w+)=(\\d+)', '\\2')` → `["80"]`
    """
    wanted = [_group(group) for group in groups]
    found = re.search(regex, text_of(value), flags(ignorecase, multiline))
    if found is None:
        return None
    return [found.group(group) for group in wanted] if wanted else found.group()


def _group(text: str) -> str | int:
    found = re.match(r"\\(?:g<(\S+)>|(\d+))", text)
    if not found:
        raise ValueError(f"regex_search: {text!r} is not a group; write '\\1' or '\\g<name>'")
    return found[1] or int(found[2])


def regex_findall(value: Any, regex: str, multiline: bool = False, ignorecase: bool = False) -> list[Any]:
    """Every place that matches; where the expression has groups, these.

    `'a1 b22' | regex_findall('[0-9]+')` → `["1", "22"]`
    """
    return re.findall(regex, text_of(value), flags(ignorecase, multiline))


def regex_replace(
    value: Any = "",
    pattern: str = "",
    replacement: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    count: int = 0,
    mandatory_count: int = 0,
) -> str:
    """The text with every match replaced; `\\1` is a group. `mandatory_count` is how many there have to be.

    `'web01.example.com' | regex_replace('^(\\w+)\\..*$', '\\1')` → `"web01"`
    """
    text, compiled = text_of(value), re.compile(pattern, flags(ignorecase, multiline))
    if (len(text) + 1) * max(len(replacement), 1) <= MAX_TEXT:
        out, times = compiled.subn(replacement, text, count=count)
    else:
        out, times = _counted(compiled, replacement, text, count)
    if mandatory_count and mandatory_count != times:
        raise ValueError(f"regex_replace: {pattern!r} matches {times} times, and must {mandatory_count} times")
    return out


def _counted(compiled: re.Pattern[str], replacement: str, text: str, count: int) -> tuple[str, int]:
    """`subn` for what may become too long."""
    size = len(text)

    def put(found: re.Match[str]) -> str:
        nonlocal size
        spend(1 + len(replacement) // 4)  # `expand` reads the whole replacement anew
        new = found.expand(replacement)
        size += len(new)
        fits(size)
        return new

    return compiled.subn(put, text, count=count)


def regex_escape(value: Any, re_type: str = "python") -> str:
    """The text as a regular expression that matches just it: Python's, or `posix_basic`.

    `'a.b' | regex_escape` → `"a\\\\.b"`
    """
    if re_type == "python":
        return re.escape(text_of(value))
    if re_type == "posix_basic":
        return re.sub(r"([].[^$*\\])", r"\\\1", text_of(value))
    raise ValueError(f"regex_escape: {re_type!r} is not one of python, posix_basic")
