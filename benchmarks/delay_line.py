"""A line between two networks on which every packet takes a fixed time: for kernels without netem.

`python -m benchmarks.delay_line PID ADDRESS SECONDS`: this network and that of the process get a device each.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import struct
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

_TUNSETIFF, _TUN_WITHOUT_HEADER = 0x400454CA, 0x1001
_CLONE_NEWNET = 0x40000000
_LARGEST = 65536


def device(name: str, address: str, peer: str) -> int:
    """A new network device of this thread's network; packets are read from and written to the file descriptor."""
    number = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(number, _TUNSETIFF, struct.pack("16sH", name.encode(), _TUN_WITHOUT_HEADER))
    for words in (("address", "add", address, "peer", peer, "dev", name), ("link", "set", name, "up")):
        subprocess.run(["ip", *words], check=True, timeout=10)
    return number


def enter(pid: int) -> None:
    """This process's network is that of the other from now on."""
    with Path(f"/proc/{pid}/ns/net").open() as theirs:
        if ctypes.CDLL(None, use_errno=True).setns(theirs.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


def carry(near: int, far: int, seconds: float) -> None:
    """Passes packets on, each `seconds` after it came, until it is ended."""
    waiting: deque[tuple[float, int, bytes]] = deque()
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for source in select.select([near, far], [], [], pause)[0]:
            target = far if source == near else near
            try:
                while packet := os.read(source, _LARGEST):
                    waiting.append((time.monotonic() + seconds, target, packet))
            except BlockingIOError:
                pass
        while waiting and waiting[0][0] <= time.monotonic():
            _, target, packet = waiting.popleft()
            os.write(target, packet)


def main() -> None:
    pid, net, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    near = device("rbslow0", f"{net}.1", f"{net}.2")
    enter(pid)
    far = device("rbslow1", f"{net}.2", f"{net}.1")
    carry(near, far, seconds)


if __name__ == "__main__":
    main()
