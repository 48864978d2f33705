"""A host that is reached only through another one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from runbook.testing.processes import wait_until

from .netns import Link, Namespace, link, machine, namespace
from .sshd import Keys, client_config, server_argv, with_users
from .tools import Daemon, require_root

PORT = 22


@dataclass(frozen=True)
class Jump:
    """Two hosts with networks of their own: the target's answers only to the jump host."""

    jump_host: str
    target_host: str
    keys: Keys
    known_hosts: Path
    config: Path
    """An ssh_config with `ProxyJump` for the target; its names: `jump`, `target`."""
    link: Link
    """The cable to the jump host: `cut()` and `mend()` it."""
    inner: Link
    """The cable between jump host and target."""
    port: int = PORT
    user: str = "root"

    @property
    def key(self) -> Path:
        return self.keys.key

    def ssh(self, host: str, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command with OpenSSH's own client; `host` is `jump`, `target`, or an address."""
        argv = ["ssh", "-F", str(self.config), "-o", "BatchMode=yes", "-o", "ConnectTimeout=3", host, command]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def _sshd(lab_dir: Path, keys: Keys, where: Namespace, address: str) -> Daemon:
    """An sshd of that network, on that address, with users of its own."""
    argv = with_users(lab_dir / f"sshd-{address}", server_argv(lab_dir, keys, PORT, [address]))
    daemon = Daemon(where.inside(*argv), lab_dir / f"sshd-{address}.log")
    daemon.start(lambda: "Server listening" in daemon.log.read_text())
    return daemon


@pytest.fixture(scope="session")
def jump(lab_dir: Path, ssh_keys: Keys) -> Iterator[Jump]:
    """A jump host and a target behind it."""
    require_root()
    with ExitStack() as stack:
        outer = stack.enter_context(namespace(lab_dir, "jump"))
        behind = stack.enter_context(namespace(lab_dir, "target"))
        cable, inner = link(machine(), outer), link(outer, behind)
        # Whoever tries the target directly is told that it cannot be reached: only SSH leads there.
        subprocess.run(outer.inside("sysctl", "-qw", "net.ipv4.ip_forward=1"), check=True, timeout=10)
        machine().ip("route", "add", f"{inner.far_address}/32", "via", cable.far_address)
        outer.ip("rule", "add", "iif", cable.device, "unreachable")
        stack.callback(_sshd(lab_dir, ssh_keys, outer, cable.far_address).stop)
        stack.callback(_sshd(lab_dir, ssh_keys, behind, inner.far_address).stop)
        known_hosts, config = lab_dir / "jump_known_hosts", lab_dir / "jump_ssh_config"
        known_hosts.write_text(ssh_keys.known_hosts([cable.far_address, inner.far_address], PORT))
        near = client_config(ssh_keys, known_hosts, {"jump": (cable.far_address, PORT)})
        proxy = "    ProxyJump jump\n"
        far = client_config(ssh_keys, known_hosts, {"target": (inner.far_address, PORT)}, proxy)
        config.write_text(f"{near}\n{far}")
        made = Jump(cable.far_address, inner.far_address, ssh_keys, known_hosts, config, cable, inner)
        wait_until(lambda: made.ssh("target", "true").returncode == 0, "the target answers through the jump host")
        yield made
