"""Fields of outcomes: a mistyped one is found at its place, and what may well be there is not told."""

from __future__ import annotations

import pytest

from runbook.engine.outcomes.judge import flags
from runbook.lint.outcome_fields import EVERY
from runbook.runs.events import Outcome, Status
from runbook.source.document import Problem
from tests.lint.support import problems, steps, told

DATABASE = "\n---\ndatabases: {app: {dbname: app}}\n"


def pointed(problem: Problem, text: str) -> str:
    """What stands where the problem points."""
    at = problem.span.column - 1
    return text.splitlines()[problem.span.line - 1][at : at + problem.span.length]


MISTYPED = [
    ("{http: 'http://x', expect: stauts == 200}", "stauts", "status"),
    ("{http: 'http://x', failed_when: 'stauts >= 500'}", "stauts", "status"),
    ("{shell: a, changed_when: \"'x' in stdot\"}", "stdot", "stdout"),
    ("{file: /x, expect: [exists, mtmie > 1]}", "mtmie", "mtime"),
    ("{port: 80, expect: listenning}", "listenning", "listening"),
    ("{process: x, expect: uptmie < 600}", "uptmie", "uptime"),
    ("{service: {name: x, state: running}, expect: previuos_pid != pid}", "previuos_pid", "previous_pid"),
    ("{log: /x, expect: cuont == 0}", "cuont", "count"),
    ("{confirm: Green?, expect: anwser == 'yes'}", "anwser", "answer"),
    ("{copy: {content: a, dest: /x}, expect: backpu == ''}", "backpu", "backup"),
    ("{edit: {path: /x, absent: a}, expect: 'edtis | length == 1'}", "edtis", "edits"),
    ("{set: {a: 1}, expect: varaibles.a == 1}", "varaibles", "variables"),
    ("{note: x, expect: mesage == 'x'}", "mesage", "message"),
    ("{mark: {log: {file: /x}}, expect: offest > 0}", "offest", "offset"),
    ("{wait: {sleep: 1}, expect: elpased > 0}", "elpased", "elapsed"),
    ("{sql: SELECT count(*) AS recent FROM t, expect: recnet > 0}" + DATABASE, "recnet", "recent"),
    ("{sql: SELECT 1, expect: rowcuont == 1}" + DATABASE, "rowcuont", "rowcount"),
    ("{wait: {sql: {query: SELECT 1 AS pending, until: penidng == 0}}}" + DATABASE, "penidng", "pending"),
]


@pytest.mark.parametrize(("step", "mistyped", "meant"), MISTYPED)
def test_a_mistyped_field_is_found_at_its_place(step: str, mistyped: str, meant: str) -> None:
    text = steps(f"- {step}")

    (problem,) = [problem for problem in problems(text) if problem.rule == "undefined-name"]
    assert pointed(problem, text) == mistyped
    assert (problem.severity, problem.hint) == ("error", f"did you mean {meant}?")


def test_one_that_is_only_near_may_be_the_inventorys() -> None:
    text = steps("- {shell: a, expect: rcc == 0}")
    (perhaps,), (certain,) = problems(text), problems(text, "web1,web2")

    assert (perhaps.rule, perhaps.severity) == ("undefined-name", "note")
    assert perhaps.hint.startswith("did you mean rc? An inventory or -e may set it")
    assert (certain.rule, certain.severity, certain.hint) == ("undefined-name", "error", "did you mean rc?")


@pytest.mark.parametrize(
    "text",
    [
        "- http: http://x\n  expect: [status == 200, json.stauts == 1, \"headers['x-stauts'] == 'a'\", not failed]",
        "- {http: 'http://x', failed_when: error_class is defined}",
        "- {sql: SELECT * FROM t, expect: stauts == 200}" + DATABASE,
        "- {sql: 'SELECT id AS \"Stauts\", now()::date FROM t', expect: [Stauts > 1, now != '', timestamp is defined]}"
        + DATABASE,
        "- {sql: \"SELECT '1'::bigint\", expect: int8 == 1}" + DATABASE,
        "- {sql: 'SELECT a, a FROM t', expect: a == a_2}" + DATABASE,
        "- {sql: '{{ query }}', vars: {query: SELECT 1 AS one}, expect: one == 1}" + DATABASE,
        "- {sql: TABLE t, expect: anything == 1}" + DATABASE,
        "- {mark: {sql: {query: SELECT max(id) AS last FROM t}}, register: m, expect: last > 0}\n- note: '{{ m.last }}'"
        + DATABASE,
        "- {wait: {sql: {query: SELECT 1 AS pending, until: pending == 0 and value == 0}}}" + DATABASE,
        "- {wait: {sql: {query: SELECT 1 AS pending, until: 'pending == {{ most }}'}}, vars: {most: 1}}" + DATABASE,
        "- {set: {release: 3}, expect: release == 3}",
        "- {shell: a, timeout: 3, expect: [timed_out is undefined, rc == 0], vars: {ok: '{{ rc == 0 }}'}}",
        "- {http: 'http://x', expect: status == wanted, vars: {wanted: 200}}",
    ],
)
def test_what_may_be_there_is_not_told(text: str) -> None:
    found = told(steps(text))

    assert [line for line in found if "name" in line or "field" in line] == []


LOOK = "- {http: 'http://x', register: look}\n"
WRONG = [
    (LOOK + "- note: '{{ look.stauts }}'", "did you mean status?"),
    (LOOK + "- {note: x, when: \"look['stauts'] == 1\"}", "did you mean status?"),
    (LOOK + "- {assert: {that: [look.status == 200, look.statsu == 200]}}", "did you mean status?"),
    (LOOK + "- {shell: x, register: run, until: run.rc == look.stauts}", "did you mean status?"),
    (LOOK + "- {note: x, vars: {a: '{{ look.stauts }}'}}\n- note: '{{ a }}'", "did you mean status?"),
    ("- {shell: a, diagnose: [{note: '{{ failure.stdotu }}'}]}", "did you mean stdout?"),
    ("- {shell: a, remediate: {when: failure.rcc == 3, steps: [{note: x}]}}", "did you mean rc?"),
    ("- {steps: [{shell: a}], diagnose: [{note: '{{ failure.stdout }}'}]}", "it has: attempts, changed,"),
    ("- {shell: a, loop: [1], register: all}\n- note: '{{ all.stdout }}'", "it is that of a loop"),
    ("- {confirm: x, register: said}\n- note: '{{ said.colour }}'", "it has: answer, at, attempts"),
]


@pytest.mark.parametrize(("text", "hint"), WRONG)
def test_a_field_that_a_registered_outcome_does_not_have(text: str, hint: str) -> None:
    whole = steps(text)
    (problem,) = [problem for problem in problems(whole) if problem.rule == "unknown-field"]

    assert f"has no field {pointed(problem, whole)!r}" in problem.message
    assert (problem.severity, problem.hint.startswith(hint)) == ("error", True), problem.hint


@pytest.mark.parametrize(
    "text",
    [
        LOOK + "- note: '{{ look.json.stauts }} {{ look.msg }} {{ look.attempts }} {{ look.keys() | list }}'",
        LOOK + "- note: '{{ look.stauts | default(1) }}'",
        LOOK + "- {note: x, when: look.stauts is defined and look.stauts == 1}",
        LOOK + "- {note: x, when: \"'stauts' in look and look.stauts == 1\"}",
        LOOK + "- {shell: a, register: look}\n- note: '{{ look.stdout }} {{ look.status }}'",
        LOOK + "- {note: '{{ look.any }}', vars: {look: {any: 1}}}",
        LOOK + "- {set: {look: {any: 1}}}\n- note: '{{ look.any }}'",
        LOOK + "- {note: '{{ look.any }}', loop: [{any: 1}], loop_control: {loop_var: look}}",
        LOOK + "- note: '{% for look in [{\"any\": 1}] %}{{ look.any }}{% endfor %}'",
        LOOK + "- {reading: x, register: look}\n- note: '{{ look.any }}'",
        "- {sql: SELECT * FROM t, register: look}\n- note: '{{ look.any }}'" + DATABASE,
        "- {shell: a, loop: [1], register: all, until: all.rc == 0}\n- note: '{{ all.results[0].rc }}'",
        "- {shell: a, diagnose: [{steps: [{shell: b}], rescue: [{note: '{{ failure.any }}'}]}]}",
        "- {steps: [{http: 'http://x'}], rescue: [{note: '{{ failure.status }}'}]}",
    ],
)
def test_what_may_be_another_outcome_is_not_told(text: str) -> None:
    assert [line for line in told(steps(text)) if "unknown-field" in line] == []


def test_a_name_of_the_inventory_may_hold_anything() -> None:
    text = steps(LOOK + "- note: '{{ look.stauts }}'")

    assert "6:24 unknown-field!" in told(text, extra={})
    assert told(text, extra={"look": {"stauts": 1}}) == []


def test_every_outcome_has_the_flags() -> None:
    assert set(flags(Outcome(Status.PASSED))) == EVERY
