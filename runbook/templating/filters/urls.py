"""Filters for URLs: their parts, and texts quoted for them."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus
from urllib.parse import urlsplit as split

_PARTS = ("fragment", "hostname", "netloc", "password", "path", "port", "query", "scheme", "username")


def urlsplit(value: Any, query: str = "") -> Any:
    """The parts of an address, or one of them: fragment, hostname, netloc, password, path, port, query, scheme,
    username.

    `'http://web1:8080/health' | urlsplit('port')` → `8080`
    """
    if query and query not in _PARTS:
        raise ValueError(f"urlsplit: {query!r} is not one of {', '.join(_PARTS)}")
    found = split(value)
    return getattr(found, query) if query else {part: getattr(found, part) for part in _PARTS}


def urldecode(value: Any) -> str:
    """The text that stands in an address as `%20` and the like.

    `'a%20b' | urldecode` → `"a b"`
    """
    return unquote_plus(value)
