"""The step `wait`: for things that come about while it waits, and for things that do not."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.control.wait as kind
import runbook.steps.logs.mark as mark_kind
from runbook.engine.session import OpenThings
from runbook.playbook.schema import loading
from runbook.runs.events import Status
from runbook.steps.base import Context
from runbook.testing import ScriptedHost, examples, problems, run_step, step_context
from runbook.testing.steps import nowhere
from runbook.transports.base import Stopped, Unreachable
from tests.lab.postgres import Database
from tests.lab.tools import free_port
from tests.steps.web import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    yield from serving()


@contextmanager
def meanwhile(act: Callable[[], Any]) -> Iterator[Context]:
    """A context in which `act` is done as soon as the first look has failed. Fails when there was none."""
    notes: list[str] = []

    def note(text: str) -> None:
        notes.append(text)
        if len(notes) == 1:
            act()

    yield step_context(note=note)
    assert notes, "nothing had to be waited for"
    assert all(text.startswith("waiting for ") for text in notes)


def test_a_web_page_that_comes(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "docs").write_text("swagger-ui")
    started: list[subprocess.Popen[bytes]] = []
    argv = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(tmp_path), str(port)]

    def start() -> None:
        started.append(subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    try:
        with meanwhile(start) as context:
            http = {"url": f"http://127.0.0.1:{port}/docs", "contains": "swagger-ui"}
            outcome = run_step(kind, {"http": http, "timeout": 20, "every": 0.1}, context=context)
        assert (outcome.status, outcome.message) == (Status.PASSED, "200 OK")
        assert outcome.data["attempts"] > 1
        assert outcome.data["last"] == "200 OK"
        assert 0 < outcome.data["elapsed"] < 20
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_web_page_that_does_not_come_says_what_was_seen_last(site: Site) -> None:
    outcome = run_step(kind, {"http": site.url("/status/503"), "timeout": 0.4, "every": "100ms"})
    assert outcome.status is Status.FAILED
    assert outcome.message == (f"http did not hold within 0.40 s; last seen: GET {site.url('/status/503')}: status 503")
    assert outcome.data["attempts"] >= 2
    assert outcome.data["elapsed"] >= 0.4
    assert run_step(kind, {"http": f"http://127.0.0.1:{free_port()}", "timeout": 0}).data["attempts"] == 1


def test_one_look_takes_no_longer_than_the_time_that_is_left(site: Site) -> None:
    began = time.monotonic()
    outcome = run_step(kind, {"http": {"url": site.url("/slow"), "timeout": 30}, "timeout": 1.2})
    assert time.monotonic() - began < 8
    assert "nothing within" in outcome.message
    outcome = run_step(kind, {"command": "sleep 30", "timeout": 1})
    assert time.monotonic() - began < 12
    assert "still running after" in outcome.message


def test_a_port_that_is_opened() -> None:
    port = free_port()
    opened: list[socket.socket] = []
    try:
        with meanwhile(lambda: opened.append(socket.create_server(("127.0.0.1", port)))) as context:
            outcome = run_step(kind, {"tcp": f"127.0.0.1:{port}", "timeout": 10, "every": 0.05}, context=context)
        assert (outcome.status, f"127.0.0.1:{port} is listened on" in outcome.message) == (Status.PASSED, True)
        assert run_step(kind, {"tcp": {"port": port, "host": "127.0.0.1"}}).status is Status.PASSED
    finally:
        for one in opened:
            one.close()
    gone = run_step(kind, {"tcp": {"port": port, "state": "closed"}, "timeout": 5})
    assert gone.status is Status.PASSED


@pytest.mark.parametrize("wrong", ["localhost", "localhost:http", "1:2:three"])
def test_what_is_no_port_is_said(wrong: str) -> None:
    assert "tcp needs host:port" in run_step(kind, {"tcp": wrong}).message


def test_a_file_that_comes_and_one_that_goes(tmp_path: Path) -> None:
    path = tmp_path / "готово"
    with meanwhile(lambda: path.write_text("done")) as context:
        outcome = run_step(
            kind, {"file": {"path": str(path), "contains": "done"}, "timeout": 10, "every": 0.05}, context=context
        )
    assert outcome.status is Status.PASSED
    with meanwhile(path.unlink) as context:
        outcome = run_step(
            kind, {"file": {"path": str(path), "state": "absent"}, "timeout": 10, "every": 0.05}, context=context
        )
    assert outcome.status is Status.PASSED
    assert run_step(kind, {"file": str(path), "timeout": 0}).message.endswith(f"{path} is not there")


def test_a_line_in_a_log_that_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    with meanwhile(lambda: path.write_text("ready\n")) as context:
        outcome = run_step(
            kind, {"log": {"file": str(path), "pattern": "ready"}, "timeout": 10, "every": 0.05}, context=context
        )
    assert outcome.status is Status.PASSED
    at = run_step(mark_kind, {"log": {"file": str(path)}}).data
    log = {"file": str(path), "pattern": "ready", "since": at}
    assert run_step(kind, {"log": log, "timeout": 0}).message.endswith("0 of 0 lines")


def test_a_process_that_ends() -> None:
    process = subprocess.Popen(["sleep", "61.25"])

    def end() -> None:
        process.kill()
        process.wait()

    with meanwhile(end) as context:
        waited = {"pattern": r"^sleep 61\.25$", "state": "absent"}
        assert (
            run_step(kind, {"process": waited, "timeout": 10, "every": 0.05}, context=context).status is Status.PASSED
        )
    assert run_step(kind, {"process": r"^sleep 61\.25$", "timeout": 0}).status is Status.FAILED


def test_a_query_until_something_holds_of_its_rows(database: Database) -> None:
    database.execute("CREATE TABLE jobs (done boolean)")
    cache = OpenThings()
    query = "SELECT count(*) AS done FROM jobs"

    def context_of(context: Context) -> Context:
        return step_context(databases={"app": {"dsn": database.dsn}}, cache=cache, note=context.note)

    try:
        with meanwhile(lambda: database.execute("INSERT INTO jobs VALUES (true)")) as context:
            sql = {"database": "app", "query": query, "until": "done > 0"}
            outcome = run_step(kind, {"sql": sql, "timeout": 10, "every": 0.05}, context=context_of(context))
        assert (outcome.status, outcome.message) == (Status.PASSED, "done = 1")
        with meanwhile(lambda: database.execute("DELETE FROM jobs; INSERT INTO jobs VALUES (false)")) as context:
            sql = {"query": "SELECT 1 FROM jobs WHERE NOT done"}
            assert (
                run_step(kind, {"sql": sql, "timeout": 10, "every": 0.05}, context=context_of(context)).status
                is Status.PASSED
            )
        failed = run_step(
            kind, {"sql": {"query": query, "until": "done > 5"}, "timeout": 0}, context=context_of(step_context())
        )
        assert failed.message == "sql did not hold within 0.00 s; last seen: done = 1"
        assert (
            "nope" in run_step(kind, {"sql": "SELECT nope", "timeout": 0}, context=context_of(step_context())).message
        )
    finally:
        cache.close()


def test_a_command_that_comes_to_succeed(tmp_path: Path) -> None:
    path = tmp_path / "there"
    command = f"[ -e {path} ] || {{ echo not yet >&2; exit 3; }}"
    with meanwhile(path.touch) as context:
        assert (
            run_step(kind, {"command": command, "timeout": 10, "every": 0.05}, context=context).message == "exit code 0"
        )
    path.unlink()
    assert run_step(kind, {"command": command, "timeout": 0}).data["last"] == "exit code 3: not yet"


def test_sleep_just_waits_and_is_ended_with_the_run() -> None:
    began = time.monotonic()
    assert run_step(kind, {"sleep": "200ms"}).message == "waited 0.20 s"
    assert time.monotonic() - began >= 0.2
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        run_step(kind, {"sleep": "1h"}, context=step_context(stop=stop))
    assert time.monotonic() - began < 5


def test_a_run_that_is_stopped_waits_no_longer(tmp_path: Path) -> None:
    stop = threading.Event()
    context = step_context(stop=stop, note=lambda _text: stop.set())
    with pytest.raises(Stopped):
        run_step(kind, {"file": str(tmp_path / "never"), "timeout": "1h"}, context=context)


def test_exactly_one_thing_is_waited_for() -> None:
    assert problems(kind, {"timeout": 5})[0].startswith("needs one of http, tcp, file")
    assert "here are file and sleep" in run_step(kind, {"sleep": 1, "file": "/x"}).message
    assert "is not a duration" in run_step(kind, {"sleep": "soon"}).message
    assert "is not a duration" in run_step(kind, {"file": "/x", "timeout": "soon"}).message


@pytest.mark.parametrize(
    "args",
    [
        {"http": {"contains": "x"}},
        {"http": {"url": "http://x", "unknown": 1}},
        {"tcp": {"host": "x"}},
        {"log": {"fle": "/x"}},
        {"sql": {"until": "x"}},
        {"file": {"path": "/x", "state": "gone"}},
        {"command": ["x"]},
    ],
)
def test_wrong_options_are_found_before_the_run(args: dict[str, Any]) -> None:
    assert problems(kind, args) != []


def test_options_may_be_templates_until_they_are_rendered() -> None:
    from runbook.playbook.schema_check import check

    args = {"http": {"url": "{{ app_url }}/docs", "follow": "{{ f }}"}, "timeout": "{{ start_timeout | default(60) }}"}
    assert check(loading("wait"), args, nowhere()) == []


def test_the_plan_and_the_examples() -> None:
    first, second = examples(kind)
    assert kind.plan(first["wait"]) == "http url http://localhost:8000/docs, contains swagger-ui, up to 60 s"
    assert kind.plan({"sleep": "30s", "timeout": 60}) == "sleep 30s"
    assert problems(kind, first["wait"]) == problems(kind, second["wait"]) == []
    assert kind.changes(first["wait"]) is kind.changes({"sql": "SELECT 1"}) is False
    assert kind.changes({"http": {"url": "http://x", "method": "POST"}}) is True
    assert kind.changes({"sql": {"query": "SELECT f()", "changes": True}}) is True


# --- a host that is away ------------------------------------------------------------------------------------------


def test_a_host_that_is_away_is_one_more_thing_that_does_not_hold_yet() -> None:
    host = ScriptedHost({"test -e /ready": [Unreachable("web1: no answer"), (1, ""), Unreachable("web1: broke"), ""]})
    context = step_context(host)
    outcome = run_step(kind, {"command": "test -e /ready", "timeout": 20, "every": 0}, context=context)
    assert (outcome.status, outcome.data["attempts"], outcome.data["away"]) == (Status.PASSED, 4, 2)


def test_a_host_that_stays_away_is_unreachable_when_the_time_is_over() -> None:
    host = ScriptedHost({"true": [(1, "not yet"), Unreachable("web1: no answer")]})
    outcome = run_step(kind, {"command": "true", "timeout": 0.3, "every": 0}, context=step_context(host))
    assert outcome.status is Status.UNREACHABLE
    assert outcome.message == "command did not hold within 0.30 s; last seen: web1: no answer"
    assert outcome.data["away"] == outcome.data["attempts"] - 1


def test_a_host_that_came_back_and_is_not_ready_has_failed() -> None:
    host = ScriptedHost({"true": [Unreachable("web1: no answer"), (1, "not yet")]})
    outcome = run_step(kind, {"command": "true", "timeout": 0.3, "every": 0}, context=step_context(host))
    assert (outcome.status, outcome.data["away"]) == (Status.FAILED, 1)
    assert outcome.message.endswith("last seen: exit code 1: not yet")
