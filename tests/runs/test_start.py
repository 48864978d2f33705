"""A run that is about to begin has an id by which it finds its place among the others."""

from __future__ import annotations

import pytest

from runbook.runs import start
from runbook.runs.start import starting_now


def test_ids_are_in_the_order_of_the_runs_also_within_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [1_781_092_800.0, 1_781_092_800.25, 1_781_092_800.75, 1_781_092_801.0]
    monkeypatch.setattr(start.time, "time", iter(times).__next__)

    begun = [starting_now("verify") for _ in times]

    assert [one.started for one in begun] == times
    assert [one.id for one in begun] == sorted(one.id for one in begun)
    assert begun[1].id.startswith("20260610-120000-400")
    assert {one.mode for one in begun} == {"verify"}
