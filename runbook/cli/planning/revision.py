"""A revision of a git repository in a folder of its own, for as long as something is looked at in it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import click

from runbook.common.frozen import Frozen


class Checkout(Frozen):
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
    with tempfile.TemporaryDirectory(prefix="runbook-") as made:
        folder = Path(made).resolve() / "files"
        folder.mkdir()
        _write_files(root, commit.decode().strip(), folder)
        if not (folder / inside).is_dir():
            raise click.ClickException(f"the revision {revision} has no folder {inside}")
        with chdir(folder / inside):
            yield Checkout(folder, root)


def _write_files(root: Path, commit: str, folder: Path) -> None:
    """The files of a commit into an empty folder. Git writes them: it refuses a path that leads out of the folder.

    They go through an index of their own: the repository's is not touched, and no hook is called.
    """
    index = str(folder.with_name("index"))
    quietly = ("-C", str(root), "-c", f"core.hooksPath={os.devnull}", "-c", "core.splitIndex=false")
    _git(*quietly, "read-tree", "--no-sparse-checkout", commit, index=index)
    _git(*quietly, "checkout-index", "--all", f"--prefix={folder}/", index=index)


def _git(*words: str, what: str = "", index: str = "") -> bytes:
    env = {**os.environ, "LC_ALL": "C"} | ({"GIT_INDEX_FILE": index} if index else {})
    try:
        done = subprocess.run(["git", *words], capture_output=True, check=False, env=env)
    except FileNotFoundError:
        raise click.ClickException("--base needs git, and there is no program git") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise click.ClickException(f"git has no revision {what!r}" if what else f"git: {said.removeprefix('fatal: ')}")
    return done.stdout
