"""What stands in the place of values that only a run has: the item of a loop, what a step registers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook.templating.errors import TemplateError


class Item(str):
    """Stands for an item of a loop: `item.port` is shown as `(item.port)`."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Item:
        if name.startswith("__"):
            raise AttributeError(name)
        return Item(f"{self[:-1]}.{name})")

    def __getitem__(self, key: Any) -> Any:
        return Item(f"{str(self)[:-1]}[{key!r}])") if isinstance(key, str) else super().__getitem__(key)


class NotYet(Mapping[str, Any]):
    """Names that a step sets that runs before: reading one tells that it is not known yet."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __getitem__(self, name: str) -> Any:
        raise TemplateError(f"{name!r} is not known yet", name=name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)
