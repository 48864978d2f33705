"""Names that nothing sets: an error where it is certain, and silence where it may well be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.common.spelling import slip_of
from tests.lint.support import problems, steps, told

RIGHT = [
    "- note: '{{ port | default(1) }} {{ a.b.c | default(2) }} {{ x | d(3) }}'",
    "- {note: '{{ maybe }}', when: maybe is defined}",
    "- {note: x, when: [maybe is defined, maybe > 3]}",
    "- note: '{{ maybe if maybe is defined else 3 }}'",
    "- note: '{% if maybe is defined %}{{ maybe }}{% endif %}'",
    "- {note: '{{ item }}', loop: [1, 2], when: item > 1}",
    "- {note: '{{ host_name }}', loop: [1], loop_control: {loop_var: host_name, label: '{{ host_name }}'}}",
    "- note: '{% for one in [1, 2] %}{{ one }}{{ loop.index }}{% endfor %}'",
    "- note: '{% set own = 3 %}{{ own }}'",
    '- note: \'{{ [1, 2] | map("int") | select("defined") | list }}\'',
    "- {shell: ls, register: seen}\n- note: '{{ seen.stdout }}'",
    "- {shell: ls, register: seen, until: seen.rc == 0, expect: \"'x' in stdout and not failed\"}",
    "- {shell: ls, expect: [rc == 0, stdout_lines | length > 0], failed_when: stderr != '', changed_when: false}",
    "- {set: {release: 3}}\n- note: '{{ release }}'",
    "- {note: '{{ own }}', vars: {own: 3}}",
    "- vars: {own: 3}\n  steps:\n    - note: '{{ own }}'\n    - steps: [{note: '{{ own }}'}]",
    "- note: '{{ env.HOME }} {{ inventory_hostname }} {{ groups }} {{ hostvars }} {{ group_names }} {{ host.name }}'",
    "- note: '{{ run.id }} {{ playbook_dir }} {{ range(3) | list }} {{ dict(a=1) }} {{ omit }}'",
    "- steps: [{shell: a, register: seen}]\n  rescue: [{note: '{{ failure.msg }} {{ seen.rc }}'}]",
    "- shell: a\n  register: seen\n  diagnose: [{note: '{{ seen.rc }} {{ failure.rc }}'}]",
    "- shell: a\n  remediate: {steps: [{note: '{{ failure.msg }}'}]}",
    "- {sql: SELECT 1 AS total, expect: total > 0, until: rows}\n---\ndatabases: {app: {dbname: app}}",
    "- {note: x, when: \"'undefined' in ['a', 'defined']\"}",
    "- choose:\n    by: \"'a'\"\n    options:\n      a: {steps: [{shell: x, register: seen}]}\n- note: '{{ seen }}'",
    "- {note: '{{ base }}', vars: {base: '{{ other }}', other: 3}}",
    "- assert: {that: [groups is defined, inventory_hostname != '']}",
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_is_not_told(text: str) -> None:
    found = [line for line in told(steps(text)) if "name" in line or "before" in line or "input" in line]
    assert found == []
    found = [line for line in told(steps(text), "web1,web2") if "name" in line or "before" in line or "input" in line]
    assert found == []


def test_a_name_that_an_inventory_may_set_is_a_note_once() -> None:
    (problem,) = problems(steps("- note: '{{ region }}'\n- note: '{{ region }} {{ region }}'\n- note: '{{ region }}'"))

    assert (problem.rule, problem.severity) == ("undefined-name", "note")
    assert (problem.span.line, problem.span.column) == (5, 19)
    assert "and in 2 more places" in problem.message
    assert "-i" in problem.hint


def test_with_the_inventory_it_is_certain(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(
        "web: {hosts: {w1: {port: 1}, w2: {}}, vars: {region: eu}}\ndb: {hosts: {d1: {only_db: 1}}}\n"
    )
    text = steps("- note: '{{ region }} {{ port }}'\n- note: '{{ only_db }}'\n---\nhosts: web\n")

    assert told(text, str(tmp_path / "hosts.yml")) == ["6:19 undefined-name!"]
    assert told(text, str(tmp_path / "hosts.yml"), {"only_db": 2}) == []


@pytest.mark.parametrize(
    "text",
    [
        "- {note: '{{ only_here }}', when: host.name == 'a'}",
        "- {when: host.name == 'a', steps: [{note: '{{ only_here }}'}]}",
        "- note: \"{{ only_here if host.name == 'a' else '' }}\"",
        "- note: \"{% if host.name == 'a' %}{{ only_here }}{% endif %}\"",
        "- {note: x, when: host.name == 'a' and only_here}",
        "- {choose: {by: \"'a'\", options: {a: {steps: [{note: '{{ only_here }}'}]}}}}",
        "- {shell: x, diagnose: [{note: '{{ only_here }}'}]}",
    ],
)
def test_what_may_never_be_read_stays_a_note(text: str) -> None:
    assert [(p.rule, p.severity) for p in problems(steps(text), "a,b")] == [("undefined-name", "note")]


def test_a_slip_of_the_keys_is_an_error_at_every_place() -> None:
    text = steps("- note: '{{ app_direcory }}'\n- note: '{{ app_direcory }}'\n---\nvars: {app_directory: /srv}")

    found = [p for p in problems(text) if p.rule == "undefined-name"]

    assert [(p.span.line, p.severity, p.hint) for p in found] == [
        (5, "error", "did you mean app_directory?"),
        (6, "error", "did you mean app_directory?"),
    ]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("tiemout", "timeout"),
        ("app_direcory", "app_directory"),
        ("app_directoy", "app_directory"),
        ("service_nmae", "service_name"),
        ("releasse", "release"),
        ("stdot", ""),
        ("db_host", ""),
        ("hosts", ""),
        ("versions", ""),
        ("web1", ""),
        ("rule", ""),
        ("timeout_b", ""),
    ],
)
def test_two_names_that_both_are_meant_may_look_alike(name: str, other: str) -> None:
    known = {"timeout", "app_directory", "service_name", "release", "db_port", "host", "version", "web2", "role"}

    assert slip_of(name, {*known, "timeout_a"}) == other


def test_a_name_that_is_read_before_it_is_set(tmp_path: Path) -> None:
    text = steps("- note: '{{ seen.rc }}'\n- {shell: ls, register: seen}")

    assert told(text) == ["5:19 used-before-set"]
    assert told(text, "web1,web2") == ["5:19 used-before-set!"]
    (tmp_path / "hosts.yml").write_text("all: {hosts: {a: {seen: {rc: 0}}}}")
    assert told(text, str(tmp_path / "hosts.yml")) == []


def test_a_branch_is_looked_at_where_it_is_used() -> None:
    branch = "---\nremediations:\n  fix: {steps: [{note: '{{ seen.rc }}'}]}\n"

    before = steps(f"- {{shell: a, remediate: fix}}\n- {{shell: ls, register: seen}}\n{branch}")
    behind = steps(f"- {{shell: ls, register: seen}}\n- {{shell: a, remediate: fix}}\n{branch}")
    assert told(before) == ["8:28 used-before-set"]
    assert told(behind) == []


def test_variables_of_an_include_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "inner.yml").write_text("- note: '{{ port }} {{ seen.rc }}'\n")
    text = steps("- {shell: ls, register: seen}\n- {include: inner.yml, vars: {port: 1}}")

    assert told(text, "web1,", root=tmp_path) == []
    assert told(steps("- {shell: ls, register: seen}\n- include: inner.yml"), "a,", root=tmp_path) == [
        "1:13 undefined-name!"
    ]


@pytest.mark.parametrize(
    ("name", "text"), [("item", "- note: '{{ item }}'"), ("failure", "- note: '{{ failure.rc }}'")]
)
def test_names_that_the_language_sets_elsewhere(name: str, text: str) -> None:
    (problem,) = problems(steps(text))

    assert (problem.severity, problem.rule, name in problem.hint) == ("error", "undefined-name", True)


def test_what_could_not_be_read_is_not_guessed_at() -> None:
    text = steps(
        "- include: nowhere.yml\n- note: '{{ from_there }}'\n- {shell: ls, register: x, wen: 1}\n- note: '{{ x }}'"
    )

    assert told(text) == ["5:18 include!", "7:34 unknown-key!"]


def test_an_input_that_is_not_declared() -> None:
    read = "{{ inputs.relese }} {{ inputs['release'] }} {{ inputs.x | default(1) }}"
    text = steps(f'- note: "{read}"\n---\ninputs: {{release: {{}}}}')

    assert told(text) == ["5:26 unknown-input!"]


def test_fields_of_a_command_are_known() -> None:
    assert told(steps("- {shell: ls, expect: stdot == 'x'}"), "a,") == ["5:29 undefined-name!"]
