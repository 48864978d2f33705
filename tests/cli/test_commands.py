"""The commands as a user types them: what they print, and their exit codes."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from runbook.cli.main import COMMANDS
from tests.cli.terminal import ROOT, on_terminal, runbook

HEAD = "name: Проверка\nhosts: all\nstages:\n  - name: Первая\n    steps:\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "well.yml").write_text(f"{HEAD}      - {{name: Всё хорошо, shell: 'echo сделано'}}\n")
    (tmp_path / "ill.yml").write_text(f"{HEAD}      - {{name: fails, shell: 'echo why >&2; exit 3'}}\n")
    (tmp_path / "wrong.yml").write_text(f"{HEAD}      - {{name: x, shel: ls}}\n")
    (tmp_path / "away.yml").write_text(f"{HEAD}      - {{name: x, shell: ls}}\n")
    (tmp_path / "asks.yml").write_text(f"{HEAD}      - confirm: well?\n")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("run well.yml -i localhost,", 0),
        ("run ill.yml -i localhost,", 1),
        ("run wrong.yml -i localhost,", 2),
        ("run nowhere.yml -i localhost,", 2),
        ("run well.yml -i nowhere/", 2),
        ("run well.yml -i localhost, -l other", 2),
        ("run well.yml -i localhost, --tags nothing", 2),
        ("run well.yml -i localhost, -e novalue", 2),
        ("run well.yml -i localhost, --report paper", 2),
        ("run well.yml -i localhost, --report json=well.yml/r.json", 2),
        ("run well.yml --no-such-option", 2),
        ("run", 2),
        ("rnu well.yml", 2),
        ("run asks.yml -i localhost,", 4),
        ("run asks.yml -i localhost, --answer 1.1=yes", 0),
        ("run asks.yml -i localhost, --answer 1.1=no", 1),
        ("run asks.yml -i localhost, --answer 1.1", 2),
        ("run asks.yml -i localhost, --answer 1.9=yes", 2),
        ("verify well.yml -i localhost,", 1),
        ("run ill.yml -i localhost, --check", 0),
        ("plan well.yml -i localhost,", 0),
        ("plan wrong.yml -i localhost,", 2),
        ("validate well.yml ill.yml", 0),
        ("validate .", 2),
        ("inventory -i a,b --list", 0),
        ("inventory -i a,b --host c", 2),
        ("doc service", 0),
        ("doc servce", 2),
        ("schema playbook", 0),
        ("completion bash", 0),
        ("--version", 0),
        ("--help", 0),
    ],
)
def test_exit_codes(project: Path, words: str, code: int) -> None:
    done = runbook(*words.split(), cwd=project)

    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_host_that_is_not_there_is_exit_code_3(project: Path) -> None:
    (project / "hosts.yml").write_text("all: {hosts: {away: {ansible_host: 127.0.0.1, ansible_port: 9}}}\n")

    done = runbook("run", "away.yml", "-i", "hosts.yml", cwd=project)

    assert (done.returncode, "UNREACHABLE" in done.stdout) == (3, True)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    done = runbook(name, "--help")

    assert done.returncode == 0
    assert re.search(r"Examples?:", done.stdout)
    assert f"runbook {name}" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_what_is_wrong_is_shown_with_its_place_and_nothing_is_run(project: Path) -> None:
    (project / "wrong.yml").write_text(f"{HEAD}      - {{shell: 'touch made'}}\n      - {{shel: ls}}\n")

    done = runbook("run", "wrong.yml", "-i", "localhost,", cwd=project)

    assert "wrong.yml:7:10: no kind of step is called 'shel'" in done.stderr
    assert "^^^^" in done.stderr
    assert "did you mean shell?" in done.stderr
    assert "nothing has been touched" in done.stderr
    assert not (project / "made").exists()


def test_without_a_terminal_the_output_is_plain_lines(project: Path) -> None:
    done = runbook("run", "ill.yml", "-i", "localhost,", cwd=project)

    assert "\x1b" not in done.stdout
    assert "[1.1] localhost failed fails" in done.stdout
    assert "why" in done.stdout
    assert "FAILED" in done.stdout


def test_quiet_and_verbose(project: Path) -> None:
    quiet = runbook("run", "well.yml", "-i", "localhost,", "-q", cwd=project).stdout
    verbose = runbook("run", "well.yml", "-i", "localhost,", "-v", cwd=project).stdout

    assert "Всё хорошо" not in quiet
    assert "PASSED" in quiet
    assert "$ echo сделано" in verbose
    assert "сделано" in verbose.split("$ echo сделано")[1]


def test_all_reports_of_one_run(project: Path) -> None:
    reports = ["--report=json=a/r.json", "--report=junit", "--report=html", "--report=markdown=-"]

    done = runbook("run", "ill.yml", "-i", "localhost,", *reports, cwd=project)

    assert done.returncode == 1
    assert done.stdout.startswith("# Проверка")
    assert json.loads((project / "a/r.json").read_text())["verdict"] == "failed"
    assert ElementTree.parse(project / "report.xml").getroot().find(".//failure") is not None
    assert "Проверка" in (project / "report.html").read_text()


def test_a_project_that_init_makes_is_right(tmp_path: Path) -> None:
    assert runbook("init", "mine", cwd=tmp_path).returncode == 0
    project = tmp_path / "mine"

    assert runbook("validate", cwd=project).returncode == 0
    assert runbook("plan", "playbooks/hello.yml", cwd=project).returncode == 0
    assert runbook("run", "playbooks/hello.yml", cwd=project).returncode == 0
    assert runbook("verify", "playbooks/hello.yml", cwd=project).returncode == 0
    assert runbook("init", "mine", cwd=tmp_path).returncode in (0, 2), "a second time harms nothing"
    assert runbook("validate", cwd=project).returncode == 0


def test_on_a_terminal_of_80_columns_no_line_is_longer(project: Path) -> None:
    with on_terminal("run", "ill.yml", "-i", "localhost,", cwd=project) as terminal:
        assert terminal.finish() == 1

    assert "✗ 1.1  fails" in terminal.text
    assert all(len(line.rstrip()) <= 80 for line in terminal.lines)


def test_no_color(project: Path) -> None:
    with on_terminal("run", "ill.yml", "-i", "localhost,", cwd=project, env={"NO_COLOR": "1"}) as terminal:
        assert terminal.finish() == 1

    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", terminal.raw)


def test_our_own_fault_is_exit_code_70_with_a_log(project: Path, tmp_path: Path) -> None:
    """A module of ours that cannot be imported is a fault of the program, whatever the user wrote."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import sys; sys.modules['runbook.plan.make.plan'] = None\n")
    env = {"PYTHONPATH": str(tmp_path / "site"), "XDG_STATE_HOME": str(tmp_path / "state")}

    done = runbook("plan", "well.yml", "-i", "localhost,", "-e", "pw=s3cret", cwd=project, env=env)

    assert done.returncode == 70
    assert "a fault of the program itself" in done.stderr
    (log,) = (tmp_path / "state").rglob("fault-*.log")
    assert "Traceback" in log.read_text()
    assert "s3cret" not in log.read_text()


def test_the_published_schema_takes_our_playbooks_and_refuses_broken_ones() -> None:
    import yaml
    from jsonschema import Draft202012Validator

    schema = json.loads((ROOT / "schemas" / "playbook.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for path in sorted((ROOT / "playbooks").glob("*.yml")):
        data = yaml.safe_load(path.read_text())
        assert list(validator.iter_errors(data)) == []
        for broken in ({**data, "stagse": []}, {**data, "stages": []}, {k: v for k, v in data.items() if k != "name"}):
            assert not validator.is_valid(broken)
        data["stages"][0]["steps"][0]["servce"] = {}
        assert not validator.is_valid(data)


def test_a_check_that_would_change_something_does_not_say_passed(project: Path) -> None:
    step = "{copy: {content: new, dest: %s}}" % (project / "made")
    (project / "drift.yml").write_text(f"{HEAD}      - {step}\n")
    words = ("run", "drift.yml", "-i", "localhost,", "--check")

    done = runbook(*words, cwd=project)
    assert (done.returncode, "DRIFT – 1 step would change localhost" in done.stdout) == (0, True), done.stdout
    assert "PASSED" not in done.stdout
    assert runbook(*words, "--detailed-exitcode", cwd=project).returncode == 7
    (project / "made").write_text("new")
    done = runbook(*words, "--detailed-exitcode", cwd=project)
    assert (done.returncode, "PASSED – every check held, and nothing would change" in done.stdout) == (0, True)
    (project / "unsure.yml").write_text(f"{HEAD}      - {{shell: 'true'}}\n")
    assert runbook("run", "unsure.yml", *words[2:], "--detailed-exitcode", cwd=project).returncode == 7, "it may"
    (project / "wrong.yml").write_text(f"{HEAD}      - {{copy: {{content: new, dest: /no/such/folder/file}}}}\n")
    assert runbook("run", "wrong.yml", *words[2:], "--detailed-exitcode", cwd=project).returncode == 1
    assert runbook("run", "drift.yml", "-i", "localhost,", "--detailed-exitcode", cwd=project).returncode == 2
