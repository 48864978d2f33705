"""`Frozen`: what a class of ours that never changes derives from. A msgspec Struct: made, compared and copied in C.

    class Place(Frozen):
        file: str
        line: int = 1

Every annotation but a `ClassVar` is a field. `replace` gives a copy with other values, `field(default_factory=…)` a
default that is made anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, dataclass_transform

from msgspec import Struct, field
from msgspec.structs import asdict, astuple, replace

__all__ = ["Frozen", "asdict", "astuple", "field", "replace", "repr_without"]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Frozen(Struct, frozen=True):
    """Its fields are set when it is made, and never again; two of one class with the same values are equal."""


def repr_without(*names: str) -> Callable[[Any], str]:
    """A `__repr__` that leaves fields out: a password has no place in a log or a traceback."""

    def __repr__(self: Frozen) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in names)
        return f"{type(self).__name__}({', '.join(shown)})"

    return __repr__
