"""Kinds of steps on hosts over SSH: behind a jump host, in a network of its own; and by sudo with a password."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.control.wait as wait
import runbook.steps.files.copy as copy_kind
import runbook.steps.files.edit as edit
import runbook.steps.files.file as file
import runbook.steps.logs.log as log
import runbook.steps.logs.mark as mark
import runbook.steps.processes.port as port
import runbook.steps.processes.process as process
import runbook.steps.processes.service as service
import runbook.steps.requests.http as http
import runbook.steps.requests.sql as sql
from runbook.runs.events import Outcome, Status
from runbook.steps.base import Context
from runbook.transports.base import Become
from runbook.transports.local.transport import LocalTransport
from runbook.transports.ssh.transport import SshTransport
from tests.integration.served import WEB, led_to, serving
from tests.lab.jump import Jump
from tests.lab.postgres import Database
from tests.lab.sshd import Sshd
from tests.lab.tools import alive
from tests.steps.support import OpenThings, make_context, run_kind
from tests.transports.ways import jump_variables, ssh, variables

pytestmark = pytest.mark.xdist_group("lab-jump")


@pytest.fixture(scope="module")
def target(jump: Jump) -> Iterator[SshTransport]:
    """The host behind the jump host: what listens on its loopback address listens there only."""
    with closing(ssh(jump_variables(jump))) as made:
        yield made


@pytest.fixture(scope="module")
def by_sudo(sshd: Sshd) -> Iterator[SshTransport]:
    """A host where the login has to give a password to sudo."""
    with closing(ssh(variables(sshd, sshd.sudo_with_password))) as made:
        yield made


@pytest.fixture(params=["behind a jump host", "by sudo"])
def context(request: pytest.FixtureRequest, sshd: Sshd) -> Iterator[Context]:
    """A step's context on either; it may do everything there."""
    transport = request.getfixturevalue("target" if request.param == "behind a jump host" else "by_sudo")
    become = Become("root", sshd.sudo_with_password.password) if request.param == "by sudo" else None
    with closing(OpenThings()) as held:
        yield make_context(transport, become=become, cache=held, timeout=30.0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Closed to everybody but root, so that only `become` leads in."""
    path = Path(tempfile.mkdtemp(prefix="rb-ssh-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def web(target: SshTransport) -> Iterator[int]:
    """The port of a web server on the target's loopback address."""
    with serving(target, WEB) as found:
        yield found


def done(outcome: Outcome, *, changed: bool = False) -> Outcome:
    assert outcome.status is (Status.CHANGED if changed else Status.PASSED), outcome.message
    return outcome


# --- the host's own network -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_http_asks_what_only_the_host_can_reach(target: SshTransport, web: int, name: str) -> None:
    context = make_context(target)
    data = done(run_kind(http, context, url=f"http://{name}:{web}/it?is=żółw")).data
    assert data["status"] == 200
    assert data["json"]["client"] == "127.0.0.1", "for the server the question comes from the host itself"
    assert data["json"]["host"] == f"{name}:{web}"
    assert data["url"].startswith(f"http://{name}:{web}/it")
    from_here = run_kind(http, context, url=f"http://{name}:{web}/", **{"from": "controller"})
    assert from_here.data["error_class"] == "unreachable"


def test_http_says_when_nothing_answers_there(target: SshTransport, web: int) -> None:
    outcome = run_kind(http, make_context(target), url="http://127.0.0.1:1/")
    assert outcome.status is Status.FAILED
    assert outcome.data["error_class"] == "unreachable"
    assert "127.0.0.1:1" in outcome.message
    missing = run_kind(http, make_context(target), url=f"http://127.0.0.1:{web}/missing")
    assert "404" in missing.message


def test_sql_asks_a_database_that_only_the_host_can_reach(
    target: SshTransport, database: Database, folder: Path
) -> None:
    """A port of the target's loopback address leads to the server; here nothing listens on it."""
    with led_to(database.port, LocalTransport(), target, folder) as there, closing(OpenThings()) as held:
        settings = {"host": "127.0.0.1", "port": there, "dbname": database.dbname}
        settings |= {"user": database.user, "password": database.password}
        context = make_context(target, database=lambda _name: settings, cache=held)
        ask = {"database": "app"}
        done(run_kind(sql, context, query="CREATE TABLE записи (id int)", changes=True, **ask), changed=True)
        first = done(run_kind(sql, context, query="SELECT pg_backend_pid() AS pid, count(*) AS n FROM записи", **ask))
        assert first.data["n"] == 0
        before = done(run_kind(mark, context, sql={"query": "SELECT count(*) AS n FROM записи", **ask})).data
        database.execute("INSERT INTO записи SELECT generate_series(1, 50000)")
        query = "SELECT pg_backend_pid() AS pid, count(*) AS n FROM записи"
        until = f"n > {before['n']} + 49999"
        done(run_kind(wait, context, sql={"query": query, "until": until, **ask}, timeout=10))
        second = done(run_kind(sql, context, query="SELECT id, pg_backend_pid() AS pid FROM записи", **ask)).data
        assert second["rowcount"] == 50_000
        assert second["rows"][0]["pid"] == first.data["pid"], "one connection serves all steps"
        elsewhere = make_context(database=lambda _name: settings, cache=OpenThings())
        assert run_kind(sql, elsewhere, query="SELECT 1", **ask).data["error_class"] == "unreachable"


def test_wait_and_port_see_what_the_host_sees(target: SshTransport, web: int, folder: Path) -> None:
    context = make_context(target)
    done(run_kind(wait, context, http={"url": f"http://localhost:{web}/", "contains": "client"}, timeout=10))
    done(run_kind(wait, context, tcp=f"localhost:{web}", timeout=10))
    done(run_kind(wait, context, command=f"test -d {folder}", timeout=10))
    done(run_kind(port, context, port=web))
    assert run_kind(port, make_context(), port=web).status is Status.FAILED
    late = run_kind(wait, context, tcp="localhost:1", timeout=0.3, every=0.1)
    assert late.status is Status.FAILED
    assert "localhost:1" in late.message


def test_wait_waits_for_what_happens_there(context: Context, folder: Path) -> None:
    later = f"nohup sh -c 'sleep 0.4; echo ready >{folder}/now' >/dev/null 2>&1 &"
    assert context.command(later).ok
    outcome = done(run_kind(wait, context, file=f"{folder}/now", timeout=10, every=0.1))
    assert outcome.data["attempts"] > 1
    done(run_kind(wait, context, log={"file": f"{folder}/now", "pattern": "^ready$"}, timeout=10))


# --- files and logs ---------------------------------------------------------------------------------------------


def test_a_file_is_put_checked_and_edited(context: Context, folder: Path) -> None:
    path = folder / "it's the config.ini"
    text = "[app]\nname = żółw\nport = 1\n"
    put = {"dest": str(path), "content": text, "mode": "0640", "owner": "nobody", "group": "daemon"}
    done(run_kind(copy_kind, context, **put), changed=True)
    done(run_kind(copy_kind, context, **put))
    seen = {"path": str(path), "contains": "name = żółw", "mode": "0640", "owner": "nobody", "group": "daemon"}
    done(run_kind(file, context, **seen))
    change = {"path": str(path), "edits": [{"replace": "port = 1", "with": "port = 2"}], "backup": True}
    outcome = done(run_kind(edit, context, **change), changed=True)
    assert path.read_text() == text.replace("port = 1", "port = 2")
    assert Path(outcome.data["backup"]).read_text() == text
    done(run_kind(edit, context, **change))
    done(run_kind(file, context, **{**seen, "contains": "port = 2"}))
    refused = run_kind(edit, context, path=str(path), edits=[{"absent": "[app]"}], validate="grep -q app] %s")
    assert refused.status is Status.FAILED
    assert "validate failed" in refused.message
    assert path.read_text().startswith("[app]")
    if context.become is not None:
        plain = make_context(context.transport)
        assert "permission denied" in run_kind(file, plain, path=str(path)).message


def test_a_log_is_read_since_a_mark_and_across_a_rotation(context: Context, folder: Path) -> None:
    path = folder / "-журнал.log"
    path.write_text("2024-01-01 00:00:00 ERROR old\n")
    before = done(run_kind(mark, context, log={"file": str(path)})).data
    since: dict[str, Any] = {"file": str(path), "since": before}
    assert done(run_kind(log, context, **since)).data["count"] == 0
    with path.open("a") as there:
        there.write("2024-01-02 00:00:00 ERROR ошибка 1\n2024-01-02 00:00:00 INFO fine\n")
    path.rename(folder / "-журнал.log.1")
    path.write_text("2024-01-03 00:00:00 ERROR ошибка 2\n")
    data = done(run_kind(log, context, pattern="ERROR", **since)).data
    assert [line.rpartition(" ")[2] for line in data["lines"]] == ["1", "2"]
    assert data["complete"]
    assert run_kind(log, context, pattern="ERROR", state="absent", **since).status is Status.FAILED
    done(run_kind(log, context, pattern="CRITICAL", state="absent", **since))
    large = "x" * 99 + "\n"
    with path.open("a") as there:
        there.writelines(large for _ in range(50_000))
    assert done(run_kind(log, context, pattern="^x", **since)).data["count"] == 50_000


# --- services ---------------------------------------------------------------------------------------------------


def test_a_service_is_started_restarted_and_outlives_the_connection(
    context: Context, folder: Path, sshd: Sshd, jump: Jump
) -> None:
    program = folder / "it.sh"
    program.write_text("echo up; while :; do sleep 0.2; done\n")
    options: dict[str, Any] = {"name": "it", "manager": "process", "pid_file": f"{folder}/it.pid"}
    options |= {"command": f"sh {program}", "settle": 0.3, "log_file": f"{folder}/it.log", "stop_timeout": 2}

    def step(on: Context, state: str, **more: Any) -> Outcome:
        return run_kind(service, on, **options, state=state, **more)

    with ExitStack() as stack:
        stack.callback(step, context, "stopped")
        with closing(ssh(variables(sshd, sshd.sudo_with_password) if context.become else jump_variables(jump))) as own:
            once = make_context(own, become=context.become)
            done(step(once, "started"), changed=True)
            first = int((folder / "it.pid").read_text())
            done(step(once, "started"))
            done(run_kind(process, once, pattern=f"^sh {program}$"))
            assert (folder / "it.log").read_text() == "up\n"
            done(step(once, "restarted", newer_than=[str(program)]), changed=True)
        second = int((folder / "it.pid").read_text())
        assert second != first
        assert not alive(first)
        os.utime(program)
        done(step(context, "running"))
        assert step(context, "running", newer_than=[str(program)]).status is Status.FAILED
        done(step(context, "stopped"), changed=True)
        assert not alive(second)
