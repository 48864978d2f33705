"""Cron expressions: what they mean, and what systemd makes of them."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.schedules.cron import parse, to_calendar
from tests.lab.tools import require


@pytest.mark.parametrize(
    ("text", "calendar"),
    [
        ("*/15 * * * *", ("*-*-* *:00,15,30,45:00",)),
        ("0 6 * * 1-5", ("Mon,Tue,Wed,Thu,Fri *-*-* 06:00:00",)),
        ("30 2 1,15 jan-mar *", ("*-01,02,03-01,15 02:30:00",)),
        ("0 0 13 * fri", ("*-*-13 00:00:00", "Fri *-*-* 00:00:00")),
        ("5/20 0 * * 7", ("Sun *-*-* 00:05,25,45:00",)),
        ("@daily", ("*-*-* 00:00:00",)),
        ("0 0 */10 jul mon", ("Mon *-07-01,11,21,31 00:00:00",)),
        ("0 0 1 * */3", ("Sun,Wed,Sat *-*-01 00:00:00",)),
    ],
)
def test_as_systemd_has_it(text: str, calendar: tuple[str, ...]) -> None:
    assert to_calendar(parse(text)) == calendar


def test_with_a_time_zone() -> None:
    assert to_calendar(parse("0 6 * * *"), "Europe/Berlin") == ("*-*-* 06:00:00 Europe/Berlin",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no cron expression"),
        ("* * * *", "no cron expression"),
        ("60 * * * *", "minute: '60' is not a number from 0 to 59"),
        ("* 5-2 * * *", "hour: '5-2' is neither a range such as 1-5"),
        ("* * 0 * *", "day of the month"),
        ("* * * foo *", "month: 'foo' is not a number from 1 to 12, or jan"),
        ("1,*/0 * * * *", "minute: '*/0' is neither a range such as 1-5 nor a step"),
        ("1,,2 * * * *", "minute: ''"),
        ("@reboot", "no cron expression"),
        ("0 0 L * *", "day of the month: 'L' is not a number from 1 to 31"),
        ("0 0 * * 5L", "day of the week: '5L'"),
        ("0 0 * * 1#2", "day of the week: '1#2'"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 * * * 0", "no cron expression"),
    ],
)
def test_what_means_nothing_is_told(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parse(text)


def fields(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    step = st.integers(1, high).map(lambda n: f"*/{n}")
    return st.one_of(
        st.just("*"), st.lists(st.one_of(number.map(str), span), min_size=1, max_size=3).map(",".join), step
    )


expressions = st.tuples(fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 7)).map(" ".join)


@settings(max_examples=25, deadline=None)
@given(expressions)
def test_systemd_means_the_same_times(text: str) -> None:
    analyze = require("systemd-analyze", "apt-get install systemd")
    cron, start = parse(text), datetime(2026, 2, 27, 22, 58)
    nexts = []
    for value in to_calendar(cron):
        words = [analyze, "calendar", f"--base-time={start:%Y-%m-%d %H:%M:%S}", value]
        done = subprocess.run(words, capture_output=True, text=True, env={"TZ": "UTC", "LC_ALL": "C"}, timeout=20)
        assert done.returncode == 0, done.stderr
        (line,) = [line for line in done.stdout.splitlines() if "Next elapse:" in line]
        nexts.append(datetime.strptime(line.split(": ", 1)[1].split(" ", 1)[1], "%Y-%m-%d %H:%M:%S UTC"))

    assert min(nexts) == next(CronSim(text, start))
