"""Lookups: from where they read, and that `pipe` runs only what is allowed, and only during the run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from runbook.engine import controller_commands
from runbook.engine.controller_commands import run_on_controller
from runbook.templating import lookups
from runbook.templating.controller import Controller
from runbook.templating.errors import TemplateError
from runbook.templating.render import render
from runbook.templating.scope import Layer, Scope
from tests.cli.terminal import runbook

ALLOWED = "[lookups]\npipe = true\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "playbooks" / "files").mkdir(parents=True)
    (tmp_path / "runbook.toml").write_text(ALLOWED)
    (tmp_path / "playbooks" / "files" / "a.txt").write_text("  in files {{ 7 * 6 }}\n\n")
    (tmp_path / "playbooks" / "b.txt").write_text("beside\n")
    (tmp_path / "c.txt").write_text("of the project\n")
    return tmp_path


def come_to(text: str, project: Path, *, runs: bool = True, **written: Any) -> Any:
    controller = Controller(project / "playbooks", project, run_on_controller if runs else None)
    return render(text, Scope((Layer(written, templates=True), Layer({"n": 1})), controller))


def refused(text: str, project: Path, *, runs: bool = True) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        come_to(text, project, runs=runs)
    return caught.value


def test_files_are_found_beside_the_playbook_and_in_the_project(project: Path) -> None:
    assert come_to("{{ lookup('file', 'a.txt') }}", project) == "  in files {{ 7 * 6 }}"
    assert come_to("{{ lookup('file', 'a.txt', rstrip=false, lstrip=true) }}", project) == "in files {{ 7 * 6 }}\n\n"
    assert come_to("{{ query('file', 'b.txt', 'c.txt') }}", project) == ["beside", "of the project"]
    assert come_to("{{ lookup('file', '" + str(project / "c.txt") + "') }}", project) == "of the project"


def test_what_a_file_holds_is_not_rendered_whoever_reads_it(project: Path) -> None:
    assert come_to("{{ two }}", project, one="{{ lookup('file', 'a.txt') }}", two="got {{ one | trim }}") == (
        "got in files {{ 7 * 6 }}"
    )


def test_files_that_cannot_be_read_are_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MAX_FILE", 1024 * 1024)
    (project / "large").write_bytes(b"x" * (1024 * 1024 + 1))
    (project / "bytes").write_bytes(b"\xff\xfe")
    os.mkfifo(project / "fifo")
    for name, said in (
        ("nope", "there is no file 'nope'"),
        ("large", "larger than 1 MiB"),
        ("bytes", "not UTF-8"),
        ("fifo", "not a plain file"),
        ("/dev/zero", "not a plain file"),
        ("playbooks", "not a plain file"),
    ):
        error = refused(f"{{{{ lookup('file', '{name}') }}}}", project)
        assert said in error.message
        assert come_to(f"{{{{ lookup('file', '{name}', errors='ignore') }}}}", project) is None
    assert str(project / "playbooks" / "files") in refused("{{ lookup('file', 'nope') }}", project).hint


def test_pipe_prints_what_a_command_of_the_controller_prints(project: Path) -> None:
    assert come_to("{{ lookup('pipe', 'pwd; echo') }}", project) == str(project / "playbooks")
    assert come_to("{{ query('pipe', 'echo a', 'echo {{ n }}') }}", project) == ["a", "{{ n }}"]
    error = refused("{{ lookup('pipe', 'echo why >&2; exit 3') }}", project)
    assert "ended with 3: why" in error.message


def test_pipe_has_its_time(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller_commands, "SECONDS", 0.2)
    assert "0.2" in refused("{{ lookup('pipe', 'sleep 60') }}", project).message


@pytest.mark.parametrize(
    "settings", [None, "", "[lookups]\npipe = false\n", '[lookups]\npipe = "yes"\n', "lookups = 1\n"]
)
def test_pipe_is_off_unless_the_project_allows_it(project: Path, settings: str | None) -> None:
    (project / "runbook.toml").unlink()
    if settings is not None:
        (project / "runbook.toml").write_text(settings)
    error = refused("{{ lookup('pipe', 'touch ran') }}", project)
    assert "does not allow the lookup `pipe`" in error.message
    assert "`pipe = true` under `[lookups]` in " + str(project / "runbook.toml") in error.hint
    assert not (project / "playbooks" / "ran").exists()


def test_a_project_file_that_is_broken_is_told(project: Path) -> None:
    (project / "runbook.toml").write_text("[lookups\n")
    assert "runbook.toml cannot be read" in refused("{{ lookup('pipe', 'true') }}", project).message


def test_pipe_runs_nothing_before_the_run(project: Path) -> None:
    assert "known during the run" in refused("{{ lookup('pipe', 'touch ran') }}", project, runs=False).message
    assert not (project / "playbooks" / "ran").exists()


PLAYBOOK = """
name: Lookups
hosts: localhost
vars:
  printed: "{{ lookup('pipe', 'echo x >> ran; echo printed') }}"
stages:
  - name: Only
    steps:
      - name: What was {{ printed }}
        command: "echo {{ printed }} {{ lookup('file', 'a.txt') | trim | quote }}"
        changes: false
        register: said
        expect: "stdout == 'printed in files {' ~ '{ 7 * 6 }' ~ '}'"
      - set: {copied: "{{ said.stdout }}", listed: ["{{ said.stdout }}"]}
      - command: "echo {{ copied | quote }} {{ item | quote }}"
        loop: "{{ listed + [copied] }}"
        vars: {again: "{{ item }}"}
        changes: false
        expect: "stdout | regex_findall('7 . 6') | length == 2 and again is search('7 . 6')"
"""


def test_the_plan_runs_no_command_and_the_run_does(project: Path) -> None:
    (project / "playbooks" / "p.yml").write_text(PLAYBOOK)
    ran = project / "playbooks" / "ran"

    planned = runbook("plan", "playbooks/p.yml", cwd=project)
    assert planned.returncode == 0, planned.stderr
    assert "(known during the run)" in planned.stdout
    assert not ran.exists()

    done = runbook("run", "playbooks/p.yml", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ran.exists()
