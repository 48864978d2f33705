"""`make demo`: the reference runbook against the real bot-generic application, from the fault to the report.

In `.demo/` a fresh copy of the application is started with its fault, beside a PostgreSQL: a database on the server
that DATABASE_URL names (`bot_generic_demo`; it is made and dropped, no other is touched), else an embedded server.
Then `runbook run playbooks/restore-logging.yml -i inventories/demo.yml` repairs and verifies it. Whatever happens,
the application and the database are stopped at the end, and the exit status is that of `runbook`: 70 for a fault of
the demo itself. Arguments, and the words in DEMO_ARGS, are handed to `runbook run`.

inventories/demo.yml and the playbook find in the environment:

    DEMO_DIR          the work folder, absolute; set it beforehand to have another than `.demo/`
    DEMO_APP_DIR      the application's folder: app/, scripts/, .env
    DEMO_APP_PORT     its port on 127.0.0.1;  DEMO_APP_URL  http://127.0.0.1:PORT
    DEMO_PID_FILE     the pid file of its process
    DEMO_LOG_FILE     its log
    DEMO_PYTHON       the Python that has its packages: `$DEMO_PYTHON -m uvicorn app.main:app …`
    DEMO_DB_HOST, DEMO_DB_PORT, DEMO_DB_NAME, DEMO_DB_USER, DEMO_DB_PASSWORD
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from demo.processes import DemoError
from demo.stage import Demo

__all__ = ["Demo", "DemoError", "main"]

ROOT = Path(__file__).resolve().parent.parent
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OWN_FAULT = 70


class Interrupted(BaseException):
    """A signal asks to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """130 for Ctrl-C, as shells say it."""
        return 128 + self.number


def main(arguments: Sequence[str]) -> int:
    """Runs the demo; gives the exit status."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    began = time.time()
    demo = Demo(Path(os.environ.get("DEMO_DIR") or ROOT / ".demo"), os.environ.get("DATABASE_URL", ""))
    try:
        code = _show(demo, arguments)
    except Interrupted as interrupted:
        code = interrupted.exit_code
    except DemoError as error:
        say(f"The demo cannot go on: {error}")
        code = OWN_FAULT
    finally:
        try:
            _ignore_signals()
        finally:
            left = _stop(demo)
    report = demo.folder / "report.html"
    if report.exists() and report.stat().st_mtime >= began:
        say(f"Report: {report.as_uri()}")
    return code or (OWN_FAULT if left else 0)


def _show(demo: Demo, arguments: Sequence[str]) -> int:
    began = time.monotonic()
    say("Starting PostgreSQL and the bot-generic application with its fault …")
    demo.start()
    say(f"Ready after {time.monotonic() - began:.1f} s: {demo.app.url}/docs, {demo.app_dir}")
    reports = [demo.folder / name for name in ("report.html", "report.json")]
    for report in reports:
        report.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "runbook",
        "run",
        "playbooks/restore-logging.yml",
        "-i",
        "inventories/demo.yml",
        "-y",
    ]
    for report in reports:
        command += ["--report", f"{report.suffix[1:]}={report}"]
    return run(command + shlex.split(os.environ.get("DEMO_ARGS", "")) + list(arguments), demo.environment())


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs the command in the foreground, hands it a signal that comes for us, and gives its exit status."""
    child = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        code = child.wait()
    except Interrupted as interrupted:
        code = _let_end(child, interrupted)
    return code if code >= 0 else 128 - code


def _let_end(child: subprocess.Popen[bytes], interrupted: Interrupted) -> int:
    """Lets the child end in its own way. Ctrl-C on a terminal has reached it already."""
    patience = {signal.SIGINT: (None, 5), signal.SIGTERM: (signal.SIGTERM, 20), signal.SIGKILL: (signal.SIGKILL, 10)}
    if interrupted.number != signal.SIGINT:
        del patience[signal.SIGINT]
    for number, seconds in patience.values():
        if number is not None:
            child.send_signal(number)
        try:
            return child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    return -signal.SIGKILL


def _stop(demo: Demo) -> list[int]:
    if not demo.started:
        return []
    left = demo.stop()
    if left:
        say(f"Still running, please end them: {', '.join(map(str, left))}")
    else:
        say("The application and PostgreSQL are stopped; nothing is left running.")
    return left


def say(sentence: str) -> None:
    """Tells the user; on a terminal that is gone nobody listens, and the clean-up goes on."""
    try:
        sys.stderr.write(f"{sentence}\n")
    except OSError:
        return


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _ignore_signals()  # one is enough: a second must not break the clean-up
    raise Interrupted(number)


def _ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
