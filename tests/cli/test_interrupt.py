"""Ctrl-C and questions: what had run is recorded, what ran is ended."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from runbook.testing.processes import alive, wait_until
from tests.cli.terminal import on_terminal


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "long.yml").write_text(
        "name: Long\nhosts: all\nstages:\n  - name: One\n    steps:\n      - note: before\n"
        f"      - name: sleeps\n        shell: 'echo $$ > {tmp_path}/pid; sleep 600'\n"
    )
    (tmp_path / "asks.yml").write_text(
        "name: Asks\nhosts: all\nstages:\n  - name: One\n    steps:\n      - confirm: Is the page there?\n"
    )
    return tmp_path


def run(name: str, project: Path) -> tuple[str, ...]:
    return ("run", f"{project}/{name}.yml", "-i", "localhost,", f"--report=json={project}/report.json")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_in_order(project: Path, number: int) -> None:
    with on_terminal(*run("long", project)) as terminal:
        wait_until(lambda: (project / "pid").exists() and (project / "pid").read_text().strip(), "it sleeps")
        os.kill(terminal.process.pid, number)

        assert terminal.finish() == 130, terminal.text
    report = json.loads((project / "report.json").read_text())
    assert (report["interrupted"], report["verdict"]) == (True, "failed")
    assert not alive(int((project / "pid").read_text()))


@pytest.mark.parametrize(
    ("typed", "code", "verdict"),
    [
        ("maybe\nyes\nseen by me\n", 0, "passed"),
        ("no\n\n", 1, "failed"),
        ("na\n\n", 1, "failed"),
        ("\x04", 4, "waiting"),
    ],
)
def test_a_person_answers(project: Path, typed: str, code: int, verdict: str) -> None:
    with on_terminal(*run("asks", project)) as terminal:
        terminal.wait_for("Is the page there?")
        for line in typed.splitlines(keepends=True):
            terminal.wait_for(": ")
            terminal.type(line)

        assert terminal.finish() == code, terminal.text
    assert json.loads((project / "report.json").read_text())["verdict"] == verdict


def test_ctrl_c_at_a_question(project: Path) -> None:
    with on_terminal(*run("asks", project)) as terminal:
        terminal.wait_for("yes, no, or na")
        os.kill(terminal.process.pid, signal.SIGINT)

        assert terminal.finish(10) == 130, terminal.text
    assert json.loads((project / "report.json").read_text())["interrupted"] is True
