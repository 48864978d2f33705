"""The `script` step: files of the controller, run by the interpreters of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.commands.script as kind
from runbook.runs.events import Outcome, Status
from runbook.testing import examples, options, problems, run_step, step_context
from runbook.transports.base import CommandTimeout
from tests.steps.disks import small_disk

Run = Callable[..., Outcome]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The folder for temporary things on the host."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def run(tmp_path: Path, scratch: Path) -> Run:
    """Writes a script beside the playbook and runs it."""

    def run_script(text: str | bytes, name: str = "it.sh", timeout: float | None = None, **args: Any) -> Outcome:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        context = step_context(base=tmp_path, environment={"TMPDIR": str(scratch)}, timeout=timeout)
        return run_step(kind, {"src": name, **args}, context=context)

    return run_script


def test_the_example_is_right() -> None:
    (step,) = examples(kind)
    assert kind.plan(options(kind, step["script"])) == "python3 scripts/collect.py --since 10m"


@pytest.mark.parametrize("name", ["it.sh", "a b.sh", "-n", "q'\"$HOME.sh", "new\nline", "Ünï.sh", "scripts/it.sh"])
def test_a_script_gets_its_arguments_and_leaves_nothing(run: Run, scratch: Path, name: str) -> None:
    outcome = run('printf "%s|" "$#" "$@"; basename -- "$0"', name, args="-n 'a b' \"c\" '' $HOME *")
    assert outcome.status is Status.CHANGED, outcome.message
    assert outcome.data["stdout"] == f"6|-n|a b|c||$HOME|*|{Path(name).name}"
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("#!/usr/bin/env python3", "python 3"),
        ("#! /usr/bin/env -S python3 -u", "python 3"),
        ("\ufeff#!/usr/bin/env python3", "python 3"),
        ("#!/usr/bin/env python3\r", "python 3"),
    ],
)
def test_the_first_line_says_what_runs_it(run: Run, first: str, said: str) -> None:
    outcome = run(f"{first}\nimport sys\nprint('python', sys.version_info[0])\n", "it")
    assert outcome.data["stdout"] == said, outcome.message


@pytest.mark.parametrize("text", ["echo sh", "#!\necho sh", "#!/bin/sh\necho sh", "# text\necho sh"])
def test_without_one_it_is_for_the_shell(run: Run, text: str) -> None:
    assert run(text).data["stdout"] == "sh"


def test_an_executable_wins_and_may_have_options(run: Run) -> None:
    text = "#!/bin/false\nimport sys\nprint(sys.flags.optimize, sys.argv[1:])"
    assert run(text, executable="python3 -O", args="x").data["stdout"] == "1 ['x']"


def test_an_executable_is_words_and_no_shell_text(run: Run, tmp_path: Path) -> None:
    outcome = run("echo x", executable=f"sh; touch {tmp_path}/hacked;")
    assert outcome.status is Status.FAILED
    assert "there is no program 'sh;' on the host" in outcome.message
    assert not (tmp_path / "hacked").exists()


def test_standard_input_folder_and_environment_are_its_own(run: Run, tmp_path: Path) -> None:
    outcome = run("cat; pwd", stdin="given\n", chdir=str(tmp_path))
    assert outcome.data["stdout"] == f"given\n{tmp_path}"


def test_a_bad_exit_code_fails_and_leaves_nothing(run: Run, scratch: Path) -> None:
    outcome = run("echo why >&2; exit 9")
    assert (outcome.status, outcome.data["rc"], outcome.message) == (Status.FAILED, 9, "exit code 9: why")
    assert list(scratch.iterdir()) == []


def test_a_script_that_is_out_of_time_leaves_nothing(run: Run, scratch: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandTimeout):
        run(f"ls {scratch} > {tmp_path}/seen; sleep 60", timeout=0.5)
    assert (tmp_path / "seen").read_text().startswith("runbook-")
    assert list(scratch.iterdir()) == []


def test_bytes_and_lengths_arrive_whole(run: Run) -> None:
    filler = b"# " + bytes(range(11, 256)) * 8000 + b"\n"
    assert run(b"echo first\n" + filler + b"echo last").data["stdout"] == "first\nlast"


def test_half_a_script_is_never_run(run: Run, tmp_path: Path) -> None:
    with small_disk(tmp_path / "scratch") as disk:
        outcome = run(f"touch {tmp_path}/begun\n" + "# filler\n" * 200_000)
        assert outcome.status is Status.FAILED
        assert "the script could not be stored" in outcome.message
        assert not (tmp_path / "begun").exists()
        assert list(disk.iterdir()) == []


def test_where_no_temporary_folder_can_be_made_another_place_serves(run: Run, scratch: Path) -> None:
    scratch.rmdir()
    outcome = run('echo "$0"')
    assert outcome.data["stdout"].startswith("/var/tmp/runbook-")
    assert not Path(outcome.data["stdout"]).parent.exists()


def test_creates_spares_it(run: Run, tmp_path: Path) -> None:
    assert run("echo x", creates=str(tmp_path)).status is Status.PASSED


@pytest.mark.parametrize(
    ("src", "said"),
    [("none.sh", "No such file or directory"), (".", "Is a directory"), ("a\0b", "cannot be a file's name")],
)
def test_a_script_that_cannot_be_read(tmp_path: Path, src: str, said: str) -> None:
    outcome = run_step(kind, {"src": src}, context=step_context(base=tmp_path))
    assert outcome.status is Status.FAILED
    assert said in outcome.message


@pytest.mark.parametrize(("option", "value"), [("args", "'open"), ("executable", "'open"), ("executable", " ")])
def test_words_that_are_none(run: Run, option: str, value: str) -> None:
    outcome = run("echo x", **{option: value})
    assert outcome.status is Status.FAILED
    assert outcome.message.startswith(option)


def test_options_are_held_against_the_schema() -> None:
    assert problems(kind, {"args": "x"}) == ["missing key 'src'"]
    assert problems(kind, {"src": "x", "arg": "y"}) == ["unknown key 'arg'"]
    assert kind.changes({"src": "x"})
