"""The layout of playbooks: what it changes, what it keeps, and that it comes to rest."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.cli.writing.init import PLAYBOOK
from runbook.playbook.fmt import NotKept, formatted
from runbook.playbook.fmt.order import STAGE, STEP, TOP
from runbook.playbook.schema import BLOCK_ONLY, COMMON, SHARED, STEP_ONLY, STRUCTURES
from runbook.playbook.schema import PLAYBOOK as KEYS
from runbook.playbook.schema import STAGE as STAGE_KEYS
from runbook.source.document import Problems
from runbook.source.yaml import read_yaml
from runbook.steps import KINDS

ROOT = Path(__file__).resolve().parents[2]

CASES = {
    "order": (
        "stages:\n  - steps:\n      - expect: rc == 0\n        shell: ls\n        name: A\n    name: One\nname: X\n",
        "name: X\nstages:\n  - name: One\n    steps:\n      - name: A\n        shell: ls\n        expect: rc == 0\n",
    ),
    "comments move with what they stand above": (
        "- name: A\n  # what must hold\n  # of it\n  expect: rc == 0 # zero\n  shell: ls\n  # the end\n",
        "- name: A\n  shell: ls\n  # what must hold\n  # of it\n  expect: rc == 0 # zero\n  # the end\n",
    ),
    "a block of text moves as it is": (
        "- name: A\n  expect: rc == 0\n  shell: |\n    if x; then\n        y  # no comment\n    fi\n\n- note: b\n",
        "- name: A\n  shell: |\n    if x; then\n        y  # no comment\n    fi\n  expect: rc == 0\n\n- note: b\n",
    ),
    "indentation": (
        "name: X\nstages:\n- name: One\n  steps:\n  - shell:   ls\n    when:\n    - a\n    -   b\n",
        "name: X\nstages:\n  - name: One\n    steps:\n      - shell: ls\n        when:\n          - a\n          - b\n",
    ),
    "inside blocks, choices and branches": (
        "- steps:\n    - {note: x}\n  name: B\n"
        "- choose:\n    by: x\n    options:\n      a:\n        steps:\n          - note: y\n            name: C\n",
        "- name: B\n  steps:\n    - {note: x}\n"
        "- choose:\n    by: x\n    options:\n      a:\n        steps:\n          - name: C\n            note: y\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_it_changes(name: str) -> None:
    before, after = CASES[name]

    assert formatted(before, "p.yml") == after
    assert formatted(after, "p.yml") == after


KEPT = {
    "quotes": "- note: 'it''s'\n- note: \"a \\t b\"\n- note: plain\n",
    "scalars": "- note: x\n  vars: {a: 0644, b: 12:30, c: 2020-01-01, d: yes, e: 0x1F, f: 1e3, h: 1_000, i: .5}\n",
    "blank lines and comments": "# head\n\n- note: a\n\n\n# between\n- note: b # behind\n\n# the end\n",
    "blocks": "- shell: |\n    a\n      b\n\n    c\n- note: >-\n    one\n    two\n\n    three\n",
    "blocks with marks": "- note: |2+\n      x\n\n- note: y\n",
    "anchors, used or not": "- note: x\n  vars: &v\n    a: 1\n- note: x\n  vars: &idle {c: 1}\n- note: x\n  vars: *v\n",
    "merges": "- note: x\n  vars: &v {a: 1}\n- note: x\n  vars:\n    <<: *v\n    b: 2\n",
    "the mark of a document": "# head\n---\n- note: x\n",
    "long lines": f'- note: {"word " * 100}end\n- note: "{"word " * 100}end"\n',
    "other scripts": '- name: Ёлка, 日本語, عربى, 😀\n  note: "Ещё: да"\n',
    "templates": '- shell: echo {{ a | default("x") }}\n- note: "{{ a }}"\n- note: "{% if a %}b{% endif %}"\n',
    "your own names": "- set:\n    zebra: 1\n    apple: 2\n- note: x\n  vars:\n    when: 1\n    name: 2\n",
    "an order with an anchor in it": "- expect: &e rc == 0\n  shell: ls\n- shell: ls\n  expect: *e\n",
    "nothing": "# only a comment\n",
}


@pytest.mark.parametrize("name", KEPT)
def test_what_it_keeps(name: str) -> None:
    assert formatted(KEPT[name], "p.yml") == KEPT[name]


def test_what_is_no_yaml_is_told_as_ever() -> None:
    with pytest.raises(Problems, match="not valid YAML"):
        formatted("a: [\n", "p.yml")


def test_every_key_has_its_place_in_the_order() -> None:
    assert {*COMMON, *STEP_ONLY, *BLOCK_ONLY, *STRUCTURES, *KINDS} == set(STEP)
    assert set(STAGE_KEYS) <= set(STAGE)
    assert tuple(KEYS) == TOP
    assert len(set(STEP)) == len(STEP)
    assert set(SHARED) <= set(STAGE)


OURS = [*sorted((ROOT / "playbooks").rglob("*.yml"))]


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_playbooks_have_the_layout(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert formatted(text, path.name) == text, f"run: runbook fmt {path.relative_to(ROOT)}"


def test_so_has_what_init_makes() -> None:
    assert formatted(PLAYBOOK, "hello.yml") == PLAYBOOK


_text = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
_odd = st.sampled_from(["a: b", "# c", "{{ x }}", "a\nb\n", "- x", "yes", "0644", "~"])
_scalar = st.none() | st.booleans() | st.integers(-99, 99) | _text | _odd
_value = st.recursive(
    _scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3), max_leaves=6
)
_more = {"name": _text, "vars": _value, "expect": _scalar, "when": _scalar}
_step = st.fixed_dictionaries({"note": _scalar}, optional=_more)


@st.composite
def _playbooks(draw: st.DrawFn) -> str:
    """A playbook as some program wrote it, with comments and blank lines put between its lines."""
    steps = draw(st.lists(_step, min_size=1, max_size=3))
    data = draw(st.sampled_from([steps, {"stages": [{"steps": steps, "name": draw(_text)}], "name": draw(_text)}]))
    flow, indent = draw(st.sampled_from([(False, 2), (None, 2), (False, 4)]))
    lines = yaml.safe_dump(
        data, allow_unicode=True, sort_keys=False, width=1000, default_flow_style=flow, indent=indent
    ).splitlines()
    for index in draw(st.lists(st.integers(0, len(lines)), max_size=3)):
        lines.insert(index, draw(st.sampled_from(["", "# a comment", "    # Комментарий"])))
    return "\n".join(lines) + "\n"


@given(_playbooks())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_meaning_stays_and_a_second_time_changes_nothing(text: str) -> None:
    try:
        before = read_yaml(text, "p.yml").data
        laid = formatted(text, "p.yml")
    except (Problems, NotKept):
        return
    assert read_yaml(laid, "p.yml").data == before
    assert formatted(laid, "p.yml") == laid
    assert laid.count("# a comment") == text.count("# a comment")
