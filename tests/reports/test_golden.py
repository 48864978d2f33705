"""Every report of the sample run, to the byte."""

from __future__ import annotations

import pytest

from tests.committed import held_against
from tests.reports.golden import FOLDER, made

MADE = made()


@pytest.mark.parametrize("name", sorted({*MADE, *(path.name for path in FOLDER.iterdir())}))
def test_the_sample_run_is_reported_as_it_was(name: str) -> None:
    if name not in MADE:
        pytest.fail(f"{FOLDER / name}: no report makes it: delete it", pytrace=False)
    held_against(FOLDER / name, MADE[name], "make golden")
