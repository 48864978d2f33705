"""Commands that are sent before they are asked for."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from runbook.testing.processes import all_end, pids, run, wait_until
from runbook.transports.base import Command, CommandTimeout, Stopped, Transport
from runbook.transports.ssh.transport import SshTransport
from tests.lab.sshd import Sshd
from tests.transports.ways import in_turn, ssh, variables


def commands(*scripts: str) -> tuple[Command, ...]:
    return tuple(Command(script, timeout=10.0) for script in scripts)


def test_each_is_told_as_if_it_had_been_alone(transport: Transport) -> None:
    run(transport, "true")
    chain = commands("echo a; echo b >&2", "cat; echo $$", "printf c\necho d", "exit 3", "echo e")
    found = in_turn(transport, chain)

    assert [result.exit_code for result in found] == [0, 0, 0, 3, 0]
    assert (found[0].out, found[0].err) == ("a", "b")
    assert found[1].out.isdigit()
    assert (found[2].out, found[4].out) == ("cd", "e")


def test_the_second_runs_before_it_is_asked_for(host: SshTransport, folder: Path) -> None:
    run(host, "true")
    first, second = chain = commands("echo 1", f"touch {folder}/there; echo 2")
    host.ahead(chain)
    assert host.run(first).out == "1"
    wait_until((folder / "there").exists, "the second has run")
    said: list[bytes] = []

    assert host.run(second, lambda _stream, data: said.append(data)).out == "2"
    assert b"".join(said) == b"2\n"


def test_the_host_stops_at_the_first_that_fails(host: SshTransport, folder: Path) -> None:
    run(host, "true")
    first, second, third = chain = commands("true", "false", f"echo x >> {folder}/third; echo 3")
    host.ahead(chain)
    assert [host.run(first).exit_code, host.run(second).exit_code] == [0, 1]
    assert run(host, f"ls {folder}").stdout == b""

    assert host.run(third).out == "3"
    assert (folder / "third").read_text() == "x\n"


def test_the_host_stops_where_something_is_left_behind(host: SshTransport, folder: Path) -> None:
    run(host, "true")
    first, second = chain = commands("sleep 3 & echo late", f"echo x >> {folder}/second; echo 2")
    host.ahead(chain)
    assert host.run(first).out == "late"
    assert host.run(second).out == "2"
    assert (folder / "second").read_text() == "x\n"


def test_what_is_not_wanted_any_more_holds_nothing_up(host: SshTransport) -> None:
    run(host, "true")
    first, _ = chain = commands("echo 1", "sleep 5")
    host.ahead(chain)
    assert host.run(first).out == "1"
    began = time.monotonic()
    assert run(host, "echo other").stdout == b"other\n"
    assert time.monotonic() - began < 4


def test_a_result_that_was_forgotten_is_not_used(host: SshTransport, folder: Path) -> None:
    """A repair between two checks: the second is asked again."""
    run(host, "true")
    first, second = chain = commands("true", f"cat {folder}/state")
    (folder / "state").write_text("before")
    host.ahead(chain)
    host.run(first)
    run(host, f"echo after > {folder}/state")

    assert host.run(second).out == "after"
    host.ahead(chain)
    host.run(first)
    (folder / "state").write_text("last")
    host.ahead(())
    assert host.run(second).out == "last"


def test_one_that_takes_too_long_is_ended_and_the_rest_is_not_run(host: SshTransport, folder: Path) -> None:
    run(host, "true")
    slow = Command(f"echo $$ > {folder}/pid; exec sleep 300", timeout=0.5)
    last = Command(f"echo x >> {folder}/last; echo 3")
    chain = (Command("true"), slow, last)
    host.ahead(chain)
    assert host.run(chain[0]).ok
    with pytest.raises(CommandTimeout):
        host.run(slow)
    all_end(pids((folder / "pid").read_bytes()))
    assert not (folder / "last").exists()

    assert host.run(last).out == "3"
    assert (folder / "last").read_text() == "x\n"


def test_after_a_stop_what_had_run_is_told_and_the_rest_is_not_run(sshd: Sshd, folder: Path) -> None:
    stop = threading.Event()
    with closing(ssh(variables(sshd), stop)) as made:
        texts = (f"touch {folder}/first", f"touch {folder}/second", "exec sleep 300", f"touch {folder}/last")
        chain = tuple(Command(text, once=True) for text in texts)
        made.ahead(chain)
        assert made.run(chain[0]).ok
        wait_until((folder / "second").exists, "the second has run")
        stop.set()
        assert made.run(chain[1]).ok
        for command in chain[2:]:
            with pytest.raises(Stopped):
                made.run(command)
        assert not (folder / "last").exists()


def test_what_changes_the_host_is_never_sent_again(host: SshTransport, folder: Path) -> None:
    texts = ("true", f"echo $$; echo x >> {folder}/second; kill -9 $PPID", f"echo y >> {folder}/third")
    chain = tuple(Command(text, once=True) for text in texts)
    host.ahead(chain)
    found = [host.run(command) for command in chain]

    assert [result.exit_code for result in found] == [0, 137, 0]
    assert (folder / "second").read_text() == "x\n"
    assert (folder / "third").read_text() == "y\n"


def test_before_there_is_a_shell_they_wait_for_the_first_to_be_asked_for(sshd: Sshd, folder: Path) -> None:
    with closing(ssh(variables(sshd))) as made:
        first, _ = chain = commands("echo 1", f"touch {folder}/second")
        made.ahead(chain)
        assert made._connections == []
        assert made.run(first).out == "1"
        wait_until((folder / "second").exists, "the second has run")

    with closing(ssh(variables(sshd))) as made:
        made.ahead(commands("echo 1", f"touch {folder}/other"))
        assert made.run(Command("echo 2")).out == "2"
        assert made.run(first).out == "1"
        assert not (folder / "other").exists()
