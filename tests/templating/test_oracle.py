"""What templates come to is what they come to in Ansible: its own templar is asked."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.templating.filters import COLLECTIONS, FILTERS
from tests.inventory.oracle import Oracle
from tests.templating.cases import EXPRESSIONS, TEXTS, VARIABLES
from tests.templating.support import REFUSED, ours, theirs, typed

NOT_IN_CORE = {*COLLECTIONS, "splitlines"}
NEEDS_PASSLIB = {"password_hash"}
"""Ansible does it only where passlib is installed. See `test_filters.py`."""

DIFFERENT: dict[str, tuple[Any, Any]] = {
    # Template: what it comes to here, what in Ansible. The reasons are in docs/templates.md.
    "{{ '/w==' | b64decode }}": ("\ufffd", "\udcff"),
    "{{ [{'a': 1}] | groupby('up', default=1) | map('first') }}": ([1], REFUSED),
    "{% if false %}x{% endif %}": ("", None),
    "{{ none }}{{ none }}": ("", None),
    "{{ range(3) }}": ([0, 1, 2], REFUSED),
    "{{ nope | type_debug }}": ("Undefined", "UndefinedMarker"),
    "{{ 'a b' | splitlines }}": (["a b"], REFUSED),
    "{{ '%*d' % (3, 1) }}": (REFUSED, "  1"),
    "{{ 'x' is regex('x', match_type='split') }}": (REFUSED, True),
    "{{ lookup('pipe', 'echo x') }}": (REFUSED, "x"),
}


def compared(oracle: Oracle, texts: Sequence[str], variables: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The templates that come to something else, with what they come to here and there."""
    answers = oracle.templates(texts, variables)
    both = [(text, ours(text, variables), theirs(answer)) for text, answer in zip(texts, answers, strict=True)]
    return [(text, here, there) for text, here, there in both if typed(here) != typed(there)]


def test_expressions_and_texts_come_to_what_ansible_makes_of_them(oracle: Oracle) -> None:
    texts = [*(f"{{{{ {expression} }}}}" for expression in EXPRESSIONS), *TEXTS]
    assert compared(oracle, texts, VARIABLES) == []


def test_the_cases_are_more_than_refusals() -> None:
    refused = [text for text in EXPRESSIONS if ours(f"{{{{ {text} }}}}", VARIABLES) == REFUSED]
    assert len(EXPRESSIONS) > 650
    assert len(refused) < len(EXPRESSIONS) / 5


def test_where_we_differ_it_is_on_purpose(oracle: Oracle) -> None:
    for text, answer in zip(DIFFERENT, oracle.templates(list(DIFFERENT), {}), strict=True):
        assert (ours(text, {}), theirs(answer)) == DIFFERENT[text], text


def example(name: str) -> tuple[str, Any]:
    """The expression in a filter's docstring, and what it says that it comes to."""
    ((text, result),) = re.findall(r"^`(.+)` → `(.+)`$", inspect.getdoc(FILTERS[name]) or "", re.MULTILINE)
    return f"{{{{ {text} }}}}", json.loads(result)


@pytest.mark.parametrize("name", FILTERS)
def test_the_example_of_a_filter_is_true(name: str) -> None:
    text, result = example(name)
    assert re.search(rf"\b{name if name != 'checksum' else 'sha1'}\b", text)
    assert typed(ours(text, {})) == typed(result)


def test_ansible_agrees_with_the_examples(oracle: Oracle) -> None:
    texts = [example(name)[0] for name in FILTERS if name not in NOT_IN_CORE | NEEDS_PASSLIB]
    assert compared(oracle, texts, {}) == []


WORDS = st.text("abAB01 ,.-#\n'\"\\éЖ", max_size=8)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-20, 2000), st.floats(-5, 5, width=16), WORDS)
LISTS = st.lists(SCALARS, max_size=5)
MAPS = st.dictionaries(
    st.sampled_from("abcd"), st.one_of(SCALARS, LISTS, st.dictionaries(st.sampled_from("ab"), LISTS))
)
BRIEF = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

OF_LISTS = (
    "l | flatten",
    "l | unique",
    "l | unique(case_sensitive=true)",
    "l | zip(m)",
    "l | zip_longest(m)",
    "l | product(m)",
    "l | map('string')",
    "l | join(',')",
    "l | select",
    "l | sort",
    "l | min",
    "l | sum",
    "l | random(seed=1)",
    "l | shuffle(seed=1)",
    "l | batch(2, 0)",
    "l | to_json",
    "l | to_nice_yaml",
    "l is subset(m)",
    "l is any",
    "x in l",
    "x ~ l",
)
OF_VALUES = (
    "x | bool",
    "x | int",
    "x | float",
    "x | string",
    "x | length",
    "x | quote",
    "x | default('d', true)",
    "x | ternary(1, 2, 3)",
    "x | to_json",
    "x | to_yaml",
    "x | hash",
    "x | b64encode",
    "x | b64encode | b64decode",
    "x | regex_escape",
    "x | regex_replace('a', 'b')",
    "x | regex_findall('.')",
    "x | comment",
    "x | human_to_bytes",
    "x | human_readable",
    "x | urlencode",
    "x | from_yaml",
    "x | from_json",
    "x | basename",
    "x | splitext",
    "x | title",
    "x | indent(2)",
    "x is truthy(convert_bool=true)",
    "x is match('a')",
)


@BRIEF
@given(LISTS, LISTS, SCALARS)
def test_generated_lists(oracle: Oracle, left: list[Any], right: list[Any], value: Any) -> None:
    assert agree(oracle, OF_LISTS, {"l": left, "m": right, "x": value}) == []


@BRIEF
@given(SCALARS)
def test_generated_values(oracle: Oracle, value: Any) -> None:
    assert agree(oracle, OF_VALUES, {"x": value}) == []


SETS = ("union", "intersect", "difference", "symmetric_difference")


@BRIEF
@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)))
def test_generated_sets(oracle: Oracle, left: list[int], right: list[int]) -> None:
    for make in (lambda one: one, lambda one: {"a": one}):  # without and with a hash
        variables = {"l": list(map(make, left)), "m": list(map(make, right))}
        texts = [f"{{{{ l | {name}(m) | map('string') | sort }}}}" for name in SETS]
        assert compared(oracle, texts, variables) == []


@BRIEF
@given(MAPS, MAPS, st.booleans(), st.sampled_from(["replace", "keep", "append", "prepend", "append_rp", "prepend_rp"]))
def test_generated_combinations(oracle: Oracle, low: Any, high: Any, recursive: bool, merge: str) -> None:
    text = f"l | combine(m, recursive={recursive}, list_merge='{merge}')"
    assert (
        agree(oracle, [text, f"({text}).keys() | list", "l | dict2items", "l | to_nice_json"], {"l": low, "m": high})
        == []
    )


VERSIONS = st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){1,3}([ab-][0-9]{0,2})?", fullmatch=True)


@BRIEF
@given(VERSIONS, VERSIONS)
def test_generated_versions(oracle: Oracle, left: str, right: str) -> None:
    rules = ("loose", "strict", "semver", "pep440")
    asked = [f"l is version(m, '{one}', version_type='{kind}')" for kind in rules for one in ("<", "==")]
    assert agree(oracle, asked, {"l": left, "m": right}) == []


def agree(oracle: Oracle, expressions: Any, variables: dict[str, Any]) -> list[Any]:
    return compared(oracle, [f"{{{{ {one} }}}}" for one in expressions], variables)
