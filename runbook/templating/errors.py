"""What rendering may come to instead of a value: an error with its place, and `omit`."""

from __future__ import annotations

from runbook.source.document import Span


class TemplateError(Exception):
    """A template that cannot be rendered: what, where in the user's file, and the way out."""

    def __init__(self, message: str, span: Span | None = None, hint: str = "", name: str = "") -> None:
        self.message, self.span, self.hint = message, span, hint
        self.name = name
        """The undefined name, where that is what is wrong."""
        super().__init__(message)


class Omit:
    """The value of `omit`: an option that gets it is as if it had not been written."""

    def __repr__(self) -> str:
        return "omit"


OMIT = Omit()
