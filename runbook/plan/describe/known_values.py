"""How much of a template or a condition is known before a run, and in which words the rest is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

from runbook.common.json_data import as_json
from runbook.model import Expression
from runbook.plan.describe.redacted_variables import CHANCE, SECRET_NAME, RedactedVariables
from runbook.source.document import Place
from runbook.templating.errors import OMIT, TemplateError
from runbook.templating.render import evaluate, is_template, render
from runbook.templating.scope import Scope

_ADDRESS = re.compile(r" at 0x[0-9a-f]+>")
"""What Python says of a thing that has no text: another one each time."""
ALWAYS_LATE = ("env", "run", "controller", "inputs", "hostvars")
"""What is looked into by a key: reading them tells nothing yet."""
KEYED = {"inputs", "hostvars"}
"""Of these what is below a key may be a variable that is made of something."""
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
URL_PASSWORD = re.compile(r"(?<=://)([^/:@?#\s]*):[^/?#\s@]+@")
WORD_PASSWORD = re.compile(r"(?i)\b((?:password|passwd|pgpassword|token|secret|api[_-]?key)=)(?!['\"]?\()([^\s&;'\"]+)")
SECRET = "(secret)"  # noqa: S105 - what is shown in the place of one


class KnownValues:
    """Renders for one plan, with what is not known left as it is written, and told. `after` collects step numbers."""

    def __init__(self, redacted: RedactedVariables, registers: Mapping[str, tuple[str, ...]]) -> None:
        self._redacted, self._registers = redacted, registers
        self.after: set[str] = set()

    def value(self, value: Any, scope: Scope, place: Place | None = None) -> Any:
        """The value rendered as far as can be, without what is `omit`."""
        if isinstance(value, str):
            return self._template(value, scope, place) if is_template(value) else value
        if isinstance(value, Mapping):
            found = {key: self.value(item, scope, place / key if place else None) for key, item in value.items()}
            return {key: item for key, item in found.items() if item is not OMIT}
        if isinstance(value, list | tuple):
            items = [self.value(item, scope, place / index if place else None) for index, item in enumerate(value)]
            return [item for item in items if item is not OMIT]
        return value

    def _template(self, text: str, scope: Scope, place: Place | None) -> Any:
        whole, said = self._rendered(text, scope, lambda: render(text, _anew(scope), place))
        if not said:
            return whole
        if "{%" in text:
            return self._with(text, {said})
        # Of several expressions each for itself, so that what is known is shown beside what is not.
        later: set[str] = set()

        def one(found: re.Match[str]) -> str:
            shown, why = self._rendered(found[0], scope, lambda: render(found[0], _anew(scope), place))
            if why:
                later.add(why)
                return found[0]
            return str(shown)

        return self._with(_EXPRESSION.sub(one, text), later)

    def _with(self, text: str, later: set[str]) -> str:
        """A text with a word about what in it is known only later."""
        if not later:
            return text
        return f"{text.rstrip()}{chr(10) if chr(10) in text.strip() else ' '}({'; '.join(sorted(later))})"

    def file(self, text: str, scope: Scope, render_it: Callable[[], str]) -> str:
        """A template file rendered, or as it is written where that is not known yet."""
        shown, said = self._rendered(text, scope, render_it)
        return self._with(text, {said}) if said else str(shown)

    def decision(self, item: Expression, scope: Scope) -> tuple[Any, str]:
        """The value of a bare expression and nothing to tell; or None, and when it will be known."""
        started = self._redacted.started
        started.clear()
        if CHANCE.search(item.text):
            return None, "known during the run"
        try:
            value = evaluate(item.text, _anew(scope), item.place)
        except TemplateError as error:
            return None, self._later(error)
        return (None, self._at_start()) if started else (value, "")

    def _rendered(self, text: str, scope: Scope, render_it: Callable[[], Any]) -> tuple[Any, str]:
        """The value and nothing to tell; or the text as it is written, and when it will be known."""
        started = self._redacted.started
        started.clear()
        if CHANCE.search(text):
            return text, "known during the run"
        try:
            value = render_it()
        except TemplateError as error:
            return text, self._later(error)
        if isinstance(value, Iterator) or _ADDRESS.search(value if isinstance(value, str) else ""):
            return text, "known during the run"
        if started:
            said = self._at_start()
            return (value, "") if self._certain(text, value, scope) else (text, said)
        return value, ""

    def _certain(self, text: str, value: Any, scope: Scope) -> bool:
        """Is what a template gave with `(secret pw)` for a secret what it gives with the secret, but for that?"""
        from runbook.plan.describe.runtime_values import made_of_one, only_put_out, runtime_names

        words = set(self._redacted.started)
        is_runtime = lru_cache(maxsize=None)(lambda name: self._is_runtime(name, scope))
        names = runtime_names(text, is_runtime)
        if not all(self._sound(name, scope) for name in names):
            return False
        if only_put_out(text, is_runtime) and not names & KEYED:
            return True
        shown = value if isinstance(value, str) else as_json(value)
        return (only_put_out(text, is_runtime) or made_of_one(text, is_runtime)) and all(
            word in shown for word in words
        )

    def _sound(self, name: str, scope: Scope) -> bool:
        """Is a variable that reads such a thing itself certain, but for that?"""
        layer = next((layer for layer in reversed(scope.layers) if name in layer.values), None)
        if layer is None or not layer.templates:
            return True
        # A variable that refers to itself is no template that can be rendered: this comes to an end.
        return all(
            not self._rendered(one, scope, partial(render, one, _anew(scope)))[1] for one in _texts(layer.values[name])
        )

    def _is_runtime(self, name: str, scope: Scope) -> bool:
        """Does reading this variable read something that is known only at the start?"""
        if name in ALWAYS_LATE:
            return True
        self._redacted.started.clear()
        with suppress(KeyError, TemplateError):
            _anew(scope)[name]
        return bool(self._redacted.started)

    def _later(self, error: TemplateError) -> str:
        numbers = self._registers.get(error.name, ())
        if numbers:
            self.after |= set(numbers)
            return f"known after {', '.join(numbers)}"
        return self._at_start() if self._redacted.started else "known during the run"

    def _at_start(self) -> str:
        return f"known when it starts, by {', '.join(sorted(self._redacted.started))}"


def _texts(value: Any) -> Iterator[str]:
    """The templates in a value."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif is_template(value):
        yield value


def _anew(scope: Scope) -> Scope:
    """The same scope, in which nothing has been read yet: what it reads again is noted again."""
    return Scope(scope.layers, scope.controller)


def without_secrets(value: Any, name: str = "") -> Any:
    """A rendered value without what stands in the place of a secret: under its name, in a URL, in an assignment."""
    if isinstance(value, Mapping):
        return {key: without_secrets(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item, name) for item in value]
    if name and SECRET_NAME.search(name) and value not in (None, "") and not isinstance(value, bool):
        return value if isinstance(value, str) and told(value) else SECRET
    return without_passwords(value) if isinstance(value, str) else value


def without_passwords(text: str) -> str:
    """A text without the passwords of URLs, and of words like `password=…`."""
    if "://" in text:
        text = URL_PASSWORD.sub(rf"\1:{SECRET}@", text)
    return WORD_PASSWORD.sub(rf"\1{SECRET}", text) if "=" in text else text


def told(text: str) -> bool:
    """Does it say where a secret comes from, without holding one?"""
    return "(secret" in text or "(env " in text or is_template(text)
