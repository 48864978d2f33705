"""What every service of the lab needs: find its program, start it, wait until it is ready, end it for certain."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

from runbook.testing.processes import end_process

T = TypeVar("T")

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing(what: str, hint: str) -> NoReturn:
    """The lab lacks something: fails in CI, skips loudly elsewhere. `hint` is the command that provides it."""
    sentence = f"{what} is missing. It comes with: {hint}"
    if os.environ.get("CI"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def require(tool: str, hint: str) -> str:
    """The path of a program. `hint` is the exact command that would install it."""
    path = shutil.which(tool, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}")
    return path or missing(tool, hint)


def require_root() -> None:
    """Namespaces, other users and cgroups need root."""
    if os.geteuid() != 0:
        missing("root", "sudo make test")


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Does something accept a TCP connection there?"""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def answers_unix(path: Path) -> bool:
    """Does something accept a connection on that socket file?"""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on, below the range from which the kernel takes outgoing ones."""
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    pytest.fail(f"no free port on {host}")


def throwaway_password() -> str:
    """New for every run, so that nobody else on the machine knows it; has to be quoted in every form of text."""
    return f"pä ss:'\"$x/@{secrets.token_hex(8)}"


def children(pid: int) -> list[int]:
    """The children of a process, their children and so on."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:  # it has ended meanwhile
        return []
    found = [int(word) for word in listed.split()]
    return found + [grandchild for child in found for grandchild in children(child)]


class Daemon:
    """One program in the foreground, its output in `log`. The kernel ends it too when the tests are killed."""

    def __init__(
        self,
        argv: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        stop_signal: int = signal.SIGTERM,
        death_signal: str = "KILL",
        user: str | None = None,
    ) -> None:
        change = [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        self.argv = [require("setpriv", "apt-get install util-linux"), "--pdeathsig", death_signal, *change, *argv]
        self.log = log
        self.env = env
        self.stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.argv} was not started"
        return self._process.pid

    def start(self, ready: Callable[[], object], timeout: float = 30.0) -> None:
        """Starts it and waits until `ready()` is true. Fails with the end of the log when it ends before."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, start_new_session=True
            )
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.running or time.monotonic() > deadline:
                state = "did not become ready" if self.running else f"ended with {self._process.poll()}"
                self.stop()
                tail = self.log.read_text(errors="replace")[-3000:]
                pytest.fail(f"{' '.join(self.argv)} {state}:\n{tail}", pytrace=False)
            time.sleep(0.05)

    def stop(self, timeout: float = 10.0) -> None:
        """Ends it and all its descendants, and waits for it; nothing happens if it is not running."""
        if self._process is None:
            return
        family = children(self._process.pid)
        if self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout)
        for pid in family:
            end_process(pid, signal.SIGKILL)
        self._process = None


def leave_on_sigterm() -> None:
    """SIGTERM ends the tests as Ctrl-C does, so that fixtures are torn down."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, interrupt)


@pytest.fixture(scope="session")
def lab_dir() -> Iterator[Path]:
    """A short path that every user may enter: pytest's own are too long for sockets, and closed to other users."""
    path = Path(tempfile.mkdtemp(prefix="rb-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)
