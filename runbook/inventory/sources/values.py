"""Types of INI values: what reads as a Python literal is one (`3`, `True`, `[1, 2]`), all else is text.

So `true`, `yes` and `no` are texts and `True` is a boolean, as in Ansible. Nothing is evaluated.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

MAX_LENGTH = 100_000
_PLAIN_TEXT = re.compile(r"(?!(?:True|False|None)\Z)[A-Za-z_/~][\w./:@+-]*\Z|[0-9]+(?:\.[0-9]+){2,}\Z")
"""Most values, addresses too. They are no literals, which need not be found out the slow way."""
_NUMBER = re.compile(r"(?:0|-?[1-9][0-9]{0,17})\Z", re.ASCII)


class ValueTooLong(ValueError):
    """A value that would take too much memory to read."""


def read_value(text: str) -> Any:
    """The value of `name=text`. Raises ValueTooLong.

    >>> [read_value(text) for text in ("80", "True", "true", "'6443'", "a b", "{'a': (1, 2)}")]
    [80, True, 'true', '6443', 'a b', {'a': [1, 2]}]
    """
    if _PLAIN_TEXT.match(text) or not text:
        return text
    if _NUMBER.match(text):
        return int(text)
    if len(text) > MAX_LENGTH:
        raise ValueTooLong(f"the value is {len(text):,} characters long; at most {MAX_LENGTH:,} are read from INI")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = _plain(ast.literal_eval(text))
            str(value).encode()  # half a surrogate pair is text that nothing could print
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return value


def _plain(value: Any) -> Any:
    """Only what YAML could hold too: tuples and sets become lists, bytes and complex numbers text."""
    if isinstance(value, dict):
        return {_plain_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set):
        return sorted((_plain(item) for item in value), key=repr)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, complex):
        return str(value)
    return "..." if value is ... else value


def _plain_key(key: Any) -> Any:
    return key if isinstance(key, str | int | float | bool | None) else str(_plain(key))
