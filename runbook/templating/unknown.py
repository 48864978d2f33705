"""What a step would have told that was not run: reading it says so, whatever is asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn


class UnknownValue(Exception):
    """An expression needs what only a real run can tell. `number` is the step that would tell it."""

    def __init__(self, number: str) -> None:
        super().__init__(f"not known: it depends on step {number}, which was not run")
        self.number = number


class Unknown(Mapping[str, Any]):
    """Stands for the outcome of a step that was not run. `known` holds what of it is certain."""

    def __init__(self, number: str, **known: Any) -> None:
        self._number, self._known = number, known

    def __getitem__(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        raise UnknownValue(self._number)

    def __iter__(self) -> Iterator[str]:
        self.refuse()

    def __len__(self) -> int:  # noqa: PLE0303 - it returns nothing: it refuses
        self.refuse()

    def refuse(self, *_: Any) -> NoReturn:
        """Raises UnknownValue."""
        raise UnknownValue(self._number)

    __bool__ = __str__ = __int__ = __float__ = __hash__ = refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __mod__ = refuse
