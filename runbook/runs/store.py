"""Runs that are kept: one file each in the user's state folder, so that they can be listed, shown and reported again.

A file is written whole or not at all, and only its user may read it. Beside it stands its head, which is all that a
list needs. The oldest go when there are too many, or they are too large together.
"""

from __future__ import annotations

import gzip
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from runbook.common.atomic_file import write_whole
from runbook.common.frozen import Frozen, field
from runbook.common.json_data import placed
from runbook.runs.results import Run
from runbook.runs.stored_form import encoded, from_json, to_json

KEPT = 500
"""Runs that are kept."""
MOST_BYTES = 2 * 1024**3
"""Bytes of all of them together; the newest stays whatever its size."""
VARIABLE = "RUNBOOK_STATE_DIR"
_ENDING = ".json.gz"
_HEAD = ".head.json"
_STALE = 24 * 3600.0
"""Seconds after which a file that was never finished is somebody's who was killed."""


class NoSuchRun(ValueError):
    """No run is kept under that name; the sentence says which are."""


class Kept(Frozen):
    """One kept run: its id, and its file."""

    run_id: str
    path: Path

    @property
    def head(self) -> Path:
        return self.path.with_name(f"{self.run_id}{_HEAD}")


class Head(Frozen):
    """What a list tells of a run. Times are seconds since the epoch, `duration` seconds."""

    run_id: str
    playbook: str
    path: str
    inventory: tuple[str, ...]
    hosts: tuple[str, ...]
    mode: str
    user: str
    started: float
    finished: float | None
    interrupted: bool
    verdict: str
    reason: str
    labels: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        return max(0.0, (self.finished or self.started) - self.started)


def folder() -> Path:
    """Where runs are kept: RUNBOOK_STATE_DIR, or the user's own state folder."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]) / "runs"
    from platformdirs import user_state_path

    return user_state_path("runbook") / "runs"


def keep(run: Run, where: Path) -> Path:
    """Writes the run. Raises OSError."""
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = Kept(run.run_id, where / f"{run.run_id}{_ENDING}")
    head = Head(**{name: getattr(run, name) for name in Head.__struct_fields__})
    write_whole(new.head, encoded(head))
    write_whole(new.path, gzip.compress(to_json(run).encode(), 1))
    _prune(where)
    return new.path


def _prune(where: Path) -> None:
    """Others may do the same at the same time."""
    size = 0
    for index, run in enumerate(list(kept(where))):
        with suppress(FileNotFoundError):
            size += run.path.stat().st_size
        if index >= KEPT or (index and size > MOST_BYTES):
            run.path.unlink(missing_ok=True)
            run.head.unlink(missing_ok=True)
    for left in where.glob(".*.json*"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - _STALE:
                left.unlink()


def kept(where: Path) -> Iterator[Kept]:
    """All kept runs, the newest first: their ids begin with the time of their start. Raises OSError."""
    try:
        names = [path.name for path in where.iterdir()]
    except FileNotFoundError:
        return
    for name in sorted((name for name in names if name.endswith(_ENDING) and name[0] != "."), reverse=True):
        yield Kept(name.removesuffix(_ENDING), where / name)


def find(name: str, where: Path) -> Kept:
    """A run by its id, by the beginning of it or by its last letters; `last` is the newest.

    Raises NoSuchRun, OSError.
    """
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
    return from_json(_read(run))


def load_head(run: Kept) -> Head:
    """What a list tells of it. Raises as `load`."""
    try:
        return _head(run.head.read_bytes())
    except (FileNotFoundError, ValueError):  # kept by a version that wrote no heads, or damaged
        return _head(_read(run))


def _read(run: Kept) -> bytes:
    try:
        return gzip.decompress(run.path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{run.path} is damaged: {error}") from None


def _head(text: bytes) -> Head:
    try:
        return msgspec.json.decode(text, type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is damaged: {placed(error)}") from None
