"""Problems are shown where they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.source.document import Problem, Severity, Span, excerpt, read_bounded, render


def test_a_problem_is_shown_with_its_line_a_caret_and_a_hint() -> None:
    problem = Problem("unknown key 'retires'", Span("play.yml", 2, 3, 7), "did you mean retries?")

    assert render(problem, "a:\n  retires: 3\n") == (
        "play.yml:2:3: unknown key 'retires'\n"
        "  1 | a:\n"
        "  2 |   retires: 3\n"
        "    |   ^^^^^^^\n"
        "  hint: did you mean retries?"
    )


def test_what_is_no_error_says_so_and_a_secret_is_not_shown() -> None:
    note = Problem("look", Span("p.yml", 1, 4, 6), severity=Severity.NOTE, hidden=True)

    assert render(note, "a: s3cret\nb: other\n") == "p.yml:1:4: note: look\n  1 | a: ******\n    |    ^^^^^^"


def test_nothing_of_a_problem_drives_a_terminal() -> None:
    problem = Problem("no \x1b[2J", Span("\x1b.yml", 1, 1), "write \x07")

    assert "\x1b" not in render(problem)
    assert "\x07" not in render(problem)


def test_a_long_hint_is_broken_between_words() -> None:
    lines = render(Problem("x", Span("f", 1, 1), "word " * 40)).splitlines()

    assert len(lines) > 2
    assert all(len(line) <= 80 for line in lines)
    assert all(line.startswith("        word") for line in lines[2:])


def test_the_caret_stands_under_wide_characters_too() -> None:
    shown = excerpt("имя: 日本語x", Span("f", 1, 6, 3), 0)

    assert shown.splitlines() == ["1 | имя: 日本語x", "  |      ^^^^^^"]


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in excerpt("a: \x1b[31mred", Span("f", 1, 1))


@given(st.text(), st.integers(0, 20), st.integers(1, 50), st.integers(1, 50))
def test_any_text_and_any_place_can_be_shown(text: str, line: int, column: int, length: int) -> None:
    shown = excerpt(text, Span("f", line, column, length))

    assert all(character.isprintable() for character in shown.replace("\n", ""))


@pytest.mark.parametrize(("column", "shown"), [(1, "^"), (300, "…")])
def test_of_a_long_line_what_is_near_is_shown(column: int, shown: str) -> None:
    text = "".join(f"{number:>5}" for number in range(200))

    lines = excerpt(text, Span("f", 1, column, 3)).splitlines()

    assert all(len(line) < 180 for line in lines)
    assert lines[0].endswith("…")
    caret = lines[1].index("^")
    assert lines[0][caret : caret + 3] == text[column - 1 : column + 2]
    assert shown in "".join(lines)


def test_no_more_is_read_than_allowed() -> None:
    assert len(read_bounded(Path("/dev/zero"), 1000)) == 1001
