"""bot-generic with its fault, kept running by one of the managers, and the inventory that says so."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.bot import BotGeneric, clean_environment
from demo.postgres import Connection
from tests.lab.postgres import Database
from tests.lab.sshd import Sshd
from tests.lab.tools import free_port

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = ROOT / "playbooks" / "restore-logging.yml"

GUARD = (
    "В app/main.py UsageMiddleware подключается только при условии «not settings.debug»: "
    "иначе обращения не записываются"
)
NOT_RESTARTED = "Приложение не перезагружено после исправления: работает прежний код"
"""What the playbook says of likely causes."""

_numbers = itertools.count(1)

Command = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def here(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Runs a command on this machine, as a user would."""
    return subprocess.run(
        argv,
        cwd=ROOT,
        env={**clean_environment(), "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )


@dataclass(frozen=True)
class Played:
    """One run of the playbook: its exit code, what was printed, and its JSON report."""

    code: int
    output: str
    report: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        return str(self.report["verdict"])

    @property
    def causes(self) -> list[str]:
        return [cause["text"] for cause in self.report["causes"]]

    def results(self) -> list[Mapping[str, Any]]:
        """Every result, those inside others too."""
        found: list[Mapping[str, Any]] = []

        def walk(results: Sequence[Mapping[str, Any]]) -> None:
            for result in results:
                found.append(result)
                walk(result.get("children", ()))

        for stage in self.report["stages"]:
            walk(stage["results"])
        return found

    def status(self, number: str) -> str:
        return str(next(result for result in self.results() if result["number"] == number)["outcome"]["status"])

    def was(self, number: str, status: str) -> bool:
        """Did the step end so? No, where the run did not come to it."""
        return any(r["number"] == number and r["outcome"]["status"] == status for r in self.results())

    def with_status(self, *statuses: str) -> list[str]:
        return [f"{r['number']} {r['name']}" for r in self.results() if r["outcome"]["status"] in statuses]


@dataclass
class Site:
    """The application under a manager, and what the inventory says of it."""

    app: BotGeneric
    database: Database
    folder: Path
    """Where inventories and reports are written; the machine that runs the playbook sees it under the same path."""
    variables: dict[str, Any] = field(default_factory=dict)
    """Of the host, in the inventory."""
    command: Command = here
    seen: Callable[[Path], Path] = lambda path: path
    """A file in `folder` as the tests see it."""
    stranger: subprocess.Popen[bytes] | None = None
    """Another program that stands in the way."""

    def play(self, *options: str, command: Sequence[str] = ("run", "--yes")) -> Played:
        """Runs (or verifies) the playbook as a user would, and reads its report."""
        number = next(_numbers)
        inventory, report = self.folder / f"hosts-{number}.yml", self.folder / f"report-{number}.json"
        hosts = {"bot_generic": {"hosts": {"bot": {**self._known(), **self.variables}}}}
        self.seen(inventory).write_text(json.dumps(hosts, ensure_ascii=False))
        argv = [sys.executable, "-m", "runbook", *command, str(PLAYBOOK), "-i", str(inventory), "--verbose"]
        done = self.command([*argv, f"--report=json={report}", *options])
        told = f"{done.stdout}\n{done.stderr}"
        assert self.seen(report).exists(), told
        return Played(done.returncode, told, json.loads(self.seen(report).read_text()))

    def _known(self) -> dict[str, Any]:
        return {
            "app_dir": str(self.app.folder),
            "app_url": self.app.url,
            "app_log": str(self.app.log_file),
            "python": sys.executable,
            "service_name": "bot-generic",
            "db_host": self.database.host,
            "db_port": self.database.port,
            "db_name": self.database.dbname,
            "db_user": self.database.user,
            "db_password": self.database.password,
            "admin_password": "admin123",
            "dashboard_check": "http",
        }

    def over_ssh(self, sshd: Sshd) -> Site:
        """The same, reached by SSH."""
        self.variables |= {
            "ansible_host": sshd.hosts[3],
            "ansible_port": sshd.port,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(sshd.key),
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={shlex.quote(str(sshd.known_hosts))}",
        }
        return self

    def locally(self) -> Site:
        self.variables |= {"ansible_connection": "local"}
        return self

    def edit(self, file: str, old: str, new: str) -> None:
        """Changes a file of the application, which must have the old text."""
        path = self.app.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def repair_the_file(self) -> None:
        """Takes the guard away, as somebody would by hand, and restarts nothing."""
        guarded = "if not settings.debug:\n    app.add_middleware(UsageMiddleware)\n"
        self.edit("app/main.py", guarded, "app.add_middleware(UsageMiddleware)\n")


def installed(folder: Path, port: int, database: Database) -> BotGeneric:
    """A fresh copy of the application with its fault, its tables filled; not started."""
    app = BotGeneric(folder / "bot generic", port, folder / "bot-generic.pid")
    app.install(Connection(database.host, database.port, database.dbname, database.user, database.password))
    return app


def faulty(folder: Path, database: Database) -> Site:
    """Run by a command with a pid file, on this machine, with its fault."""
    app = installed(folder, free_port(), database)
    app.start()
    return Site(app, database, folder, by_process(app)).locally()


def by_process(app: BotGeneric) -> dict[str, Any]:
    """The inventory's variables for an application that is run by a command with a pid file."""
    return {
        "service_manager": "process",
        "app_command": shlex.join(app.command),
        "app_command_dir": str(app.folder),
        "app_pid_file": str(app.pid_file),
        "app_output": str(app.log_file),
    }


def wrapper(path: Path, env: Mapping[str, str], *argv: str) -> str:
    """A program that runs another with an environment of its own, wherever it is called from."""
    kept = {name: value for name, value in env.items() if os.environ.get(name) != value}
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in kept.items())
    path.write_text(f'#!/bin/sh\n{exports}exec {shlex.join(argv)} "$@"\n')
    path.chmod(0o755)
    return str(path)
