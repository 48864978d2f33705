"""What a plan tells of a step: what is known, what is known later, and never a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.common.json_data import encode
from runbook.plan.describe.actions import Reader
from runbook.plan.describe.host_steps import Describer
from runbook.plan.describe.view import totals
from runbook.plan.show import html, markdown
from runbook.plan.show.text import as_text
from runbook.vault.format import Secret
from tests.plan.support import inventory, plan_of, steps, view


def action(template: str, hosts: Any = None, head: str = "", **extra: Any) -> str:
    """What is shown of a command with this text."""
    (step,) = steps(f"- command: {json.dumps(template)}", hosts, head, **extra)
    return str(json.loads(step.args)["cmd"])


def when(condition: str, head: str = "", **extra: Any) -> str:
    (step,) = steps(f"- {{note: x, when: {json.dumps(condition)}}}", None, head, **extra)
    return step.notes[0].said


SECRET = """
inputs:
  pw: {type: string, secret: true}
  open: {type: string, default: door}
  decided: {type: string, default: "{{ 'a' if pw == 'x' else 'b' }}"}
vars: {made: "with {{ pw }}"}
"""


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("a {{ open }} {{ pw }}", "a door (secret pw)"),
        ("{{ inputs.pw }}", "(secret pw)"),
        ("{{ hostvars['b'].pw }}", "(secret pw)"),
        ("{{ pw | b64encode }}", "{{ pw | b64encode }} (known when it starts, by (secret pw))"),
        ("{{ open }} {{ pw | length }}", "door {{ pw | length }} (known when it starts, by (secret pw))"),
        ("{{ env.HOME }}/x", "(env HOME)/x"),
        ("{{ env.HOME | default('y') }}", "(env HOME)"),
        ("{{ run.id }} {{ run.started }} {{ run.mode }}", "(run id) (run started) (run mode)"),
        ("{{ playbook_dir }} {{ controller.user }}", "(playbook_dir) (controller user)"),
        ("{{ [1, 2] | random }}", "{{ [1, 2] | random }} (known during the run)"),
        ("{{ inventory_hostname }} {{ groups.web | length }}", "a 3"),
        ("{{ open if pw else pw }}", "AS WRITTEN (known when it starts, by (secret pw))"),
        ("{{ pw | quote }} {{ pw ~ open }}", "'(secret pw)' (secret pw)door"),
        ("{{ pw ~ (pw | b64encode) }}", "AS WRITTEN (known when it starts, by (secret pw))"),
        ("{{ made }} {{ decided }}", "with (secret pw) {{ decided }} (known when it starts, by (secret pw))"),
        ("{{ inputs.decided }}", "AS WRITTEN (known when it starts, by (secret pw))"),
        ("{% if open == 'x' %}{{ pw }}{% endif %}{{ open }}", "door"),
        ("{% if pw == 'x' %}{{ open }}{% endif %}{{ pw }}", "AS WRITTEN (known when it starts, by (secret pw))"),
        ("{% if env.A %}a{% endif %}{{ env.B }}", "AS WRITTEN (known when it starts, by (env A), (env B))"),
        ("{% set x = pw %}{{ x }}", "AS WRITTEN (known when it starts, by (secret pw))"),
        ("{{ pw | b64encode }} {{ pw }}", "{{ pw | b64encode }} (secret pw) (known when it starts, by (secret pw))"),
        ("{{ hostvars }} {{ inputs }}", "the variables of every host the inputs"),
        ("{{ [2] | map('string') }}", "['2']"),
        ("psql postgres://u:hunter2@h/d", "psql postgres://u:(secret)@h/d"),
        ("x password=hunter2 y", "x password=(secret) y"),
        ("{{ api_token }} {{ given_token }}", "(secret api_token) (secret given_token)"),
        ("{{ conf.host }} {{ conf.password }}", "db (secret conf.password)"),
        ("{{ vaulted }} {{ nested.a }}", "(secret vaulted) (secret nested.a)"),
    ],
)
def test_what_is_shown_of_a_template(template: str, shown: str) -> None:
    variables = {
        "api_token": "hunter2",
        "conf": {"host": "db", "password": "hunter2"},
        "vaulted": Secret("hunter2"),
        "nested": {"a": Secret("hunter2"), "b": 1},
    }
    hosts = inventory(a=variables, b={}, c={})

    assert action(template, hosts, SECRET, pw="hunter2", given_token="hunter2") == shown.replace("AS WRITTEN", template)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("open == 'door'", "yes"),
        ("open == 'x'", "no, skipped"),
        ("pw == 'x'", "known when it starts, by (secret pw)"),
        ("pw is defined", "known when it starts, by (secret pw)"),
        ("env.CI is defined", "known when it starts, by (env CI)"),
        ("env.CI == 'true'", "known when it starts, by (env CI)"),
        ("unheard_of", "known during the run"),
        ("drawn == 1", "known when it starts, by (random drawn)"),
    ],
)
def test_a_condition_is_never_guessed(condition: str, said: str) -> None:
    head = SECRET.replace("vars: {", 'vars: {drawn: "{{ [1, 2] | random }}", ')
    assert when(condition, head, pw="x") == said


def test_what_an_earlier_step_tells_is_known_after_it() -> None:
    shown = steps(
        """
- {command: date, register: now, when: later is not defined}
- {command: "echo {{ now.stdout | default('none') }}", when: now is defined}
- {set: {later: "{{ now.stdout }}"}}
- {command: "echo {{ later }}"}
"""
    )
    assert shown[0].notes[0].said == "yes", "nothing has set it before"
    assert "known after 1.1" in shown[1].text, "a default is no reason to guess"
    assert shown[1].notes[0].said == "known after 1.1"
    assert (shown[1].after, shown[3].after) == (("1.1",), ("1.3",))


def test_an_item_of_a_loop_is_shown_by_its_name() -> None:
    (step,) = steps("- {command: \"do {{ item.port }} {{ item['a'] }}\", loop: [{port: 1}], when: item.port > 0}")

    assert step.text == "do (item.port) (item['a'])"
    assert [(note.key, note.text, note.said) for note in step.notes] == [
        ("when", "item.port > 0", "asked for each item"),
        ("loop", '[{"port": 1}]', ""),
    ]
    (never,) = steps("- {note: x, loop: [1, 2], when: false}")
    assert never.skipped, "it does not look at the item"


def test_what_is_not_logged_is_shown_as_it_is_written() -> None:
    (step,) = steps('- {command: "login {{ word }}", no_log: true}', None, "", word="hunter2")
    assert step.text == "login {{ word }}"


def test_omitted_options_are_left_out() -> None:
    (step,) = steps('- command: {cmd: ls, chdir: "{{ there | default(omit) }}"}')
    assert json.loads(step.args) == {"cmd": "ls"}


def test_only_the_chosen_option_is_planned() -> None:
    text = """
- choose:
    by: mode
    options:
      a: {steps: [{note: first}]}
      b: {steps: [{note: second}]}
"""
    assert [step.text for step in steps(text, mode="b")] == ["mode = b", "not taken", "chosen", "second"]
    unknown = steps(text)
    assert [step.skipped for step in unknown] == [False] * 5
    assert unknown[0].text == "mode (known during the run)"


def test_how_much_is_done() -> None:
    shown = view(
        """
name: Counted
hosts: all
stages:
  - name: One
    steps:
      - {shell: change}
      - {shell: look, changes: false, remediate: [{name: repair, steps: [{shell: repair}, {note: looked}]}]}
      - {shell: only on a, when: inventory_hostname == 'a'}
      - {shell: never, when: false}
    rescue: [{shell: back}]
    always: [{shell: clean}]
"""
    )
    found = totals(shown.stages)
    assert (found.hosts, found.changing, found.changed_hosts) == (3, 3, 3)
    assert (found.reading, found.repairs, found.repaired_hosts, found.skipped) == (2, 2, 3, 1)
    assert [variant.hosts for variant in shown.stages[0].variants] == [("a",), ("b", "c")]


VALUES = st.one_of(st.integers(0, 2), st.sampled_from(["x", "y", "{{ u }}!", "{{ v }}"]), st.booleans())
HOSTS = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", "e"]),
    st.dictionaries(st.sampled_from("uvw"), VALUES, max_size=3),
    min_size=1,
)
SHARED = """
name: Shared
vars: {w: of the playbook, t: "{{ w }}-{{ v | default('none') }}"}
hosts: all
stages:
  - name: One
    steps:
      - {command: "echo {{ u }}"}
      - {command: "echo {{ t }}", when: v is defined}
      - {command: "echo {{ group_names }} {{ hostvars['a'].w | default('-') }}", vars: {u: own}}
      - {command: "echo {{ u }}", vars: {u: "{{ v }}"}, name: "of {{ inventory_hostname }}", when: u == 'x'}
"""


@given(HOSTS)
@settings(max_examples=20, deadline=None)
def test_hosts_that_are_described_together_are_as_each_for_itself(hosts: dict[str, dict[str, Any]]) -> None:
    plan = plan_of(SHARED, inventory(**hosts))
    together = Describer(plan, Reader())
    (stage,) = plan.stages

    for host in stage.hosts:
        assert together.stage(stage, host) == Describer(plan, Reader()).stage(stage, host)


def test_a_thousand_hosts_with_the_same_steps_are_described_once() -> None:
    hosts = inventory(**{f"h{number}": {"port": number} for number in range(1000)})
    plan = plan_of(
        "name: x\nhosts: all\nstages: [{name: s, steps: [{command: 'echo {{ zone }}', vars: {zone: a}}]}]", hosts
    )
    describer = Describer(plan, Reader())
    described: list[str] = []
    real = describer._describe
    describer._describe = lambda *words: (described.append(words[0].number), real(*words))[1]  # type: ignore[method-assign]

    shown = [describer.stage(plan.stages[0], host) for host in plan.stages[0].hosts]

    assert sorted(described) == ["1", "1.1"]
    assert len(set(map(id, (lines[0] for lines in shown)))) == 1


@pytest.mark.parametrize("form", [as_text, markdown.as_markdown, html.as_html, lambda v: json.dumps(encode(v))])
def test_no_text_of_a_playbook_drives_a_terminal_or_a_page(form: Any) -> None:
    text = json.dumps({"name": "a\x1b[31m<script>b", "command": "echo \x1b]0;x\x07 <script>alert(1)</script>"})
    shown = form(view(f"name: x\nhosts: all\nstages: [{{name: s, steps: [{text}]}}]"))

    assert "\x1b" not in shown or form is markdown.as_markdown
    assert "<script>" not in shown or form is not html.as_html


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        ("- shell: |\n    set -e\n    ls", ["shell:", "set -e", "ls"]),
        ("- shell: ls", ["shell: ls"]),
        ("- command: {cmd: ls, chdir: /srv}", ["command: ls", "chdir: /srv"]),
        ('- copy: {content: "a\\nb\\n", dest: /x}', ["copy:", "text of /x:", "a", "b"]),
        ("- sql: {query: select 1, database: app, params: [1]}", ["sql:", "select 1", "params: [1]"]),
        ("- edit: {path: /x, absent: y, count: any}", ["/x:", "@@ lines with, in one place or more @@", "-y"]),
        ("- edit: {path: /x, block: b, marker: '# {mark}', after: z}", ["@@ a block marked # {mark}, after z @@"]),
        ("- edit: {path: /x, insert: b, before: z, regex: true}", ["@@ insert the regular expression @@", "+b", "z"]),
        ("- http: {url: 'http://h/', method: PUT, form: {a: b}}", ["PUT http://h/", "a=b"]),
        ("- http: http://h/", ["http: GET http://h/"]),
        ("- wait: {sql: {query: select 2, until: value == 1}}", ["until this holds:", "select 2"]),
        ("- mark: {sql: {query: select 3}}", ["remember:", "select 3"]),
    ],
)
def test_actions_are_shown_readably(step: str, shown: list[str]) -> None:
    head = "databases: {app: {dbname: app}}"
    indented = "\n".join(f"      {line}" for line in step.splitlines())
    text = as_text(view(f"name: x\n{head}\nhosts: all\nstages:\n  - name: s\n    steps:\n{indented}\n"))
    lines = [line.strip() for line in text.splitlines()]

    assert [line for line in lines if line in shown] == shown
