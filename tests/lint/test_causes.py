"""A cause is looked at as what is asked of the outcome: by its fields, the step's own register, and `failure`."""

from __future__ import annotations

import pytest

from tests.lint.support import problems, steps, told


@pytest.mark.parametrize(
    "cause",
    [
        "'{{ stdout }} {{ own.rc }} {{ failure.msg }}'",
        "[{when: stdout == 'x' and failure.rc == 1, text: '{{ own.stdout }}'}, {text: '{{ rc }}'}]",
        "[{when: not failed, text: 'All of it holds: {{ own.rc }}'}]",
    ],
)
def test_what_a_cause_may_name(cause: str) -> None:
    assert told(steps(f"- {{shell: ls, register: own, cause: {cause}}}"), "web1,") == []
    assert told(steps(f"- {{shell: ls, diagnose: [{{shell: ls, register: own, cause: {cause}}}]}}"), "web1,") == []


@pytest.mark.parametrize(
    ("cause", "rule"),
    [
        ("'{{ stdot }}'", "undefined-name"),
        ("[{when: stdot == 'x', text: x}]", "undefined-name"),
        ("[{text: '{{ stdot }}'}]", "undefined-name"),
        ("[{when: '1 +', text: x}]", "template"),
        ("[{when: rc == 1}]", "missing-key"),
        ("[{text: x, wen: rc == 1}]", "unknown-key"),
    ],
)
def test_what_is_wrong_in_a_cause_is_found(cause: str, rule: str) -> None:
    text = steps(f"- {{shell: ls, cause: {cause}}}")

    assert [(problem.rule, str(problem.severity)) for problem in problems(text, "web1,")] == [(rule, "error")]
