"""Names and keys that are not there: an error that says which, and what stands near.

`a.b.c` of an `a` that is not defined is as undefined as `a`, so that `default()` serves for the whole chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, UndefinedError
from jinja2 import Undefined as AnyUndefined
from jinja2.utils import missing

MAX_SHOWN = 8
"""Keys that are listed where none is near."""


class NotThere(UndefinedError):
    """A value that is not there was used. `name` is the variable or the key, `owner` where the key was looked for."""

    def __init__(self, message: str, undefined: Undefined) -> None:
        super().__init__(message)
        self.name = undefined._undefined_name
        self.owner = undefined._undefined_obj
        self.said = bool(undefined._undefined_hint)
        """The message is complete: who made the undefined value wrote it."""

    @property
    def is_variable(self) -> bool:
        return self.owner is missing and isinstance(self.name, str) and not self.said

    def keys(self) -> list[str]:
        """The keys that are there instead."""
        return [str(key) for key in self.owner] if isinstance(self.owner, Mapping) else []


class Undefined(StrictUndefined):
    """Strict: whatever is done with it, but `default()` and `is defined`, is an error."""

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[Exception] = UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, exc)  # type: ignore[arg-type]  # only templates' own errors come here
        if exc is UndefinedError:
            self._undefined_exception = self._error  # type: ignore[assignment]  # it is called with the message

    def _error(self, message: str) -> NotThere:
        return NotThere(message, self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> Any:
        return self


def refuse(value: Any) -> None:
    """Raises the error of a value that is not there."""
    if isinstance(value, AnyUndefined):  # Jinja's own too: an `if` in an expression without its `else`
        value._fail_with_undefined_error()
