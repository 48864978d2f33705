"""Templates: native values, strict names, data that stays data."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.source import Span
from runbook.templating.render import OMIT, TemplateError, evaluate, free_names, judge, render, syntax_error
from runbook.templating.scope import Layer, Scope


def scope(written: dict[str, Any] | None = None, **data: Any) -> Scope:
    return Scope((Layer(written or {}, templates=True), Layer({"omit": OMIT, **data})))


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ n }}", 3),
        ("{{ n }} ", "3 "),
        ("x{{ n }}", "x3"),
        ("{{ rows }}", [{"a": 1}]),
        ("{{ rows[0].a + 1 }}", 2),
        ("{% if n > 2 %}many{% endif %}", "many"),
        ("plain", "plain"),
        ("{{ none.a.b | default('d') }}", "d"),
        ("{{ data.items }}", [1]),
        ("{{ 'yes' | bool }}", True),
    ],
)
def test_a_whole_template_keeps_its_type(template: str, value: object) -> None:
    assert render(template, scope(n=3, rows=[{"a": 1}], data={"items": [1]})) == value


def test_options_that_are_omitted_are_gone() -> None:
    assert render({"a": "{{ omit }}", "b": ["{{ omit }}", 1]}, scope()) == {"b": [1]}


def test_what_came_from_a_host_is_never_rendered() -> None:
    here = scope({"shown": "got {{ said }}"}, said="{{ 7 * 6 }}")

    assert here["shown"] == "got {{ 7 * 6 }}"


def test_variables_may_use_each_other_but_not_in_a_circle() -> None:
    here = scope({"a": "{{ b }}!", "b": "{{ c }}", "x": "{{ y }}", "y": "{{ x }}"}, c="deep")

    assert here["a"] == "deep!"
    with pytest.raises(TemplateError, match="refers to itself: x → y → x"):
        here["x"]


def test_an_undefined_name_is_an_error_with_the_nearest_names() -> None:
    with pytest.raises(TemplateError) as caught:
        render("{{ servce }}", scope(service="x"), Span("f", 3, 4))

    assert (caught.value.message, caught.value.hint) == ("'servce' is not defined", "did you mean service?")
    assert str(caught.value.span) == "f:3:4"


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ rows.append(1) }}",
        "{{ range(10000000) | list }}",
        "{{ (1).__class__ }}",
        "{{ rows.__init__.__globals__ }}",
    ],
)
def test_templates_cannot_leave_the_sandbox(hostile: str) -> None:
    with pytest.raises(TemplateError):
        render(hostile, scope(rows=[1]))


@pytest.mark.parametrize(
    ("text", "bare", "said"),
    [
        ("{{ a", False, "template syntax"),
        ("{{ a }} == 1", True, "write it without"),
        ("docker ps --format '{{.Names}}'", False, "raw"),
        ("${#arr[@]}", False, "raw"),
    ],
)
def test_syntax_errors_say_what_to_write(text: str, bare: bool, said: str) -> None:
    found = syntax_error(text, bare=bare)

    assert found is not None
    assert said in " ".join(found)


def test_free_names() -> None:
    assert free_names("a + b.c | default(d)", bare=True) == {"a", "b", "d"}


@pytest.mark.parametrize(
    ("text", "holds", "values"),
    [
        ("recent > 0", False, (("recent", "0"),)),
        ("rows | length == 1 and rows[0].a in [2]", False, (("rows | length", "1"), ("rows[0].a", "1"))),
        ("name is defined", True, (("name", '"Имя"'),)),
        ("not flag", True, (("flag", "false"),)),
        ("recent + 1 > recent * 2", True, (("recent + 1", "1"), ("recent", "0"), ("recent * 2", "0"))),
        ("rows", True, (("rows", '[{"a": 1}]'),)),
        ("nothing is undefined", True, (("nothing", "undefined"),)),
    ],
)
def test_a_condition_shows_the_values_of_its_operands(
    text: str, holds: bool, values: tuple[tuple[str, str], ...]
) -> None:
    found = judge(text, scope(recent=0, rows=[{"a": 1}], name="Имя", flag=False))

    assert (found.holds, found.values) == (holds, values)


def test_long_values_are_cut() -> None:
    found = judge("text == ''", scope(text="x" * 1000))

    assert len(found.values[0][1]) == 200


def test_evaluate_gives_native_values() -> None:
    assert evaluate("[1, 2] | map('string') | list", scope()) == ["1", "2"]
