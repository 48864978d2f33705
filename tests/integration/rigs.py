"""What the tests of real services share: a program that lies, and a host that is a container of this machine."""

from __future__ import annotations

import shlex
from pathlib import Path

from runbook.testing import FarHost


def lying(path: Path, real: str, word: str) -> str:
    """A program that does as the real one, but for calls with that word does nothing and reports success."""
    path.write_text(f'#!/bin/sh\nfor w; do [ "$w" = {word} ] && exit 0; done\nexec {shlex.quote(real)} "$@"\n')
    path.chmod(0o755)
    return str(path)


def entered(pid: int) -> FarHost:
    """A host that is a container of this machine: its commands run in the namespaces of its process 1."""
    return FarHost(by=f"nsenter --target={pid} --all --wdns=/ -- /bin/sh -c")
