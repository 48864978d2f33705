"""Network namespaces held by a process each, so that the kernel removes them, and their links, with it."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from .tools import Daemon, require

NETS = IPv4Network("10.213.0.0/16")


@dataclass(frozen=True)
class Namespace:
    """A network of its own with a loopback that is up. Process 1's network is the machine's."""

    pid: int

    def inside(self, *argv: str) -> list[str]:
        """The command that runs `argv` in this network."""
        return ["nsenter", f"--target={self.pid}", "--net", "--", *argv]

    def ip(self, *words: str) -> None:
        """Runs `ip` in this network."""
        subprocess.run(self.inside("ip", *words), check=True, timeout=10)


def machine() -> Namespace:
    """The network that the tests run in."""
    return Namespace(os.getpid())


@contextmanager
def namespace(lab_dir: Path, name: str) -> Iterator[Namespace]:
    """A new network."""
    require("ip", "apt-get install iproute2")
    holder = Daemon(["unshare", "--net", "--", "sleep", "infinity"], lab_dir / f"{name}.log")
    own = Path("/proc/self/ns/net").readlink()
    holder.start(lambda: Path(f"/proc/{holder.pid}/ns/net").readlink() != own)
    made = Namespace(holder.pid)
    made.ip("link", "set", "lo", "up")
    yield made
    holder.stop()


@dataclass(frozen=True)
class Link:
    """A cable between two networks, with an address at each end."""

    near: Namespace
    far: Namespace
    device: str
    near_address: str
    far_address: str

    def cut(self) -> None:
        """Nothing passes any more. The far end goes down: here the route stays, so nothing takes another way."""
        self.far.ip("link", "set", self.device, "down")

    def mend(self) -> None:
        self.far.ip("link", "set", self.device, "up")


def link(near: Namespace, far: Namespace) -> Link:
    """Connects two networks. It goes when one of them does."""
    net, device = _free_net(near), f"rb{random.randrange(16**8):08x}"
    first, second = (str(address) for address in net.hosts())
    near.ip("link", "add", f"{device}n", "type", "veth", "peer", "name", device, "netns", str(far.pid))
    for side, address, name in ((near, first, f"{device}n"), (far, second, device)):
        side.ip("address", "add", f"{address}/{net.prefixlen}", "dev", name)
        side.ip("link", "set", name, "up")
    return Link(near, far, device, first, second)


def _free_net(where: Namespace) -> IPv4Network:
    """Four addresses that no device has here."""
    shown = subprocess.run(where.inside("ip", "-json", "address"), check=True, capture_output=True, timeout=10)
    taken = {info["local"] for device in json.loads(shown.stdout) for info in device["addr_info"]}
    nets = list(NETS.subnets(new_prefix=30))
    for net in random.sample(nets, 200):
        if not taken & {str(address) for address in net.hosts()}:
            return net
    pytest.fail(f"no free addresses in {NETS}")
