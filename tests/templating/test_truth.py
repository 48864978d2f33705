"""What decides is true or false: anything else is an error that says what it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes

from runbook.templating.environment import parsed
from runbook.templating.errors import TemplateError
from runbook.templating.expression_text import text_of
from runbook.templating.render import judge
from tests.templating.support import scope

VALUES: dict[str, Any] = {
    "off": "false",
    "text": "x",
    "empty": "",
    "zero": 0,
    "one": 1,
    "none": None,
    "items": [1],
    "no_items": [],
    "map": {"a": 1},
    "yes": True,
    "no": False,
}


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("off", '`off` is the text "false"', "write `off | bool`, or compare it: `off != ''`"),
        ("not off", '`off` is the text "false"', "write `off | bool`"),
        ("yes and off", '`off` is the text "false"', "write `off | bool`"),
        ("no or text", '`text` is the text "x"', "write `text | bool`"),
        ("yes if text else no", '`text` is the text "x"', "write `text | bool`"),
        ("text if yes else no", '`text` is the text "x"', "write `text | bool`"),
        ("zero", "`zero` is the number 0", "or compare it: `zero != 0`"),
        ("items | length", "`items | length` is the number 1", "write `(items | length) | bool`"),
        ("items", "`items` is the list [1]", "`items | length > 0`"),
        ("map", '`map` is the mapping {"a": 1}', "`map | length > 0`"),
        ("map.get('b')", '`map.get("b")` is null', '`map.get("b") is not none`'),
        ("'x'", '`"x"` is the text "x"', ""),
    ],
)
def test_a_value_that_is_no_truth_is_an_error(text: str, said: str, hint: str) -> None:
    with pytest.raises(TemplateError) as raised:
        judge(text, scope(**VALUES))
    assert raised.value.message == f"{said}, and neither true nor false"
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("not yes", False),
        ("off | bool", False),
        ("no and text", False),
        ("yes or off", True),
        ("text == 'x' and not (off | bool)", True),
        ("text in ['x'] or items", True),
        ("(text or empty) == 'x'", True),
        ("items is defined", True),
        ("yes if text == 'x' else text", True),
        ("missing | default(false)", False),
    ],
)
def test_what_is_true_or_false_decides(text: str, value: bool) -> None:
    assert judge(text, scope(**VALUES)).holds is value


@pytest.mark.parametrize(
    "text",
    [
        "(stdout | from_json).spec",
        "(a or b) and c",
        "a or b and c",
        "not (a and b)",
        "(not a) == b",
        "a is not defined",
        "(a + b) * c - (d - e)",
        "a - (b - c) - d",
        "-a ** b",
        "(-a) ** b",
        "(a ~ b) | upper",
        "a | default([], true) | map(attribute='x') | list",
        "x[1:2][::2]['k'].y(1, z=2)",
        "{'a': [1, (2,)], 'b': ()}",
        "(a if b else c) if d else e",
        "a if b",
        "rows | selectattr('max', 'gt', 3) | list | length == 0",
        "(a | b) is divisibleby(3)",
        "'it\\'s' == \"x\\\"y\"",
        "a < b <= c not in d",
        "(a is defined) if b else c",
        "(a and b is not defined) if c is defined else d",
        "(a is defined) not in b == (c is even) in d",
    ],
)
def test_an_expression_as_text_means_the_same(text: str) -> None:
    assert parsed(text_of(parsed(text))) == parsed(text)


_names = st.sampled_from("abc").map(lambda name: nodes.Name(name, "load"))


def _deeper(inner: st.SearchStrategy[nodes.Expr]) -> st.SearchStrategy[nodes.Expr]:
    pairs = st.tuples(inner, inner)
    operands = st.tuples(st.sampled_from(["eq", "lt", "in", "notin"]), inner).map(lambda each: nodes.Operand(*each))
    return st.one_of(
        pairs.flatmap(lambda pair: st.sampled_from([kind(*pair) for kind in _BINARY])),
        inner.map(nodes.Not),
        inner.map(nodes.Neg),
        inner.map(lambda node: nodes.Getattr(node, "x", "load")),
        pairs.map(lambda pair: nodes.Getitem(pair[0], pair[1], "load")),
        inner.map(lambda node: nodes.Filter(node, "lower", [], [], None, None)),
        inner.map(lambda node: nodes.Test(node, "defined", [], [], None, None)),
        st.tuples(inner, operands).map(lambda each: nodes.Compare(each[0], [each[1]])),
        st.tuples(inner, inner, inner).map(lambda each: nodes.CondExpr(*each)),
    )


_BINARY: tuple[type[nodes.Expr], ...] = (
    nodes.And, nodes.Or, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow,
)  # fmt: skip


@given(st.recursive(_names, _deeper, max_leaves=8))
def test_any_expression_as_text_means_the_same(node: nodes.Expr) -> None:
    assert parsed(text_of(node)) == node, text_of(node)
