"""A revision of a git repository in a folder of its own, for as long as something is looked at in it."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import click

from runbook.common.frozen import frozen


@frozen
class Checkout:
    """Where the revision's files are, and where those of the repository are."""

    folder: Path
    root: Path

    def path(self, given: str) -> str:
        """A path as the user gave it, in the revision. What lies outside the repository stays where it is."""
        path = Path(given)
        if path.is_absolute() and path.is_relative_to(self.root):
            return str(self.folder / path.relative_to(self.root))
        return given


@contextmanager
def checked_out(revision: str) -> Iterator[Checkout]:
    """The working directory is the same folder of the revision meanwhile. Raises click's error where there is none."""
    root = Path(_git("rev-parse", "--show-toplevel").decode().rstrip("\n"))
    inside = Path.cwd().resolve().relative_to(root.resolve())
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", what=revision)
    files = _git("-C", str(root), "archive", "--format=tar", commit.decode().strip())
    with tempfile.TemporaryDirectory(prefix="runbook-") as made:
        folder = Path(made).resolve()
        with tarfile.open(fileobj=io.BytesIO(files)) as archive:
            archive.extractall(folder, filter="tar")
        if not (folder / inside).is_dir():
            raise click.ClickException(f"the revision {revision} has no folder {inside}")
        with chdir(folder / inside):
            yield Checkout(folder, root)


def _git(*words: str, what: str = "") -> bytes:
    try:
        done = subprocess.run(["git", *words], capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"})
    except FileNotFoundError:
        raise click.ClickException("--base needs git, and there is no program git") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise click.ClickException(f"git has no revision {what!r}" if what else f"git: {said.removeprefix('fatal: ')}")
    return done.stdout
