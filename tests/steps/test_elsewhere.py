"""The kinds that run commands and write files, over SSH, as another login shell has it, and as another user."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.commands.command as command
import runbook.steps.commands.script as script
import runbook.steps.commands.shell as shell
import runbook.steps.files.copy as copy
import runbook.steps.files.edit as edit
import runbook.steps.files.file as file
from runbook.runs.events import Status
from runbook.steps.base import Context
from runbook.testing import run_step, step_context
from runbook.transports.base import Become
from tests.lab.sshd import Sshd
from tests.lab.tools import require, require_root
from tests.transports.ways import ssh, variables

NAMES = ["plain", "a b", "-rf", "two\nlines", 'it\'s "$HOME"', "żółw 🐢"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may reach and write into."""
    path = Path(tempfile.mkdtemp(prefix="rb-kind-", dir="/tmp"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


@pytest.fixture(params=["sudo", *(pytest.param(way, marks=pytest.mark.lab) for way in ("bash", "csh"))])
def context(request: pytest.FixtureRequest, folder: Path) -> Iterator[Context]:
    """This machine as nobody; a host as root; a host as a user whose login shell is csh."""
    settings: dict[str, Any] = {"base": folder, "environment": {"TMPDIR": str(folder)}}
    if request.param == "sudo":
        require_root()
        require("sudo", "apt-get install sudo")
        yield step_context(**settings, become=Become("nobody"))
        return
    sshd: Sshd = request.getfixturevalue("sshd")
    with closing(ssh(variables(sshd, sshd.csh if request.param == "csh" else None))) as transport:
        yield step_context(transport, **settings)


@pytest.mark.parametrize("name", NAMES)
def test_files(context: Context, folder: Path, name: str) -> None:
    path = str(folder / name)
    for status in (Status.CHANGED, Status.PASSED):
        assert run_step(copy, {"dest": path, "content": "a\nb\n", "mode": "0640"}, context=context).status is status
    for status in (Status.CHANGED, Status.PASSED):
        outcome = run_step(edit, {"path": path, "line": "c", "validate": "grep -q c -- %s"}, context=context)
        assert outcome.status is status, outcome.message
    seen = run_step(file, {"path": path, "contains": "a\nb\nc\n", "mode": "0640", "size": 6}, context=context)
    assert seen.status is Status.PASSED, seen.message


@pytest.mark.parametrize("executable", [None, "bash -u"])
def test_shells(context: Context, executable: str | None) -> None:
    filler = "\n".join(f": {number:0100d}" for number in range(1000))
    text = f"read -r x\n{filler}\necho \"$x\" 'END'; exit 3"
    args = {"executable": executable} if executable else {}
    outcome = run_step(shell, {"cmd": text, "stdin": "a ' b\n", **args}, context=context)
    assert (outcome.data["rc"], outcome.data["stdout"]) == (3, "a ' b END"), outcome.message


def test_words(context: Context) -> None:
    outcome = run_step(command, {"argv": ["printf", "%s|", *NAMES]}, context=context)
    assert outcome.data["stdout"] == "|".join(NAMES) + "|"
    assert "there is no program 'no-such-thing'" in run_step(command, {"cmd": "no-such-thing"}, context=context).message


@pytest.mark.parametrize("name", NAMES)
def test_scripts(context: Context, folder: Path, name: str) -> None:
    (folder / name).write_text("#!/usr/bin/env bash\ncat; printf '%s|' \"$@\"\n")
    outcome = run_step(script, {"src": name, "args": "-n 'x y'", "stdin": "in "}, context=context)
    assert outcome.data["stdout"] == "in -n|x y|", outcome.message
    assert [path.name for path in folder.iterdir()] == [name]


def test_a_folder_of_somebody_else(folder: Path) -> None:
    """Without the right to write there, it says so, and the file is as it was."""
    require_root()
    require("sudo", "apt-get install sudo")
    folder.chmod(0o755)
    path = folder / "file"
    path.write_text("old\n")
    context = step_context(become=Become("nobody"))
    for outcome in (
        run_step(edit, {"path": str(path), "line": "new"}, context=context),
        run_step(copy, {"dest": str(path), "content": "new"}, context=context),
    ):
        assert outcome.status is Status.FAILED
        assert outcome.message.startswith(f"{path} was not changed: the folder takes no new file")
    path.chmod(0o600)
    said = [
        run_step(edit, {"path": str(path), "line": "new"}, context=context).message,
        run_step(file, {"path": str(path), "contains": "old"}, context=context).message,
        run_step(copy, {"dest": str(path), "content": "new"}, context=context).message,
    ]
    assert said == [f"{path}: permission denied"] * 3
    folder.chmod(0o700)
    assert "permission denied" in run_step(file, {"path": str(path), "state": "absent"}, context=context).message
    assert (
        "permission denied" in run_step(edit, {"path": str(path), "line": "x", "create": True}, context=context).message
    )
    folder.chmod(0o777)
    assert path.read_text() == "old\n"
    assert list(folder.iterdir()) == [path]
