"""What goes wrong in fleets, against real servers: every host has an outcome, nothing hangs, nothing is left behind."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from runbook.testing.processes import alive, run, wait_until
from runbook.transports.base import Command, CommandTimeout, Unreachable
from runbook.transports.ssh.jumps import Jumps
from runbook.transports.ssh.settings.target import target_of
from runbook.transports.ssh.transport import SshTransport
from tests.integration.fleet import Fleet
from tests.lab.jump import Jump
from tests.lab.sshd import Keys, Sshd, server_argv, with_users
from tests.lab.tools import Daemon, answers, free_port
from tests.transports.ways import arguments, jump_variables, ssh, variables

PATIENCE = "-o ConnectTimeout=3 -o ServerAliveInterval=1 -o ServerAliveCountMax=2"


Start = Callable[[str], tuple[int, str, Daemon]]
"""An sshd with these options: its port, ssh's words for reaching it, and itself."""


@pytest.fixture
def fleet(tmp_path: Path, sshd: Sshd) -> Fleet:
    return Fleet(tmp_path, sshd)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def server(tmp_path: Path, lab_dir: Path, ssh_keys: Keys) -> Iterator[Start]:
    """Starts an sshd with a configuration of its own: its port, the known_hosts for it, and itself."""
    with ExitStack() as stack:

        def start(extra: str) -> tuple[int, str, Daemon]:
            port, known = free_port(), tmp_path / "known_hosts"
            known.write_text(ssh_keys.known_hosts(["127.0.0.1"], port))
            argv = server_argv(lab_dir, ssh_keys, port, ["127.0.0.1"], extra)
            daemon = Daemon(with_users(lab_dir / f"own-{port}", argv), tmp_path / "own.log")
            daemon.start(lambda: answers(port))
            stack.callback(daemon.stop)
            return port, arguments(known, PATIENCE), daemon

        yield start


def test_forty_of_two_hundred_hosts_are_away_each_in_its_own_way(
    fleet: Fleet, silent: int, tmp_path: Path, ssh_keys: Keys
) -> None:
    wrong = tmp_path / "wrong_hosts"
    text = ssh_keys.known_hosts(fleet.sshd.hosts, fleet.sshd.port)
    wrong.write_text("".join(line.replace("AAAA", "AAAB", 1) + "\n" for line in text.splitlines()))
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    known = str(fleet.sshd.known_hosts)
    ways = {
        "refused": {"ansible_host": "127.0.0.1", "ansible_port": free_port()},
        "silent": {"ansible_host": "127.0.0.1", "ansible_port": silent},
        "stranger": {"ansible_ssh_common_args": arguments("/dev/null", PATIENCE)},
        "locked-out": {"ansible_ssh_private_key_file": str(other), "ansible_ssh_common_args": arguments(known)},
        "nameless": {"ansible_host": "no-such-host.invalid"},
    }
    for number in range(160):
        fleet.add(f"good-{number}")
    for way, changed in ways.items():
        for number in range(8):
            fleet.add(f"{way}-{number}", **{"ansible_ssh_common_args": arguments(known, PATIENCE), **changed})

    ran = fleet.run("- shell: echo here\n- shell: 'true'", "-f", "50")

    away = {f"{way}-{number}" for way in ways for number in range(8)}
    assert len(ran.hosts) == 200
    assert ran.ended("unreachable") == away, ran.output[-3000:]
    assert ran.ended("changed") == set(fleet.known) - away
    assert ran.code == 3
    said = {way: ran.said(f"{way}-3") for way in ways}
    assert "nothing listens" in said["refused"]
    assert "says nothing within 3 s" in said["silent"]
    assert "host key is not known" in said["stranger"]
    assert "the login as root is refused" in said["locked-out"]
    assert "has no address" in said["nameless"]
    assert ran.seconds < 60


def test_a_server_that_dies_under_a_step_takes_only_its_own_host_with_it(fleet: Fleet, server: Start) -> None:
    port, words, daemon = server("")
    fleet.add("a")
    fleet.add("dying", ansible_host="127.0.0.1", ansible_port=port, ansible_ssh_common_args=words)
    fleet.add("b")
    mark = fleet.folder / "pid"
    began = time.monotonic()
    process = fleet.start(
        f"- shell: 'test {{{{ inventory_hostname }}}} != dying || {{ echo $$ >{mark}; exec sleep 60; }}'\n"
        "- shell: 'true'"
    )
    wait_until(lambda: mark.exists() and mark.read_text().strip(), "the step runs")
    daemon.stop()
    ran = fleet.wait(process, began)

    assert (ran.ended("changed"), ran.ended("unreachable")) == ({"a", "b"}, {"dying"})
    assert "not known" in ran.said("dying")
    assert ran.seconds < 30


def test_more_logins_than_a_server_takes_at_once_all_come_in(fleet: Fleet, server: Start) -> None:
    port, words, _ = server("MaxStartups 4:100:4")
    for number in range(16):
        fleet.add(f"web-{number}", ansible_host="127.0.0.1", ansible_port=port, ansible_ssh_common_args=words)

    ran = fleet.run("- shell: 'true'", "-f", "16")

    assert len(ran.ended("changed")) == 16, ran.output


def test_one_session_for_each_connection_is_enough(server: Start, sshd: Sshd) -> None:
    port, words, _ = server("MaxSessions 1")
    found = variables(sshd, ansible_host="127.0.0.1", ansible_port=port, ansible_ssh_common_args=words)
    with closing(ssh(found)) as made:
        assert run(made, "echo 1").out == "1"
        assert run(made, "wc -c", stdin=b"x" * 300_000).out.strip() == "300000"
        with pytest.raises(CommandTimeout) as caught:
            run(made, "echo $$; exec sleep 300", timeout=0.5)
        assert not alive(int(caught.value.result.out))
        assert run(made, "echo 2").out == "2"


def test_a_server_may_want_a_key_and_a_password(server: Start, sshd: Sshd) -> None:
    port, words, _ = server("AuthenticationMethods publickey,password")
    found = variables(sshd, sshd.csh, ansible_port=port, ansible_ssh_common_args=words)
    with closing(ssh({**found, "ansible_password": sshd.csh.password})) as made:
        assert run(made, "id -un").out == sshd.csh.name
        assert run(made, "wc -c", stdin=b"x" * 300_000).out.strip() == "300000"
    with (
        closing(ssh(found)) as made,
        pytest.raises(Unreachable, match="was accepted, but the server wants password too"),
    ):
        run(made, "true")


@pytest.mark.xdist_group("lab-jump")
def test_a_link_that_comes_back_is_used_again(jump: Jump) -> None:
    found = jump_variables(jump)
    found["ansible_ssh_common_args"] += f" {PATIENCE}"
    with closing(ssh(found)) as made:
        assert run(made, "echo before").out == "before"
        jump.inner.cut()
        try:
            with pytest.raises(Unreachable):
                made.run(Command("sleep 60", timeout=50.0))
        finally:
            jump.inner.mend()
        wait_until(lambda: jump.ssh("target", "true").returncode == 0, "the target is back")

        assert run(made, "echo after").out == "after"


@pytest.mark.xdist_group("lab-jump")
def test_hosts_behind_a_jump_host_share_its_connection(jump: Jump) -> None:
    jumps = Jumps()
    with ExitStack() as stack:
        stack.callback(jumps.close)
        hosts = [SshTransport(target_of(f"web-{n}", jump_variables(jump)), threading.Event(), jumps) for n in range(5)]
        for host in hosts:
            stack.callback(host.close)
        said: list[str] = []

        def ask(host: SshTransport) -> None:
            said.append(run(host, "echo $SSH_CLIENT").out)

        threads = [threading.Thread(target=ask, args=(host,)) for host in hosts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len({text.split()[1] for text in said}) == 5, "each has a connection of its own"
        served = jump.ssh("jump", "ps -e -o args= | grep -c '^sshd: root@notty'").stdout
        assert len(jumps._open) == 1, served


def test_much_output_is_bounded_and_said(fleet: Fleet) -> None:
    fleet.add("loud")

    ran = fleet.run("- shell: head -c 1000000000 /dev/zero | tr '\\0' x")

    assert ran.ended("changed") == {"loud"}
    assert "bytes that were not kept" in ran.said("loud")
    assert 40 < ran.memory < 250
    assert (fleet.folder / "report.json").stat().st_size < 40_000_000


def test_keys_that_are_exchanged_anew_hold_up_nothing(server: Start, sshd: Sshd) -> None:
    """In the middle of much output and input, and of both at once."""
    port, words, _ = server("RekeyLimit 1M")
    data = b"x" * 20_000_000
    with closing(ssh(variables(sshd, ansible_port=port, ansible_ssh_common_args=words))) as transport:
        loud = Command("head -c 60000000 /dev/zero", timeout=60, output_limit=100_000_000)
        assert len(transport.run(loud).stdout) == 60_000_000
        assert run(transport, "wc -c", stdin=data).out == str(len(data))
        back = transport.run(Command("cat", stdin=data, timeout=60, output_limit=100_000_000))
        assert back.stdout == data


@pytest.mark.parametrize(
    "step",
    ["copy: {content: '{{ \"x\" * 300000 }}', dest: FULL/large}", "shell: head -c 300000 /dev/zero > FULL/f"],
)
def test_a_full_disk_is_said_and_what_was_there_stays(fleet: Fleet, server: Start, step: str) -> None:
    port, words, daemon = server("")
    full = fleet.folder / "full"
    full.mkdir()
    inside = ["nsenter", f"--target={daemon.pid}", "--mount", "--", "sh", "-ec"]
    subprocess.run([*inside, f"mount -t tmpfs -o size=64k tmpfs {full}; echo as it was >{full}/large"], check=True)
    fleet.add("web", ansible_host="127.0.0.1", ansible_port=port, ansible_ssh_common_args=words)

    ran = fleet.run(f"- {step.replace('FULL', str(full))}")

    assert (ran.code, ran.ended("failed")) == (1, {"web"}), ran.output
    assert "No space left" in str(ran.hosts["web"])
    left = subprocess.run(
        [*inside, f"cd {full}; cat large; rm -f f; ls -A"], check=True, capture_output=True, text=True
    )
    assert left.stdout == "as it was\nlarge\n"


def test_a_read_only_tmp_stops_nothing(fleet: Fleet, server: Start, lab_dir: Path) -> None:
    port, words, daemon = server("")
    read_only = "mount --bind /tmp /tmp; mount -o remount,bind,ro /tmp"
    inside = ["nsenter", f"--target={daemon.pid}", "--mount", "--"]
    subprocess.run([*inside, "sh", "-ec", read_only], check=True)
    target = Path("/var/tmp") / f"runbook-{port}"
    fleet.add("web", ansible_host="127.0.0.1", ansible_port=port, ansible_ssh_common_args=words)
    (fleet.folder / "look.sh").write_text(f"#!/bin/sh\ncat {target}\n")
    try:
        ran = fleet.run(
            f"- shell: '! touch /tmp/x'\n- copy: {{content: hello, dest: {target}}}\n- shell: cat\n  changes: false\n"
            "- script: look.sh\n"
        )
        assert ran.ended("changed") == {"web"}, ran.output
        assert target.read_text() == "hello"
    finally:
        target.unlink(missing_ok=True)
