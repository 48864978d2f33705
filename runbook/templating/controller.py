"""The controller as lookups see it: from where they read files, and who runs a command for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runbook.common.frozen import Frozen


class CommandFailed(Exception):
    """A command of the controller gave nothing that could be used; the sentence says why."""


RunCommand = Callable[[str, Path], str]
"""Runs a command by a shell in a folder, and gives what it prints. Raises CommandFailed."""


class Controller(Frozen):
    """The machine that the program runs on, as far as a template reaches it."""

    folder: Path | None = None
    """Of the playbook: files are looked for from there. None: where the program runs."""
    project: Path | None = None
    """The folder with the project file. None: the same."""
    run_command: RunCommand | None = None
    """None before the run: then lookups run no command."""
    shown: bool = False
    """Is it a plan, which is shown and compared? What the environment holds is not for it."""
