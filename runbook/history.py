"""Runs that are kept: one file each in the user's state folder, so that they can be listed, shown and reported again.

A file is written whole or not at all, and only its user may read it. The oldest go when there are too many.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

from runbook.frozen import frozen
from runbook.results import Run
from runbook.stored import from_data, to_data

KEPT = 500
"""Runs that are kept."""
VARIABLE = "RUNBOOK_STATE_DIR"
_ENDING = ".json.gz"


class NoSuchRun(ValueError):
    """No run is kept under that name; the sentence says which are."""


@frozen
class Kept:
    """One kept run: its id, and its file."""

    run_id: str
    path: Path


def folder() -> Path:
    """Where runs are kept: RUNBOOK_STATE_DIR, or the user's own state folder."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]) / "runs"
    from platformdirs import user_state_path

    return user_state_path("runbook") / "runs"


def keep(run: Run, where: Path) -> Path:
    """Writes the run. Raises OSError."""
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = where / f"{run.run_id}{_ENDING}"
    data = gzip.compress(json.dumps(to_data(run), ensure_ascii=False).encode(), 1)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.touch(0o600)
        new.write_bytes(data)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    for old in list(kept(where))[KEPT:]:
        old.path.unlink(missing_ok=True)
    return path


def kept(where: Path) -> Iterator[Kept]:
    """All kept runs, the newest first: their ids begin with the time of their start."""
    names = sorted((path.name for path in where.glob(f"*{_ENDING}") if not path.name.startswith(".")), reverse=True)
    for name in names:
        yield Kept(name.removesuffix(_ENDING), where / name)


def find(name: str, where: Path) -> Kept:
    """A run by its id, by the beginning of it or by its last letters; `last` is the newest. Raises NoSuchRun."""
    runs = list(kept(where))
    if not runs:
        raise NoSuchRun("no run has been kept yet")
    if name == "last":
        return runs[0]
    found = [run for run in runs if name in (run.run_id, run.run_id.rpartition("-")[2])]
    found = found or [run for run in runs if run.run_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NoSuchRun(f"{name!r} begins {len(found)} runs: {', '.join(run.run_id for run in found[:5])}; say more")
    raise NoSuchRun(f"no run {name!r} is kept; the newest are {', '.join(run.run_id for run in runs[:5])}")


def load(run: Kept) -> Run:
    """The run. Raises ValueError when its file is damaged, OSError when it cannot be read."""
    try:
        return from_data(json.loads(gzip.decompress(run.path.read_bytes())))
    except (gzip.BadGzipFile, EOFError, ValueError) as error:
        raise ValueError(f"{run.path} is damaged: {error}") from None
