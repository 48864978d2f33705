"""One attempt of a kind, as a test makes it; and the examples in the docstrings of the whole house."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from runbook.runs.events import Status
from runbook.steps import KINDS
from runbook.testing import ScriptedHost, options, problems, run_step, step_context
from tests.cli.terminal import ROOT

EXAMPLES = [path for path in sorted((ROOT / "runbook").rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]


def test_a_kind_is_named_or_given() -> None:
    host = ScriptedHost({"uptime": "up"})
    for kind in ("shell", KINDS["shell"]):
        outcome = run_step(kind, {"cmd": "uptime"}, host)
        assert (outcome.status, outcome.data["stdout"]) == (Status.CHANGED, "up")


def test_options_have_their_defaults_and_wrong_ones_are_refused() -> None:
    assert options("sql", {"query": "SELECT 1"})["timeout"] == 60
    assert "unknown key 'mesage'" in problems("note", {"mesage": "x"})
    with pytest.raises(ValueError, match="unknown key 'mesage'"):
        run_step("note", {"mesage": "x"})


def test_a_kind_without_a_row_is_told_so() -> None:
    with pytest.raises(LookupError, match=r"called 'nothing': has it a row in runbook/steps/__init__\.py"):
        run_step("nothing", {})


def test_what_a_step_cannot_do_is_a_failed_outcome() -> None:
    outcome = run_step("sql", {"query": "SELECT 1", "database": "shop"}, context=step_context(databases={"app": {}}))
    assert (outcome.status, outcome.message) == (Status.FAILED, "no database is called 'shop'")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_docstring_are_right(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted > 0
    assert done.failed == 0
