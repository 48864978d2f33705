"""`plan`, `plan diff` and `run --plan` as a user types them."""

from __future__ import annotations

import io
import json
import subprocess
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from runbook.cli.main import _guarded
from runbook.common.frozen import Frozen

PLAYBOOK = """
name: Files
hosts: localhost
inputs: {pw: {type: string, secret: true}, word: {type: string, default: hello}}
stages:
  - name: One
    steps:
      - {name: Write, shell: "echo {{ word }} {{ pw }} > out.txt"}
      - {name: Read, command: cat out.txt, changes: false, expect: rc == 0}
"""
PW = ("-e", "pw=hunter2-hunter2")


class Done(Frozen):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNBOOK_STATE_DIR", str(tmp_path / "state"))
    text = PLAYBOOK.replace("out.txt", str(tmp_path / "out.txt"))
    (tmp_path / "play.yml").write_text(text)
    (tmp_path / "key").write_text("0123456789abcdef0123456789abcdef\n")
    (tmp_path / "other").write_text("another key, that is long enough\n")
    return tmp_path


def runbook(*argv: str, cwd: Path) -> Done:
    """The command line, in this process: there are many of them here."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(cwd), redirect_stdout(out), redirect_stderr(err):
        code = _guarded(list(argv))
    return Done(code, out.getvalue(), err.getvalue())


def planned(project: Path, *words: str, out: str = "plan.json") -> None:
    done = runbook("plan", "play.yml", "--out", out, *words, cwd=project)
    assert done.returncode == 0, done.stderr


def edited(project: Path, old: str, new: str) -> None:
    file = project / "play.yml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("form", "begins"), [("text", "Plan: Files"), ("markdown", "### Plan: Files"), ("json", "{"), ("html", "<!doctype")]
)
def test_every_form_and_no_secret_in_any(project: Path, form: str, begins: str) -> None:
    done = runbook("plan", "play.yml", *PW, "--format", form, cwd=project)

    assert done.returncode == 0
    assert done.stdout.startswith(begins)
    assert "(secret pw)" in done.stdout
    assert "hunter2" not in done.stdout
    assert runbook("plan", "play.yml", "--format", form, cwd=project).stdout == done.stdout, "it needs none either"


def test_a_run_by_a_plan_does_what_was_planned(project: Path) -> None:
    planned(project, "-e", "word=planned")
    done = runbook("run", "--plan", "plan.json", *PW, cwd=project)

    assert done.returncode == 0, done.stderr
    assert (project / "out.txt").read_text() == "planned hunter2-hunter2\n"
    assert "hunter2" not in (project / "plan.json").read_text()


def test_a_plan_that_is_not_of_today_touches_nothing(project: Path) -> None:
    planned(project)
    edited(project, "echo {{", "printf '%s' {{")
    done = runbook("run", "--plan", "plan.json", *PW, cwd=project)

    assert done.returncode == 5
    assert "play.yml has changed" in done.stderr
    assert "~ 1.1 Write: changed" in done.stderr
    assert "Nothing has been touched." in done.stderr
    assert not (project / "out.txt").exists()


def test_a_playbook_that_has_become_wrong_is_not_of_today_either(project: Path) -> None:
    planned(project)
    edited(project, "shell:", "shel:")
    done = runbook("run", "--plan", "plan.json", *PW, cwd=project)
    assert done.returncode == 5
    assert "did you mean shell?" in done.stderr
    assert "play.yml has changed" in done.stderr


def test_a_plan_that_was_tampered_with(project: Path) -> None:
    planned(project)
    text = (project / "plan.json").read_text()
    (project / "plan.json").write_text(text.replace("hello", "HELLO"))
    done = runbook("run", "--plan", "plan.json", *PW, cwd=project)
    assert (done.returncode, "has been changed since it was made" in done.stderr) == (5, True)


def test_only_secrets_are_given_again(project: Path) -> None:
    planned(project)
    for words, said in (
        ((), "the input 'pw' has no value"),
        ((*PW, "-e", "word=x"), "-e word beside --plan"),
        ((*PW, "-l", "localhost"), "--limit beside --plan"),
        ((*PW, "play.yml"), "PLAYBOOK beside --plan"),
        ((*PW, "-b"), "--become beside --plan: nobody has reviewed that"),
    ):
        done = runbook("run", "--plan", "plan.json", *words, cwd=project)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (project / "out.txt").exists()


def test_a_check_by_a_plan_changes_nothing(project: Path) -> None:
    planned(project)
    done = runbook("run", "--plan", "plan.json", "--check", *PW, cwd=project)
    assert not (project / "out.txt").exists()
    assert done.returncode in (0, 1)
    assert "would run" in done.stdout or "unknown" in done.stdout


def test_only_signed_plans_run(project: Path) -> None:
    planned(project, "--plan-key", "key", out="signed.json")
    planned(project)
    (project / "runbook.toml").write_text('[run]\nplan_key = "key"\n')

    def code(*words: str) -> tuple[int, str]:
        done = runbook("run", *words, *PW, cwd=project)
        return done.returncode, done.stderr

    assert code("play.yml")[0] == 2
    assert "only signed plans run here" in code("play.yml")[1]
    assert code("--plan", "plan.json")[0] == 5
    assert "other" in code("--plan", "signed.json", "--plan-key", "other")[1]
    assert code("--plan", "signed.json", "--plan-key", "other")[0] == 2
    assert not (project / "out.txt").exists()
    assert code("--plan", "signed.json")[0] == 0


def test_another_key_refuses(project: Path) -> None:
    planned(project, "--plan-key", "key")
    done = runbook("run", "--plan", "plan.json", "--plan-key", "other", *PW, cwd=project)
    assert (done.returncode, "was not made with the key" in done.stderr) == (5, True)
    done = runbook("run", "--plan", "plan.json", "--plan-key", "nowhere", *PW, cwd=project)
    assert (done.returncode, "cannot be read" in done.stderr) == (2, True)


def test_the_exit_code_of_a_diff(project: Path) -> None:
    planned(project)
    edited(project, "expect: rc == 0", "severity: warn")
    planned(project, out="after.json")

    def code(*words: str) -> int:
        return runbook("plan", "diff", *words, cwd=project).returncode

    assert code("plan.json", "after.json") == 0
    assert code("plan.json", "after.json", "--detailed-exitcode") == 2
    assert code("plan.json", "plan.json", "--exit-code") == 0
    assert code("plan.json", "nowhere.json") == 2
    for wrong in (["plan.json", "nowhere.json"], ["plan.json"], ["--unheard"], ["plan.json", "play.yml"]):
        assert code(*wrong, "--detailed-exitcode") == 1
    shown = runbook("plan", "diff", "plan.json", "after.json", cwd=project).stdout
    assert "! 1.2 Read: no longer expects rc == 0" in shown
    assert "! 1.2 Read: a failure is only a warning now" in shown
    data = json.loads(runbook("plan", "diff", "plan.json", "after.json", "--format", "json", cwd=project).stdout)
    assert (data["same"], data["stages"][0]["steps"][0]["what"]) == (False, "changed")


def test_a_playbook_that_is_called_diff(project: Path) -> None:
    (project / "diff").write_text((project / "play.yml").read_text())
    assert runbook("plan", "./diff", cwd=project).stdout.startswith("Plan: Files")
    assert runbook("plan", "diff", cwd=project).returncode == 2


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def test_two_revisions(project: Path) -> None:
    below = project / "books"
    below.mkdir()
    (project / "play.yml").rename(below / "play.yml")
    (project / "inventories").mkdir()
    (project / "inventories" / "prod.yml").write_text("all: {hosts: {localhost: , web1: }}\n")
    git(project, "init", "-q", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-qm", "one")
    text = (below / "play.yml").read_text().replace("hosts: localhost", "hosts: all")
    (below / "play.yml").write_text(text.replace("cat ", "tail "))

    done = runbook("plan", "diff", "--base", "main", "books/play.yml", "-i", "prod", "--exit-code", cwd=project)
    assert done.returncode == 2, done.stderr
    assert "cmd: [-cat-]{+tail+}" in done.stdout
    assert "Hosts gained\n  + web1" in done.stdout
    inside = runbook("plan", "diff", "--base", "main", "play.yml", "-i", "../inventories/prod.yml", cwd=below)
    assert inside.stdout == done.stdout
    absolute = runbook("plan", "diff", "--base", "main", str(below / "play.yml"), "-i", "prod", cwd=project)
    assert absolute.stdout == done.stdout
    git(project, "commit", "-qam", "two")
    words = ("plan", "diff", "--base", "main~1", "--head", "main", "books/play.yml", "-i", "prod")
    assert runbook(*words, cwd=project).stdout == done.stdout
    for revision in ("nowhere", "--all"):
        wrong = runbook("plan", "diff", f"--base={revision}", "books/play.yml", cwd=project)
        assert (wrong.returncode, "git has no revision" in wrong.stderr) == (2, True)


def test_a_revision_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    done = runbook("plan", "diff", "--base", "main", "play.yml", cwd=tmp_path)
    assert (done.returncode, "not a git repository" in done.stderr) == (2, True)
