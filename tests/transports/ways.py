"""The ways to a host that the tests of transports take, and what they ask of all of them."""

from __future__ import annotations

import threading
from typing import Any

from runbook.transports.base import Command, CommandResult, Transport, pipelined
from runbook.transports.ssh.settings.target import target_of
from runbook.transports.ssh.transport import SshTransport
from tests.lab.jump import Jump
from tests.lab.sshd import Account, Sshd


def arguments(known_hosts: object, *more: str) -> str:
    """What `ansible_ssh_common_args` holds in tests: nothing of the developer's own configuration counts."""
    words = ["-F none", f"-o UserKnownHostsFile={known_hosts}", "-o GlobalKnownHostsFile=none", "-o IdentityAgent=none"]
    return " ".join([*words, *more])


def variables(sshd: Sshd, account: Account | None = None, **changed: Any) -> dict[str, Any]:
    """An inventory's variables for the lab's sshd. `changed` replaces some; None takes one away."""
    known = {
        "ansible_host": sshd.host,
        "ansible_port": sshd.port,
        "ansible_user": account.name if account else sshd.user,
        "ansible_ssh_private_key_file": str(sshd.key),
        "ansible_ssh_common_args": arguments(sshd.known_hosts),
        **changed,
    }
    return {name: value for name, value in known.items() if value is not None}


def through(port: int, sshd: Sshd, **changed: Any) -> dict[str, Any]:
    """The lab's sshd by a port of this machine behind which it is."""
    found = variables(sshd, ansible_host="127.0.0.1", ansible_port=port, **changed)
    alias = f"-o HostKeyAlias=[{sshd.host}]:{sshd.port}"
    return {**found, "ansible_ssh_common_args": f"{found['ansible_ssh_common_args']} {alias}"}


def jump_variables(jump: Jump) -> dict[str, Any]:
    """The variables of the host behind the jump host."""
    return {
        "ansible_host": jump.target_host,
        "ansible_user": jump.user,
        "ansible_ssh_private_key_file": str(jump.key),
        "ansible_ssh_common_args": arguments(jump.known_hosts, f"-J {jump.user}@{jump.jump_host}"),
    }


def ssh(found: dict[str, Any], stop: threading.Event | None = None) -> SshTransport:
    """A transport of its own, from an inventory's variables. Whoever asks for it closes it."""
    return SshTransport(target_of("lab", found), stop or threading.Event())


def in_turn(transport: Transport, commands: tuple[Command, ...]) -> list[CommandResult]:
    """What they come to one after the other, sent ahead where that can be done."""
    if (far := pipelined(transport)) is not None:
        far.ahead(commands)
    return [transport.run(command) for command in commands]
