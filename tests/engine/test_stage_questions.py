"""The question of a stage: rendered, asked once, of the hosts that the stage would touch."""

from __future__ import annotations

import time

import pytest

from runbook.steps.base import Answer, Question
from runbook.testing import inventory_of, run_playbook

PLAYBOOK = """\
name: T
hosts: all
vars: {days: 7}
stages:
  - name: Old logs
    confirm: Delete logs older than {{ days }} days?
    when: days | int > 0
    steps: [{note: deleted}]
  - name: After
    steps: [{note: after}]
"""
HOSTS = {"a": {}, "b": {}, "c": {"days": 30}, "d": {"days": 0}}


def played(answer: str | None, hosts: dict[str, dict[str, object]] = HOSTS) -> tuple[list[Question], dict[str, str]]:
    """What was asked, and how each host ended in each stage."""
    asked: list[Question] = []

    def ask(question: Question) -> Answer | None:
        asked.append(question)
        return None if answer is None else Answer(answer, "olga", time.time())

    run = run_playbook(PLAYBOOK, dict.fromkeys(hosts), inventory=inventory_of(hosts), ask=ask)
    found = {f"{stage.number} {one.host}": str(one.status) for stage in run.stages for one in stage.results}
    return asked, found


def test_it_is_asked_once_and_each_text_names_its_hosts() -> None:
    asked, ended = played("yes")
    text = "a, b: Delete logs older than 7 days?\nc: Delete logs older than 30 days?"
    assert asked == [Question("1", "", text)]
    assert {ended[f"1 {host}"] for host in "abc"} == {"passed"}


def test_one_text_is_shown_with_its_hosts() -> None:
    asked, _ = played("yes", {f"h{number}": {} for number in range(7)})
    assert asked == [Question("1", "h0, h1, h2, h3, h4 and 2 more", "Delete logs older than 7 days?")]


@pytest.mark.parametrize(("answer", "status"), [("no", "failed"), ("na", "failed"), (None, "waiting")])
def test_a_host_that_the_stage_leaves_out_is_not_asked_about_and_goes_on(answer: str | None, status: str) -> None:
    _, ended = played(answer)
    assert {ended[f"1 {host}"] for host in "abc"} == {status}
    assert (ended["1 d"], ended["2 d"]) == ("skipped", "passed")
    assert not any(f"2 {host}" in ended for host in "abc"), "they go no further"


def test_nobody_is_asked_where_the_stage_touches_no_host() -> None:
    assert played("no", {"d": {"days": 0}})[0] == []


def test_who_waits_is_told_what_to_type() -> None:
    run = run_playbook(PLAYBOOK, {"a": None})
    (result,) = run.stages[0].results
    assert result.outcome.message == "Delete logs older than 7 days? – answer with --answer 1=yes"


def test_a_question_that_cannot_be_rendered_fails_its_host_alone() -> None:
    hosts = {"a": {}, "b": {"days": "{{ nope }}"}}
    asked, ended = played("yes", hosts)
    assert [question.host for question in asked] == ["a"]
    assert (ended["1 a"], ended["1 b"]) == ("passed", "failed")
