"""The session shell of this machine: what it leaves to the system, and what becomes of it."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runbook.transports.base import Command, CommandTimeout, Stopped
from runbook.transports.local import LocalTransport
from tests.lab.tools import alive, wait_until
from tests.transports.ways import run


@pytest.fixture
def here() -> Iterator[LocalTransport]:
    with closing(LocalTransport()) as made:
        yield made


def shell_of(transport: LocalTransport) -> int:
    assert transport._shell is not None
    pid = transport._shell.pid
    assert pid is not None
    return pid


def test_short_commands_share_a_shell_and_nothing_else(here: LocalTransport) -> None:
    run(here, "x=1; cd /; export y=2; exec 7>/dev/null")
    first = shell_of(here)
    said = run(here, "echo ${x-unset} ${y-unset}; pwd")

    assert said.out.splitlines() == ["unset unset", str(Path.cwd())]
    assert shell_of(here) == first


def test_closing_ends_the_shell(here: LocalTransport) -> None:
    run(here, "true")
    pid = shell_of(here)
    here.close()

    assert not alive(pid)


def test_one_that_nobody_closes_ends_with_its_transport() -> None:
    here = LocalTransport()
    run(here, "true")
    pid = shell_of(here)
    del here
    gc.collect()

    assert not alive(pid)


def test_a_daemon_that_keeps_the_streams_lives_on_and_the_next_command_has_another_shell(here: LocalTransport) -> None:
    pid = int(run(here, "sleep 30.4711 & sleep 0.1; pgrep -f '^sleep 30.4711'").out)
    assert here._shell is None
    assert run(here, "echo next").out == "next"

    assert alive(pid)
    os.kill(pid, 9)


def test_what_a_daemon_prints_later_blocks_neither_it_nor_us(here: LocalTransport, folder: Path) -> None:
    run(here, f"(sleep 0.2; seq 200000; touch {folder}/done) &")
    assert run(here, "echo next").out == "next"

    wait_until((folder / "done").exists, "it has printed everything")


def test_a_command_that_ends_the_shell_is_told_so(here: LocalTransport) -> None:
    run(here, "true")
    pid = shell_of(here)
    result = run(here, f"echo before; kill -9 {pid}; sleep 0.1")

    assert result.exit_code == 137
    assert result.out == "before"
    assert "the command ended the shell that it ran in" in result.err
    assert run(here, "echo after").out == "after"


def test_a_command_behind_a_shell_that_has_died_runs(here: LocalTransport) -> None:
    run(here, "true")
    os.kill(shell_of(here), 9)
    wait_until(lambda: here._shell is None or here._shell.pid is None, "it is dead")

    assert run(here, "echo after").out == "after"


def test_after_a_timeout_nothing_of_it_is_left(here: LocalTransport) -> None:
    run(here, "true")
    pid = shell_of(here)
    with pytest.raises(CommandTimeout) as raised:
        run(here, "echo begun; sleep 30", timeout=0.3)

    assert raised.value.result.out == "begun"
    assert not alive(pid)
    assert run(here, "echo after").out == "after"


def test_a_close_while_a_command_runs_leaves_no_shell_behind() -> None:
    here = LocalTransport()
    run(here, "true")
    pid = shell_of(here)
    running = threading.Thread(target=run, args=(here, "sleep 0.5"))
    running.start()
    time.sleep(0.1)
    here.close()
    running.join(10)

    assert not running.is_alive()
    assert not alive(pid)


def test_a_large_environment_reaches_it(here: LocalTransport) -> None:
    value = "ä'" * 60_000
    assert run(here, 'printf %s "${#VALUE}"', environment={"VALUE": value, "LC_ALL": "C.UTF-8"}).exit_code == 0


def test_a_stop_ends_shell_and_command() -> None:
    stop = threading.Event()
    here = LocalTransport(stop)
    run(here, "true")
    pid = shell_of(here)
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(Stopped):
        here.run(Command("sleep 30"))

    assert not alive(pid)
