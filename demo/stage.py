"""The work folder of the demo with everything in it that has to be started, stopped and cleaned up."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

from .bot import BotGeneric, clean_environment
from .postgres import EmbeddedPostgres, ExternalPostgres, Server, remove_embedded
from .processes import DemoError, end, free_port

DBNAME = "bot_generic_demo"


class Demo:
    """A database and the bot-generic application with its fault, in a folder of their own.

    `with Demo(folder) as demo:` starts both; leaving stops both, whatever was restarted in between. `database_url`
    names a server to use instead of an embedded one. `start_app=False` leaves the start to whoever manages it.
    What a killed run left in the folder is ended and removed first. Raises DemoError with a sentence.
    """

    def __init__(self, folder: Path, database_url: str = "", dbname: str = DBNAME, *, start_app: bool = True) -> None:
        self.folder = folder.resolve()
        self.dbname = dbname
        self.start_app = start_app
        self._given_url = database_url
        self._server: Server | None = None
        self._app: BotGeneric | None = None
        self._lock: IO[str] | None = None

    @property
    def started(self) -> bool:
        """Is there something to stop?"""
        return self._app is not None

    @property
    def server(self) -> Server:
        """The database server; `stop()` and `start()` keep its data and port."""
        if self._server is None:
            raise DemoError("the demo was not started")
        return self._server

    @property
    def app(self) -> BotGeneric:
        """The application; its `port`, `url`, `log_file`, `pid_file`, `start()`, `stop()`, `request()` …"""
        if self._app is None:
            raise DemoError("the demo was not started")
        return self._app

    @property
    def app_dir(self) -> Path:
        return self.folder / "bot_generic"

    @property
    def app_port(self) -> int:
        return self.app.port

    @property
    def database_url(self) -> str:
        return self.server.connection.url

    @property
    def pid_file(self) -> Path:
        return self.folder / "run" / "bot-generic.pid"

    @property
    def variables(self) -> dict[str, str]:
        """What `inventories/demo.yml` reads from the environment."""
        where, app = self.server.connection, self.app
        return {
            "DEMO_DIR": str(self.folder),
            "DEMO_APP_DIR": str(app.folder),
            "DEMO_APP_PORT": str(app.port),
            "DEMO_APP_URL": app.url,
            "DEMO_PID_FILE": str(app.pid_file),
            "DEMO_LOG_FILE": str(app.log_file),
            "DEMO_PYTHON": app.command[0],
            "DEMO_DB_HOST": where.host,
            "DEMO_DB_PORT": str(where.port),
            "DEMO_DB_NAME": where.dbname,
            "DEMO_DB_USER": where.user,
            "DEMO_DB_PASSWORD": where.password,
        }

    def environment(self) -> Mapping[str, str]:
        """For a run of the playbook: this process's, without what would change the application, with `variables`."""
        return {"RUNBOOK_STATE_DIR": str(self.folder / "state"), **clean_environment(), **self.variables}

    def __enter__(self) -> Demo:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Cleans up after an earlier run, then starts the database and the application."""
        self._hold_the_folder()
        self._heal()
        self._app = BotGeneric(self.app_dir, free_port(), self.pid_file)
        self._server = self._choose_server()
        self._remember()
        self._server.start()
        self._app.install(self._server.connection)
        if self.start_app:
            self._app.start()

    def stop(self) -> list[int]:
        """Stops everything. Gives the processes that would not end: none, but for a fault of the system."""
        left: list[int] = []
        if self._app is not None:
            self._app.stop()
            left += self._app.leftovers()
        if self._server is not None:
            self._server.remove()
            left += self._server.leftovers()
        if self._lock is not None:
            if not left:
                self._state.unlink(missing_ok=True)
            self._lock.close()
        self._app = self._server = self._lock = None
        return left

    def _choose_server(self) -> Server:
        if self._given_url:
            return ExternalPostgres(self._given_url, self.dbname)
        return EmbeddedPostgres(self.folder / "postgres", self.dbname)

    @property
    def _state(self) -> Path:
        return self.folder / "run" / "state.json"

    def _hold_the_folder(self) -> None:
        """Two demos in one folder would end each other's processes."""
        (self.folder / "run").mkdir(parents=True, exist_ok=True)
        lock = (self.folder / "run" / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise DemoError(f"another demo is running in {self.folder}: wait for it, or end it") from None
        self._lock = lock

    def _remember(self) -> None:
        """For the next run, should this one be killed."""
        home = str(self._server.home) if isinstance(self._server, EmbeddedPostgres) else None
        self._state.write_text(json.dumps({"port": self.app_port, "home": home, "uid": os.geteuid()}))

    def _heal(self) -> None:
        try:
            state = json.loads(self._state.read_text())
            port, home = int(state["port"]), state["home"]
        except (OSError, ValueError, KeyError, TypeError):
            port, home = 0, None
        end(BotGeneric(self.app_dir, port, self.pid_file).leftovers)
        if home is not None:
            remove_embedded(Path(home))
        self.pid_file.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)
        shutil.rmtree(self.folder / "postgres", ignore_errors=True)
