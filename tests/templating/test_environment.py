"""Templates: native values, strict names, data that stays data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbook.source.document import Span
from runbook.templating.errors import OMIT, TemplateError
from runbook.templating.render import evaluate, free_names, judge, render, syntax_error
from runbook.templating.scope import Layer, Scope
from runbook.templating.template_files import render_file


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
        ("rows | length > 0", True, (("rows | length", "1"),)),
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


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{{ servce }}", "'servce' is not defined", "did you mean service?"),
        ("{{ servce.a.b }}", "'servce' is not defined", "did you mean service?"),
        ("{{ servce | upper }}", "'servce' is not defined", "did you mean service?"),
        ("{{ nope | default(servce) }}", "'servce' is not defined", "did you mean service?"),
        ("{{ nope | default(servce.b.c) }}", "'servce' is not defined", "did you mean service?"),
        ("{{ '' | default(servce, true) }}", "'servce' is not defined", "did you mean service?"),
        ("{{ [1, servce] }}", "'servce' is not defined", "did you mean service?"),
        ("{{ {'a': [servce]} }}", "'servce' is not defined", "did you mean service?"),
        ("{{ servce ~ 'x' }}", "'servce' is not defined", "did you mean service?"),
        ("{{ app.prt }}", "there is no 'prt' in `app`", "did you mean port?"),
        ("{{ app['prt'] }}", "there is no 'prt' in `app`", "did you mean port?"),
        ("{{ app.prt.deeper }}", "there is no 'prt' in `app`", "did you mean port?"),
        ("{{ apps[0].zz }}", "there is no 'zz' in `apps[0]`", "there: name"),
        ("{{ apps | map(attribute='nme') }}", "there is no 'nme' in the mapping", "did you mean name?"),
        ("{{ empty.x }}", "there is no 'x' in `empty`", "it is empty"),
        ("{{ nope | mandatory('say it') }}", "say it", ""),
        ("{{ nope }}", "'nope' is not defined", "define it in `vars` or the inventory, or give it with -e"),
        ("{{ lookup('vars', 'servce') }}", "'servce' is not defined", "did you mean service?"),
        ("{{ lookup('evn', 'X') }}", "no lookup is called 'evn'", "did you mean env?"),
        ("{{ lookup('env', 'NO_SUCH', default=undef('set it')) }}", "set it", ""),
    ],
)
def test_what_is_not_there_is_named_with_what_is_near(text: str, message: str, hint: str) -> None:
    here = scope(service="x", app={"port": 1, "host": "h"}, apps=[{"name": "a"}], empty={})
    with pytest.raises(TemplateError) as caught:
        render(text, here, Span("f", 3, 4))

    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert str(caught.value.span) == "f:3:4"


def test_default_serves_for_a_whole_chain_but_not_for_what_is_empty() -> None:
    here = scope(empty="", nothing=None, app={})
    for text, value in (
        ("nope.a.b.c | default('d')", "d"),
        ("app.a.b.c | default('d')", "d"),
        ("empty | default('d')", ""),
        ("nothing | default('d')", None),
        ("empty | default('d', true)", "d"),
        ("nothing | default('d', true)", "d"),
    ):
        assert evaluate(text, here) == value


def test_backslashes_are_literal_in_values_and_escapes_in_expressions_and_files() -> None:
    assert render(r"{{ 'a.b' | regex_replace('(.)\.(.)', '\2\1') }}", scope()) == "ba"
    assert render(r"{{ '\n' }}", scope()) == r"\n"
    assert evaluate(r"'\n'", scope()) == "\n"
    assert render_file(r"{{ 'a\nb' }}", scope(), "x.j2") == "a\nb"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ a | uper }}", "did you mean upper"),
        ("{{ a is definde }}", "did you mean defined"),
        ("{{ a | x.y }}", "no filter"),
    ],
)
def test_filters_and_tests_that_are_not_there(text: str, said: str) -> None:
    found = syntax_error(text, bare=False)
    assert found is not None
    assert said in found[0]


def test_what_changes_is_asked_each_time(tmp_path: Path) -> None:
    path = tmp_path / "x"
    exists, found = f"'{path}' is exists", f"'{path}*' | fileglob"
    assert (evaluate(exists, scope()), evaluate(found, scope())) == (False, [])
    path.touch()
    assert (evaluate(exists, scope()), evaluate(found, scope())) == (True, [str(path)])
    assert len({evaluate("(10 ** 9) | random", scope()) for _ in range(5)}) > 1


def test_an_operand_that_cannot_be_computed_is_shown_so_and_ends_nothing() -> None:
    found = judge("n == 1 or 'x' | regex_search('(') == 'x'", scope(n=1))
    assert found.holds
    assert ("n", "1") in found.values
