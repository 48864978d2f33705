"""Problems as people and programs take them: one row in FORMATS each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runbook.common.frozen import replace
from runbook.source.document import Problem, Severity, covered, render

MOST = 100
"""Problems that are shown to a person; after so many of them nobody reads on."""
Texts = Mapping[str, str]
"""Of each file that was read, by its name, the text."""


def as_text(problems: Sequence[Problem], texts: Texts, playbooks: int) -> str:
    """Each with its excerpt, and in the end how many there are."""
    from runbook.cli.problem_output import text_of

    known = {problem.span.file: texts.get(problem.span.file) or text_of(problem.span.file) for problem in problems}
    for file in {problem.span.file for problem in problems if problem.hidden}:
        secret = [problem.span for problem in problems if problem.hidden and problem.span.file == file]
        known[file] = covered(known[file], secret)  # in the lines around other problems too
    shown = "".join(render(_named(problem), known[problem.span.file]) + "\n\n" for problem in problems[:MOST])
    if len(problems) > MOST:
        shown += f"… and {len(problems) - MOST} more: mend these first, or ask for --format json.\n"
    files = counted(playbooks, "playbook")
    return f"{shown}{files}, {summary(problems)}.\n" if problems else f"{files}, no problems.\n"


def _named(problem: Problem) -> Problem:
    """With its rule in the message; and among warnings an error is called one."""
    mark = "error: " if problem.severity is Severity.ERROR else ""
    return replace(problem, message=f"{mark}{problem.message} [{problem.rule}]")


def summary(problems: Sequence[Problem]) -> str:
    """`2 errors, 1 note`."""
    counts = [(sum(problem.severity is severity for problem in problems), severity) for severity in Severity]
    return ", ".join(counted(count, severity) for count, severity in counts if count)


def counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def as_json(problems: Sequence[Problem], texts: Texts, playbooks: int) -> str:  # noqa: ARG001 - every format has this signature
    rows = [
        {
            "file": problem.span.file,
            "line": problem.span.line,
            "column": problem.span.column,
            "length": problem.span.length,
            "severity": str(problem.severity),
            "rule": problem.rule,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


def as_github(problems: Sequence[Problem], texts: Texts, playbooks: int) -> str:  # noqa: ARG001 - every format has this signature
    """Commands of a GitHub workflow, which it shows at the lines."""
    return "".join(map(_annotation, problems))


_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def _annotation(problem: Problem) -> str:
    span = problem.span
    values = {
        "file": span.file,
        "line": span.line,
        "col": span.column,
        "endColumn": span.column + span.length,
        "title": f"runbook: {problem.rule}",
    }
    told = problem.message + (f" ({problem.hint})" if problem.hint else "")
    where = ",".join(f"{name}={_value(str(value))}" for name, value in values.items())
    return f"::{_WORDS[problem.severity]} {where}::{_message(told)}\n"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(problems: Sequence[Problem], texts: Texts, playbooks: int) -> str:  # noqa: ARG001 - every format has this signature
    from runbook.lint.rules import RULES
    from runbook.reports.sarif import document, driver

    names = sorted({problem.rule for problem in problems if problem.rule in RULES})
    rules = [
        {
            "id": name,
            "shortDescription": {"text": RULES[name].text},
            "defaultConfiguration": {"level": str(RULES[name].severity)},
        }
        for name in names
    ]
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    run = {
        "tool": driver(rules),
        "invocations": [{"executionSuccessful": True, "exitCode": 2 if errors else 0}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, names) for problem in problems],
    }
    return document(run)


def _result(problem: Problem, names: list[str]) -> dict[str, Any]:
    from runbook.reports.sarif import location

    span = problem.span
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.line,
        "endColumn": span.column + span.length,
    }
    index = {"ruleIndex": names.index(problem.rule)} if problem.rule in names else {}
    return {
        "ruleId": problem.rule,
        **index,
        "level": str(problem.severity),
        "message": {"text": "\n".join(filter(None, [problem.message, problem.hint]))},
        "locations": [location(span.file, region)],
    }


FORMATS: dict[str, Callable[[Sequence[Problem], Texts, int], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
