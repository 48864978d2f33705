"""No secret leaves the engine."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.common.masking import MASK, Masker
from runbook.runs.record import fold
from tests.engine.support import ends, events, steps

SECRET = "s3cr3t/va lue'$"


def everything(text: str, **given: object) -> str:
    return "\n".join(repr(event) for event in events(text, **given))


@pytest.mark.parametrize(
    "step",
    [
        "- shell: echo {{ pw | quote }}",
        "- shell: printf %s {{ pw | quote }} | base64",
        "- shell: echo {{ pw | quote }} >&2; exit 1",
        "- note: the password is {{ pw }}",
        "- name: log in with {{ pw }}\n  note: x",
        "- shell: echo x\n  expect: stdout == pw",
        "- set: {copy: '{{ pw }}'}",
        "- shell: echo {{ item | quote }}\n  loop: ['{{ pw }}']",
        "- assert: {that: \"pw == 'x'\"}",
        "- shell: echo {{ pw | quote }}\n  diagnose: [{shell: 'exit 1', cause: 'bad {{ pw }}'}]\n  failed_when: true",
    ],
)
def test_a_secret_input_is_masked_everywhere(step: str) -> None:
    shown = everything(steps(step, before="inputs: {pw: {type: string, secret: true}}"), pw=SECRET)

    assert SECRET not in shown
    assert json.dumps(SECRET)[1:-1] not in shown
    assert "s3cr3t/va lue" not in shown


def test_a_secret_part_of_an_outcome_is_masked_and_stays_usable() -> None:
    run = events(
        steps("""
- shell: echo tok-$((12344 + 1))
  register: login
  secrets: [stdout]
- shell: echo {{ login.stdout }} | tee /dev/stderr
  expect: stdout == 'tok-' ~ 12345
""")
    )

    assert ends(fold(run)) == {"1.1": "changed", "1.2": "changed"}
    assert "tok-12345" not in repr(run)


def test_no_log_hides_the_outcome_and_leaves_it_usable() -> None:
    shown = everything(
        steps("""
- shell: echo $((6 * 7))-hidden
  no_log: true
  register: said
- assert: "'-hidden' in said.stdout"
""")
    )

    assert "42-hidden" not in shown


def test_short_secrets_are_masked_only_whole() -> None:
    masker = Masker(["no"])

    assert masker.mask({"a": "no", "b": "nothing"}) == {"a": MASK, "b": "nothing"}


@given(st.text(min_size=3, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_text_shows_a_secret_that_stands_in_it(secret: str, before: str, after: str) -> None:
    if not secret.strip() or secret in MASK:
        return
    shown = Masker([secret]).text(before + secret + after)

    assert secret not in shown.replace(MASK, "\0") or secret in before + after
