"""A revision's files are written where they belong and nowhere else; the repository stays as it is."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

import click
import pytest

from runbook.cli.planning.revision import checked_out


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, and the working directory."""
    folder = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    monkeypatch.chdir(folder)
    return folder


def git(*words: str, stdin: bytes = b"") -> str:
    named = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    done = subprocess.run(["git", *named, *words], check=True, capture_output=True, input=stdin)
    return done.stdout.decode().strip()


def tree(*entries: tuple[str, str, str]) -> str:
    """A tree of (mode, name, object), also one that `git add` would never make; returns its id."""
    raw = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(made) for mode, name, made in entries)
    return git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)


def blob(text: str) -> str:
    return git("hash-object", "-w", "--stdin", stdin=text.encode())


def found(folder: Path) -> dict[str, str]:
    """Each file and link below a folder, and what is in it or where it leads."""
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_files_links_and_modes_are_those_of_the_commit(repository: Path) -> None:
    (repository / "playbooks").mkdir()
    (repository / "playbooks" / "näh run.sh").write_text("one\n")
    (repository / "playbooks" / "näh run.sh").chmod(0o755)
    (repository / "link").symlink_to("/etc/hostname")
    (repository / ".gitattributes").write_text("playbooks export-ignore\n")
    git("add", ".")
    git("commit", "-qm", "one")
    (repository / "playbooks" / "näh run.sh").write_text("two\n")
    with checked_out("HEAD") as checkout:
        assert found(checkout.folder) == {
            ".gitattributes": "playbooks export-ignore\n",
            "link": "/etc/hostname",
            "playbooks/näh run.sh": "one\n",
        }
        assert os.access("playbooks/näh run.sh", os.X_OK)
    assert not checkout.folder.exists()


def test_the_repository_stays_as_it_is(repository: Path) -> None:
    for folder in ("seen", "sparse"):
        (repository / folder).mkdir()
        (repository / folder / "file").write_text("x\n")
    git("add", ".")
    git("commit", "-qm", "one")
    git("sparse-checkout", "set", "seen")
    git("config", "core.splitIndex", "true")
    hook = repository / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch '{repository}/called'\n")
    hook.chmod(0o755)
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*")}
    with checked_out("HEAD") as checkout:
        assert set(found(checkout.folder)) == {"seen/file", "sparse/file"}
    assert {path: path.stat().st_mtime_ns for path in repository.rglob("*")} == before


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", "../../escaped", "/escaped"])
def test_a_tree_with_a_name_that_leads_away_is_refused(repository: Path, name: str, tmp_path: Path) -> None:
    file = ("100644", "escaped", blob("x"))
    entry = ("100644", name, blob("x")) if "/" in name else ("40000", name, tree(file))
    commit = git("commit-tree", "-m", "one", tree(entry))
    with pytest.raises(click.ClickException), checked_out(commit):
        pass
    assert list(tmp_path.rglob("escaped")) == []


def test_nothing_is_written_through_a_link(repository: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    below = tree(("100644", "escaped", blob("x")))
    both = tree(("120000", "a", blob(str(outside))), ("40000", "a", below))
    commit = git("commit-tree", "-m", "one", both)
    with contextlib.suppress(click.ClickException), checked_out(commit) as checkout:  # some versions of git refuse it
        assert found(checkout.folder) == {"a/escaped": "x"}
    assert list(outside.iterdir()) == []
