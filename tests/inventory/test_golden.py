"""Every case of `cases/`: what we say is what Ansible said, and Ansible still says it."""

from __future__ import annotations

import pytest

from tests.inventory.golden import MAKES, Case, cases, tolerant
from tests.inventory.oracle import Oracle

CASES = pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)


@CASES
def test_we_say_what_ansible_said(case: Case) -> None:
    expected = tolerant(case.expected)
    found = case.ours()
    assert found["list"] == expected["list"]
    assert found["groups"] == expected["groups"]
    assert found["graph"] == expected["graph"]
    if "vault_password" not in case.question:  # what is encrypted Ansible shows there in clear
        assert found["graph_vars"] == expected["graph_vars"]
    assert dict(zip(map(str, case.patterns), found["patterns"], strict=True)) == dict(
        zip(map(str, case.patterns), expected["patterns"], strict=True)
    )


def test_ansible_still_says_it(oracle: Oracle) -> None:
    stale = []
    for case in cases():
        found = case.asked(oracle)
        if found != case.expected:
            stale.append(case.folder.name)
    assert not stale, f"Ansible says something else: run `{MAKES}`, and look at the difference"
