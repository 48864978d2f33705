"""Lines under an indentation: they come to an end, and fit where that can be."""

from __future__ import annotations

import pytest

from runbook.common.wrapping import LEAST, wrapped

TEXT = "the quick brown fox jumps over the lazy dog, and over " + "x" * 60


@pytest.mark.parametrize("width", [-5, 0, 1, 10, 20, 40, 100])
@pytest.mark.parametrize("indent", [0, 1, 19, 20, 39, 99, 100, 101, 300])
def test_every_indentation_comes_to_an_end(width: int, indent: int) -> None:
    lines = wrapped(TEXT, width, " " * indent, " " * (indent + 2))

    assert "".join(lines).replace(" ", "") == TEXT.replace(" ", "")
    assert max(map(len, lines)) <= max(width, LEAST)


def test_words_may_stay_whole() -> None:
    assert wrapped("a " + "x" * 90, 80, "  hint: ", " " * 8, break_words=False) == ["  hint: a", " " * 8 + "x" * 90]
