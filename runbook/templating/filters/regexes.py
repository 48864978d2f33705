"""Regular expressions: Python's, by the package `regex`, which can be told to give up: some would take for ever."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from runbook.templating.sandbox.limits import MAX_TEXT, fits, spend, text_of

SECONDS = 5.0
"""For one look at one text."""


def looked(pattern: str, how: str, *args: Any, ignorecase: bool = False, multiline: bool = False, **more: Any) -> Any:
    """What the method `how` of a pattern gives: search, match, fullmatch, findall, subn. Raises ValueError."""
    import regex  # a few milliseconds, for those who use one

    flags = (regex.IGNORECASE if ignorecase else 0) | (regex.MULTILINE if multiline else 0)
    try:
        call: Callable[..., Any] = getattr(regex.compile(pattern, flags), how)
        return call(*args, timeout=SECONDS, **more)
    except regex.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    except TimeoutError:
        raise ValueError(f"the regular expression {pattern!r} takes longer than {SECONDS:g} s over this text") from None


def regex_search(
    value: Any, regex: str, *groups: str, ignorecase: bool = False, multiline: bool = False
) -> str | list[Any] | None:
    """The first place that matches, or nothing; the named groups of it (`'\\1'`, `'\\g<name>'`) as a list.

    `'port=80' | regex_search('(\\w+)=(\\d+)', '\\2')` → `["80"]`
    """
    wanted = [_group(group) for group in groups]
    found = looked(regex, "search", text_of(value), ignorecase=ignorecase, multiline=multiline)
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
    found: list[Any] = looked(regex, "findall", text_of(value), ignorecase=ignorecase, multiline=multiline)
    return found


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
    text = text_of(value)
    small = (len(text) + 1) * max(len(replacement), 1) <= MAX_TEXT
    new = replacement if small else _counted(replacement, text)
    out, times = looked(pattern, "subn", new, text, count=count, ignorecase=ignorecase, multiline=multiline)
    if mandatory_count and mandatory_count != times:
        raise ValueError(f"regex_replace: {pattern!r} matches {times} times, and must {mandatory_count} times")
    return str(out)


def _counted(replacement: str, text: str) -> Callable[[Any], str]:
    """Gives the replacement of a match, in what may become too long."""
    size = len(text)

    def put(found: Any) -> str:
        nonlocal size
        spend(1 + len(replacement) // 4)  # `expand` reads the whole replacement anew
        new: str = found.expand(replacement)
        size += len(new)
        fits(size)
        return new

    return put


def regex_escape(value: Any, re_type: str = "python") -> str:
    """The text as a regular expression that matches just it: Python's, or `posix_basic`.

    `'a.b' | regex_escape` → `"a\\\\.b"`
    """
    if re_type == "python":
        return re.escape(text_of(value))
    if re_type == "posix_basic":
        return re.sub(r"([].[^$*\\])", r"\\\1", text_of(value))
    raise ValueError(f"regex_escape: {re_type!r} is not one of python, posix_basic")
