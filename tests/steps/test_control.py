"""The steps `assert`, `set`, `note` and `confirm`: what is judged, kept, said and asked."""

from __future__ import annotations

import json
from types import ModuleType

import pytest

import runbook.steps.control.assert_ as assert_kind
import runbook.steps.control.confirm as confirm_kind
import runbook.steps.control.note as note_kind
import runbook.steps.control.set as set_kind
from runbook.runs.events import Outcome, Status
from runbook.steps.base import Answer, Question
from runbook.testing import examples, options, problems, run_step, step_context


def test_an_assertion_that_holds_says_how_many_expressions_it_had() -> None:
    outcome = run_step(assert_kind, {"that": ["n > 2", "n is defined"]}, context=step_context(variables={"n": 3}))
    assert (outcome.status, outcome.message) == (Status.PASSED, "2 held")


def test_its_failure_names_the_first_false_expression_and_shows_every_operand() -> None:
    context = step_context(variables={"recent": 0, "total": 7, "имя": "журнал"})
    outcome = run_step(assert_kind, {"that": ["total > 5", "recent > 0", "имя == 'log'"]}, context=context)
    assert (outcome.status, outcome.message) == (Status.FAILED, "does not hold: recent > 0")
    assert outcome.evidence[0].text == "recent > 0\n    recent = 0\nимя == 'log'\n    имя = \"журнал\""


def test_an_assertion_says_what_it_was_told_to_say() -> None:
    good, bad = {"success_msg": "enough"}, {"fail_msg": "too few"}
    assert run_step(assert_kind, {"that": "2 > 1", **good, **bad}).message == "enough"
    outcome = run_step(assert_kind, {"that": "1 > 2", **good, **bad})
    assert (outcome.status, outcome.message) == (Status.FAILED, "too few")
    assert outcome.evidence[0].text.startswith("1 > 2\n"), "the expression is still shown"


@pytest.mark.parametrize(("value", "status"), [(True, Status.PASSED), (False, Status.FAILED)])
def test_an_assertion_may_be_a_rendered_yes_or_no(value: bool, status: Status) -> None:
    assert run_step(assert_kind, {"that": value}).status is status


def test_an_assertion_needs_something_to_judge() -> None:
    assert problems(assert_kind, {}) != []
    assert problems(assert_kind, {"that": []}) != []


def test_set_gives_its_mapping_as_variables_of_any_type() -> None:
    outcome = run_step(set_kind, {"release": "1.4", "hosts": ["a", "b"], "имя": {"глубоко": None}})
    assert outcome.status is Status.PASSED
    assert outcome.data == {"variables": {"release": "1.4", "hosts": ["a", "b"], "имя": {"глубоко": None}}}
    assert outcome.message == "release, hosts, имя"


@pytest.mark.parametrize("name", ["", "a-b", "1st", "with space", "a.b"])
def test_set_refuses_a_name_that_no_expression_could_read(name: str) -> None:
    assert problems(set_kind, {name: 1}) != []


def test_a_note_says_its_message_and_shows_its_data() -> None:
    outcome = run_step(note_kind, {"message": "Всё хорошо", "data": {"счёт": [1, 2]}})
    assert (outcome.status, outcome.message, outcome.data) == (Status.PASSED, "Всё хорошо", {"message": "Всё хорошо"})
    assert json.loads(outcome.evidence[0].text) == {"счёт": [1, 2]}
    assert run_step(note_kind, {"message": "only words"}).evidence == ()


def asked(answer: Answer | None, **args: bool) -> tuple[Outcome, Question]:
    """What `confirm` makes of an answer, and what it asked."""
    questions: list[Question] = []

    def ask(question: Question) -> Answer | None:
        questions.append(question)
        return answer

    outcome = run_step(confirm_kind, {"question": "Is it green?", **args}, context=step_context(ask=ask, number="5.5"))
    return outcome, questions[0]


@pytest.mark.parametrize(("value", "status"), [("yes", Status.PASSED), ("no", Status.FAILED), ("na", Status.SKIPPED)])
def test_the_answer_decides_and_is_kept_with_name_time_and_comment(value: str, status: Status) -> None:
    outcome, _ = asked(Answer(value, "olga", 12.5, "проверено"))
    assert outcome.status is status
    assert outcome.data == {"answer": value, "by": "olga", "at": 12.5, "comment": "проверено"}
    assert outcome.message.endswith("olga: проверено")


def test_without_anybody_to_ask_the_step_waits_and_says_how_to_answer() -> None:
    outcome, _ = asked(None)
    assert outcome.status is Status.WAITING
    assert "Is it green?" in outcome.message
    assert "--answer 5.5=yes" in outcome.message


def test_a_question_is_for_the_run_or_for_each_host() -> None:
    assert asked(None)[1] == Question("5.5", "", "Is it green?")
    assert asked(None, each_host=True)[1] == Question("5.5", "test-host", "Is it green?")


@pytest.mark.parametrize(
    ("kind", "key"), [(assert_kind, "assert"), (set_kind, "set"), (note_kind, "note"), (confirm_kind, "confirm")]
)
def test_they_change_nothing_and_their_examples_are_right(kind: ModuleType, key: str) -> None:
    (step,) = examples(kind)
    value = step[key]
    args = value if isinstance(value, dict) else {kind.SHORT: value}
    assert options(kind, args)
    assert kind.changes(args) is False
    assert kind.plan(args)
