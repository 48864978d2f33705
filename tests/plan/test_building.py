"""From a playbook and an inventory to a plan: hosts, batches, choices, inputs, variables, and its text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model import Group, Host, Inventory, Variable
from runbook.plan.describe.make_view import view_of
from runbook.plan.make.changed_hosts import may_change
from runbook.plan.make.inputs import check_inputs, coerce, missing
from runbook.plan.make.plan import Plan, batches, build
from runbook.plan.make.selection import Selection
from runbook.plan.make.variables import Given
from runbook.plan.show.text import as_text
from runbook.playbook.load import playbook_from_text
from runbook.source.document import Problems

ROOT = Path(__file__).resolve().parents[2]


def inventory(**hosts: dict[str, Any]) -> Inventory:
    """Hosts with their variables, all in the group `web`."""
    made = {name: Host(name, {k: Variable(v) for k, v in values.items()}, ("web",)) for name, values in hosts.items()}
    groups = {"all": Group("all", children=("web",)), "web": Group("web", tuple(made)), "ungrouped": Group("ungrouped")}
    return Inventory(made, groups)


def plan(text: str, hosts: Inventory | None = None, limit: str | None = None, **chosen: Any) -> Plan:
    extra = chosen.pop("extra", {})
    return build(
        playbook_from_text(text), hosts or inventory(a={}, b={}, c={}), Given(extra), Selection(**chosen), limit
    )


STEPS = """
name: Steps
hosts: all
stages:
  - name: One
    tags: first
    steps:
      - {name: look, note: x, tags: [quick]}
      - {name: change, shell: ls}
      - {name: hidden, note: x, tags: never}
  - name: Two
    hosts: b
    steps:
      - {name: last, note: x, tags: always}
"""


@pytest.mark.parametrize(
    ("chosen", "out"),
    [
        ({}, {"1.3"}),
        ({"tags": frozenset({"quick"})}, {"1.2", "1.3"}),
        ({"tags": frozenset({"first"})}, set()),  # one of its tags is asked for, so `never` does not hold it back
        ({"tags": frozenset({"never"})}, {"1.1", "1.2"}),
        ({"skip_tags": frozenset({"quick"})}, {"1.1", "1.3"}),
        ({"skip_tags": frozenset({"always"})}, {"1.3", "2.1"}),
        ({"start_at": "1.2"}, {"1.1", "1.3"}),
        ({"start_at": "last"}, {"1.1", "1.2", "1.3"}),
    ],
)
def test_what_is_left_out(chosen: dict[str, Any], out: set[str]) -> None:
    assert plan(STEPS, **chosen).left_out == out


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"tags": frozenset({"quik"})}, "no step has the tag 'quik'"),
        ({"start_at": "3.1"}, "there is no step '3.1' to start at"),
        ({"limit": "d"}, "no host matches"),
    ],
)
def test_what_cannot_be_chosen_is_told(chosen: dict[str, Any], said: str) -> None:
    with pytest.raises(Problems, match=said):
        plan(STEPS, **chosen)


def test_only_the_hosts_of_stages_that_change_may_change() -> None:
    assert [host.name for host in plan(STEPS).hosts] == ["a", "b", "c"]
    assert [host.name for host in may_change(plan(STEPS))] == ["a", "b", "c"]
    assert may_change(plan(STEPS, start_at="2.1")) == ()
    assert [host.name for host in may_change(plan(STEPS, limit="b:c"))] == ["b", "c"]


@given(st.integers(0, 30), st.lists(st.one_of(st.integers(1, 9), st.sampled_from(["30%", "100%", "1%"])), max_size=3))
def test_batches_hold_every_host_once_and_in_order(count: int, serial: list[Any]) -> None:
    hosts = tuple(Host(str(number)) for number in range(count))

    made = batches(hosts, tuple(serial))

    assert tuple(host for batch in made for host in batch) == hosts
    assert all(made)


INPUTS = """
name: Inputs
inputs:
  count: {type: integer, minimum: 1, default: 2}
  mode: {type: string, enum: [fast, safe], env: TEST_MODE}
  password: {type: string, secret: true, required: false, minLength: 8}
hosts: all
stages: [{name: One, steps: [{note: "{{ mode }} {{ inputs.count }}"}]}]
"""


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({}, "the input 'mode' has no value"),
        ({"mode": "slow"}, "the input 'mode' is \"slow\" and must be one of fast, safe"),
        ({"mode": "fast", "count": 0}, "the input 'count' is 0 and must be at least 1"),
        ({"mode": "fast", "count": "many"}, "must be a whole number"),
    ],
)
def test_an_input_that_is_wrong(extra: dict[str, Any], said: str) -> None:
    made = plan(INPUTS, extra=extra)

    with pytest.raises(Problems, match=said):
        check_inputs(made.playbook, made.variables, made.hosts)


def test_a_secret_that_is_wrong_is_not_shown() -> None:
    made = plan(INPUTS, extra={"mode": "fast", "password": "tiny-pw"})

    with pytest.raises(Problems) as caught:
        check_inputs(made.playbook, made.variables, made.hosts)
    assert "tiny-pw" not in str(caught.value.problems)
    assert "(secret)" in str(caught.value.problems)


def test_the_inventory_may_give_an_input_to_some_hosts() -> None:
    made = plan(INPUTS, inventory(a={"mode": "fast"}, b={}))

    assert [item.name for item in missing(made.playbook, made.variables, made.hosts)] == ["mode"]
    assert missing(made.playbook, made.variables, made.hosts[:1]) == []


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "5", "5"),
        ("integer", "5", 5),
        ("boolean", "Yes", True),
        ("boolean", "maybe", "maybe"),
        ("array", "[1, 2]", [1, 2]),
        ("number", "x", "x"),
    ],
)
def test_texts_become_what_the_input_is(kind: str, text: str, value: Any) -> None:
    (item,) = playbook_from_text(
        f"name: x\ninputs: {{v: {{type: {kind}}}}}\nhosts: all\nstages: [{{name: s, steps: [{{note: x}}]}}]"
    ).inputs.values()

    assert coerce(text, item) == value


def test_the_later_level_wins_and_what_is_given_is_data() -> None:
    text = """
name: Levels
inputs: {v: {default: input}}
vars: {w: playbook, x: playbook, y: "{{ z }}"}
hosts: all
stages: [{name: s, steps: [{note: x}]}]
"""
    made = plan(text, inventory(a={"x": "host", "z": "{{ x }}!"}), extra={"v": "{{ w }}"})
    scope = made.variables.scope(made.hosts[0])

    assert [scope[name] for name in "vwxyz"] == ["{{ w }}", "playbook", "host", "host!", "host!"]


def test_a_plan_says_what_each_step_does_and_what_is_known_later() -> None:
    text = """
name: Later
inputs: {pw: {secret: true, type: string}}
hosts: all
stages:
  - name: One
    serial: [1, "100%"]
    steps:
      - {shell: date, register: now, name: "Ask {{ inventory_hostname }}"}
      - {shell: "echo {{ now.stdout }} {{ pw }}", when: now.rc == 0}
      - choose:
          by: n | string
          options: {"1": {steps: [{note: first}]}, "2": {steps: [{note: second}]}}
"""
    shown = as_text(view_of(plan(text, inventory(a={"n": 1}, b={"n": 1}, c={"n": 2}), extra={"pw": "s3cret"})))

    assert "Ask a" in shown
    assert "batch 1: a" in shown
    assert "batch 2: b, c" in shown
    assert "(known after 1.1)" in shown
    assert "(secret pw)" in shown
    assert "s3cret" not in shown
    assert "option 1" in shown
    assert "chosen" in shown


def test_a_plan_is_the_same_to_the_byte() -> None:
    script = (
        "import sys; from tests.plan.test_building import *; from runbook.playbook.load import load_playbook\n"
        "playbook = load_playbook(ROOT / 'playbooks' / 'restore-logging.yml')\n"
        "hosts = inventory(**{f'h{n}': {'app_dir': '/srv'} for n in range(5)})\n"
        "groups = {**hosts.groups, 'bot_generic': Group('bot_generic', tuple(hosts.hosts))}\n"
        "hosts = Inventory(hosts.hosts, groups)\n"
        "print(as_text(view_of(build(playbook, hosts, Given({'admin_password': 'x'}), Selection()))))"
    )
    shown = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(shown) == 1
    assert "Немедленные действия" in shown.pop()
