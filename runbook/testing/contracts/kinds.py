"""The contract of a kind of step: its reference page, its options, and what it says of itself are right.

A row in the table of `runbook/steps` is enough: every kind there is held against this. A kind from elsewhere:

```python
class TestOurs(KindContract):
    @pytest.fixture
    def name(self) -> str: ...          # the key of its step
    @pytest.fixture
    def kind(self) -> Kind: ...         # the module
```
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from runbook.playbook.schema_check import check
from runbook.steps import KINDS
from runbook.steps.base import Args, Kind
from runbook.steps.traits import said_by
from runbook.testing.steps import examples, nowhere, options, problems

ODD: tuple[Any, ...] = ("{{ later }}", None, 7, [], {}, [{"a": None}], {"a": ["{{ b }}"]}, "")
"""What an option may be as somebody has written it."""


class KindContract:
    """What every kind keeps."""

    @pytest.fixture
    def kind(self, name: str) -> Kind:
        return KINDS[name]

    def test_its_reference_begins_with_what_it_does_and_has_an_example(self, name: str, kind: Kind) -> None:
        first = (kind.__doc__ or "").splitlines()[0]
        assert first.endswith((".", "?")), "the first line is a sentence"
        assert [step for step in examples(kind) if name in step], f"an example has a step with the key {name!r}"

    def test_its_reference_names_every_field_of_its_outcome(self, kind: Kind) -> None:
        words = set(re.findall(r"`(\w+)`", kind.__doc__ or ""))
        assert said_by(kind).fields({}).names - words == set()

    def test_its_examples_are_right(self, name: str, kind: Kind) -> None:
        for args in _of_examples(name, kind):
            assert problems(kind, args) == []
            assert isinstance(kind.changes(options(kind, args)), bool)
            assert _one_line(kind.plan(options(kind, args)))

    def test_every_option_is_described_and_no_other_is_taken(self, kind: Kind) -> None:
        known: Mapping[str, Any] = kind.SCHEMA.get("properties", {})
        assert kind.SCHEMA["type"] == "object"
        assert [name for name, option in known.items() if not option.get("description")] == []
        if known:
            assert any("unknown key" in problem for problem in problems(kind, {"no such option": 1}))

    def test_a_default_is_a_value_that_the_option_takes(self, kind: Kind) -> None:
        for option in kind.SCHEMA.get("properties", {}).values():
            if "default" in option:
                assert check(option, option["default"], nowhere()) == []

    def test_a_bare_value_stands_for_one_of_its_options(self, kind: Kind) -> None:
        assert kind.SHORT == "" or kind.SHORT in kind.SCHEMA["properties"]

    def test_a_plan_asks_it_about_options_that_nobody_knows_yet(self, name: str, kind: Kind) -> None:
        for args in _of_examples(name, kind):
            later = dict.fromkeys(args, "(known later)")
            assert isinstance(kind.changes(later), bool)
            assert _one_line(kind.plan(later))

    @pytest.mark.parametrize("odd", ODD, ids=repr)
    def test_what_it_says_of_itself_it_says_of_any_options(self, kind: Kind, odd: Any) -> None:
        """They are asked for as somebody has written them, before anything has been held against the schema."""
        said = said_by(kind)
        known = kind.SCHEMA.get("properties", {"any": {}})
        written: list[Args] = [{}, dict.fromkeys(known, odd), *({name: odd} for name in known)]
        for args in written:
            for asked in (said.detail, said.sets, said.files, said.queries, said.conditions):
                assert list(asked(args)) is not None
            assert isinstance(said.fields(args).names, frozenset)
            assert isinstance(said.checks(args), bool)
            assert all(isinstance(line, str) for other in written for line in said.weaker(args, other))


def _of_examples(name: str, kind: Kind) -> list[dict[str, Any]]:
    """The options in the kind's own examples, a bare value under its option."""
    found = [step[name] for step in examples(kind) if name in step]
    return [args if isinstance(args, dict) else {kind.SHORT: args} for args in found]


def _one_line(text: str) -> bool:
    return bool(text) and "\n" not in text
