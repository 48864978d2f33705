"""The `process` step, with real processes of this machine."""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.processes.process as kind
from runbook.runs.events import Status
from runbook.testing import examples, options, problems, run_step

pytestmark = pytest.mark.xdist_group("processes")  # they look at all processes of the machine, and at one another's

MARK = "runbook-test-ünïque-mark"


@pytest.fixture
def two() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes that carry the mark, the second some clock ticks younger."""
    found = []
    for _ in range(2):
        argv = ["sh", "-c", "echo up; sleep 600; :", MARK]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True)
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        found.append(process)
        subprocess.run(["sleep", "0.05"], check=True)
    yield found
    for process in found:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("step", examples(kind), ids=lambda step: str(step["name"]))
def test_the_examples_are_right(step: dict[str, Any]) -> None:
    assert options(kind, step["process"])["state"] in ("present", "absent")


def test_the_newest_comes_first(two: list[subprocess.Popen[bytes]]) -> None:
    outcome = run_step(kind, {"pattern": rf"sleep 600; : {MARK}$"})
    assert outcome.status is Status.PASSED, outcome.message
    assert [one["pid"] for one in outcome.data["processes"]] == [two[1].pid, two[0].pid]
    newest = outcome.data["processes"][0]
    assert newest["user"] == getpass.getuser()
    assert abs(newest["started"] - time.time()) < 5
    assert 0 <= newest["uptime"] < 5
    assert {key: outcome.data[key] for key in newest} == newest
    assert outcome.data["count"] == 2
    table = outcome.evidence[0].table
    assert table is not None
    assert (table.columns, len(table.rows), table.total) == (("pid", "user", "started", "up", "command"), 2, 2)


@pytest.mark.parametrize(
    ("narrow", "count"),
    [({"user": getpass.getuser()}, 2), ({"user": "nobody-at-all"}, 0), ({"pid": 1}, 0)],
)
def test_user_and_pid_narrow_it(two: list[subprocess.Popen[bytes]], narrow: dict[str, Any], count: int) -> None:
    assert run_step(kind, {"pattern": MARK, "state": "any", **narrow}).data["count"] == count


def test_a_pid_is_enough(two: list[subprocess.Popen[bytes]]) -> None:
    assert run_step(kind, {"pid": two[0].pid}).data["command"].endswith(MARK)


@pytest.mark.parametrize(
    ("state", "there", "passes"),
    [("present", True, True), ("present", False, False), ("absent", True, False), ("absent", False, True)],
)
def test_what_passes(two: list[subprocess.Popen[bytes]], state: str, there: bool, passes: bool) -> None:
    outcome = run_step(kind, {"pattern": MARK if there else "no such process anywhere", "state": state})
    assert (outcome.status is Status.PASSED) is passes, outcome.message
    assert bool(outcome.data["count"]) is there


def test_none_found_has_the_fields_all_the_same() -> None:
    data = run_step(kind, {"pattern": "no such process anywhere", "state": "any"}).data
    assert data == {
        "count": 0,
        "processes": [],
        "pid": None,
        "user": None,
        "started": None,
        "uptime": None,
        "command": None,
    }


def test_a_run_does_not_find_itself(tmp_path: Path) -> None:
    """The pattern stands in the arguments of the run, and in those of the shells that started it."""
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\n"
        "import runbook.steps.processes.process as kind\n"
        "from runbook.testing import run_step\n"
        "print(run_step(kind, {'pattern': sys.argv[1], 'state': 'any'}).data['processes'])\n"
    )
    words = [sys.executable, str(script), "a mark that only this run has"]
    shells = ["sh", "-c", """sh -c '"$0" "$1" "$2"; :' "$0" "$1" "$2"; :""", *words]
    done = subprocess.run(shells, capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)})
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [({}, "say which process"), ({"state": "absent"}, "say which"), ({"pattern": "("}, "not a regular expression")],
)
def test_what_cannot_be_looked_for_says_why(args: dict[str, Any], said: str) -> None:
    assert said in run_step(kind, args).message


def test_options_are_held_against_the_schema() -> None:
    assert problems(kind, {"pattern": "x", "pid": 0}) == ["must be at least 1"]
    assert problems(kind, {"name": "x"}) == ["unknown key 'name'"]


@pytest.mark.parametrize(
    ("args", "line"),
    [
        ({"pattern": "uvicorn"}, "find process that matches uvicorn"),
        (
            {"pattern": "x", "user": "bot", "state": "absent"},
            "make sure that there is no process that matches x of user bot",
        ),
        ({"pid": 7, "state": "{{ s }}"}, "look for process with pid 7"),
    ],
)
def test_the_plan_is_one_line(args: dict[str, Any], line: str) -> None:
    assert kind.plan(args) == line
    assert not kind.changes(args)
