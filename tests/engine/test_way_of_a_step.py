"""How many calls stand between a host and a kind: few, so that the way can be read, and nests deeply."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from runbook.runs.events import Outcome, passed
from runbook.steps import KINDS
from runbook.steps.base import Args, Context
from tests.engine.support import play, steps


def in_blocks(levels: int) -> str:
    return "{steps: [" * levels + "{note: x}" + "]}" * levels


def in_rescues(levels: int) -> str:
    return "{steps: [{shell: exit 1}], rescue: [" * levels + "{note: x}" + "]}" * levels


def in_remediations(levels: int) -> str:
    before = "{shell: exit 1, remediate: [{name: repair, recheck: false, steps: ["
    return before * levels + "{note: x}" + "]}]}" * levels


def in_diagnoses(levels: int) -> str:
    return "{shell: exit 1, diagnose: [" * levels + "{note: x}" + "]}" * levels


def frames(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Calls from the one that gives a host its turn to the kind of its innermost step."""
    seen: list[int] = []

    def run(_args: Args, _context: Context) -> Outcome:
        frame, count = sys._getframe(), 0
        while frame.f_code.co_name != "_host":
            assert frame.f_back is not None
            frame, count = frame.f_back, count + 1
        seen.append(count)
        return passed()

    monkeypatch.setattr(KINDS["note"], "run", run)
    play(steps(f"- {text}"))
    return seen[0]


def test_a_step_is_reached_in_few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    assert frames(in_blocks(0), monkeypatch) <= 20


@pytest.mark.parametrize(
    ("nested", "most"), [(in_blocks, 9), (in_rescues, 9), (in_remediations, 12), (in_diagnoses, 4)]
)
def test_a_level_more_takes_few_calls_more(
    nested: Callable[[int], str], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert frames(nested(2), monkeypatch) - frames(nested(1), monkeypatch) <= most
