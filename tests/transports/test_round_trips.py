"""How often a host has to be asked before its first step has answered: on a slow line nothing else counts."""

from __future__ import annotations

import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from runbook.transports import script, shell
from runbook.transports.base import Command, Stopped, Unreachable
from tests.lab.sshd import Sshd
from tests.lab.tools import wait_until
from tests.transports.ways import all_end, pids, run, ssh, variables

_QUIET = 0.2
"""Seconds after which a side has said what it has to say for now."""


class Turns:
    """Stands between a client and a server and lets one of them speak at a time, until it waits for the other."""

    def __init__(self, behind: tuple[str, int]) -> None:
        self._behind = behind
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.count = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            client = self._listening.accept()[0]
        except OSError:
            return
        with client, socket.create_connection(self._behind) as server:
            while (said := _all_of(client)) is not None:
                self.count += 1
                server.sendall(said)
                if (answer := _all_of(server)) is None:
                    return
                client.sendall(answer)

    def close(self) -> None:
        self._listening.close()


def _all_of(side: socket.socket) -> bytes | None:
    """What it says until it falls silent; None when it has hung up."""
    said = b""
    while not said or select.select([side], [], [], _QUIET)[0]:
        if not (data := side.recv(65536)):
            return None
        said += data
    return said


@contextmanager
def turns(sshd: Sshd, **changed: object) -> Iterator[tuple[Turns, dict[str, object]]]:
    with closing(Turns((sshd.host, sshd.port))) as between:
        found = variables(sshd, ansible_host="127.0.0.1", ansible_port=between.port, **changed)
        alias = f"-o HostKeyAlias=[{sshd.host}]:{sshd.port}"
        yield between, {**found, "ansible_ssh_common_args": f"{found['ansible_ssh_common_args']} {alias}"}


def test_the_first_step_has_answered_after_six_questions(sshd: Sshd) -> None:
    """Who are you; a key; the login; a channel; a shell; the step, along with the shell's own beginning."""
    with turns(sshd) as (between, found), closing(ssh(found)) as transport:
        assert run(transport, "echo first; exit 3").stdout == b"first\n"
        assert between.count == 6
        assert run(transport, "echo second").stdout == b"second\n"
        assert between.count == 7


def test_steps_that_look_go_along_with_the_shell_s_beginning_too(sshd: Sshd) -> None:
    commands = tuple(Command(f"echo {number}", timeout=30) for number in range(5))
    with turns(sshd) as (between, found), closing(ssh(found)) as transport:
        transport.ahead(commands)
        assert [transport.run(command).out for command in commands] == list("01234")
        assert between.count == 6


def test_a_stop_while_the_first_step_is_on_its_way_ends_it_there(
    sshd: Sshd, tmp_path: Path, stop: threading.Event
) -> None:
    """It runs before we know that its shell has come up."""
    with turns(sshd) as (between, found), closing(ssh(found, stop)) as transport:

        def stops() -> None:
            wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "", "it runs")
            stop.set()

        stopper = threading.Thread(target=stops)
        stopper.start()
        with pytest.raises(Stopped):
            run(transport, f"echo $$ >{tmp_path}/pid; exec sleep 300")
        assert between.count > 6
        stopper.join()
    all_end(pids((tmp_path / "pid").read_bytes()))


@pytest.fixture
def known_keys(sshd: Sshd, tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Keys of each kind that the host takes, and one that it does not."""
    keys = {kind: tmp_path / kind for kind in ("rsa", "ecdsa", "ed25519", "unknown")}
    for kind, path in keys.items():
        words = ["-t", kind if kind != "unknown" else "ed25519", "-N", "", "-f", str(path)]
        subprocess.run(["ssh-keygen", "-q", *words], check=True, timeout=60)
    before = sshd.keys.authorized_keys.read_text()
    added = "".join(path.with_suffix(".pub").read_text() for kind, path in keys.items() if kind != "unknown")
    sshd.keys.authorized_keys.write_text(before + added)
    yield keys
    sshd.keys.authorized_keys.write_text(before)


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_keys_of_each_kind_let_in_without_waiting(sshd: Sshd, known_keys: dict[str, Path], kind: str) -> None:
    with (
        turns(sshd, ansible_ssh_private_key_file=str(known_keys[kind])) as (between, found),
        closing(ssh(found)) as transport,
    ):
        assert run(transport, "echo in").out == "in"
        assert between.count == 6


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_a_key_that_is_refused_makes_way_for_the_next(sshd: Sshd, known_keys: dict[str, Path], kind: str) -> None:
    files = " ".join(f"-o IdentityFile={known_keys[name]}" for name in ("unknown", kind))
    found = variables(sshd, ansible_ssh_private_key_file=None)
    found["ansible_ssh_common_args"] += f" {files}"
    with closing(ssh(found)) as transport:
        assert run(transport, "echo in").out == "in"


@pytest.mark.parametrize("name", ["dash", "bash", "busybox"])
@pytest.mark.parametrize("heard", [True, False])
def test_a_shell_that_nobody_hears_runs_nothing(tmp_path: Path, name: str, heard: bool) -> None:
    """The step is sent before the shell has answered: when we have gone meanwhile, it must not be run."""
    path = shutil.which(name)
    assert path is not None, f"{name} is not installed"
    told = script.start("0123") + script.step(Command(f"touch {tmp_path}/ran"), "0123").decode()
    argv = [path, "sh"] if name == "busybox" else [path]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if not heard:
            process.stdout.close()
        process.stdin.write(told)
        process.stdin.close()
        process.wait(30)
    assert (tmp_path / "ran").exists() == heard


def test_a_shell_that_comes_up_too_late_runs_nothing(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sleeps in its .bashrc; we have closed its channel when it wakes up."""
    account = sshd.sudo
    slow = "touch ~/slow; while [ -e ~/slow ]; do sleep 0.1; done; echo $$ >~/awake"
    with closing(ssh(variables(sshd, account))) as helper:
        run(helper, f"echo '{slow}' >~/.bashrc")
        monkeypatch.setattr(shell, "OPENING_SECONDS", 1.0)
        with closing(ssh(variables(sshd, account, ansible_ssh_timeout=1))) as transport:
            with pytest.raises(Unreachable, match="no shell within 1 s; whether the command was begun is not known"):
                run(transport, "touch ~/ran")
            ended = (
                "rm ~/slow; until [ -s ~/awake ]; do sleep 0.1; done; while kill -0 $(cat ~/awake); do sleep 0.1; done"
            )
            assert run(helper, ended).exit_code == 0
            run(helper, "rm -f ~/.bashrc ~/awake")
            assert run(helper, "ls").out == ""
