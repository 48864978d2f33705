"""How often a host has to be asked before its first step has answered: on a slow line nothing else counts."""

from __future__ import annotations

import select
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from runbook.testing.processes import run
from runbook.transports.base import CommandTimeout
from tests.lab.sshd import Sshd
from tests.transports.ways import ssh, through

_QUIET = 0.2
"""Seconds after which a side has said what it has to say for now."""


class Turns:
    """Stands between a client and a server, hands on all that one says until it is silent, and counts the client's."""

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
            while True:
                speaks = select.select([client, server], [], [])[0][0]
                if (said := _all_of(speaks)) is None:
                    return
                self.count += speaks is client
                (server if speaks is client else client).sendall(said)

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
        yield between, through(between.port, sshd, **changed)


def test_the_first_step_has_answered_after_six_questions(sshd: Sshd) -> None:
    """Who are you; a key; the login, with a session; a shell in it; the shell's beginning; the step."""
    with turns(sshd) as (between, found), closing(ssh(found)) as transport:
        assert run(transport, "echo first; exit 3").stdout == b"first\n"
        assert between.count == 6
        assert run(transport, "echo second").stdout == b"second\n"
        assert between.count == 7


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


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_session_that_was_asked_for_too_early_is_asked_for_again(
    sshd: Sshd, known_keys: dict[str, Path], kind: str
) -> None:
    """The first key was refused, and the session with it; nothing of that is left to come in between."""
    files = " ".join(f"-o IdentityFile={known_keys[name]}" for name in ("unknown", kind))
    with turns(sshd, ansible_ssh_private_key_file=None) as (between, found):
        found["ansible_ssh_common_args"] = f"{found['ansible_ssh_common_args']} {files}"
        with closing(ssh(found)) as transport:
            assert run(transport, "echo in").out == "in"
            assert between.count == 8
            with pytest.raises(CommandTimeout):
                run(transport, "sleep 300", timeout=1)
            assert run(transport, "echo next").out == "next"
