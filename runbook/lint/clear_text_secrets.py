"""Secrets in clear text: values under keys that say so, connection strings, key blocks, words of commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runbook.common.frozen import Frozen
from runbook.lint.rules import found
from runbook.lint.subject import Subject
from runbook.source.document import Document, Place, Problem, Span
from runbook.templating.render import is_template
from runbook.vault.format import Secret

_KEY = re.compile(
    r"(?:^|[_.\- ])(?:password|passwd|passphrase|pwd|secret|token|bearer|(?:api|access|secret|private)_?key)$"
    r"|^(?:pass|dbpass|pgpass)$",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"(?:^|_)(?:no|ask|update|change|reset|has|need|require|use|rotate|expire)_", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"(?:Bearer|Basic)\s+([\w+/=.~-]{8,})$")
_PLACEHOLDER = re.compile(r"[x*.•_-]+|<[^>]*>|\.{3}|\$\{?\w+\}?|~?/.*|\./.*|\w+://[^@]*|null|none|omit", re.IGNORECASE)
_HINT = "read it from an input with `secret: true` and `env`, from env.NAME, or from a vault"


class Shape(Frozen):
    """What a secret looks like in any text; the first group is the secret itself."""

    what: str
    pattern: re.Pattern[str]
    marks: tuple[str, ...]
    """One of these stands in every such text."""


SHAPES = (
    Shape("a private key", re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)"), ("PRIVATE KEY",)),
    Shape(
        "a connection string with a password",
        re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}$<>'\"]*:([^\s/:@{}$<>*'\"\\()\[\]]+)@[\w{\[]"),
        ("://",),
    ),
    Shape(
        "a password",
        re.compile(
            r"(?:\b(?:[A-Z]+_)*(?:PASSWORD|PGPASSWORD|PASSWD|SECRET|TOKEN|API_KEY)|\bpassword)=['\"]?([A-Za-z0-9][^\s'\"&;|{}$]{2,})"
        ),
        ("=",),
    ),
    Shape("a password", re.compile(r"--(?:password|token|secret)[= ]['\"]?([A-Za-z0-9][^\s'\"{}$]{2,})"), ("--",)),
    Shape(
        "an access key",
        re.compile(r"\b(AKIA[0-9A-Z]{16}|gh[pousr]_\w{36,}|xox[abprs]-[\w-]{10,}|glpat-[\w-]{20})"),
        ("AKIA", "gh", "xox", "glpat-"),
    ),
)


def secrets(subject: Subject) -> Iterator[Problem]:
    seen: set[str] = set()
    for document in subject.playbook.documents:
        if document.file not in seen and not document.encrypted:
            seen.add(document.file)
            yield from _in(document.data, Place(document))
    for item in subject.playbook.inputs.values():
        if item.secret and _plain(item.default):
            yield _told(
                item.place / "default", str(item.default), f"the secret input {item.name!r} has a default in clear text"
            )


def _in(data: Any, place: Place) -> Iterator[Problem]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            at = place / key
            if isinstance(value, Mapping | list):
                yield from _in(value, at)
            elif (secret := _by_key(str(key), value)) and place.path[-1:] != ("labels",):
                yield _told(at, secret, f"{str(key)!r} has a secret in clear text")
            elif isinstance(value, str):
                yield from _by_shape(value, at)
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _in(item, place / index)
    elif isinstance(data, str):
        yield from _by_shape(data, place)


def _by_key(key: str, value: Any) -> str:
    """The secret that stands under a key; empty when it is none."""
    if key.lower() == "authorization" and isinstance(value, str):
        hit = _AUTHORIZATION.match(value)
        return hit[1] if hit else ""
    return str(value) if _KEY.search(key) and not _NO_SECRET.search(key) and _plain(value) else ""


def _plain(value: Any) -> bool:
    """Is it a value that could be a secret: no template, no placeholder, no path or address?"""
    if isinstance(value, bool | Secret) or not isinstance(value, str | int):
        return False
    text = str(value).strip()
    return bool(text) and not is_template(text) and " " not in text and not _PLACEHOLDER.fullmatch(text)


def _by_shape(text: str, place: Place) -> Iterator[Problem]:
    for shape in () if isinstance(text, Secret) else SHAPES:
        if not any(mark in text for mark in shape.marks):
            continue
        for hit in shape.pattern.finditer(text):
            if not _PLACEHOLDER.fullmatch(hit[1]):
                yield _told(place, hit[1], f"{shape.what} in clear text")


def _told(place: Place, secret: str, message: str) -> Problem:
    return found("clear-secret", _where(place.document, place.value, secret), message, _HINT, hidden=True)


def _where(document: Document, value: Span, secret: str) -> Span:
    """The secret's own place: it may stand in the middle of a value, or on one of its later lines."""
    lines = document.text.split("\n")
    for number in range(value.line - 1, min(len(lines), value.line + 200)):
        start = lines[number].find(secret, value.column - 1 if number == value.line - 1 else 0)
        if start >= 0:
            return Span(value.file, number + 1, start + 1, len(secret))
    return value
