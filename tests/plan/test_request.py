"""A plan as a library call: values become what inputs are, who is asked for which, and what makes a plan impossible."""

from __future__ import annotations

import pytest

from runbook.model import Input
from runbook.plan.make.request import PlanRequest, make_plan
from runbook.plan.make.selection import Selection
from runbook.playbook.load import playbook_from_text
from runbook.runs.start import RunStart
from runbook.source.document import Problems
from runbook.testing import inventory_of

PLAYBOOK = playbook_from_text("""
name: Requested
inputs:
  room: {type: integer}
  fast: {type: boolean, default: false}
  token: {type: string, secret: true}
hosts: all
stages:
  - name: One
    hosts: all
    steps: [{note: "{{ run.id }} {{ room }}", tags: small}]
""")
HOSTS = inventory_of({"a": {}, "b": {"room": 7}})


def asked(values: dict[str, str]) -> tuple[dict[str, object], list[str]]:
    """What host `a` has when what is lacking is asked for, and what was asked for."""
    names: list[str] = []

    def ask(item: Input) -> str:
        names.append(item.name)
        return {"room": "3", "token": "t"}[item.name]

    plan = make_plan(PLAYBOOK, HOSTS, PlanRequest(variables=values, run=RunStart("r1", 0.0)), ask)
    scope = plan.variables.scope(HOSTS.hosts["a"])
    return {name: scope[name] for name in ("room", "fast", "token")} | {"run": scope["run"]["id"]}, names


def test_texts_become_what_the_inputs_are_and_only_what_is_lacking_is_asked_for() -> None:
    assert asked({"room": "5", "fast": "yes"}) == (
        {"room": 5, "fast": True, "token": "t", "run": "r1"},
        ["token"],
    )
    assert asked({})[1] == ["room", "token"]


def test_all_that_is_lacking_is_told_and_secrets_need_not_be_there_for_a_plan_that_is_shown() -> None:
    with pytest.raises(Problems) as caught:
        make_plan(PLAYBOOK, HOSTS)
    assert [problem.message for problem in caught.value.problems] == [
        "the input 'room' has no value",
        "the input 'token' has no value",
    ]
    assert make_plan(PLAYBOOK, HOSTS, PlanRequest(variables={"room": 1}), secrets=False).hosts


def test_what_is_selected_is_planned() -> None:
    given = {"room": 1, "token": "t"}
    plan = make_plan(PLAYBOOK, HOSTS, PlanRequest(Selection(skip_tags=frozenset({"small"})), "b", given))
    assert [host.name for host in plan.hosts] == ["b"]
    assert plan.left_out == {"1.1"}


def test_a_name_that_must_not_come_near_a_shell_makes_no_plan() -> None:
    odd = inventory_of({"a": {"ansible_host": "-oProxyCommand=x"}, "here": {"ansible_connection": "local"}})
    with pytest.raises(Problems, match="cannot be the name or address of a host"):
        make_plan(PLAYBOOK, odd, PlanRequest(variables={"room": 1, "token": "t"}))
