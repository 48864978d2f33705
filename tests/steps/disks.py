"""Disks that are soon full and disks that nobody may write to, for tests of what then becomes of files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.tools import missing, require_root


@contextmanager
def small_disk(folder: Path, size: str = "1m") -> Iterator[Path]:
    """A disk of that size in a folder."""
    require_root()
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "small", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        missing("the right to mount a disk", "sudo make test, in a container with CAP_SYS_ADMIN")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """A disk that nobody may write to, not even root, with what the folder holds."""
    require_root()
    for options in (["--bind", str(folder)], ["-o", "remount,bind,ro"]):
        mounted = subprocess.run(["mount", *options, str(folder)], capture_output=True)
        if mounted.returncode != 0:
            missing("the right to mount a disk", "sudo make test, in a container with CAP_SYS_ADMIN")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
