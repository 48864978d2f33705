"""Text broken into lines between words, under an indentation, whatever the indentation and the width are."""

from __future__ import annotations

LEAST = 20
"""Columns that are left for the text: an indentation that takes more than the rest is cut."""


def wrapped(
    text: str, width: int, indent: str = "", later: str | None = None, *, break_words: bool = True
) -> list[str]:
    """The lines of a text; none of an empty one. `later` is the indentation of all but the first.

    `textwrap` by itself never ends where an indentation is wider than the width.
    """
    import textwrap

    room = max(width, LEAST)
    first, others = indent[: room - LEAST], (indent if later is None else later)[: room - LEAST]
    return textwrap.wrap(
        text,
        room,
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
        break_long_words=break_words,
    )
