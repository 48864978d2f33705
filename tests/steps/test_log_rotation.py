"""`log` across rotations of every kind, and times of every form: nothing that was written may be missed in silence."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
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
from runbook.steps.logs.time_stamps import Clock, in_zone, stamp
from runbook.testing import FarHost, problems, run_step, step_context

BANNER = f"# the log of the application, all times in UTC {'-' * 300}\n"
OLD = "2020-01-01 00:00:00 one old line, which is long enough to prove the file\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "it's [the] app.log"
    path.write_text(OLD)
    return path


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def mark(path: Path) -> dict[str, Any]:
    outcome = run_step(mark_kind, {"log": {"file": str(path)}})
    assert outcome.status is Status.PASSED, outcome.message
    return dict(outcome.data)


def look(path: Path, **args: Any) -> Outcome:
    return run_step(kind, {"file": str(path), **args})


def lines(outcome: Outcome) -> list[str]:
    assert outcome.status is Status.PASSED, outcome.message
    return list(outcome.data["lines"])


def pack(path: Path) -> None:
    """As logrotate does: the packed file keeps the time of the other."""
    subprocess.run(["gzip", "--", path], check=True)


def aged(path: Path, seconds: float) -> Path:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))
    return path


# --- since a mark ----------------------------------------------------------------------------------------------


def by_number(log: Path) -> None:
    log.rename(f"{log}.1")


def by_number_packed(log: Path) -> None:
    log.rename(f"{log}.1")
    pack(Path(f"{log}.1"))


def by_date(log: Path) -> None:
    log.rename(f"{log}-20261124")


def by_date_packed(log: Path) -> None:
    log.rename(f"{log}-20261124")
    pack(Path(f"{log}-20261124"))


def by_date_before_the_ending(log: Path) -> None:
    log.rename(log.with_name(f"{log.stem}-2026-11-24.log"))


def to_old(log: Path) -> None:
    log.rename(f"{log}.old")


def copied(log: Path) -> None:
    shutil.copy(log, f"{log}.1")
    os.truncate(log, 0)


@pytest.mark.parametrize(
    "rotate", [by_number, by_number_packed, by_date, by_date_packed, by_date_before_the_ending, to_old, copied]
)
@pytest.mark.parametrize("start", [OLD, BANNER + OLD, BANNER])
def test_what_was_written_before_a_rotation_is_read_too(log: Path, rotate: Callable[[Path], None], start: str) -> None:
    log.write_text(start)
    at = mark(log)
    append(log, "ERROR before")
    rotate(log)
    fresh = start.replace("2020", "2021") if rotate is not copied or start != BANNER else "nobody writes it again\n"
    append(log, fresh.rstrip("\n"), *["line"] * 200, "ERROR behind")  # it grows past the place of the mark
    outcome = look(log, since=at, pattern="ERROR")
    assert lines(outcome) == ["ERROR before", "ERROR behind"]
    assert outcome.data["complete"] is True


@pytest.mark.parametrize("names", [(".2", ".1"), (".2.gz", ".1"), (".3.gz", ".2.gz"), ("-20261123", "-20261124")])
def test_every_generation_since_the_mark_is_read_in_order(log: Path, names: tuple[str, str]) -> None:
    at = mark(log)
    for number, (name, text) in enumerate(zip(names, ("first", "second"), strict=True)):
        append(log, text)
        aged(log, 60 - number)
        log.rename(older := Path(f"{log}{name.removesuffix('.gz')}"))
        if name.endswith(".gz"):
            pack(older)
    append(log, "third")
    assert lines(look(log, since=at | {"time": time.time() - 90})) == ["first", "second", "third"]


def test_generations_from_before_the_mark_are_not_read(log: Path) -> None:
    append(Path(f"{log}.1"), "older")
    append(Path(f"{log}.2"), "older still")
    pack(Path(f"{log}.2"))
    at = mark(log)
    append(log, "before")
    Path(f"{log}.2.gz").rename(f"{log}.3.gz")
    Path(f"{log}.1").rename(f"{log}.2")
    log.rename(f"{log}.1")
    append(log, "behind")
    assert lines(look(log, since=at)) == ["before", "behind"]


def test_a_file_that_is_being_packed_is_read_once(log: Path) -> None:
    at = mark(log)
    append(log, "before")
    log.rename(f"{log}.1")
    with gzip.open(f"{log}.1.gz", "wb") as packed:
        packed.write(Path(f"{log}.1").read_bytes()[:-3])
    append(log, "behind")
    assert lines(look(log, since=at)) == ["before", "behind"]


def test_a_packed_file_that_is_broken_is_not_the_end_of_a_log(log: Path) -> None:
    at = mark(log)
    append(log, *(f"line {number} {hash(number * 7919)}" for number in range(5000)))
    by_number_packed(log)
    packed = Path(f"{log}.1.gz")
    packed.write_bytes(packed.read_bytes()[:-2000])
    append(log, "behind")
    outcome = look(log, since=at)
    assert outcome.status is Status.FAILED
    assert "cannot be read" in outcome.message
    assert "unexpected end of file" in outcome.message


def test_a_truncated_log_is_read_whole_and_says_that_lines_are_lost(log: Path) -> None:
    for start in (OLD, BANNER + OLD):
        log.write_text(start)
        at = mark(log)
        os.truncate(log, 0)
        append(log, start.replace("2020", "2021").rstrip("\n"), "new", *["line"] * 500)
        outcome = look(log, since=at, pattern="new|ERROR")
        assert (lines(outcome), outcome.data["complete"]) == (["new"], False)
        assert "gone" in outcome.message


def test_no_more_than_some_generations_are_unpacked(log: Path) -> None:
    for number in range(30):
        append(aged_file := Path(f"{log}.{number + 2}"), f"old {number}")
        aged(aged_file, 1000 + number)
    at = mark(log)
    append(log, "before")
    by_number(log)
    assert len(at["previous"]) == rotated_files.GENERATIONS
    assert lines(look(log, since=at)) == ["before"]


def test_a_folder_that_may_not_be_entered_is_not_an_absent_file(tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root, and setpriv from: apt-get install util-linux")
    nobody = FarHost(by="setpriv --reuid=65534 --regid=65534 --clear-groups sh -c")
    folder = Path("/tmp") / f"runbook-closed-{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        (folder / "app.log").write_text("x\n")
        outcome = run_step(kind, {"file": str(folder / "app.log")}, nobody)
        assert outcome.message.endswith("cannot be read: permission denied")
        folder.chmod(0o755)
        (folder / "app.log").chmod(0o600)
        for step in (kind, mark_kind):
            args = {"file": str(folder / "app.log")}
            outcome = run_step(step, args if step is kind else {"log": args}, nobody)
            assert outcome.message.endswith("cannot be read: permission denied")
    finally:
        shutil.rmtree(folder)


# --- since a moment --------------------------------------------------------------------------------------------


def ago(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() - seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("names", [(".2", ".1"), (".2.gz", ".1"), ("-20261123.gz", "-20261124.gz")])
def test_all_generations_of_that_time_are_read(log: Path, names: tuple[str, str]) -> None:
    for name, age in zip((".9", *names), (5000, 500, 300), strict=True):
        older = Path(f"{log}{name.removesuffix('.gz')}")
        append(older, f"{ago(age + 400)} from before", f"{ago(age)} {age}")
        aged(older, age)
        if name.endswith(".gz"):
            pack(older)
    log.write_text(f"{ago(100)} 100\n")
    assert [line.split()[-1] for line in lines(look(log, since="10m"))] == ["500", "300", "100"]
    log.write_text("")
    assert [line.split()[-1] for line in lines(look(log, since="10m"))] == ["500", "300"]
    log.unlink()
    assert [line.split()[-1] for line in lines(look(log, since="10m"))] == ["500", "300"]


HERE = Clock(datetime(2026, 11, 24, 2, 0, tzinfo=UTC).timestamp(), timezone(timedelta(hours=3)))


@pytest.mark.parametrize(
    "line",
    [
        "ERROR 2026-11-24 04:02:03 x",
        "[error] [2026-11-24 04:02:03] x",
        "INFO:     2026-11-24 04:02:03 x",
        '{"level":"error","time":"2026-11-24T01:02:03Z","msg":"x"}',
        '{"ts": "2026-11-24T01:02:03.000+00:00"}',
        '{"@timestamp":"2026-11-24T04:02:03+03:00", "a": {"time": "2020-01-01T00:00:00Z"}}',
        '{"level":"error","ts":1795482123.0,"msg":"x"}',
        '{"level":50,"time":1795482123000,"msg":"x"}',
        '10.0.0.1 - olga [24/Nov/2026:01:02:03 +0000] "GET /x HTTP/1.1" 500 7',
        "<13>Nov 24 04:02:03 host app: x",
    ],
)
def test_where_lines_have_their_time(line: str) -> None:
    found = stamp(line, HERE)
    assert found is not None
    assert found.at == datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "line",
    [
        "ValueError: 2026-11-24 04:02:03 is in the past",
        "deadline 2026-11-24 04:02:03",
        '  "time": "2026-11-24T01:02:03Z"',
        '{"count": 1795482123}',
        '{"time": 17954821}',
    ],
)
def test_a_time_that_a_line_speaks_of_is_not_its_own(line: str) -> None:
    assert stamp(line, HERE) is None


@pytest.mark.parametrize(
    ("last", "hours"),
    [
        ("2026-11-24 04:58:00 by the host's clock", 3),
        ("2026-11-24 01:58:00 in UTC", 0),
        ("2026-11-24T01:58:00Z says its zone", 3),
        ("2026-11-23 20:00:00 in neither", 3),
        ("no time", 3),
    ],
)
def test_lines_without_a_zone_are_in_that_of_the_host_or_in_utc(last: str, hours: int) -> None:
    lines_ = ["2026-11-24 00:00:00 first", last, "  a line that belongs to it"]
    clock = in_zone(lines_, HERE.now - 60, HERE)
    if last == "no time":  # the first is the last with one: five hours old by the host's clock, two by UTC
        assert clock == HERE
    assert clock.zone.utcoffset(None) == timedelta(hours=hours)


def test_an_application_in_utc_on_a_host_in_another_zone(log: Path) -> None:
    def plain(seconds: float) -> str:
        return ago(seconds).replace("T", " ").removesuffix("Z")

    log.write_text(f"{plain(9000)} older\n{plain(5000)} ERROR\n{plain(5)} newest\n")
    context = step_context(environment={"TZ": "Asia/Tokyo"})
    outcome = run_step(kind, {"file": str(log), "since": "2h"}, context=context)
    assert [line.split()[-1] for line in lines(outcome)] == ["ERROR", "newest"]


# --- state -----------------------------------------------------------------------------------------------------


def test_the_state_judges_what_was_found(log: Path) -> None:
    assert look(log, pattern="old", state="present").status is Status.PASSED
    assert look(log, pattern="ERROR", state="absent").status is Status.PASSED
    outcome = look(log, pattern="old", state="absent")
    assert (outcome.status, outcome.data["count"], outcome.data["matched"]) == (Status.FAILED, 1, True)
    assert outcome.message == "1 of 1 lines: there should be none that matches"
    assert outcome.evidence[0].text == OLD.rstrip("\n")
    outcome = look(log, pattern="ERROR", state="present")
    assert (outcome.status, outcome.data["matched"]) == (Status.FAILED, False)
    assert problems(kind, {"file": "x", "state": "gone"})
    assert kind.plan({"file": "x", "state": "absent"}).endswith("must be absent")


def test_none_cannot_be_said_of_a_log_that_lost_lines(log: Path) -> None:
    at = mark(log)
    os.truncate(log, 0)
    outcome = look(log, since=at, pattern="ERROR", state="absent")
    assert outcome.status is Status.FAILED
    assert outcome.message.endswith("whether none matched cannot be known")


def test_a_line_without_end_does_not_fill_the_report(log: Path) -> None:
    log.write_text("x" * 100_000)
    assert len(lines(look(log))[0]) == kind.MAX_WIDTH
