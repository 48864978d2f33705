"""Paths of the controller's kind: POSIX. Those that ask the file system ask the controller's."""

from __future__ import annotations

import ntpath
import os.path
from typing import Any

from runbook.templating.sandbox.limits import MAX_ITEMS, bounded, text_of


def basename(value: str) -> str:
    """The last part of a path.

    `'/etc/app/app.conf' | basename` → `"app.conf"`
    """
    return os.path.basename(value)


def dirname(value: str) -> str:
    """A path without its last part.

    `'/etc/app/app.conf' | dirname` → `"/etc/app"`
    """
    return os.path.dirname(value)


def splitext(value: str) -> list[str]:
    """A path and its ending.

    `'app.tar.gz' | splitext` → `["app.tar", ".gz"]`
    """
    return list(os.path.splitext(value))


def realpath(value: str) -> str:
    """The path on the controller without links, and whole.

    `'/a/../b' | realpath` → `"/b"`
    """
    return os.path.realpath(value)


def relpath(value: str, start: str = os.curdir) -> str:
    """The path as it is seen from a folder.

    `'/etc/app/app.conf' | relpath('/etc')` → `"app/app.conf"`
    """
    return os.path.relpath(value, start)


def normpath(value: str) -> str:
    """The path without `.`, `..` and double slashes.

    `'/etc//app/../x' | normpath` → `"/etc/x"`
    """
    return os.path.normpath(value)


def expanduser(value: str) -> str:
    """The path with `~` replaced by the home folder on the controller.

    `'/a/~' | expanduser` → `"/a/~"`
    """
    return os.path.expanduser(value)


def expandvars(value: str) -> str:
    """The path with `$NAME` replaced by the controller's variables.

    `'/a/$NO_SUCH_VARIABLE' | expandvars` → `"/a/$NO_SUCH_VARIABLE"`
    """
    return os.path.expandvars(value)


def path_join(value: Any) -> str:
    """The parts of a path joined.

    `['/etc', 'app', 'app.conf'] | path_join` → `"/etc/app/app.conf"`
    """
    return str(os.path.join(value) if isinstance(value, str) else os.path.join(*value))


def commonpath(value: Any) -> str:
    """The longest path that all begin with.

    `['/etc/a/b', '/etc/a/c'] | commonpath` → `"/etc/a"`
    """
    if isinstance(value, str):
        raise TypeError("commonpath needs a list of paths")
    return str(os.path.commonpath(value))


def fileglob(value: str) -> list[str]:
    """The controller's files that a pattern names.

    `'/no/such/folder/*' | fileglob` → `[]`
    """
    import glob

    found = bounded(path for _, path in zip(range(MAX_ITEMS), glob.iglob(text_of(value)), strict=False))
    return [path for path in found if os.path.isfile(path)]


def win_basename(value: str) -> str:
    """The last part of a Windows path.

    `'C:\\x\\app.ini' | win_basename` → `"app.ini"`
    """
    return ntpath.basename(value)


def win_dirname(value: str) -> str:
    """A Windows path without its last part.

    `'C:\\x\\app.ini' | win_dirname` → `"C:\\\\x"`
    """
    return ntpath.dirname(value)


def win_splitdrive(value: str) -> list[str]:
    """A Windows path, its drive apart.

    `'C:\\x' | win_splitdrive` → `["C:", "\\\\x"]`
    """
    return list(ntpath.splitdrive(value))
