"""The program on a terminal: a pseudo terminal, and a person who waits for a text and types."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """One running `runbook` on a terminal."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process, self._master = process, master
        self._seen = b""

    @property
    def text(self) -> str:
        """What has been shown until now, without styles."""
        return _STYLES.sub("", self._seen.decode(errors="replace")).replace("\r", "")

    @property
    def lines(self) -> list[str]:
        """Every line that has been drawn, also those that others were drawn over, without styles."""
        return re.split(r"[\r\n]+", _STYLES.sub("", self.raw))

    @property
    def raw(self) -> str:
        """With the styles."""
        return self._seen.decode(errors="replace")

    def wait_for(self, text: str, seconds: float = 20.0) -> None:
        """Until this has been shown."""
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, self.text
            assert self._read() or self.process.poll() is None, self.text

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def finish(self, seconds: float = 30.0) -> int:
        """Reads to the end; gives the exit code."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < end, self.text
            self._read()
        while self._read():
            pass
        return self.process.returncode

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 0.1)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self._seen += data
        return bool(data)


@contextmanager
def on_terminal(*argv: str, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> Iterator[Terminal]:
    """`runbook ARGV` on a terminal of 80 columns; whatever happens, it has ended afterwards."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runbook", *argv],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=cwd,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "40", **(env or {})},
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def runbook(*argv: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`runbook ARGV` without a terminal."""
    words: Sequence[str] = [sys.executable, "-m", "runbook", *argv]
    return subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "80", **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
