"""A private sshd on many addresses, each of which stands for a host; at will behind a slow line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.netns import Namespace, namespace
from tests.lab.sshd import MOST_ADDRESSES, Keys, make_keys, server_argv, with_users
from tests.lab.tools import Daemon, answers, free_port

ROOT = Path(__file__).resolve().parents[1]
_SLOW_NET = "10.212.7"


@dataclass(frozen=True)
class Farm:
    """Hosts at one port; root logs in with the key."""

    folder: Path
    hosts: tuple[str, ...]
    port: int
    keys: Keys
    known_hosts: Path

    def ssh_config(self) -> Path:
        """For OpenSSH's client: the quickest key exchange, nothing of the user's own."""
        path = self.folder / "ssh_config"
        path.write_text(
            f"Host *\n Port {self.port}\n User root\n IdentityFile {self.keys.key}\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {self.known_hosts}\n KexAlgorithms curve25519-sha256\n LogLevel ERROR\n"
        )
        return path

    def inventory(self, count: int) -> Path:
        """Of the first `count` hosts, as Ansible and we read it."""
        variables = {
            "ansible_port": self.port,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.keys.key),
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={self.known_hosts} -o IdentitiesOnly=yes "
            "-o KexAlgorithms=curve25519-sha256",
        }
        path = self.folder / f"inventory-{count}.json"
        hosts: dict[str, object] = {host: {} for host in self.hosts[:count]}
        path.write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
        return path.rename(path.with_suffix(".yml"))


@contextmanager
def farm(folder: Path, count: int) -> Iterator[Farm]:
    """So many hosts on loopback addresses."""
    hosts = tuple(f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(count))
    keys, port = make_keys(folder / "ssh"), free_port()
    with ExitStack() as stack:
        for at in range(0, count, MOST_ADDRESSES):
            _serve(stack, folder, keys, port, hosts[at : at + MOST_ADDRESSES], ())
        yield _farm(folder, hosts, port, keys)


@contextmanager
def slow_farm(folder: Path, count: int, round_trip: float) -> Iterator[Farm]:
    """So many hosts in a network of their own, at the end of a line with that round trip time in seconds."""
    hosts = tuple(f"{_SLOW_NET}.{10 + number}" for number in range(count))
    keys, port = make_keys(folder / "ssh"), free_port()
    with ExitStack() as stack:
        there = stack.enter_context(namespace(folder, "slow"))
        words = ["-m", "benchmarks.delay_line", str(there.pid), _SLOW_NET, str(round_trip / 2)]
        line = Daemon([sys.executable, *words], folder / "line.log", env={**os.environ, "PYTHONPATH": str(ROOT)})
        line.start(lambda: "rbslow1" in _devices(there))
        stack.callback(line.stop)
        for host in hosts:
            there.ip("address", "add", f"{host}/32", "dev", "lo")
        subprocess.run(["ip", "route", "add", f"{_SLOW_NET}.0/24", "dev", "rbslow0"], check=True)
        for at in range(0, count, MOST_ADDRESSES):
            _serve(stack, folder, keys, port, hosts[at : at + MOST_ADDRESSES], tuple(there.inside()))
        yield _farm(folder, hosts, port, keys)


def _devices(where: Namespace) -> str:
    return subprocess.check_output(where.inside("ip", "-br", "address", "show", "up"), text=True)


def _serve(
    stack: ExitStack, folder: Path, keys: Keys, port: int, hosts: Sequence[str], inside: tuple[str, ...]
) -> None:
    argv = with_users(folder / f"users-{hosts[0]}", server_argv(folder, keys, port, hosts))
    daemon = Daemon([*inside, *argv], folder / f"sshd-{hosts[0]}.log")
    daemon.start(lambda: answers(port, hosts[0]))
    stack.callback(daemon.stop)


def _farm(folder: Path, hosts: tuple[str, ...], port: int, keys: Keys) -> Farm:
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(keys.known_hosts(hosts, port))
    return Farm(folder, hosts, port, keys, known_hosts)
