"""Nobody changes several hosts, or hosts with a name to confirm, by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import on_terminal, runbook

CHANGING = "- shell: touch FOLDER/{{ inventory_hostname }}"
LOOKING = "- {shell: 'true', changes: false}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "changing.yml").write_text(_playbook(CHANGING.replace("FOLDER", str(tmp_path))))
    (tmp_path / "looking.yml").write_text(_playbook(LOOKING))
    (tmp_path / "two.yml").write_text("web: {hosts: {a: , b: }, vars: {ansible_connection: local}}\n")
    (tmp_path / "prod.yml").write_text("web: {hosts: {a: }, vars: {ansible_connection: local, confirm_name: prod}}\n")
    return tmp_path


def _playbook(step: str) -> str:
    return f"name: Guarded\nhosts: all\nstages:\n  - name: One\n    steps:\n      {step}\n"


def touched(project: Path) -> list[str]:
    return sorted(path.name for path in project.iterdir() if not path.suffix)


def test_without_a_terminal_several_hosts_need_a_yes(project: Path) -> None:
    done = runbook("run", "changing.yml", "-i", "two.yml", cwd=project)

    assert (done.returncode, touched(project)) == (2, [])
    assert "may change 2 hosts (a, b)" in done.stderr
    assert "-y says yes" in done.stderr
    assert runbook("run", "changing.yml", "-i", "two.yml", "-y", cwd=project).returncode == 0
    assert touched(project) == ["a", "b"]


def test_the_environment_says_yes_too(project: Path) -> None:
    assert runbook("run", "changing.yml", "-i", "two.yml", cwd=project, env={"RUNBOOK_YES": "1"}).returncode == 0


def test_one_host_and_looking_need_no_yes(project: Path) -> None:
    assert runbook("run", "changing.yml", "-i", "two.yml", "-l", "a", cwd=project).returncode == 0
    assert runbook("run", "looking.yml", "-i", "two.yml", cwd=project).returncode == 0


def test_a_name_to_confirm_is_given_and_yes_is_not_enough(project: Path) -> None:
    refused = runbook("run", "changing.yml", "-i", "prod.yml", "-y", cwd=project)

    assert (refused.returncode, touched(project)) == (2, [])
    assert "--confirm-name prod" in refused.stderr
    assert runbook("run", "changing.yml", "-i", "prod.yml", "--confirm-name", "prod", cwd=project).returncode == 0
    assert runbook("run", "looking.yml", "-i", "prod.yml", cwd=project).returncode == 0


@pytest.mark.parametrize(("answer", "code", "names"), [("y\n", 0, ["a", "b"]), ("n\n", 130, [])])
def test_on_a_terminal_it_asks(project: Path, answer: str, code: int, names: list[str]) -> None:
    with on_terminal("run", "changing.yml", "-i", "two.yml", cwd=project) as terminal:
        terminal.wait_for("2 hosts may be changed: a, b")
        terminal.wait_for("Go on?")
        terminal.type(answer)

        assert terminal.finish() == code, terminal.text
    assert touched(project) == names


@pytest.mark.parametrize(("answer", "code"), [("prod\n", 0), ("prodd\n", 130), ("y\n", 130)])
def test_on_a_terminal_the_name_is_typed(project: Path, answer: str, code: int) -> None:
    with on_terminal("run", "changing.yml", "-i", "prod.yml", "-y", cwd=project) as terminal:
        terminal.wait_for("Type prod to go on")
        terminal.type(answer)

        assert terminal.finish() == code, terminal.text
    assert touched(project) == (["a"] if code == 0 else [])
