"""What only a host over SSH has: one connection for all commands, shells that end, connections that break."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest

from runbook.testing.processes import alive, all_end, end_process, pids, run, wait_until
from runbook.transports.base import Become, CommandTimeout, Stopped, Unreachable
from runbook.transports.connect import transport_for
from runbook.transports.local.transport import LocalTransport
from runbook.transports.ssh.jumps import Jumps
from runbook.transports.ssh.transport import SshTransport
from tests.lab.jump import Jump
from tests.lab.sshd import Sshd
from tests.transports.ways import jump_variables, ssh, variables

WHO_SERVES = "echo $PPID; echo $SSH_CONNECTION"


def test_commands_share_one_connection_and_one_shell(host: SshTransport) -> None:
    first, second = (run(host, WHO_SERVES).stdout for _ in range(2))
    assert first == second
    assert len(first.split()) == 5


def test_large_input_takes_a_shell_of_its_own_on_the_same_connection(host: SshTransport) -> None:
    _, connection = run(host, WHO_SERVES).stdout.splitlines()
    assert run(host, f"{WHO_SERVES}; cat >/dev/null", stdin=b"x" * 500_000).stdout.splitlines()[1] == connection
    assert run(host, WHO_SERVES).stdout.splitlines()[1] == connection


def test_the_connection_is_the_same_after_a_timeout(host: SshTransport) -> None:
    _, connection = run(host, WHO_SERVES).stdout.splitlines()
    with pytest.raises(CommandTimeout):
        run(host, "sleep 300", timeout=0.2)
    assert run(host, WHO_SERVES).stdout.splitlines()[1] == connection


def test_a_command_that_kills_its_own_shell_fails_alone(host: SshTransport) -> None:
    result = run(host, "echo out; echo err >&2; kill -9 $PPID")
    assert (result.stdout, result.exit_code) == (b"out\n", 137)
    assert result.stderr == b"err\nthe command ended the shell that it ran in\n"
    assert run(host, "echo next").stdout == b"next\n"


def test_a_command_that_outlives_its_shell_is_ended_in_time(host: SshTransport) -> None:
    with pytest.raises(CommandTimeout) as caught:
        run(host, "echo $$; kill -9 $PPID; exec sleep 300", timeout=0.5)
    all_end(pids(caught.value.result.stdout))
    assert caught.value.result.stderr == b""
    assert run(host, "echo next").stdout == b"next\n"


def test_a_broken_connection_is_said_and_made_again(host: SshTransport) -> None:
    """The process that serves the connection is ended under a running command."""
    (serving,) = pids(run(host, "ps -o ppid= -p $PPID").stdout)
    with pytest.raises(Unreachable, match=r"lab \(root@127\.0\.0\.1:\d+\): the connection broke while a command ran"):
        run(host, f"kill -9 {serving}; exec sleep 5")
    assert run(host, "echo next").stdout == b"next\n"


def test_a_connection_that_broke_between_commands_is_made_again(host: SshTransport) -> None:
    (serving,) = pids(run(host, "ps -o ppid= -p $PPID").stdout)
    connection = host._connections[0]
    end_process(serving)
    wait_until(lambda: not connection.alive, "the end has been noticed")
    assert run(host, "echo next").stdout == b"next\n"


def test_close_ends_what_runs(host: SshTransport) -> None:
    """From another thread, as a run that is broken off does."""
    heard = bytearray()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            run(host, "echo $$; exec sleep 300", lambda _stream, data: heard.extend(data))
        except Unreachable as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: heard.endswith(b"\n"), "the command runs")
    began = time.monotonic()
    host.close()
    thread.join(10)
    assert time.monotonic() - began < 5
    assert str(failures[0]).startswith("lab")
    for pid in pids(bytes(heard)):
        end_process(pid)
    with pytest.raises(Unreachable, match="the connection has been closed"):
        run(host, "true")


def test_nothing_is_left_on_the_host_after_close(sshd: Sshd) -> None:
    with closing(ssh(variables(sshd))) as transport:
        shell, serving = pids(run(transport, "echo $PPID; ps -o ppid= -p $PPID").stdout)
        assert alive(shell)
    all_end([shell, serving])


def test_hosts_are_used_side_by_side(sshd: Sshd) -> None:
    stop = threading.Event()
    transports = [ssh(variables(sshd, ansible_host=address), stop) for address in sshd.hosts[:8]]
    said: dict[str, str] = {}

    def work(transport: SshTransport) -> None:
        for _ in range(5):
            said[transport.target.host] = run(transport, "echo $SSH_CONNECTION | cut -d' ' -f3").out

    threads = [threading.Thread(target=work, args=(transport,)) for transport in transports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for transport in transports:
        transport.close()
    assert said == {address: address for address in sshd.hosts[:8]}


def test_what_the_login_shell_prints_is_nobody_s(sshd: Sshd) -> None:
    """A .bashrc that talks, as every second host has one."""
    account = sshd.sudo
    with closing(ssh(variables(sshd, account))) as transport:
        run(transport, "printf 'echo welcome; echo noise >&2\\n' >~/.bashrc; cp ~/.bashrc ~/.bash_profile")
    try:
        with closing(ssh(variables(sshd, account))) as transport:
            result = run(transport, "echo own")
            assert (result.stdout, result.stderr) == (b"own\n", b"")
            result = run(transport, "id -un", as_user=Become("root"))
            assert (result.stdout, result.stderr) == (b"root\n", b"")
    finally:
        with closing(ssh(variables(sshd, account))) as transport:
            run(transport, "rm -f ~/.bashrc ~/.bash_profile")


def test_a_stop_while_connecting_is_heard(stop: threading.Event, sshd: Sshd) -> None:
    stop.set()
    with closing(ssh(variables(sshd), stop)) as transport, pytest.raises(Stopped):
        run(transport, "true")


@pytest.mark.parametrize("name", ["ssh", "smart", "paramiko", "ansible.builtin.ssh", "", None])
def test_variables_choose_ssh(sshd: Sshd, stop: threading.Event, name: str | None) -> None:
    found = {**variables(sshd), **({} if name is None else {"ansible_connection": name})}
    with closing(transport_for("lab", found, stop=stop, jumps=Jumps())) as made:
        assert not made.local
        assert run(made, "echo $SSH_CONNECTION").out


def test_variables_choose_this_machine(stop: threading.Event) -> None:
    made = transport_for("here", {"ansible_connection": "local"}, stop=stop, jumps=Jumps())
    assert isinstance(made, LocalTransport)
    assert made.local


def test_a_connection_that_is_not_known_is_said(stop: threading.Event) -> None:
    with pytest.raises(Unreachable, match="web: ansible_connection 'winrm' is not one of local, ssh"):
        transport_for("web", {"ansible_connection": "winrm"}, stop=stop, jumps=Jumps())


def test_a_host_behind_a_jump_host(jump: Jump) -> None:
    with closing(ssh(jump_variables(jump))) as transport:
        result = run(transport, "echo $SSH_CONNECTION; cat", stdin=bytes(range(256)))
    line, _, rest = result.stdout.partition(b"\n")
    assert line.split()[2:] == [jump.target_host.encode(), b"22"]
    assert rest == bytes(range(256))
