"""Markdown that fits into a comment, whatever stands in it; and a diagram that Mermaid takes."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.documents.comment import LIMIT
from runbook.documents.markdown_escapes import code, escaped, fenced
from runbook.plan.compare.diff import diff
from runbook.plan.compare.diff_text import as_markdown as diff_markdown
from runbook.plan.show.markdown import as_markdown
from runbook.plan.show.mermaid import diagram, label
from tests.plan.support import inventory, view

NODE = r"""s\d+(?:b\d+|more)?|more"""
TEXT = r"""(?:[\w .,:;!?()+/–—…#-]|<br/>)+"""
LINE = re.compile(
    rf"""  (?:{NODE})(?:\["{TEXT}"\]|\("{TEXT}"\)|\{{\{{"{TEXT}"\}}\}})
|  (?:{NODE}) (?:-->|-\.->)(?:\|"{TEXT}"\|)? (?:{NODE})
|  classDef changing stroke-width:3px
|  class (?:{NODE})(?:,(?:{NODE}))* changing""".replace("\n", "")
)
"""A line of our diagrams: no character that means something to Mermaid stands in a text but as `#NUMBER;`."""


def playbook(stages: int, steps: int, text: str = "x") -> str:
    made = [
        {
            "name": f"stage {number} {text[:20]}",
            "steps": [{"name": f"step {index}", "shell": f"echo {index}\n{text}\n"} for index in range(steps)],
        }
        for number in range(stages)
    ]
    return json.dumps({"name": "Long", "hosts": "all", "stages": made})


@pytest.mark.parametrize(
    ("stages", "steps", "text"), [(1, 1, "x"), (3, 300, "a long line " * 20), (700, 1, "z"), (40, 20, "ы" * 200)]
)
def test_it_fits_into_a_comment(stages: int, steps: int, text: str) -> None:
    shown = as_markdown(view(playbook(stages, steps, text)))

    assert len(shown.encode()) <= LIMIT
    assert shown.count("<details") == shown.count("</details>")
    assert shown.index(" step") < shown.index("<details"), "the summary stands above the fold"
    fences = re.findall(r"^ *(`{3,})", shown, re.MULTILINE)
    assert len(fences) % 2 == 0, "every fenced text ends"
    assert ("shortened" in shown or "left out" in shown) == (steps * stages > 1)


def test_many_hosts_that_all_differ_fit_too() -> None:
    text = "name: x\nhosts: all\nstages: [{name: s, steps: [{command: 'echo {{ inventory_hostname }}'}]}]"
    shown = as_markdown(view(text, inventory(**{f"h{number}": {} for number in range(600)})))
    assert len(shown.encode()) <= LIMIT
    assert "more parts are left out" in shown


def test_a_long_diff_fits_and_keeps_what_checks_less() -> None:
    before = view(playbook(3, 200, "old text " * 30))
    after = view(playbook(3, 200, "new text " * 30))
    shown = diff_markdown(diff(before, after))
    assert len(shown.encode()) <= LIMIT
    assert "shortened" in shown


ANY = st.text(st.characters(codec="utf-8"), max_size=40)


PRINTABLE = ANY.map(lambda text: "".join(c for c in text if c.isprintable())).filter(str.strip)


@given(ANY)
def test_a_label_has_nothing_that_means_something_to_mermaid(text: str) -> None:
    assert re.fullmatch(TEXT, label(text))


@given(st.lists(PRINTABLE, min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_every_line_of_a_diagram_is_one_that_mermaid_takes(names: list[str]) -> None:
    plain = [name.replace("{", "(").replace("}", ")") for name in names]
    stages = [
        {
            "name": name,
            "steps": [
                {"note": "x", "diagnose": [{"note": "y"}], "remediate": [{"name": name, "steps": [{"shell": "ls"}]}]}
            ],
            "rescue": [{"note": "z"}],
            "always": [{"note": "z"}],
        }
        for name in plain
    ]
    first, *lines = diagram(
        view(json.dumps({"name": "x", "hosts": "all", "stages": stages}, ensure_ascii=False))
    ).splitlines()
    assert first == "flowchart TD"
    assert [line for line in lines if not LINE.fullmatch(line)] == []


@given(ANY)
def test_no_text_gets_out_of_its_quotes(text: str) -> None:
    assert "\n" not in code(text) + escaped(text)
    assert not re.search(r"(?<!\\)[`*_\[\]|]|[<>@]", escaped(text).replace("\\\\", ""))
    ticks = re.match("`+", fenced(text))
    assert ticks
    assert ticks[0] not in "\n".join(fenced(text).rstrip().split("\n")[1:-1])
