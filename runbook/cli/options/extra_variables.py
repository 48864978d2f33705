"""The values of -e: `k=v`, `"k=v l=w"`, `@file`, or JSON as one mapping, the later winning."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from runbook.common.nesting import MAX_LEVELS, deeper
from runbook.vault.format import Vault

_NAME = re.compile(r"[A-Za-z_]\w*\Z")
ReadFile = Callable[[str], Any]
"""Gives the data of a file."""


def extra_variables(texts: Iterable[str], vault: Vault) -> dict[str, Any]:
    """What the texts give. Raises click.UsageError, and Problems for a file."""
    from runbook.vault.documents import read_document

    try:
        return parse_extra(texts, lambda name: read_document(Path(name), vault).data)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def parse_extra(texts: Iterable[str], read: ReadFile) -> dict[str, Any]:
    """The same with files read by `read`. Raises ValueError with a sentence."""
    out: dict[str, Any] = {}
    for text in texts:
        out.update(_one_extra(text, read))
    return out


def _one_extra(text: str, read: ReadFile) -> Mapping[str, Any]:
    if text.startswith("@"):
        data = read(text[1:])
        if not isinstance(data, Mapping):
            raise ValueError(f"{text[1:]} does not hold a mapping of variables")
        return data
    if text.lstrip().startswith("{"):
        try:
            found = dict(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"-e with a mapping: that is not valid JSON: {error}") from None
        if deeper(found):
            raise ValueError(f"-e with a mapping: it has more than {MAX_LEVELS} levels")
        return found
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ValueError(f"-e {text!r} is not NAME=VALUE, @FILE or a JSON mapping")
    return _several(text) or {name.strip(): value}


def _several(text: str) -> dict[str, str]:
    """Of `a=1 b="x y"`; nothing where a word is no assignment, so that `say=well done` is one value."""
    try:
        words = shlex.split(text)
    except ValueError:
        return {}
    pairs = [word.partition("=") for word in words]
    if len(pairs) < 2 or not all(equals and _NAME.match(name) for name, equals, _ in pairs):
        return {}
    return {name: value for name, _, value in pairs}
