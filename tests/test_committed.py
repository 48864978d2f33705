"""A made file that is not fresh, or not there, fails with what to run, and with no difference of thousands of lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.committed import held_against


def test_a_fresh_one_is_well(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("a\nb\n")
    held_against(tmp_path / "made", "a\nb\n", "make it")


@pytest.mark.parametrize("kept", ["a\nB\n", "a\n", "a\nb"])
def test_a_stale_one_says_what_to_run(tmp_path: Path, kept: str) -> None:
    (tmp_path / "made").write_text(kept)
    assert _said(tmp_path / "made") == (
        f"{tmp_path / 'made'} is not what the code makes, from line 2 on: "
        "run `make it`, look at the difference, and commit it"
    )


def test_one_that_is_not_there_says_what_to_run(tmp_path: Path) -> None:
    assert _said(tmp_path / "made") == f"{tmp_path / 'made'} is not there: run `make it`, and commit what it makes"


def _said(path: Path) -> str:
    with pytest.raises(pytest.fail.Exception) as failed:
        held_against(path, "a\nb\n", "make it")
    assert failed.value.pytrace is False
    return str(failed.value)
