"""Secrets are taken out of what is shown: out of events where they leave the engine, out of a plan, of explanations."""

from __future__ import annotations

import base64
import json
import re
import shlex
import threading
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from runbook.common.frozen import Frozen, asdict, replace

MASK = "(secret)"
SHORTEST = 3
"""Characters; a shorter secret is masked only where a whole value is equal to it, else every text would be eaten."""

T = TypeVar("T")


class Masker:
    """Knows the secrets of a run and takes them out of anything. Safe to use from several threads."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._whole: set[str] = set()
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._longest = 0
        """Characters of the longest form."""
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Any) -> None:
        """Mask this value from now on, also as it looks in a URL, in JSON, quoted for a shell, or in base64."""
        if isinstance(secret, Mapping):
            for value in secret.values():
                self.add(value)
        elif isinstance(secret, list | tuple):
            for value in secret:
                self.add(value)
        elif secret is not None and not isinstance(secret, bool) and str(secret).strip():
            self._add_text(str(secret))

    def _add_text(self, text: str) -> None:
        with self._lock:
            if text in self._whole:
                return
            self._whole.add(text)
            if len(text) >= SHORTEST:
                forms = {form for form in _forms(text) if len(form) >= SHORTEST}
                self._forms |= forms
                self._longest = max(self._longest, *map(len, forms))
                self._pattern = None

    def text(self, text: str) -> str:
        if text in self._whole:
            return MASK
        return self._compiled().sub(MASK, text) if self._forms else text

    def _compiled(self) -> re.Pattern[str]:
        """Made when it is needed: an inventory may bring a thousand secrets, one after the other."""
        if (known := self._pattern) is not None:
            return known
        with self._lock:
            ordered = sorted(self._forms, key=len, reverse=True)
            self._pattern = made = re.compile("|".join(map(re.escape, ordered)))
            return made

    def part(self, text: str) -> str:
        """A part of a longer text: a secret too short to be searched for is not looked for in it."""
        return self._compiled().sub(MASK, text) if self._forms else text

    def sure(self, text: str) -> int:
        """Of a text that goes on: how many of its characters can be masked now, whatever follows."""
        if not self._forms:
            return len(text)
        pattern, longest = self._compiled(), self._longest
        cut = max(0, len(text) - longest + 1)
        for found in pattern.finditer(text):
            if found.start() >= cut:
                break
            cut = max(cut, found.end())
        return cut

    def mask(self, value: T) -> T:
        """The same thing with every secret in it replaced: texts, lists, mappings, and frozen classes."""
        if not self._whole:
            return value
        return self._mask(value)  # type: ignore[no-any-return] # the shape is kept

    def _mask(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "replace")).encode()
        if isinstance(value, Mapping):
            return {self._mask(key): self._mask(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._mask(item) for item in value)
        if isinstance(value, Frozen):
            return replace(value, **{name: self._mask(item) for name, item in asdict(value).items()})
        return MASK if not isinstance(value, bool) and value is not None and str(value) in self._whole else value


def _forms(text: str) -> Iterable[str]:
    yield text
    yield from (line for line in text.splitlines() if len(line) >= 8)
    yield quote(text, safe="")
    yield quote_plus(text)
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield shlex.quote(text)
    yield repr(text)[1:-1]
    yield base64.b64encode(text.encode()).decode()
