"""The live console and the plain lines: what is shown, that it fits, and that nothing from a host drives a terminal."""

from __future__ import annotations

import io
import os
import pty
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from runbook.documents import columns, wrap
from runbook.documents.harmless import clean
from runbook.documents.model import Table
from runbook.reports.console.plain import Plain
from runbook.reports.console.progress_view import View
from runbook.reports.console.terminal import Console, choose
from runbook.runs.events import Event, Role, StepProgress, StepStarted
from runbook.runs.record import fold
from runbook.testing.processes import wait_until
from runbook.testing.run_events import NOON, EventWriter, outcome
from tests.reports import sample
from tests.reports.golden import shown, watch

EVIL = "\x1b[2J\x1b]0;title\x07[red]not markup[/red] :smile: \x9b31m\u202egnp.exe\r50%\ud800"


def _plain(events: list[Event], verbosity: int = 0, diff: bool = False) -> str:
    stream = io.StringIO()
    view = Plain(stream, verbosity=verbosity, diff=diff, still=0)
    watch(view, events)
    view.close()
    return stream.getvalue()


def _console(events: list[Event], verbosity: int = 0, width: int = 80) -> str:
    stream = io.StringIO()
    view = Console(stream, verbosity=verbosity, width=width)
    watch(view, events)
    view.close()
    return stream.getvalue()


class Terminal:
    """A pseudo terminal: what is written to `stream` can be read as `text`."""

    def __init__(self) -> None:
        leader, follower = pty.openpty()
        os.set_blocking(leader, False)
        self._leader = leader
        self._seen = b""
        self.stream: TextIO = os.fdopen(follower, "w", encoding="utf-8")

    @property
    def text(self) -> str:
        try:
            while part := os.read(self._leader, 65536):
                self._seen += part
        except (BlockingIOError, OSError):
            pass
        return self._seen.decode("utf-8", "replace")

    def close(self) -> None:
        self.stream.close()
        os.close(self._leader)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "80"), ("LINES", "40")):
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    made = Terminal()
    yield made
    made.close()


@contextmanager
def _open(view: View) -> Iterator[View]:
    try:
        yield view
    finally:
        view.close()


# --- it fits, and is harmless ----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [30, 44, 80, 132])
@pytest.mark.parametrize("verbosity", [-1, 0, 2])
def test_every_line_fits_the_terminal(width: int, verbosity: int) -> None:
    text = shown(lambda stream: Console(stream, width=width, verbosity=verbosity, diff=True))
    assert max(map(cell_len, text.splitlines())) <= width


def test_wide_characters_keep_the_columns() -> None:
    log = EventWriter(("主机", "web2"), playbook="恢复日志" * 20)
    with log.stage("1", "阶段" * 40):
        for host in ("主机", "web2"):
            with log.on(host, "1", "阶段"):
                log.step(host, "1.1", "检查文件是否存在于服务器上" * 5, "shell", outcome("passed"))
                log.step(host, "1.2", "短", "shell", outcome("passed"))
    lines = _console(log.end()).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert {
        cell_len(line[: line.index("passed")]) for line in lines if line.startswith("✓ 1.2") and "passed" in line
    } == {59}


def test_nothing_from_a_host_drives_the_terminal_or_is_read_as_markup() -> None:
    log = EventWriter(("web1", EVIL), playbook=EVIL, labels={EVIL: EVIL})
    with log.stage("1", EVIL), log.on(EVIL, "1", EVIL, outcome=outcome("failed")):
        log.say(EVIL, "1.1", EVIL, "stdout")
        failed = outcome("failed", EVIL, diff=EVIL, data={"stdout": EVIL})
        log.step(EVIL, "1.1", EVIL, "shell", failed, action=EVIL, causes=(EVIL,), excerpt=EVIL, place=EVIL)
    events = log.end()
    for text in (_console(events, 2), _plain(events, 2)):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800]", text)
        assert "[red]not markup[/red] :smile:" in text


@given(st.text(alphabet=st.characters()), st.integers(min_value=8, max_value=40))
def test_folding_keeps_every_word_and_the_width(text: str, width: int) -> None:
    cleaned = clean(text).expandtabs(4)
    for folding in (wrap.folded, wrap.chopped):
        lines = folding(cleaned, width)
        assert all(cell_len(line) <= width for line in lines)
        assert "".join("".join(lines).split()) == "".join(cleaned.split())
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", cleaned)


@pytest.mark.parametrize("width", [-3, 0, 1, 2, 3])
def test_no_width_is_too_narrow_to_fold_a_text(width: int) -> None:
    for text in ("hello", "• bullet", " " * 9 + "deep", "漢字"):
        for folding in (wrap.folded, wrap.chopped):
            assert "".join("".join(folding(text, width)).split()) == "".join(text.split())


@given(st.lists(st.lists(st.text(max_size=30), min_size=3, max_size=3), max_size=4), st.integers(10, 60))
def test_tables_fit_whatever_they_hold(rows: list[list[str]], width: int) -> None:
    table = Table(("id", "name", "a long column name"), tuple(map(tuple, rows)), len(rows))
    assert all(cell_len(line) <= width for line in columns.lines(table, 10, width))


def test_colours_of_a_command_are_dropped_and_other_control_characters_shown() -> None:
    assert clean("\x1b[1;31mred\x1b[0m\r\nnext\x07\tä 漢 \xa0x") == "red\nnext␇\tä 漢 \xa0x"
    assert clean("\x1b]8;;http://x\x07link\x1b]8;;\x07") == "link"
    assert clean("a\x1bz") == "a␛z"


# --- what is shown ---------------------------------------------------------------------------------------------


def test_skipped_steps_are_counted_and_shown_only_when_asked_for() -> None:
    assert "– 2 skipped" in _console(sample.events())
    assert "Отправить отчёт" not in _console(sample.events())
    assert "when: send_report" in _console(sample.events(), 1)


def test_commands_and_their_output_are_shown_as_they_come_with_v() -> None:
    log = EventWriter()
    build = log.holding("web1", "1.1", "Build", "shell", "1", action="make all")
    with log.stage("1", "One"), log.on("web1", "1", "One"), build:
        log.say("web1", "1.1", "compiling\nlinking", "stdout")
    events = log.end()
    assert "make all" not in _console(events)
    assert "compiling" not in _console(events)
    verbose = _console(events, 1)
    assert (
        verbose.index("$ make all") < verbose.index("│ compiling") < verbose.index("│ linking") < verbose.index("✓ 1.1")
    )
    assert "    [1.1] web1 | linking" in _plain(events, 1)


def test_quiet_tells_failures_and_the_end_alone() -> None:
    lines = _plain(sample.events(), -1).splitlines()
    heads = [line for line in lines if line.startswith("[")]
    assert [head.split(" ")[0:3] for head in heads] == [
        ["[2.3.2]", "web1", "failed"],
        ["[2.3]", "web1", "remediated"],
        ["[2.1]", "web2", "unreachable"],
        ["[5.4]", "web1", "failed"],
    ]
    assert lines[-1].startswith("       6.3 s")


def test_a_long_diff_is_cut_and_only_shown_for_repairs_or_when_asked_for() -> None:
    diff = "".join(f"+line {number}\n" for number in range(100))
    for role, asked, seen in ((Role.REMEDIATE, False, True), (Role.STEP, False, False), (Role.STEP, True, True)):
        log = EventWriter()
        with log.stage("1", "One"), log.on("web1", "1", "One"):
            log.step("web1", "1.1", "Edit", "edit", outcome("changed", diff=diff), role=role, parent="1")
        text = _plain(log.end(), diff=asked)
        assert ("+line 39" in text) is seen
        assert "+line 40" not in text
        assert ("… 60 more lines" in text) is seen


def test_a_block_does_not_repeat_what_its_step_said() -> None:
    log = EventWriter()
    failed = outcome("failed", "no such thing")
    block = log.holding("web1", "1.1", "Block", "block", "1", outcome=failed, place="p:1:1")
    with log.stage("1", "One"), log.on("web1", "1", "One", outcome=failed), block:
        log.step("web1", "1.1.1", "Look", "shell", failed)
    text = _plain(log.end())
    assert text.count("no such thing") == 1
    assert text.count("p:1:1") == 0


def test_a_stage_that_failed_by_itself_has_a_line() -> None:
    log = EventWriter()
    with log.stage("1", "One"), log.on("web1", "1", "One", outcome=outcome("waiting", "Go on? – waits for an answer")):
        pass
    assert "[1] web1 waiting One (0.00 s)\n    Go on? – waits for an answer" in _plain(log.end())


def test_of_very_many_hosts_the_end_names_those_that_need_attention() -> None:
    hosts = tuple(f"web{number}" for number in range(100))
    log = EventWriter(hosts)
    with log.stage("1", "One"):
        for host in hosts:
            bad = host in ("web7", "web70")
            with log.on(host, "1", "One", outcome=outcome("failed" if bad else "passed")):
                log.step(
                    host, "1.1", "Look", "shell", outcome("failed" if bad else "passed", "no"), causes=("gone",) * bad
                )
    end = _plain(log.end(), -1).partition("FAILED")[2]
    assert re.findall(r"✗ (web\d+) ", end) == ["web7", "web70"]
    assert "… and 98 more hosts" in end
    assert "• gone (step 1.1 on web7, web70)" in end


def test_every_plain_line_of_a_step_says_which_step_and_host() -> None:
    text = _plain(sample.events())
    assert "[2.1] web2 unreachable Последние записи usage_records (10.0 s)\n" in text
    for line in text.partition("FAILED")[0].splitlines()[3:-2]:
        assert re.match(r"\[\d[\d.adfr]*\] |    ", line), line


# --- the terminal ----------------------------------------------------------------------------------------------


def test_what_is_running_is_named_with_its_host_and_its_time(terminal: Terminal) -> None:
    with _open(choose(terminal.stream)) as view:
        for event in EventWriter(("web1", "web2")).events:
            view.handle(event)
        view.handle(StepStarted(time.time() - 95, "web2", "1.1", "Hang", "shell", "1"))
        view.handle(StepProgress(time.time(), "web2", "1.1", "stdout", "still [bold]waiting\x1b[2J\n"))
        wait_until(
            lambda: re.search(r"1\.1  .*web2.*Hang.*1 min 3\d s.*still \[bold\]waiting", terminal.text), "it is named"
        )
    assert "\x1b[2J" not in terminal.text


def test_the_longest_running_of_many_are_named_and_the_rest_counted() -> None:
    from runbook.reports.console.running import MOST, Running

    view = Console(io.StringIO(), width=80)
    for event in EventWriter(("a", "b")).events:
        view.handle(event)
    for number in range(20):
        view.handle(StepStarted(NOON - number, "a", f"1.{number}", f"Step {number}", "shell", "1"))
    view.handle(StepStarted(NOON, "a", "1.19.f1.1", "Repair", "edit", "1.19"))
    lines = [line.plain for line in Running(view).lines(NOON + 60)]
    assert len(lines) == MOST + 1
    assert "Step 18" in lines[0], "1.19 is not named: what is repairing it is"
    assert lines[-1] == "  … and 14 more running"


def test_while_a_person_is_asked_nothing_is_written(terminal: Terminal) -> None:
    log = EventWriter()
    with log.stage("1", "One"), log.on("web1", "1", "One"):
        log.step("web1", "1.1", "Look", "shell", outcome("passed"))
    events = log.end()
    with _open(choose(terminal.stream)) as view:
        with view.suspended():
            before = terminal.text
            teller = threading.Thread(target=lambda: [view.handle(event) for event in events])
            teller.start()
            teller.join(10)
            assert not teller.is_alive(), "events do not wait for the answer"
            assert terminal.text == before
        view.show_run(fold(events))
        assert "PASSED" in terminal.text
        assert "1.1" in terminal.text


def test_events_that_waited_for_an_answer_that_never_came_are_shown_at_the_end() -> None:
    stream = io.StringIO()
    view = Plain(stream, still=0)
    asked = view.suspended()
    asked.__enter__()
    events = sample.events()
    for event in events:
        view.handle(event)
    assert stream.getvalue() == ""
    view.show_run(fold(events))
    view.close()
    assert "FAILED" in stream.getvalue()


def test_the_terminal_is_left_as_it_was_found(terminal: Terminal) -> None:
    with _open(choose(terminal.stream)) as view:
        watch(view, sample.events())
    assert terminal.text.count("\x1b[?25l") == terminal.text.count("\x1b[?25h") > 0


@pytest.mark.parametrize(
    ("variable", "color", "colored"), [("", None, True), ("1", None, False), ("1", True, True), ("", False, False)]
)
def test_colour_is_for_those_who_want_it(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, variable: str, color: bool | None, colored: bool
) -> None:
    if variable:
        monkeypatch.setenv("NO_COLOR", variable)
    with _open(choose(terminal.stream, color=color)) as view:
        watch(view, sample.events())
    assert bool(re.search(r"\x1b\[[\d;]*3\d", terminal.text)) is colored
    assert "✗" in terminal.text


def test_a_file_gets_plain_lines_and_colours_only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert isinstance(choose(io.StringIO()), Plain)
    stream = io.StringIO()
    with _open(choose(stream, color=True, width=80)) as view:
        watch(view, sample.events())
    assert "\x1b[32m" in stream.getvalue()
    assert "\x1b[?25l" not in stream.getvalue()


def test_a_dumb_terminal_gets_plain_lines(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(choose(terminal.stream), Plain)


def test_a_stream_that_cannot_write_every_character_ends_no_run() -> None:
    raw = io.BytesIO()
    with _open(choose(io.TextIOWrapper(raw, encoding="ascii"))) as view:
        watch(view, sample.events())
    assert b"[5.4] web1 failed" in raw.getvalue()


def test_in_a_log_a_step_that_does_not_end_is_named_again_and_again() -> None:
    stream = io.StringIO()
    with _open(Plain(stream, still=0.2)) as view:
        for event in EventWriter().events:
            view.handle(event)
        view.handle(StepStarted(time.time() - 61, "web1", "1.1", "Hang", "shell", "1"))
        view.handle(StepProgress(time.time(), "web1", "1.1", "note", "waiting for port 80"))
        wait_until(lambda: stream.getvalue().count("[1.1] web1 running Hang (1 min ") >= 2, "it is named twice")
    assert "): waiting for port 80\n" in stream.getvalue()
