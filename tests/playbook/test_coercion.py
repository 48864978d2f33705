"""A template gives text or a number; the option gets what it asks for."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.playbook.coercion import coerced
from tests.engine.support import ends, play, steps
from tests.lab.tools import free_port

T = "{{ x }}"


@pytest.mark.parametrize(
    ("schema", "given", "made"),
    [
        ({"type": "integer"}, "5432", 5432),
        ({"type": "integer"}, " 12 ", 12),
        ({"type": "integer"}, "5432a", "5432a"),
        ({"type": "number"}, "0.5", 0.5),
        ({"type": "boolean"}, "Yes", True),
        ({"type": "boolean"}, "off", False),
        ({"type": "string"}, 5, "5"),
        ({"type": "string"}, "5", "5"),
        ({"type": "string"}, True, True),
        ({"type": ["string", "integer"]}, 5, 5),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, 5, "5"),
        ({"anyOf": [{"type": "number"}, {"type": "string"}]}, "5", "5"),
        ({"enum": ["1", "2"]}, 1, "1"),
        ({}, 5, 5),
        ({"type": "array"}, [1], [1]),
    ],
)
def test_what_a_template_gave(schema: dict[str, Any], given: Any, made: Any) -> None:
    result = coerced(schema, T, given)

    assert (result, type(result)) == (made, type(made))


def test_what_was_written_plainly_stays() -> None:
    assert coerced({"type": "integer"}, "5", "5") == "5"


def test_inside_mappings_and_lists() -> None:
    schema = {
        "properties": {"port": {"type": "integer"}, "names": {"items": {"type": "string"}}},
        "additionalProperties": {"type": "string"},
    }

    made = coerced(schema, {"port": T, "names": [T, "b"], "more": T}, {"port": "1", "names": [2, "b"], "more": 3})

    assert made == {"port": 1, "names": ["2", "b"], "more": "3"}


def test_a_port_from_the_environment_and_a_number_as_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("PORT", str(free_port()))
    run = play(
        steps(f"""
- port:
    port: "{{{{ env.PORT }}}}"
    state: closed
- copy:
    dest: {tmp_path}/n
    content: "{{{{ 40 + 2 }}}}"
""")
    )

    assert ends(run) == {"1.1": "passed", "1.2": "changed"}
    assert (tmp_path / "n").read_text() == "42"
