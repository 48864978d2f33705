"""Every report of the sample run, to the byte."""

from __future__ import annotations

import pytest

from tests.reports.golden import FOLDER, made

MADE = made()


@pytest.mark.parametrize("name", sorted({*MADE, *(path.name for path in FOLDER.iterdir())}))
def test_the_sample_run_is_reported_as_it_was(name: str) -> None:
    assert MADE[name] == (FOLDER / name).read_text(encoding="utf-8"), "python -m tests.reports.golden; then look at it"
