"""A hundred hosts at 80 columns: one line for a stage, and by name only what is out of line."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len

from runbook.reports.console.plain import Plain
from runbook.reports.console.progress_view import View
from runbook.reports.console.running import Running
from runbook.reports.console.terminal import Console
from runbook.runs.events import Event, StageStarted, StepFinished
from tests.engine.support import events, steps
from tests.reports.golden import watch

HOSTS = [f"web-{number:03}" for number in range(100)]
BROKEN = ("web-013", "web-077")
PLAYBOOK = steps(
    "- note: here\n- name: проверка\n"
    f"  assert: \"inventory_hostname not in {list(BROKEN)}\"\n- name: last\n  shell: 'true'"
)


@pytest.fixture(scope="module")
def happened() -> list[Event]:
    """A run on a hundred hosts, two of which are broken."""
    return events(PLAYBOOK, " ".join(HOSTS))


def shown(view: View, stream: io.StringIO, happened: list[Event]) -> str:
    watch(view, happened)
    view.close()
    return stream.getvalue()


def of_console(happened: list[Event], verbosity: int = 0) -> str:
    stream = io.StringIO()
    return shown(Console(stream, verbosity=verbosity, width=80), stream, happened)


def of_plain(happened: list[Event], verbosity: int = 0) -> str:
    stream = io.StringIO()
    return shown(Plain(stream, verbosity=verbosity, still=0), stream, happened)


@pytest.mark.parametrize("show", [of_console, of_plain])
def test_a_stage_is_one_line_and_the_failed_are_named(happened: list[Event], show: object) -> None:
    assert callable(show)
    text = show(happened)
    before_end = text.partition("FAILED")[0]

    assert "100 of 100 hosts · 98 changed · 2 failed · slowest: web-" in re.sub(r"\s+", " ", before_end)
    named = set(re.findall(r"web-\d+", re.sub(r"slowest:.*", "", before_end.partition("проверка")[2], flags=re.S)))
    assert named <= set(BROKEN)
    assert all(name in before_end for name in BROKEN)
    assert len(text.splitlines()) < 60


def test_it_fits_eighty_columns(happened: list[Event]) -> None:
    assert all(cell_len(line) <= 80 for line in of_console(happened).splitlines())


@pytest.mark.parametrize("show", [of_console, of_plain])
def test_verbose_shows_each_host(happened: list[Event], show: object) -> None:
    assert callable(show)
    text = show(happened, 1)
    assert all(text.count(name) >= 3 for name in HOSTS)


def test_what_runs_is_below_a_bar(happened: list[Event]) -> None:
    """In the middle of a stage: how many have ended it, how many are not well, and who takes longest."""
    view = Console(io.StringIO(), width=80)
    ended = 0
    for event in happened:
        view.handle(event)
        ended += isinstance(event, StepFinished) and event.kind == "stage"
        if ended == 40:
            break
    *_, bar = [line.plain for line in Running(view).lines(happened[0].at + 60)]

    assert re.fullmatch(r"  ━{12}─{18} 40 of 100 hosts(?: · [12] not well)?", bar), bar
    assert any(isinstance(event, StageStarted) for event in happened)
