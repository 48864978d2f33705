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
from runbook.engine.session import OpenThings
from runbook.runs.events import Outcome, Status
from runbook.steps.base import Context
from runbook.testing import run_step, step_context
from runbook.testing.processes import alive
from runbook.transports.base import Become
from runbook.transports.local.transport import LocalTransport
from runbook.transports.ssh.transport import SshTransport
from tests.integration.served import WEB, led_to, serving
from tests.lab.jump import Jump
from tests.lab.postgres import Database
from tests.lab.sshd import Sshd
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
        yield step_context(transport, become=become, cache=held, timeout=30.0)


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
    context = step_context(target)
    data = done(run_step(http, {"url": f"http://{name}:{web}/it?is=żółw"}, context=context)).data
    assert data["status"] == 200
    assert data["json"]["client"] == "127.0.0.1", "for the server the question comes from the host itself"
    assert data["json"]["host"] == f"{name}:{web}"
    assert data["url"].startswith(f"http://{name}:{web}/it")
    from_here = run_step(http, {"url": f"http://{name}:{web}/", "from": "controller"}, context=context)
    assert from_here.data["error_class"] == "unreachable"


def test_http_says_when_nothing_answers_there(target: SshTransport, web: int) -> None:
    outcome = run_step(http, {"url": "http://127.0.0.1:1/"}, target)
    assert outcome.status is Status.FAILED
    assert outcome.data["error_class"] == "unreachable"
    assert "127.0.0.1:1" in outcome.message
    missing = run_step(http, {"url": f"http://127.0.0.1:{web}/missing"}, target)
    assert "404" in missing.message


def test_sql_asks_a_database_that_only_the_host_can_reach(
    target: SshTransport, database: Database, folder: Path
) -> None:
    """A port of the target's loopback address leads to the server; here nothing listens on it."""
    with led_to(database.port, LocalTransport(), target, folder) as there, closing(OpenThings()) as held:
        settings = {"host": "127.0.0.1", "port": there, "dbname": database.dbname}
        settings |= {"user": database.user, "password": database.password}
        context = step_context(target, databases={"app": settings}, cache=held)
        ask = {"database": "app"}
        done(
            run_step(sql, {"query": "CREATE TABLE записи (id int)", "changes": True, **ask}, context=context),
            changed=True,
        )
        first = done(
            run_step(
                sql, {"query": "SELECT pg_backend_pid() AS pid, count(*) AS n FROM записи", **ask}, context=context
            )
        )
        assert first.data["n"] == 0
        before = done(
            run_step(mark, {"sql": {"query": "SELECT count(*) AS n FROM записи", **ask}}, context=context)
        ).data
        database.execute("INSERT INTO записи SELECT generate_series(1, 50000)")
        query = "SELECT pg_backend_pid() AS pid, count(*) AS n FROM записи"
        until = f"n > {before['n']} + 49999"
        done(run_step(wait, {"sql": {"query": query, "until": until, **ask}, "timeout": 10}, context=context))
        second = done(
            run_step(sql, {"query": "SELECT id, pg_backend_pid() AS pid FROM записи", **ask}, context=context)
        ).data
        assert second["rowcount"] == 50_000
        assert second["rows"][0]["pid"] == first.data["pid"], "one connection serves all steps"
        elsewhere = step_context(databases={"app": settings}, cache=OpenThings())
        assert run_step(sql, {"query": "SELECT 1", **ask}, context=elsewhere).data["error_class"] == "unreachable"


def test_wait_and_port_see_what_the_host_sees(target: SshTransport, web: int, folder: Path) -> None:
    context = step_context(target)
    done(
        run_step(
            wait, {"http": {"url": f"http://localhost:{web}/", "contains": "client"}, "timeout": 10}, context=context
        )
    )
    done(run_step(wait, {"tcp": f"localhost:{web}", "timeout": 10}, context=context))
    done(run_step(wait, {"command": f"test -d {folder}", "timeout": 10}, context=context))
    done(run_step(port, {"port": web}, context=context))
    assert run_step(port, {"port": web}).status is Status.FAILED
    late = run_step(wait, {"tcp": "localhost:1", "timeout": 0.3, "every": 0.1}, context=context)
    assert late.status is Status.FAILED
    assert "localhost:1" in late.message


def test_wait_waits_for_what_happens_there(context: Context, folder: Path) -> None:
    later = f"nohup sh -c 'sleep 0.4; echo ready >{folder}/now' >/dev/null 2>&1 &"
    assert context.command(later).ok
    outcome = done(run_step(wait, {"file": f"{folder}/now", "timeout": 10, "every": 0.1}, context=context))
    assert outcome.data["attempts"] > 1
    done(run_step(wait, {"log": {"file": f"{folder}/now", "pattern": "^ready$"}, "timeout": 10}, context=context))


# --- files and logs ---------------------------------------------------------------------------------------------


def test_a_file_is_put_checked_and_edited(context: Context, folder: Path) -> None:
    path = folder / "it's the config.ini"
    text = "[app]\nname = żółw\nport = 1\n"
    put = {"dest": str(path), "content": text, "mode": "0640", "owner": "nobody", "group": "daemon"}
    done(run_step(copy_kind, put, context=context), changed=True)
    done(run_step(copy_kind, put, context=context))
    seen = {"path": str(path), "contains": "name = żółw", "mode": "0640", "owner": "nobody", "group": "daemon"}
    done(run_step(file, seen, context=context))
    change = {"path": str(path), "edits": [{"replace": "port = 1", "with": "port = 2"}], "backup": True}
    outcome = done(run_step(edit, change, context=context), changed=True)
    assert path.read_text() == text.replace("port = 1", "port = 2")
    assert Path(outcome.data["backup"]).read_text() == text
    done(run_step(edit, change, context=context))
    done(run_step(file, {**seen, "contains": "port = 2"}, context=context))
    refused = run_step(
        edit, {"path": str(path), "edits": [{"absent": "[app]"}], "validate": "grep -q app] %s"}, context=context
    )
    assert refused.status is Status.FAILED
    assert "validate failed" in refused.message
    assert path.read_text().startswith("[app]")
    if context.become is not None:
        plain = step_context(context.transport)
        assert "permission denied" in run_step(file, {"path": str(path)}, context=plain).message


def test_a_log_is_read_since_a_mark_and_across_a_rotation(context: Context, folder: Path) -> None:
    path = folder / "-журнал.log"
    path.write_text("2024-01-01 00:00:00 ERROR old\n")
    before = done(run_step(mark, {"log": {"file": str(path)}}, context=context)).data
    since: dict[str, Any] = {"file": str(path), "since": before}
    assert done(run_step(log, since, context=context)).data["count"] == 0
    with path.open("a") as there:
        there.write("2024-01-02 00:00:00 ERROR ошибка 1\n2024-01-02 00:00:00 INFO fine\n")
    path.rename(folder / "-журнал.log.1")
    path.write_text("2024-01-03 00:00:00 ERROR ошибка 2\n")
    data = done(run_step(log, {"pattern": "ERROR", **since}, context=context)).data
    assert [line.rpartition(" ")[2] for line in data["lines"]] == ["1", "2"]
    assert data["complete"]
    assert run_step(log, {"pattern": "ERROR", "state": "absent", **since}, context=context).status is Status.FAILED
    done(run_step(log, {"pattern": "CRITICAL", "state": "absent", **since}, context=context))
    large = "x" * 99 + "\n"
    with path.open("a") as there:
        there.writelines(large for _ in range(50_000))
    assert done(run_step(log, {"pattern": "^x", **since}, context=context)).data["count"] == 50_000


# --- services ---------------------------------------------------------------------------------------------------


def test_a_service_is_started_restarted_and_outlives_the_connection(
    context: Context, folder: Path, sshd: Sshd, jump: Jump
) -> None:
    program = folder / "it.sh"
    program.write_text("echo up; while :; do sleep 0.2; done\n")
    options: dict[str, Any] = {"name": "it", "manager": "process", "pid_file": f"{folder}/it.pid"}
    options |= {"command": f"sh {program}", "settle": 0.3, "log_file": f"{folder}/it.log", "stop_timeout": 2}

    def step(on: Context, state: str, **more: Any) -> Outcome:
        return run_step(service, {**options, "state": state, **more}, context=on)

    with ExitStack() as stack:
        stack.callback(step, context, "stopped")
        with closing(ssh(variables(sshd, sshd.sudo_with_password) if context.become else jump_variables(jump))) as own:
            once = step_context(own, become=context.become)
            done(step(once, "started"), changed=True)
            first = int((folder / "it.pid").read_text())
            done(step(once, "started"))
            done(run_step(process, {"pattern": f"^sh {program}$"}, context=once))
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
