"""As deeply as steps may be nested, all that reads a playbook or a run comes to its end; one level more is told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from runbook.cli.exit_codes import FAILED, OK, WRONG
from runbook.cli.main import _guarded
from runbook.playbook.nodes import MAX_DEPTH
from runbook.templating.syntax import MAX_BRACKETS, MAX_LEVELS
from tests.cli.terminal import on_terminal
from tests.cli.within import run_within
from tests.playbook.nested import DEEPEST, WRITERS

REPORTS = ("html", "json", "junit", "markdown", "openmetrics", "sarif", "tap")
HERE = ("-i", "localhost,")


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", WRITERS)
def test_the_deepest_is_checked_laid_out_and_planned(name: str, deep: Path) -> None:
    WRITERS[name](deep, MAX_DEPTH)

    assert run_within("validate", "deep.yml").code == OK
    assert run_within("validate", "--format", "sarif", "deep.yml").code == OK
    assert run_within("fmt", "deep.yml").code == OK
    for form in ("text", "json", "markdown", "html"):
        shown = run_within("plan", "deep.yml", *HERE, "--format", form)
        assert (shown.code, "the deepest" in shown.stdout) == (OK, True), form
    assert run_within("plan", "deep.yml", *HERE, "--out", "before.json").code == OK
    (deep / "deep.yml").write_text((deep / "deep.yml").read_text().replace("name: One", "name: Other"))
    assert run_within("plan", "deep.yml", *HERE, "--out", "after.json").code == OK
    for form in ("text", "json", "markdown"):
        assert run_within("plan", "diff", "before.json", "after.json", "--format", form).code == OK


@pytest.mark.parametrize("name", WRITERS)
def test_the_deepest_is_run_and_reported(name: str, deep: Path) -> None:
    WRITERS[name](deep, MAX_DEPTH)

    code = run_within("run", "deep.yml", *HERE, "-v", *(f"--report={form}={form}.out" for form in REPORTS)).code

    assert code in (OK, FAILED)
    assert deepest(json.loads((deep / "json.out").read_text())) == "passed"
    assert run_within("run", "deep.yml", *HERE, "--color").code == code
    assert run_within("plan", "deep.yml", *HERE, "--out", "plan.json").code == OK
    assert run_within("run", "--plan", "plan.json", "-q").code == code
    assert run_within("run", "deep.yml", *HERE, "--check", "--diff").code in (OK, FAILED)
    assert run_within("verify", "deep.yml", *HERE).code in (OK, FAILED)
    assert run_within("show", "last").code == OK
    assert run_within("report", "last", *(f"--format={form}={form}.out" for form in REPORTS)).code == OK


def deepest(run: object) -> str:
    """The status of the innermost step in a report."""
    found = [status for status, message in steps(run) if message == "the deepest"]
    assert len(set(found)) == 1
    return found[0]


def steps(data: object) -> list[tuple[str, str]]:
    """The status and the message of every outcome in a report."""
    inner = list(data.values()) if isinstance(data, dict) else data if isinstance(data, list) else []
    own = [(data["status"], data["message"])] if isinstance(data, dict) and {"status", "message"} <= set(data) else []
    return own + [step for value in inner for step in steps(value)]


@pytest.mark.parametrize("name", WRITERS)
def test_one_level_more_is_told_at_its_place(name: str, deep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    WRITERS[name](deep, MAX_DEPTH + 1)

    for argv in (["validate", "deep.yml"], ["plan", "deep.yml", *HERE], ["run", "deep.yml", *HERE]):
        assert _guarded(argv) == WRONG
        said = "".join(capsys.readouterr())
        assert re.search(
            rf"^\w+\.yml:\d+:\d+: (error: )?nested too deeply: more than {MAX_DEPTH} ", said, re.MULTILINE
        ), said
        assert "^" in said
        assert "hint: " in said


def test_its_place_is_what_asks_for_the_level_too_much(deep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    WRITERS["named remediations"](deep, MAX_DEPTH + 1)
    assert _guarded(["validate", "deep.yml"]) == WRONG
    assert "deep.yml:57:60: error: nested too deeply" in capsys.readouterr().out

    WRITERS["includes"](deep, MAX_DEPTH + 1)
    assert _guarded(["validate", "deep.yml"]) == WRONG
    assert "50.yml:1:12: error: nested too deeply" in capsys.readouterr().out


def test_the_deepest_template_in_the_deepest_step(deep: Path) -> None:
    """What is rendered there is parsed and compiled on top of all the levels around it."""
    brackets = "(" * MAX_BRACKETS + "true" + ")" * MAX_BRACKETS
    operations = (
        "1 + " * (MAX_LEVELS - 1) + "1 > 0",
        "not " * MAX_LEVELS + "true",
        "false if false else " * MAX_LEVELS + "true",
    )
    step = "{assert: [%s], vars: {deep: %s}, expect: deep | string | length > 0}"
    data = "[" * 90 + "'{{ 1 + 1 }}'" + "]" * 90
    (deep / "last.yml").write_text("- " + step % (", ".join(f"'{text}'" for text in (brackets, *operations)), data))
    WRITERS["named remediations"](deep, MAX_DEPTH - 1)
    text = (deep / "deep.yml").read_text().replace(DEEPEST, "{include: last.yml}")
    (deep / "deep.yml").write_text(text)

    assert run_within("plan", "deep.yml", *HERE).code == OK
    run_within("run", "deep.yml", *HERE, "--report=json=json.out")
    assert ("passed", "4 held") in steps(json.loads((deep / "json.out").read_text()))


@pytest.mark.parametrize("columns", ["10", "20", "40"])
def test_on_a_narrow_terminal(columns: str, deep: Path) -> None:
    WRITERS["everything"](deep, MAX_DEPTH)

    for argv in (("plan", "deep.yml", *HERE), ("run", "deep.yml", *HERE, "-v", "--diff"), ("show", "last")):
        with on_terminal(*argv, env={"COLUMNS": columns}, cwd=deep) as shown:
            assert shown.finish() in (OK, FAILED), shown.text
            assert "deepest" in re.sub(r"[^a-z]", "", shown.text), shown.text
