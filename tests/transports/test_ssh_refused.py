"""Hosts that cannot be reached or trusted: each says what, where, and the way out, and none holds a run up."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from runbook.testing.processes import run, wait_until
from runbook.transports.base import Stopped, Unreachable
from tests.lab.jump import Jump
from tests.lab.sshd import Sshd
from tests.lab.tools import free_port
from tests.transports.ways import arguments, jump_variables, ssh, variables


def refusal(found: dict[str, Any], seconds: float = 8.0) -> str:
    """Why the host is Unreachable. Fails when that takes too long, or when it is reached."""
    began = time.monotonic()
    with closing(ssh(found)) as transport, pytest.raises(Unreachable) as caught:
        run(transport, "true")
    assert time.monotonic() - began < seconds
    said = str(caught.value)
    assert "\n" not in said
    return said


def keys_in(file: Path, text: str) -> str:
    """`ansible_ssh_common_args` with a known_hosts file of one's own."""
    file.write_text(text)
    return arguments(file)


@pytest.fixture
def other_key(tmp_path: Path) -> str:
    """A host key that the host has not: kind and base64."""
    path = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True, timeout=30)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


def test_an_unknown_host_key_is_refused_with_the_way_to_add_it(sshd: Sshd, tmp_path: Path) -> None:
    file = tmp_path / "known"
    said = refusal(variables(sshd, ansible_ssh_common_args=keys_in(file, "")))
    assert "its host key is not known: ssh-ed25519 SHA256:" in said
    scan = re.search(r"then add it: (ssh-keyscan .* >> \S+)", said)
    assert scan is not None
    subprocess.run(["sh", "-c", f"{scan[1]} 2>/dev/null"], check=True, timeout=30)
    with closing(ssh(variables(sshd, ansible_ssh_common_args=arguments(file)))) as transport:
        assert run(transport, "echo in").out == "in"


def test_a_changed_host_key_is_refused_with_the_way_out(sshd: Sshd, tmp_path: Path, other_key: str) -> None:
    file = tmp_path / "known"
    args = keys_in(file, f"# the first line\n[{sshd.host}]:{sshd.port} {other_key}\n")
    said = refusal(variables(sshd, ansible_ssh_common_args=args))
    assert "its host key has CHANGED" in said
    assert f"{file}:2 has SHA256:" in said
    remove = re.search(r"(ssh-keygen -f .*), then add", said)
    assert remove is not None
    subprocess.run(["sh", "-c", remove[1]], check=True, timeout=30, capture_output=True)
    assert "not known" in refusal(variables(sshd, ansible_ssh_common_args=args))


def test_no_option_turns_the_check_off(sshd: Sshd, tmp_path: Path) -> None:
    args = keys_in(tmp_path / "known", "") + " -o StrictHostKeyChecking=no"
    said = refusal(variables(sshd, ansible_ssh_common_args=args))
    assert said.endswith("StrictHostKeyChecking cannot be turned off here")


def test_a_revoked_host_key_is_refused(sshd: Sshd, tmp_path: Path) -> None:
    known = sshd.known_hosts.read_text()
    revoked = "".join(f"@revoked {line}\n" for line in known.splitlines())
    args = keys_in(tmp_path / "known", known + revoked)
    assert "marked as revoked" in refusal(variables(sshd, ansible_ssh_common_args=args))


def test_a_hashed_entry_and_a_key_of_another_kind_are_known_too(sshd: Sshd, tmp_path: Path) -> None:
    """As ssh-keygen -H writes it; and the server is asked for the one kind of key that is known."""
    file = tmp_path / "known"
    ecdsa = [line for line in sshd.known_hosts.read_text().splitlines() if " ecdsa-" in line]
    file.write_text("\n".join(ecdsa) + "\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, timeout=30, capture_output=True)
    assert sshd.host not in file.read_text()
    with closing(ssh(variables(sshd, ansible_ssh_common_args=arguments(file)))) as transport:
        assert run(transport, "echo in").out == "in"


def test_a_key_that_the_host_does_not_know_is_refused(sshd: Sshd, tmp_path: Path, other_key: str) -> None:
    assert other_key
    said = refusal(variables(sshd, ansible_ssh_private_key_file=str(tmp_path / "other")))
    assert f"the login as root is refused: tried the key {tmp_path}/other" in said
    assert "Check ansible_user, ansible_ssh_private_key_file" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "cannot be read: No such file"),
        ("broken.pub", "is the public part: name the file without .pub"),
        ("broken", "is not an Ed25519, ECDSA or RSA private key"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_said(sshd: Sshd, tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "broken").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nxx\n")
    (tmp_path / "broken.pub").write_text("ssh-ed25519 AAAA me\n")
    assert said in refusal(variables(sshd, ansible_ssh_private_key_file=str(tmp_path / name)))


def test_a_locked_key_wants_its_passphrase(sshd: Sshd) -> None:
    locked = variables(sshd, ansible_ssh_private_key_file=str(sshd.keys.key_with_passphrase))
    assert "is locked: set ansible_ssh_private_key_passphrase" in refusal(locked)
    assert "passphrase is wrong" in refusal({**locked, "ansible_ssh_private_key_passphrase": "wrong"})
    opened = {**locked, "ansible_ssh_private_key_passphrase": sshd.keys.passphrase}
    with closing(ssh(opened)) as transport:
        assert run(transport, "echo in").out == "in"


def test_a_password_lets_in_or_is_refused_without_being_shown(sshd: Sshd) -> None:
    account = sshd.csh
    found = variables(sshd, account, ansible_ssh_private_key_file=None, ansible_password=account.password)
    with closing(ssh(found)) as transport:
        assert run(transport, "id -un").out == account.name
    said = refusal({**found, "ansible_password": "not the secret"})
    assert f"the login as {account.name} is refused: tried the password" in said
    assert "not the secret" not in said


def test_a_user_who_is_not_there_is_refused(sshd: Sshd) -> None:
    assert "the login as nosuch is refused" in refusal(variables(sshd, ansible_user="nosuch"))


def test_a_port_where_nothing_listens_is_said(sshd: Sshd) -> None:
    port = free_port()
    said = refusal(variables(sshd, ansible_port=port))
    assert f"nothing listens on port {port} of 127.0.0.1" in said
    assert "ansible_port" in said


def test_a_name_without_an_address_is_said(sshd: Sshd) -> None:
    said = refusal(variables(sshd, ansible_host="no-such-host.invalid"))
    assert "the name 'no-such-host.invalid' has no address" in said
    assert "ansible_host" in said


@pytest.mark.parametrize(("name", "value"), [("ansible_port", "ssh"), ("ansible_timeout", "soon")])
def test_a_variable_that_cannot_be_understood_is_said(sshd: Sshd, name: str, value: str) -> None:
    with pytest.raises(Unreachable, match=f"{value!r} is not a"), closing(ssh(variables(sshd, **{name: value}))) as it:
        run(it, "true")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that accepts connections, as far as the kernel does; nobody speaks there yet."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def silent(listener: socket.socket, sshd: Sshd, **more: Any) -> dict[str, Any]:
    return variables(sshd, ansible_port=listener.getsockname()[1], ansible_timeout=1, **more)


def test_a_host_that_never_speaks_is_given_up_in_time(sshd: Sshd, listener: socket.socket) -> None:
    said = refusal(silent(listener, sshd), 4)
    assert "it accepts connections but says nothing within 1 s" in said
    assert "ansible_ssh_timeout" in said


def _serve(listener: socket.socket, greeting: bytes, stack: ExitStack) -> None:
    """Says the greeting to everybody; an empty one hangs up. Ends with the listener."""

    def work() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if not greeting:
                client.close()
                continue
            stack.enter_context(client)
            client.sendall(greeting)

    thread = threading.Thread(target=work)
    thread.start()
    stack.callback(thread.join, 5)
    stack.callback(listener.shutdown, socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not finish the key exchange within 1 s"),
        (b"", "it hangs up before anybody can log in"),
        (b"HTTP/1.1 400 Bad Request\r\n" * 200, "SSH"),
    ],
)
def test_a_server_that_is_none_is_said(sshd: Sshd, listener: socket.socket, greeting: bytes, said: str) -> None:
    with ExitStack() as stack:
        _serve(listener, greeting, stack)
        assert said in refusal(silent(listener, sshd), 6)


def test_a_stop_breaks_off_a_silent_connection(sshd: Sshd, listener: socket.socket, stop: threading.Event) -> None:
    found = {**silent(listener, sshd), "ansible_timeout": 20}
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    began = time.monotonic()
    with closing(ssh(found, stop)) as transport, pytest.raises(Stopped):
        run(transport, "true")
    assert time.monotonic() - began < 3
    timer.join()


def test_behind_a_jump_host_it_is_said_which_one_failed(jump: Jump) -> None:
    found = jump_variables(jump)
    assert re.search(
        rf"the jump host root@{jump.jump_host} cannot connect to {jump.target_host}:1: Connect failed",
        refusal({**found, "ansible_port": 1}),
    )
    args = arguments(jump.known_hosts, f"-J nosuch@{jump.jump_host}")
    assert f"nosuch@{jump.jump_host}: the login as nosuch" in refusal({**found, "ansible_ssh_common_args": args})


def test_without_the_jump_host_there_is_no_way(jump: Jump) -> None:
    found = {**jump_variables(jump), "ansible_ssh_common_args": arguments(jump.known_hosts), "ansible_timeout": 2}
    assert re.search("cannot connect|no answer", refusal(found))


def test_a_cut_cable_is_noticed(jump: Jump) -> None:
    """While a command runs: no word from the host, and no end of the waiting but ours."""
    args = arguments(jump.known_hosts, "-o ServerAliveInterval=1 -o ServerAliveCountMax=2")
    found = {**jump_variables(jump), "ansible_host": jump.jump_host, "ansible_ssh_common_args": args}
    began = time.monotonic()
    with closing(ssh(found)) as transport:
        assert run(transport, "true").ok
        try:
            with pytest.raises(Unreachable, match=r"while a command ran; whether it came to its end is not known"):
                run(transport, "echo up; exec sleep 20", lambda _stream, _data: jump.link.cut())
        finally:
            jump.link.mend()
        assert time.monotonic() - began < 10
        wait_until(lambda: jump.ssh("jump", "true").returncode == 0, "the cable carries again")
        assert run(transport, "echo again").out == "again"
