"""How deeply data is nested, however deep that is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runbook.common.nesting import MAX_LEVELS, deeper


def lists(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("make", [lists, lambda levels: json.loads('{"a":' * levels + "1" + "}" * levels)])
def test_a_level_more_than_the_most_is_deeper(make: Any) -> None:
    assert not deeper(1)
    assert not deeper(make(MAX_LEVELS))
    assert deeper(make(MAX_LEVELS + 1))


def test_it_is_asked_without_calls() -> None:
    assert deeper(lists(100_000))
