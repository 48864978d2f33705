"""The `shell` step, with the shells of this machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.commands.shell as kind
from runbook.runs.events import Status
from runbook.testing import examples, options, problems, run_step, step_context

SHELLS = [
    None,
    "sh -e",
    *(name for name in ("bash", "/bin/bash -o pipefail", "busybox sh") if shutil.which(name.split()[0])),
]


@pytest.mark.parametrize("step", examples(kind), ids=lambda step: str(step["name"]))
def test_the_example_runs(step: dict[str, Any]) -> None:
    outcome = run_step(kind, {"cmd": step["shell"]})
    assert outcome.status is Status.CHANGED, outcome.message
    assert 0 <= int(outcome.data["stdout"]) <= 100


def shell(cmd: str, executable: str | None = None, **args: Any) -> Any:
    return run_step(kind, {"cmd": cmd, **({"executable": executable} if executable else {}), **args})


@pytest.mark.parametrize("executable", SHELLS)
def test_what_a_shell_can(tmp_path: Path, executable: str | None) -> None:
    text = 'for x in 1 2 "a b"; do\n  echo "$x"\ndone | sort -r > out\ncat <<END | tr a-z A-Z\n$(cat out)\nEND\n'
    outcome = shell(text, executable, chdir=str(tmp_path))
    assert outcome.data["stdout"] == "A B\n2\n1", outcome.message
    assert outcome.data["cmd"] == text
    assert (tmp_path / "out").read_text() == "a b\n2\n1\n"


@pytest.mark.parametrize("executable", SHELLS)
def test_standard_input_and_environment_arrive(executable: str | None) -> None:
    context = step_context(environment={"WORD": "ä 'b'"})
    args = {"executable": executable} if executable else {}
    outcome = run_step(kind, {"cmd": 'read -r line; echo "$line-$WORD"', "stdin": "in put\n", **args}, context=context)
    assert outcome.data["stdout"] == "in put-ä 'b'"


@pytest.mark.parametrize("executable", SHELLS)
def test_the_exit_code_of_the_last_command_counts(executable: str | None) -> None:
    outcome = shell("echo ok; (exit 7)", executable)
    assert (outcome.status, outcome.data["rc"], outcome.data["stdout"]) == (Status.FAILED, 7, "ok")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash on this machine")
def test_another_shell_has_its_own_language() -> None:
    text = 'a=(x y); echo "${a[1]} ${BASH_VERSION:+bash}"'
    assert shell(text, "bash").data["stdout"] == "y bash"
    assert shell("false | true").status is Status.CHANGED
    assert shell("false | true", "bash -o pipefail").data["rc"] == 1


@pytest.mark.parametrize("executable", SHELLS)
def test_text_of_any_length(executable: str | None) -> None:
    text = "\n".join(f": {number:0100d}" for number in range(5000)) + "\necho done"
    assert shell(text, executable).data["stdout"] == "done"


@pytest.mark.parametrize(
    ("executable", "said"),
    [
        ("no-such-shell", "there is no program 'no-such-shell' on the host"),
        ("sh 'x", "executable cannot be split into words: No closing quotation"),
        (" ", "executable is empty"),
    ],
)
def test_a_shell_that_is_not_there(executable: str, said: str) -> None:
    outcome = shell("echo x", executable)
    assert outcome.status is Status.FAILED
    assert said in outcome.message


def test_a_program_that_is_not_there_is_told_by_the_shell() -> None:
    outcome = shell("no-such-program | cat; no-such-other")
    assert (outcome.status, outcome.data["rc"]) == (Status.FAILED, 127)
    assert "no-such-other: not found" in outcome.message


def test_a_mistake_in_the_text_fails() -> None:
    outcome = shell("if true; then echo x")
    assert (outcome.status, outcome.data["stdout"]) == (Status.FAILED, "")
    assert outcome.message.startswith("exit code 2: ")


def test_bytes_that_are_no_text_do_not_break_it() -> None:
    outcome = shell(r"printf 'a\377b\n'")
    assert outcome.data["stdout"] == "a\ufffdb"


def test_its_output_is_shown_while_it_runs() -> None:
    shown: list[tuple[str, bytes]] = []
    context = step_context(output=lambda stream, data: shown.append((stream, data)))
    run_step(kind, {"cmd": "echo out; echo err >&2"}, context=context)
    assert sorted(shown) == [("stderr", b"err\n"), ("stdout", b"out\n")]


def test_creates_spares_it(tmp_path: Path) -> None:
    outcome = shell("echo x > f", creates="f", chdir=str(tmp_path))
    again = shell("echo y > f", creates="f", chdir=str(tmp_path))
    assert (outcome.status, again.status) == (Status.CHANGED, Status.PASSED)
    assert (tmp_path / "f").read_text() == "x\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "missing key 'cmd'"),
        ({"cmd": ""}, "must not be empty"),
        ({"cmd": "x", "executable": ""}, "must not be empty"),
    ],
)
def test_options_are_held_against_the_schema(args: dict[str, Any], said: str) -> None:
    assert problems(kind, args) == [said]


def test_it_counts_as_changing() -> None:
    assert kind.changes(options(kind, {"cmd": "true"}))
    assert kind.plan({"cmd": "a | b"}) == "a | b"
