"""A kind that only a row in the table adds is treated as the built-in ones: in a plan, a comparison of plans,
`validate`, a check, a run, reports.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from runbook import steps as table
from runbook.engine.mode import Mode
from runbook.plan.compare.diff import diff
from runbook.plan.show.text import as_text
from runbook.reports import html
from runbook.reports.console.details import explain
from runbook.runs.events import Outcome, Role, StepFinished, failed, passed
from runbook.steps.base import Args, Context, Question
from runbook.steps.traits import CommandLine, Conditions, Fields, Query, SetVariable, SourceFile
from runbook.testing import run_playbook
from runbook.testing.contracts.kinds import KindContract
from tests.lint.support import problems, told
from tests.plan.support import view

OPTIONS = {
    "name": {"type": "string", "description": "Which one."},
    "most": {"type": "integer", "description": "What it may show."},
    "limits": {"type": "string", "description": "A file with limits."},
    "database": {"type": "string", "description": "Where its last values are."},
    "that": {"type": "string", "description": "What must hold."},
    "into": {"type": "string", "description": "The variable that gets the level."},
    "tool": {"type": "string", "description": "What reads it."},
}


def gauge() -> ModuleType:
    """A check that says everything of itself."""
    made: Any = ModuleType(
        "runbook.steps.gauge", "Reads a gauge.\n\nOutcome: `level`, `variables`.\n\n```yaml\n- gauge: oil\n```\n"
    )
    made.SCHEMA = {"type": "object", "additionalProperties": False, "required": ["name"], "properties": OPTIONS}
    made.SHORT = "name"
    made.FIELDS = Fields(frozenset({"level", "variables"}))
    made.OWN_VERDICT = ("level",)
    made.CHECKED_BY = ("most",)
    made.IN_LINE = ("most",)
    made.TELLING = True
    made.COMMAND_LINE = CommandLine("tool", by_shell=False)

    def run(args: Args, context: Context) -> Outcome:
        level = int(context.command("echo 7").out)
        data = {"level": level, "variables": {args["into"]: level} if "into" in args else {}}
        say = passed if level <= args.get("most", 10) else failed
        return say(f"the gauge {args['name']} shows {level}", **data)

    def files(args: Args) -> tuple[SourceFile, ...]:
        return (SourceFile(args.get("limits"), ("limits",), "ini"),)

    def queries(args: Args) -> tuple[Query, ...]:
        return (Query(args["database"], ()),) if "database" in args else ()

    def conditions(args: Args) -> tuple[Conditions, ...]:
        return (Conditions(("that",)),) if "that" in args else ()

    def sets(args: Args) -> tuple[SetVariable, ...]:
        return (SetVariable(str(args["into"]), ("into",)),) if "into" in args else ()

    made.changes = lambda _args: False
    made.plan = lambda args: f"read the gauge {args.get('name')}, at the most {args.get('most', 'anything')}"
    made.run, made.files, made.queries, made.conditions, made.sets = run, files, queries, conditions, sets
    return made


def approval() -> ModuleType:
    """A kind that asks a person."""
    made: Any = ModuleType("runbook.steps.approval", "Asks.\n\n```yaml\n- approval: Go?\n```\n")
    text = {"type": "string", "description": "What to ask."}
    made.SCHEMA = {"type": "object", "additionalProperties": False, "properties": {"text": text}}
    made.SHORT, made.ASKS_PERSON, made.FIELDS = "text", True, Fields()
    made.changes = lambda _args: False
    made.plan = lambda args: f"asks {args.get('text')}"

    def run(args: Args, context: Context) -> Outcome:
        answer = context.ask(Question(context.number, "", args["text"]))
        return failed("nobody said so") if answer is None else passed(answer.value)

    made.run = run
    return made


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (gauge(), approval()):
        name = module.__name__.rpartition(".")[2]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(table._MODULES, name, name)


class TestGauge(KindContract):
    @pytest.fixture
    def name(self) -> str:
        return "gauge"


def playbook(*steps: Mapping[str, Any], **more: Any) -> str:
    return json.dumps({"name": "Test", "hosts": "all", **more, "stages": [{"name": "One", "steps": steps}]}, indent=1)


def test_a_plan_shows_its_file_its_database_and_what_it_sets(tmp_path: Path) -> None:
    (tmp_path / "limits.ini").write_text("[oil]\nmost = 9\n")
    (tmp_path / "p.yml").write_text(
        playbook(
            {"gauge": {"name": "oil", "most": 9, "limits": "limits.ini", "into": "seen", "database": "app"}},
            {"note": "It shows {{ seen }}"},
            databases={"app": {"dbname": "gauges"}},
        )
    )
    text = as_text(view(tmp_path / "p.yml"))

    assert "read the gauge oil, at the most 9" in text
    assert "limits.ini (15 bytes)" in text
    assert "most = 9" in text
    assert "database app: dbname gauges" in text
    assert "It shows {{ seen }} (known after 1.1)" in text
    assert "most: 9" not in text, "the line tells it"


CHECK = {"name": "x", "gauge": {"name": "oil", "most": 9}}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([CHECK], [{"name": "x", "gauge": "oil"}], "no longer checks `most`: 9"),
        ([{"note": "y"}, CHECK], [{"note": "y"}], "this check is gone"),
        ([CHECK], [{**CHECK, "when": "later"}], "it is only done when later"),
        (
            [{"name": "x", "gauge": {"name": "oil", "that": "level_of_oil > 3"}}],
            [{"name": "x", "gauge": {"name": "oil", "that": "level_of_oil > 2"}}],
            "no longer expects level_of_oil > 3, only level_of_oil > 2",
        ),
    ],
)
def test_a_plan_that_checks_less_says_so(before: list[Any], after: list[Any], said: str) -> None:
    found = diff(view(playbook(*before)), view(playbook(*after)))

    assert [one for step in found.steps() for one in step.weaker] == [said]


def test_validate_knows_what_it_says() -> None:
    text = playbook(
        {"gauge": {"name": "oil", "limits": "gone.ini", "database": "ap"}, "expect": "levle < 5", "register": "look"},
        {"gauge": {"name": "oil", "that": "1 == 1", "into": "idle"}},
        {"gauge": {"name": "oil", "that": "1 =="}},
        {"gauge": {"name": "oil", "tool": "rm /srv/x"}, "changes": False},
        {"gauge": {"name": "oil", "tool": "cat /srv/x | wc"}},
        {"note": "{{ look.levle }} {{ seen }}"},
        {"gauge": {"name": "oil", "into": "seen"}},
        databases={"app": {"dbname": "gauges"}},
    )
    rules = [line.partition(" ")[2] for line in told(text)]

    assert sorted(rules) == sorted(
        [
            "undefined-name!",
            "missing-file",
            "unknown-database!",
            "unused-database",
            "constant-condition",
            "unused-variable",
            "template!",
            "changes-false",
            "needs-shell",
            "unknown-field!",
            "used-before-set",
        ]
    )
    mistyped = next(problem for problem in problems(text) if problem.rule == "undefined-name")
    lines = text.splitlines()
    assert lines[mistyped.span.line - 1][mistyped.span.column - 1 :].startswith("levle")
    assert mistyped.hint == "did you mean level?"


def test_a_check_runs_it_and_asks_nobody() -> None:
    run = run_playbook(playbook(CHECK, {"approval": "Go?"}), mode=Mode.CHECK)

    assert [(step.number, str(step.status), step.outcome.message) for step in run.steps()] == [
        ("1.1", "passed", "the gauge oil shows 7"),
        ("1.2", "unknown", "a person would be asked"),
    ]


def test_a_run_sets_its_variable_and_an_expect_takes_its_judgement_over() -> None:
    run = run_playbook(
        playbook(
            {"gauge": {"name": "oil", "most": 3, "into": "seen"}, "expect": "level < 9"},
            {"note": "It shows {{ seen }}"},
        )
    )

    assert [(str(step.status), step.outcome.message) for step in run.steps()] == [
        ("passed", "the gauge oil shows 7"),
        ("passed", "It shows 7"),
    ]


def test_reports_show_what_it_tells_where_all_is_well() -> None:
    run = run_playbook(playbook(CHECK, {"shell": "echo quiet"}))
    (seen, _) = run.steps()
    event = StepFinished(
        at=1.0, host="one", number="1.1", name="x", kind="gauge", parent="", role=Role.STEP, started=0.0,
        outcome=seen.outcome,
    )  # fmt: skip

    assert [line.text for line in explain(event, 0, False, 80)] == ["the gauge oil shows 7"]
    assert "<span class=message>the gauge oil shows 7</span>" in html.render(run)
