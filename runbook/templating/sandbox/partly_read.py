"""A text or a list of which only the beginning was read: what is found in it is there, all else is not known."""

from __future__ import annotations

from typing import Any, NoReturn

from runbook.templating.errors import TemplateError

_SHOWN = 60


class NotRead(TemplateError):
    """An expression needs what was not read."""


class PartlyRead:
    """`why` says what was read. A line at the end of a list may be half of one."""

    def __init__(self, known: str | list[Any], why: str) -> None:
        self.known, self.why = known, why

    def refuse(self, *_: Any) -> NoReturn:
        """Raises NotRead."""
        raise NotRead(f"cannot be known: {self.why}")

    def holds(self, found: Any) -> bool:
        """What is found in the part that was read is found in the whole. Raises NotRead where it is not."""
        return bool(found) or self.refuse()

    def __contains__(self, item: Any) -> bool:
        known = self.known[:-1] if isinstance(self.known, list) else self.known
        return self.holds(item in known)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(self.known, list) and isinstance(key, int) and 0 <= key < len(self.known) - 1:
            return self.known[key]
        return self.refuse()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.refuse()

    def __repr__(self) -> str:
        text = str(self.known)
        return f"{text[:_SHOWN]!r}… ({self.why})"

    __bool__ = __str__ = __int__ = __float__ = __hash__ = __len__ = __iter__ = refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = refuse
    __add__ = __radd__ = __sub__ = __mul__ = __mod__ = refuse
