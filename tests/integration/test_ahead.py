"""Steps that are sent ahead do and say what they would have alone, also beside repairs, stops and lost lines."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from runbook.testing.processes import wait_until
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


CHANGING = """\
- {shell: echo one >> FOLDER/log; echo first, register: first}
- {shell: echo two >> FOLDER/log, when: inventory_hostname == 'web'}
- {shell: echo never >> FOLDER/log, when: inventory_hostname != 'web'}
- {shell: 'echo {{ first.stdout }} >> FOLDER/log', register: told}
- {shell: 'echo {{ range(100000) | random }} | tee -a FOLDER/random', register: drawn}
- {shell: 'echo x >> FOLDER/log; [ $(wc -l < FOLDER/log) -gt 4 ]', retries: 2, delay: 0.01}
- command: {cmd: touch FOLDER/made, creates: FOLDER/made}
- {shell: 'echo four >> FOLDER/log; exit 3', ignore_errors: true}
- {shell: echo five >> FOLDER/log, expect: stdout == 'no', ignore_errors: true}
- {shell: 'test -e FOLDER/made && echo six >> FOLDER/log', changed_when: false}
- {shell: 'echo seven >> FOLDER/log; exit 4'}
- {shell: echo eight >> FOLDER/log}
"""


def test_steps_that_change_the_host_are_done_once_and_in_order(fleet: Fleet) -> None:
    code, found = steps(fleet, CHANGING)
    assert code == 1
    there = fleet.folder / "there"
    log = (there / "log").read_text().split()
    assert log == ["one", "two", "first", "x", "x", "four", "five", "six", "seven"]
    ended = [step["outcome"]["status"] for step in found]
    assert ended[:3] + ended[6:] == ["changed", "changed", "skipped", "changed", "warned", "warned", "passed", "failed"]
    assert (there / "random").read_text().strip() == found[4]["outcome"]["data"]["stdout"]
    assert f"echo {found[4]['outcome']['data']['stdout']} |" in found[4]["action"]
    assert found[5]["attempts"] == 2


def test_when_the_line_is_lost_the_steps_that_were_sent_with_it_are_named(fleet: Fleet) -> None:
    """The connection's own server process is ended by the first step: whether the others ran cannot be known."""
    end = "echo a >> FOLDER/log; kill -9 $(ps -o ppid= -p $(ps -o ppid= -p $$)); sleep 5"
    more = "\n- shell: echo b >> FOLDER/log\n- {shell: 'true', changes: false}\n- shell: echo c\n"
    ran = fleet.run(f"- shell: {end}{more}".replace("FOLDER", str(fleet.folder / "there")))
    assert ran.code == 3
    assert "sent with it, and not known either: 1.2, 1.4" in ran.said("web")


def test_an_interrupted_run_tells_what_had_been_done(fleet: Fleet) -> None:
    there = fleet.folder / "there"
    text = "".join(f"- shell: echo {number} >> {there}/log\n" for number in range(3)) + "- shell: exec sleep 300\n"
    process = fleet.start(text + f"- shell: echo last >> {there}/log\n")
    wait_until(lambda: (there / "log").exists() and len((there / "log").read_text().split()) == 3, "three have run")
    process.send_signal(signal.SIGINT)
    ran = fleet.wait(process, time.monotonic())
    assert ran.code == 130
    done = ran.hosts["web"]["children"]
    assert [step["outcome"]["status"] for step in done] == ["changed", "changed", "changed", "unknown"]
    assert (there / "log").read_text().split() == ["0", "1", "2"]
