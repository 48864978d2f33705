"""TAP and SARIF as those read them who have set the formats: the parser of TAP 14, and the schema of SARIF 2.1.0."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from runbook.reports import sarif, tap
from runbook.runs.events import Event
from runbook.runs.record import fold
from runbook.testing.run_events import EventWriter, outcome
from tests.engine.support import play, steps
from tests.lab.npm import installed
from tests.lab.tools import require
from tests.reports import sample

VERSIONS = {"tap-parser": "18.3.4", "@microsoft/jest-sarif": "1.0.0-beta.0"}
HOSTILE = 'a # SKIP b\nok 1 - no\n  ---\n"\\ # {x} \x1b[31m\x07 ünï 説明'


@pytest.fixture(scope="session")
def modules() -> Path:
    return installed("report-readers", VERSIONS)


def hostile() -> list[Event]:
    """A run whose every text could be taken for something else."""
    log = EventWriter(playbook=HOSTILE, path="play books/a:b #1.yml", user=HOSTILE, labels={HOSTILE: HOSTILE})
    with log.stage("1", HOSTILE), log.on("web1", "1", HOSTILE, outcome=outcome("failed", HOSTILE)):
        for number, status in enumerate(("passed", "failed", "skipped", "unknown", "waiting", "warned"), start=1):
            place = "play books/a:b #1.yml:3:9" if number % 2 else ""
            log.step("web1", f"1.{number}", HOSTILE, "shell", outcome(status, HOSTILE), causes=(HOSTILE,), place=place)
    return log.end()


RUNS = {"sample": sample.events, "hostile": hostile, "nothing": list[Event]}


def _parsed(modules: Path, text: str) -> list[Any]:
    node = require("node", "apt-get install nodejs npm")
    argv = [node, str(modules / ".bin" / "tap-parser"), "--json", "--strict"]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60)
    events: list[Any] = json.loads(done.stdout)
    return events


def _names(events: list[Any]) -> list[tuple[bool, str]]:
    """Every point with its name, subtests before the point that closes them."""
    found: list[tuple[bool, str]] = []
    for kind, *rest in events:
        if kind == "child":
            found += _names(rest[0])
        if kind == "assert":
            found.append((rest[0]["ok"], rest[0]["name"]))
    return found


def _broken(events: list[Any]) -> list[Any]:
    """Lines that are no TAP, and points that the parser itself found wrong."""
    found: list[Any] = []
    for kind, *rest in events:
        if kind == "child":
            found += _broken(rest[0])
        if kind == "extra":
            found.append(rest[0])
        if kind == "complete":
            found += [failure for failure in rest[0]["failures"] if failure.get("tapError")]
    return found


@pytest.mark.parametrize("name", RUNS)
def test_tap_is_read_without_a_word_too_many(modules: Path, name: str) -> None:
    events = _parsed(modules, tap.render(fold(RUNS[name]())))

    assert _broken(events) == []
    assert ["version", "14"] in [[kind, str(rest[0])] for kind, *rest in events if kind == "version"]


def test_tap_says_what_held(modules: Path) -> None:
    names = _names(_parsed(modules, tap.render(fold(sample.events()))))

    assert [name.split(" ")[0] for good, name in names if not good] == ["2.1", "2", "5.4", "5", "verdict:"]
    assert (True, "1.2 Перезапустить bot-generic on web1") in names
    assert len(names) == 17 + 5 + 1


def test_tap_leaves_every_text_as_it_is(modules: Path) -> None:
    names = [name for _, name in _names(_parsed(modules, tap.render(fold(hostile()))))]

    assert names[0] == '1.1 a # SKIP b ok 1 - no --- "\\ # {x} ␇ ünï 説明 on web1'


@pytest.mark.parametrize("name", RUNS)
def test_sarif_follows_its_schema(modules: Path, name: str) -> None:
    (file,) = (modules / "@microsoft/jest-sarif").rglob("sarif-2.1.0*.json")
    document = json.loads(sarif.render(fold(RUNS[name]())))
    schema = json.loads(file.read_text())

    found = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
    assert [(list(error.path), error.message) for error in found.iter_errors(document)] == []


def test_a_check_in_which_nothing_failed_is_no_failure_to_anybody(modules: Path) -> None:
    """Its exit code is 0; what nobody can know is left out, not wrong."""
    from runbook.engine.mode import Mode
    from runbook.reports import junit

    run = play(steps("- shell: touch /nowhere/at/all\n- note: x"), mode=Mode.CHECK)

    assert run.verdict == "unknown"
    assert [good for good, _ in _names(_parsed(modules, tap.render(run)))] == [True, True, True, True]
    assert 'errors="0"' in junit.render(run)
    assert "<error" not in junit.render(run)
