"""The contract of a report: text of any run, of one that never began too, and harmless whatever a host has said.

A row in the table of `runbook/reports` is enough: every report there is held against this. A report from elsewhere:

```python
class TestOurs(ReportContract):
    @pytest.fixture
    def render(self) -> Render: ...         # the function of its module
```
"""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Callable

import pytest

from runbook.reports import REPORTS
from runbook.runs.record import Run, fold
from runbook.testing.run_events import EventWriter, outcome, table

Render = Callable[[Run], str]

HOSTILE = "a # SKIP b\nok 1 - no\n  ---\n\"\\ # {x} | <b>&'`*_ \x1b[31m\x07\x00\u202e ünï 説明"
STATUSES = (
    "passed",
    "changed",
    "remediated",
    "rescued",
    "failed",
    "skipped",
    "unknown",
    "waiting",
    "warned",
    "unreachable",
)


def hostile_run() -> Run:
    """A run whose every text could be taken for something else."""
    log = EventWriter(("web1", HOSTILE), playbook=HOSTILE, path="play books/a:b #1.yml", labels={HOSTILE: HOSTILE})
    with log.stage("1", HOSTILE), log.on("web1", "1", HOSTILE, outcome=outcome("failed", HOSTILE)):
        for number, status in enumerate(STATUSES, start=1):
            seen = table((HOSTILE, "n"), (HOSTILE, 1), title=HOSTILE)
            found = outcome(status, HOSTILE, evidence=seen, diff=HOSTILE)
            place = "play books/a:b #1.yml:3:9" if number % 2 else ""
            log.step("web1", f"1.{number}", HOSTILE, "shell", found, causes=(HOSTILE,), place=place, excerpt=HOSTILE)
    return fold(log.end())


def interrupted_run() -> Run:
    """One that ended in the middle of a step."""
    log = EventWriter(("web1",))
    with log.stage("1", "One"), log.on("web1", "1", "One"):
        log.step("web1", "1.1", "Look", "shell", outcome("passed"))
    return fold([*log.events[:-3], *log.end(interrupted=True)[-1:]])


RUNS = {"never began": Run, "hostile": hostile_run, "interrupted": interrupted_run}


class ReportContract:
    """What every report keeps."""

    @pytest.fixture
    def render(self, form: str) -> Render:
        found: Render = importlib.import_module(REPORTS[form].module).render
        return found

    @pytest.mark.parametrize("run", RUNS)
    def test_it_is_made_of_any_run_and_always_the_same(self, render: Render, run: str) -> None:
        text = render(RUNS[run]())
        assert text.endswith("\n")
        assert text == render(RUNS[run]())

    def test_a_run_that_never_began_is_no_success(self, render: Render) -> None:
        assert "failed" in render(Run()).lower()

    @pytest.mark.parametrize("run", RUNS)
    def test_nothing_in_it_moves_a_terminal_or_hides_text(self, render: Render, run: str) -> None:
        text = render(RUNS[run]()).replace("\n", "").replace("\t", "")
        odd = {character for character in text if unicodedata.category(character) in ("Cc", "Cs")}
        assert odd == set()
        text.encode("utf-8")
