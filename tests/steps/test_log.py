"""The steps `mark` and `log` on plain files, with real rotations."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.logs.log as kind
import runbook.steps.logs.mark as mark_kind
from runbook.runs.events import Outcome, Status
from runbook.steps.logs import rotated_files
from runbook.steps.logs.time_stamps import Clock, stamp
from runbook.testing import examples, options, problems, run_step, step_context
from tests.lab.postgres import Database

OLD = "".join(f"2020-01-01 00:00:{second:02d},000 INFO [app] старая строка\n" for second in range(10))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with ten old lines, under a name that a shell would take apart."""
    path = tmp_path / "-my app's log.log"
    path.write_text(OLD)
    return path


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def now(offset: float = 0.0) -> str:
    return datetime.fromtimestamp(time.time() + offset, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S,%f")


def mark(path: Path) -> dict[str, Any]:
    outcome = run_step(mark_kind, {"log": {"file": str(path)}})
    assert outcome.status is Status.PASSED, outcome.message
    stored: dict[str, Any] = json.loads(json.dumps(outcome.data))  # as it comes back from a record
    return stored


def look(path: Path, **args: Any) -> Outcome:
    return run_step(kind, {"file": str(path), **args})


# --- what matches ----------------------------------------------------------------------------------------------


def test_all_lines_count_without_a_pattern(log: Path) -> None:
    outcome = look(log)
    assert (outcome.status, outcome.message) == (Status.PASSED, "10 of 10 lines")
    assert (outcome.data["count"], outcome.data["read"], outcome.data["path"]) == (10, 10, str(log))
    assert outcome.data["lines"][0] == "2020-01-01 00:00:00,000 INFO [app] старая строка"


def test_pattern_and_exclude_choose_lines(log: Path) -> None:
    append(log, "x ERROR one", "y error two", "z ERROR expected", "INFO fine")
    assert look(log, pattern=r"\bERROR\b").data["lines"] == ["x ERROR one", "z ERROR expected"]
    assert look(log, pattern=r"\bERROR\b", exclude="expected$").data["count"] == 1
    assert look(log, pattern="(?i)error").data["count"] == 3
    assert look(log, pattern="error", ignore_case=True).data["count"] == 3
    assert look(log, pattern="error", lines=2).data["count"] == 0, "only the last lines are looked at"
    assert look(log, pattern="error", lines=3).data["read"] == 3


def test_the_matching_lines_are_shown(log: Path) -> None:
    append(log, "ОШИБКА " + "x" * 2000)
    outcome = look(log, pattern="ОШИБКА")
    assert outcome.evidence[0].text.startswith("ОШИБКА xxx")
    assert len(outcome.evidence[0].text) == 500
    assert look(log, pattern="nothing").evidence == ()


def test_only_line_feeds_end_a_line(log: Path) -> None:
    log.write_bytes("ein\x0b \u2028 \x85 s\r\nzwei ".encode() + b"\xff")
    assert look(log).data["lines"] == ["ein\x0b \u2028 \x85 s", "zwei \ufffd"]


def test_many_lines_are_counted_and_the_first_thousand_kept(log: Path) -> None:
    log.write_text("".join(f"{n}\n" for n in range(1500)))
    data = look(log).data
    assert (data["count"], len(data["lines"]), data["lines"][-1]) == (1500, 1000, "999")


@pytest.mark.parametrize("args", [{"pattern": "("}, {"exclude": "["}])
def test_a_wrong_pattern_is_said(log: Path, args: dict[str, str]) -> None:
    assert "is not a regular expression" in look(log, **args).message


def test_a_log_that_cannot_be_read_is_never_empty(tmp_path: Path) -> None:
    for since in ({}, {"since": "start"}, {"since": "10m"}):
        assert look(tmp_path / "nope.log", **since).message == f"{tmp_path / 'nope.log'} is not there"
        assert look(tmp_path, **since).status is Status.FAILED
    assert run_step(mark_kind, {"log": {"file": str(tmp_path / "nope.log")}}).status is Status.FAILED


def test_more_than_can_be_looked_at_is_said(log: Path) -> None:
    at = mark(log)
    os.truncate(log, rotated_files.LIMIT + 100_000)
    later = time.time() + 60  # the run that `start` speaks of begins after this line
    os.utime(log, (later, later))
    for since in ({}, {"since": at}, {"since": "start"}):
        outcome = look(log, **since)
        assert outcome.status is Status.FAILED
        assert "more than 32 MiB" in outcome.message


# --- marks -----------------------------------------------------------------------------------------------------


def test_what_stands_behind_the_mark(log: Path) -> None:
    at = mark(log)
    assert (at["type"], at["file"], at["offset"]) == ("file", str(log), len(OLD.encode()))
    assert look(log, since=at).data["read"] == 0
    append(log, "new one", "new two")
    assert look(log, since=at).data["lines"] == ["new one", "new two"]
    assert look(log, since=at, lines=1).data["lines"] == ["new two"]


def rename(log: Path) -> None:
    log.rename(f"{log}.1")
    append(log, "in the new file")


def rename_by_date(log: Path) -> None:
    log.rename(f"{log}-20261124")
    append(log, "in the new file")


def rename_twice(log: Path) -> None:
    log.rename(f"{log}.2")
    append(Path(f"{log}.1"), "between")
    append(log, "in the new file")


def copy_and_truncate(log: Path) -> None:
    shutil.copy(log, f"{log}.1")
    os.truncate(log, 0)
    append(log, "in the new file")


def copy_and_truncate_and_grow(log: Path) -> None:
    copy_and_truncate(log)
    append(log, *["line"] * 500)


@pytest.mark.parametrize(
    "rotate", [rename, rename_by_date, rename_twice, copy_and_truncate, copy_and_truncate_and_grow]
)
@pytest.mark.parametrize("start", [OLD, "short\n", ""])
def test_a_mark_survives_rotation(log: Path, rotate: Callable[[Path], None], start: str) -> None:
    log.write_text(start)
    at = mark(log)
    append(log, "before the rotation")
    rotate(log)
    outcome = look(log, since=at)
    between = ["between"] if rotate is rename_twice else []
    lines = ["before the rotation", *between, "in the new file"]
    assert outcome.data["lines"][: len(lines)] == lines
    assert "it was rotated meanwhile" in outcome.message


def test_an_empty_log_beside_an_older_one_that_is_still_written(log: Path) -> None:
    log.rename(f"{log}.1")
    log.touch()
    at = mark(log)
    append(Path(f"{log}.1"), "a process that has not noticed the rotation")
    append(log, "new")
    assert look(log, since=at).data["lines"] == ["new"]


def test_a_rotation_without_a_new_file_yet(log: Path) -> None:
    at = mark(log)
    append(log, "before the rotation")
    log.rename(f"{log}.1")
    assert look(log, since=at).data["lines"] == ["before the rotation"]


def test_an_older_rotation_is_not_taken_for_this_one(log: Path) -> None:
    append(Path(f"{log}.1"), "another file " * 100)
    at = mark(log)
    append(log, "new")
    assert look(log, since=at).data["lines"] == ["new"]


def test_what_was_truncated_away_is_said(log: Path) -> None:
    at = mark(log)
    os.truncate(log, 0)
    append(log, "after it")
    outcome = look(log, since=at)
    assert outcome.data["lines"] == ["after it"]
    assert "truncated or rotated away" in outcome.message


def test_a_file_that_went_is_not_empty(log: Path) -> None:
    at = mark(log)
    log.unlink()
    assert look(log, since=at).message == f"{log} is not there any more"


def test_a_file_replaced_by_its_copy(log: Path) -> None:
    at = mark(log)
    copy = log.with_suffix(".new")
    shutil.copy(log, copy)
    append(copy, "new")
    copy.rename(log)
    assert look(log, since=at).data["lines"] == ["new"]


@pytest.mark.parametrize("since", [{}, {"type": "file"}, {"rc": 0}])
def test_what_is_no_mark_is_said(log: Path, since: dict[str, Any]) -> None:
    assert "`since` is not a mark" in look(log, since=since).message


def test_a_mark_on_another_file_is_said(log: Path, tmp_path: Path) -> None:
    at = mark(log)
    (tmp_path / "other.log").write_text("x\n")
    assert "is another log" in look(tmp_path / "other.log", since=at).message


# --- time ------------------------------------------------------------------------------------------------------


def test_since_the_start_of_the_run(log: Path) -> None:
    context = step_context(run_started=time.time() - 60)
    append(log, f"{now(-90)} too old", "  its second line", f"{now(-30)} ERROR new", "Traceback:", f"{now()} newest")
    outcome = run_step(kind, {"file": str(log), "since": "start"}, context=context)
    assert [line.split()[-1] for line in outcome.data["lines"]] == ["new", "Traceback:", "newest"]


def test_since_a_duration(log: Path) -> None:
    append(log, f"{now(-700)} a", f"{now(-500)} b")
    assert [line[-1] for line in look(log, since="10m").data["lines"]] == ["b"]
    assert look(log, since=800).data["read"] == 2
    assert "is not a mark, a duration" in look(log, since="yesterday").message


def test_since_a_mark_of_time_only(log: Path) -> None:
    append(log, f"{now(-1)} before")
    at = run_step(mark_kind, {"time": True}).data
    append(log, f"{now()} behind")
    assert [line.split()[-1] for line in look(log, since=at).data["lines"]] == ["behind"]


def test_a_file_that_was_not_written_since_needs_no_time_stamps(log: Path) -> None:
    log.write_text("no stamps\n")
    os.utime(log, (time.time() - 100, time.time() - 100))
    assert look(log, since="30s").data["read"] == 0


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ERROR without a time stamp", "no time stamps that are known"),
        ("2026-01-01 00:00:00 an old stamp, just written", "no line has a time stamp of that time"),
        ("AHEAD in a time zone that is ahead", "ahead of the host's clock"),
    ],
)
def test_lines_whose_time_cannot_be_known_are_an_error(log: Path, line: str, why: str) -> None:
    log.write_text(f"{line.replace('AHEAD', now(7200))}\n")
    outcome = look(log, since="60s")
    assert outcome.status is Status.FAILED
    assert why in outcome.message
    assert "`mark`" in outcome.message


def test_a_long_log_is_read_as_far_back_as_needed(log: Path) -> None:
    log.write_text(OLD * 10_000 + f"{now(-20)} first\n" + f"{now(-10)} filler {'x' * 80}\n" * 10_000)
    data = look(log, since="30s").data
    assert data["read"] == 10_001
    assert data["lines"][0].endswith("first")


def test_since_a_moment_before_the_rotation(log: Path) -> None:
    append(log, f"{now(-20)} before the rotation")
    log.rename(f"{log}.1")
    append(log, f"{now(-10)} behind it")
    outcome = look(log, since="60s")
    assert [line.partition(" b")[2] for line in outcome.data["lines"]] == ["efore the rotation", "ehind it"]
    assert "rotated" in outcome.message


# --- time stamps -----------------------------------------------------------------------------------------------

HERE = Clock(datetime(2026, 11, 24, 2, 0, tzinfo=UTC).timestamp(), timezone(timedelta(hours=3)))


@pytest.mark.parametrize(
    ("line", "utc", "exact"),
    [
        ("2026-11-24 04:02:03,123 INFO x", "2026-11-24T01:02:03.123", True),
        ("2026-11-24T01:02:03Z x", "2026-11-24T01:02:03", False),
        ("[2026-11-24T01:02:03.5+00:00] x", "2026-11-24T01:02:03.5", True),
        ("2026-11-24 06:32:03.25 +0530 x", "2026-11-24T01:02:03.25", True),
        ("2026-11-24 01:02:03.123 UTC [77] LOG: x", "2026-11-24T01:02:03.123", True),
        ("2026/11/24 04:02:03 [error] 1#1: x", "2026-11-24T01:02:03", False),
        ("Nov 24 04:02:03 host app[1]: x", "2026-11-24T01:02:03", False),
        ("Nov  4 04:02:03 host x", "2026-11-04T01:02:03", False),
        ("Dec 31 04:02:03 host last year", "2025-12-31T01:02:03", False),
        ("2026-12-31T23:59:60Z a leap second", "2026-12-31T23:59:59", False),
    ],
)
def test_time_stamps_that_are_known(line: str, utc: str, exact: bool) -> None:
    found = stamp(line, HERE)
    assert found is not None
    assert found.at == pytest.approx(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp())
    assert found.exact is exact


@pytest.mark.parametrize(
    "line", ["", "x", "ERROR 2026-11-24", "2026-13-24 01:02:03", "Foo 24 01:02:03", "2026-11-24", "0000-01-01 00:00:00"]
)
def test_what_is_no_time_stamp(line: str) -> None:
    assert stamp(line, HERE) is None


# --- marks of queries, options ---------------------------------------------------------------------------------


def test_a_mark_of_a_query(database: Database) -> None:
    context = step_context(databases={"app": {"dsn": database.dsn}})
    try:
        outcome = run_step(
            mark_kind, {"sql": {"database": "app", "query": "SELECT 7 AS last_id, 9.5 AS used"}}, context=context
        )
        assert outcome.status is Status.PASSED
        assert (outcome.data["type"], outcome.data["row"]) == ("sql", {"last_id": 7, "used": 9.5})
        assert (outcome.data["value"], outcome.data["last_id"]) == (7, 7)
        assert abs(outcome.data["time"] - time.time()) < 5
        json.dumps(outcome.data)
        assert run_step(mark_kind, {"sql": {"query": "SELEC"}}, context=context).data["error_class"] == "sql"
    finally:
        context.cache.close()  # type: ignore[attr-defined] # the tests' own has one


def test_exactly_one_source_is_named(log: Path) -> None:
    assert "name one of" in run_step(kind, {}).message
    assert "file and unit" in run_step(kind, {"file": str(log), "unit": "x"}).message
    assert problems(mark_kind, {}) != []
    assert problems(mark_kind, {"time": True, "log": {"file": "/x"}}) != []
    assert problems(mark_kind, {"time": False}) != []


def test_plans_and_examples() -> None:
    assert kind.plan({"file": "/x.log", "since": "start", "pattern": "E"}) == "file /x.log, since start, pattern 'E'"
    assert mark_kind.plan({"log": {"file": "/x"}}) == "remember the end of file /x"
    assert mark_kind.plan({"sql": {"query": "SELECT 1"}}) == "remember SELECT 1"
    assert mark_kind.plan({"time": True}) == "remember the time"
    assert kind.changes({}) is mark_kind.changes({}) is False
    (logged,), (marked,) = examples(kind), examples(mark_kind)
    assert options(kind, logged["log"])["ignore_case"] is False
    assert options(mark_kind, marked["mark"])
