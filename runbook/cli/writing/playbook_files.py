"""Which files are playbooks, and the YAML files below a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runbook.source.document import read_bounded

LOOK = 1024 * 1024
"""Bytes of a file in which `stages:` is looked for."""
_NOT_OURS = ("node_modules", "venv")


def yaml_files(folder: Path) -> Iterator[Path]:
    """The YAML files of a folder and the folders in it, without what is hidden."""
    for path in sorted(folder.rglob("*.y*ml")):
        inside = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part in _NOT_OURS for part in inside)
        if path.suffix in (".yml", ".yaml") and not hidden and path.is_file():
            yield path


def is_playbook(path: Path) -> bool:
    """Does it have stages? A file that cannot be read has none."""
    try:
        text = read_bounded(path, LOOK).decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return False
    return text.removeprefix("\ufeff").startswith("stages:") or "\nstages:" in text
