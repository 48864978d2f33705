"""The session shells of this machine: who gets them, and what becomes of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runbook.testing.processes import alive, run
from runbook.transports.base import Command, CommandTimeout, Stopped
from runbook.transports.local import builtin_shell
from runbook.transports.local.builtin_shell import KEPT, Gone, LocalShell, run_in_shell
from runbook.transports.local.transport import LocalTransport


@pytest.fixture(autouse=True)
def _none_that_wait() -> Iterator[None]:
    builtin_shell._end_idle()
    yield
    builtin_shell._end_idle()


def waiting() -> list[int]:
    return [shell._process.pid for shell in builtin_shell._idle]


def test_one_shell_runs_the_builtins_of_all_hosts_and_no_other_command() -> None:
    first, second = LocalTransport(), LocalTransport()
    assert run(first, "echo a").out == "a"
    pids = waiting()
    assert [run(second, "test -d /").exit_code, run(first, "[ a = b ]").exit_code] == [0, 1]
    assert run(second, "echo b; sleep 0").out == "b"

    assert len(pids) == 1
    assert waiting() == pids


def test_so_many_at_a_time_and_no_more_wait_afterwards() -> None:
    hosts = [LocalTransport() for _ in range(3 * KEPT)]
    together = threading.Barrier(len(hosts))

    def ask(host: LocalTransport) -> str:
        together.wait(10)
        return host.run(Command("echo here")).out

    with ThreadPoolExecutor(len(hosts)) as pool:
        assert set(pool.map(ask, hosts)) == {"here"}
    assert 1 <= len(waiting()) <= KEPT


def test_in_another_folder_there_is_another_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").touch()
    assert run(LocalTransport(), "test -f here").exit_code == 1
    old = waiting()
    monkeypatch.chdir(tmp_path)

    assert run(LocalTransport(), "test -f here").exit_code == 0
    assert waiting() != old
    assert not any(map(alive, old))


def test_a_shell_that_has_died_is_not_missed() -> None:
    run(LocalTransport(), "true")
    os.kill(waiting()[0], 9)

    assert run(LocalTransport(), "echo after").out == "after"
    assert waiting() == []
    assert run(LocalTransport(), "echo again").out == "again"


def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    """As `test` does on a file system that does not answer: here the shell is halted."""
    for error, timeout, stopped in ((CommandTimeout, 0.2, False), (Stopped, None, True)):
        run(LocalTransport(), "true")
        pid = waiting()[0]
        os.kill(pid, 19)
        stop = threading.Event()
        if stopped:
            threading.Timer(0.2, stop.set).start()
        with pytest.raises(error):
            LocalTransport(stop).run(Command("true", timeout=timeout))
        assert not alive(pid)


def test_who_cannot_take_the_output_is_told_and_nothing_runs_twice() -> None:
    told: list[bytes] = []

    def refuse(_stream: str, data: bytes) -> None:
        told.append(data)
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        run_in_shell(Command("echo here"), refuse, threading.Event())
    assert told == [b"here\n"]
    assert waiting() == []


def test_where_no_shell_can_be_had_the_command_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: LocalShell) -> None:
        raise OSError("no more processes")

    with monkeypatch.context() as patched:
        patched.setattr(LocalShell, "__init__", refuse)
        assert run(LocalTransport(), "echo here").out == "here"


def test_a_shell_says_that_it_has_gone() -> None:
    shell = LocalShell()
    os.kill(shell._process.pid, 9)
    with pytest.raises(Gone):
        shell.run(Command("true"), None, threading.Event())
    shell.close()
