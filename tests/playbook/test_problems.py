"""Everything that is wrong with a playbook is told at once, each at its place, with the way out."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runbook.model import Playbook
from runbook.playbook.load import load_playbook, playbook_from_text
from runbook.source.document import Problem, Problems
from tests.playbooks import on_all

ROOT = Path(__file__).resolve().parents[2]
HEAD = "name: Test\nstages:\n  - name: One\n    steps:\n"


def problems(text: str) -> list[Problem]:
    with pytest.raises(Problems) as caught:
        playbook_from_text(on_all(text))
    return list(caught.value.problems)


def told(text: str) -> list[str]:
    return [f"{p.span.line}:{p.span.column} {p.message}" + (f" | {p.hint}" if p.hint else "") for p in problems(text)]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("- shel: ls", "5:9 no kind of step is called 'shel' | did you mean shell?"),
        (
            "- {shell: ls, command: ls}",
            "5:21 a step has one kind; this one has shell and command | make two steps of it",
        ),
        ("- {shell: ls, wen: true}", "5:21 unknown key 'wen' | did you mean when?"),
        ("- {shell: ls, retries: many}", "5:30 must be a whole number, not the text 'many'"),
        ("- {shell: ls, severity: bad}", "5:31 must be one of fail, warn, not 'bad'"),
        ("- {shell: ls, register: 1a}", "5:31 '1a' is no name of a variable: letters, digits and _"),
        ("- {file: {path: /x, stat: y}}", "5:27 unknown key 'stat' | did you mean state?"),
        ("- {edit: {path: /x}}", "5:10 needs `edits`, or one of replace, insert, line, block, absent"),
        ("- {note: x, remediate: nothing}", "5:30 no remediation is called 'nothing'"),
        ("- {include: nowhere.yml}", "5:19 there is no file 'nowhere.yml' beside playbook.yml"),
        ("- {sql: SELECT 1}", "5:10 on which database? | name one under `databases`"),
        ("- {sql: {query: SELECT 1, database: ap}}", "5:43 no database is called 'ap'"),
        ("- {mark: {sql: {query: SELECT 1, database: ap}}}", "5:50 no database is called 'ap'"),
        ("- {wait: {sql: SELECT 1}}", "5:17 on which database?"),
        ("- {wait: {timeout: 5}}", "5:10 needs one of http, tcp, file, log, process, sql, command, sleep"),
        ("- {shell: true}", "5:17 must be text, not true"),
        (
            "- {assert: {that: \"'{{ r.stdout }}' == 'ok'\"}}",
            "5:25 nothing is rendered inside a bare expression: {{ }} in its strings stays as it is | write the "
            "variable itself",
        ),
        (
            "- {assert: {that: \"'{% print(r.stdout) %}' == 'ok'\"}}",
            "5:25 nothing is rendered inside a bare expression",
        ),
        ("- {ansible.builtin.copy: {src: a}}", "5:10 no kind of step is called 'ansible.builtin.copy' | write `copy:`"),
        ("- {apt: {name: jq}}", "5:10 no kind of step is called 'apt' | no kind of step does that: write `shell:`"),
        ("- {note: x}\n    tasks: []", "6:5 unknown key 'tasks' | write `steps:`"),
        ("- {note: x, when: 'a == \"{{ b }}\"'}", "5:25 nothing is rendered inside a bare expression"),
        ("- {shell: x, expect: 'stdout != \"{{ b }}\"'}", "5:28 nothing is rendered inside a bare expression"),
        (
            "- {command: ls, creates: /x}",
            "5:23 unknown key 'creates' | it is an option of command: write `command: {cmd: …, creates: …}`",
        ),
        (
            "- {file: {path: /x}, state: absent}",
            "5:28 unknown key 'state' | it is an option of file: write `file: {path: …, state: …}`",
        ),
        (
            "- service: name=web state=restarted",
            "5:18 must be a mapping, not the text 'name=web state=restarted' | write `service: {name: …, "
            "state: …}`, or the options on lines of their own",
        ),
        ("- {choose: {by: x, options: {}}}", "5:35 must not be empty"),
    ],
)
def test_a_mistake_is_told_at_its_place(step: str, line: str) -> None:
    assert any(text.startswith(line) for text in told(f"{HEAD}      {step}\n")), told(f"{HEAD}      {step}\n")


@pytest.mark.parametrize(
    ("step", "column"),
    [
        ("- {note: x, when: 'a ==='}", 25),
        ("- {note: x, when: '{{ a }}'}", 25),
        ("- {note: '{{ a'}", 16),
        ("- {note: x, expect: 'a b'}", 27),
        ("- {note: x, vars: {a: '{% if %}'}}", 29),
    ],
)
def test_a_template_that_cannot_be_read(step: str, column: int) -> None:
    (problem,) = problems(f"{HEAD}      {step}\n")

    assert (problem.span.line, problem.span.column) == (5, column)
    assert "template syntax" in problem.message


def test_all_problems_are_told_at_once_in_the_order_of_their_places() -> None:
    text = f"{HEAD}      - shel: ls\n      - {{note: x, wen: 1}}\n      - {{note: '{{{{ a'}}\nstage: x\n"

    assert [problem.span.line for problem in problems(text)] == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the playbook is empty"),
        ("- hosts: all\n  tasks: []\n", "the playbook must be one mapping"),
        ("just text", "the playbook must be one mapping"),
        ("name: x\n", "missing key 'stages'"),
        ("name: x\nstages: []\n", "needs at least 1 item(s)"),
        ("stages: [{name: a, steps: [{note: x}]}]", "missing key 'name'"),
        ("name: x\nname: y\nstages: [{name: a, steps: [{note: x}]}]", "the key 'name' stands twice"),
        ("name: x\n\tstages: 1\n", "not valid YAML"),
        ("name: [\n", "not valid YAML"),
    ],
)
def test_what_is_no_playbook(text: str, said: str) -> None:
    assert any(said in line for line in told(text)), told(text)


def test_the_same_text_with_another_encoding_is_the_same_playbook(tmp_path: Path) -> None:
    text = on_all(f"{HEAD}      - {{name: Страница, note: x}}\n")
    for number, raw in enumerate((text.encode(), b"\xef\xbb\xbf" + text.encode(), text.replace("\n", "\r\n").encode())):
        path = tmp_path / f"{number}.yml"
        path.write_bytes(raw)
        (step,) = load_playbook(path).stages[0].block.steps
        assert step.common.name == "Страница"


def test_includes_are_followed_and_stay_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "inner.yml").write_text("- {name: '{{ word }}', note: x}\n")
    (tmp_path / "circle.yml").write_text("- include: circle.yml\n")
    (tmp_path / "broken.yml").write_text("- {note: x}\n- {nte: x}\n")
    outside = tmp_path.parent / "outside.yml"
    outside.write_text("- note: x\n")

    def load(step: str) -> Playbook:
        path = tmp_path / "playbook.yml"
        path.write_text(on_all(f"{HEAD}      - {step}\n"))
        return load_playbook(path)

    assert load("{include: inner.yml, vars: {word: hello}}").stages[0].block.steps[0].number == "1.1"
    for step, said in [
        ("include: circle.yml", "circle"),
        ("include: ../outside.yml", "outside"),
        ("include: none.yml", "none.yml"),
    ]:
        with pytest.raises(Problems, match=said):
            load(step)
    with pytest.raises(Problems) as caught:
        load("include: broken.yml")
    (problem,) = caught.value.problems
    assert (Path(problem.span.file).name, problem.span.line) == ("broken.yml", 2)


@pytest.mark.parametrize("path", sorted((ROOT / "playbooks").glob("*.yml")), ids=lambda path: path.name)
def test_our_own_playbooks_are_right(path: Path) -> None:
    assert load_playbook(path).stages


_scalars = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8) | st.sampled_from(["{{ a }}", "{{", "ls"])
)
_keys = st.sampled_from(
    [
        "name",
        "stages",
        "steps",
        "shell",
        "file",
        "when",
        "loop",
        "register",
        "remediate",
        "choose",
        "by",
        "options",
        "x",
    ]
)
_data = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_keys, _data, max_size=5), _data)
def test_any_data_is_a_playbook_or_has_problems(data: dict[str, Any], steps: Any) -> None:
    for document in (data, {"name": "x", "hosts": "all", "stages": [{"name": "s", "steps": steps}]}):
        text = yaml.safe_dump(document, allow_unicode=True)
        found: list[Problem] | None = None
        try:
            playbook_from_text(text)
        except Problems as error:
            found = list(error.problems)
        assert found is None or all(problem.message and problem.span.line >= 1 for problem in found)
        assert found != []


@pytest.mark.parametrize(
    ("name", "right"), [("имя", True), ("名前", True), ("_a1", True), ("a-b", False), ("1a", False)]
)
def test_a_variable_may_be_called_in_any_script(name: str, right: bool) -> None:
    text = "name: x\nhosts: all\nstages:\n"
    text += f"  - steps:\n      - {{command: 'true', register: {name}}}\n      - set: {{{name}: 1}}\n"
    with nullcontext() if right else pytest.raises(Problems, match="no name of a variable"):
        playbook_from_text(text)
