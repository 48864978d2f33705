"""The address of a request: its URL with the query parameters, as it is sent and as it may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus, urlsplit, urlunsplit

_NOT_KNOWN = re.compile(r"(\((?:known|secret|env|item|run)\b[^()]*\))")
"""What stands in a plan for a value that only a run has."""


def address(url: str, params: Mapping[str, Any]) -> str:
    """The URL with the parameters behind the query that it has. A list gives its name once for each item."""
    added = "&".join(_pairs(params))
    if not added:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))


def without_password(url: Any) -> str:
    """A URL without the password that may stand in it."""
    return re.sub(r"(?<=://)([^/:@?#\s]*):[^/?#\s]*@", r"\1:(secret)@", str(url))


def _pairs(params: Mapping[str, Any]) -> Iterator[str]:
    for name, value in params.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            yield f"{_quoted(name)}={_quoted(_text(item))}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _quoted(text: Any) -> str:
    return "".join(part if _NOT_KNOWN.fullmatch(part) else quote_plus(part) for part in _NOT_KNOWN.split(str(text)))
