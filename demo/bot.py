"""The bot-generic application of the demo: a fresh copy, its settings, its process, and requests to it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .postgres import Connection
from .processes import DemoError, answers, command_lines, end, find, tail, wait_until

SOURCE = Path(__file__).resolve().with_name("bot_generic")
APPLICATION = "app.main:app"
ENV_FILE = """\
DEBUG=true
LOG_FILE=logs/bot-generic.log
SECRET_KEY={secret}
{database}
"""
# Variables of the user's own shell that would win over the application's .env.
OF_THE_APPLICATION = (
    "DEBUG",
    "SECRET_KEY",
    "TOKEN_TTL_SECONDS",
    "LOG_FILE",
    "LOG_LEVEL",
    "DATABASE_URL",
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
    "RATE_LIMIT_PER_MINUTE",
    "RATE_LIMITER_BACKEND",
    "REDIS_URL",
)


def clean_environment() -> dict[str, str]:
    """This process's environment without the variables that bot-generic reads."""
    return {name: value for name, value in os.environ.items() if name not in OF_THE_APPLICATION}


@dataclass(frozen=True)
class Reply:
    """What the application answered; `json` is None where the body is none."""

    status: int
    text: str

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError:
            return None


@dataclass(frozen=True)
class BotGeneric:
    """The application in `folder`, on a port of 127.0.0.1. `pid_file` is the one that the playbook's manager keeps."""

    folder: Path
    port: int
    pid_file: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.folder / "logs" / "bot-generic.log"

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "uvicorn", APPLICATION, "--host", "127.0.0.1", "--port", str(self.port)]

    @property
    def pid(self) -> int | None:
        """The process in the pid file, if it runs and is an instance of the application."""
        try:
            pid = int(self.pid_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if APPLICATION in command_lines().get(pid, "") else None

    def _there(self) -> bool:
        """Is there a process with the number in the pid file, whatever it runs?"""
        try:
            os.kill(int(self.pid_file.read_text()), 0)
        except (OSError, ValueError):
            return False
        return True

    def leftovers(self) -> list[int]:
        """Its processes that run, whoever started them: the one in the pid file, and all with its port."""
        found = set(find(APPLICATION, f"--port {self.port}"))
        return sorted(found | {pid for pid in (self.pid,) if pid is not None})

    def install(self, database: Connection, secret: str = "demo") -> None:
        """Puts a fresh copy with the fault into the folder, writes `.env`, makes and fills the tables."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(
            SOURCE, self.folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache", ".env", "logs", "ruff.toml")
        )
        self.log_file.parent.mkdir()
        env_file = self.folder / ".env"
        env_file.touch(mode=0o600)
        env_file.write_text(ENV_FILE.format(secret=secret, database=_settings_of(database)), encoding="utf-8")
        done = self.python("-m", "app.db", "init")
        if done.returncode != 0:
            raise DemoError(f"the tables were not made: {done.stdout}{done.stderr}")

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs Python in the application's folder, as its administrator would."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, patience: float = 30.0) -> None:
        """Starts it apart from this process, and waits until /docs is served.

        The shell between leaves it to the system: as a child of ours it would stay a zombie when a manager stops it.
        """
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        line = 'pid_file=$1 log=$2; shift 2; "$@" </dev/null >>"$log" 2>&1 & echo $! >"$pid_file"'
        subprocess.run(
            ["/bin/sh", "-c", line, "sh", str(self.pid_file), str(self.log_file), *self.command],
            cwd=self.folder,
            env=clean_environment(),
            start_new_session=True,
            check=True,
        )
        # In the moment in which it becomes another program, a process has no command line: one look proves no end.
        ready = wait_until(lambda: self.serves() or not self._there(), patience)
        if not ready or not self.serves():
            raise DemoError(f"bot-generic did not start. Its log ends with:\n{tail(self.log_file)}")

    def serves(self) -> bool:
        """Is Swagger UI there?"""
        try:
            return answers(self.port) and "swagger-ui" in self.request("GET", "/docs").text
        except OSError:
            return False

    def stop(self) -> None:
        """Ends it, whoever started it."""
        end(self.leftovers)
        self.pid_file.unlink(missing_ok=True)

    def restart(self) -> None:
        self.stop()
        self.start()

    def request(self, method: str, path: str, body: Any = None, token: str = "") -> Reply:
        """One request, with a JSON body if one is given. Raises OSError when nobody answers."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback, whatever proxy is set
        try:
            with opener.open(request, timeout=15) as answer:
                return Reply(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.read().decode())

    def log_in(self, email: str = "admin@example.com", password: str = "admin123") -> str:
        """An access token. Raises DemoError when the answer has none."""
        reply = self.request("POST", "/auth/login", {"email": email, "password": password})
        if reply.status != 200:
            raise DemoError(f"/auth/login answered {reply.status}: {reply.text}")
        return str(reply.json["access_token"])


def _settings_of(database: Connection) -> str:
    parts = {
        "HOST": database.host,
        "PORT": str(database.port),
        "NAME": database.dbname,
        "USER": database.user,
        "PASSWORD": database.password,
    }
    if all(re.fullmatch(r"[\w./:-]*", value) for value in parts.values()):
        return "\n".join(f"DATABASE_{name}={value}" for name, value in parts.items())
    return f"DATABASE_URL={database.url}"  # percent-encoded, so that no character means something in .env
