"""Checks that are sent ahead say what they would have said alone, also beside repairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.fleet import Fleet
from tests.lab.sshd import Sshd

REPAIRED = """\
- {shell: 'true', changes: false}
- name: marker
  shell: test -e FOLDER/marker
  changes: false
  remediate:
    steps:
      - shell: touch FOLDER/marker
- name: seen
  shell: ls FOLDER
  changes: false
  expect: "'marker' in stdout"
- {shell: echo last, changes: false}
"""
JUDGED = """\
- {shell: 'true', changes: false}
- name: wanted
  shell: cat FOLDER/state
  changes: false
  expect: stdout == 'good'
  remediate:
    steps:
      - shell: echo good > FOLDER/state
- name: after
  shell: cat FOLDER/state
  changes: false
  expect: stdout == 'good'
"""
PASSED_OVER = """\
- {shell: 'true', changes: false}
- {shell: exit 3, changes: false, expect: rc == 3}
- {shell: echo next, changes: false, register: next}
- {shell: exit 4, changes: false, ignore_errors: true}
- {shell: 'echo {{ next.stdout }}', changes: false, expect: stdout == 'next'}
- {shell: echo skipped, changes: false, when: next.rc != 0}
- {shell: echo end, changes: false, tags: [end]}
"""


@pytest.fixture
def fleet(tmp_path: Path, sshd: Sshd) -> Fleet:
    made = Fleet(tmp_path, sshd)
    (tmp_path / "there").mkdir()
    made.add("web")
    return made


def steps(fleet: Fleet, text: str) -> tuple[int, list[dict[str, Any]]]:
    ran = fleet.run(text.replace("FOLDER", str(fleet.folder / "there")))
    return ran.code, ran.hosts["web"]["children"]


def test_what_comes_after_a_repair_sees_it(fleet: Fleet) -> None:
    code, found = steps(fleet, REPAIRED)
    assert code == 0
    assert [step["outcome"]["status"] for step in found] == ["passed", "remediated", "passed", "passed"]


def test_a_check_that_only_its_expectation_fails_is_repaired_before_the_next_is_judged(fleet: Fleet) -> None:
    """The host saw it succeed, and has run the next one already: that result is not used."""
    (fleet.folder / "there" / "state").write_text("bad\n")
    code, found = steps(fleet, JUDGED)
    assert code == 0
    assert [step["outcome"]["status"] for step in found] == ["passed", "remediated", "passed"]


def test_a_failure_that_was_expected_or_ignored_goes_on(fleet: Fleet) -> None:
    code, found = steps(fleet, PASSED_OVER)
    assert code == 0
    ended = [step["outcome"]["status"] for step in found]
    assert ended == ["passed", "passed", "passed", "warned", "passed", "skipped", "passed"]
    assert found[4]["outcome"]["data"]["stdout"] == "next"
    assert found[6]["outcome"]["data"]["stdout"] == "end"
