"""Files on a host: read and written whole, with their mode and owner, on every way to it."""

from __future__ import annotations

import os
import pwd
import stat as modes
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from runbook.testing.processes import run
from runbook.transports.base import CommandResult, Transport
from runbook.transports.shell import files
from runbook.transports.shell.files import FileMissing, FileProblem
from runbook.transports.ssh.transport import SshTransport
from tests.lab.sshd import Sshd
from tests.transports.ways import ssh, variables

Run = Callable[..., CommandResult]

NAMES = ["plain", 'it\'s a "file"', "-rf", "żółw 🐢", "$HOME", "two\nlines", "%s"]


def on(transport: Transport) -> Run:
    """What the functions take: `Context.command` in a run."""

    def command(script: str, *, stdin: bytes = b"") -> CommandResult:
        return run(transport, script, stdin=stdin)

    return command


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode_of(path: Path) -> int:
    return modes.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", bytes(range(256)) * 1000, b"no newline", b"\n\n"],
    ids=["empty", "NUL", "every byte", "no newline", "newlines"],
)
def test_what_is_written_is_read_again(transport: Transport, folder: Path, data: bytes) -> None:
    path = folder / "file"
    assert files.write_file(on(transport), str(path), data) == ""
    assert path.read_bytes() == data
    assert files.read_file(on(transport), str(path)) == data
    assert names(folder) == ["file"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_will_do(transport: Transport, folder: Path, name: str) -> None:
    path = folder / name
    files.write_file(on(transport), str(path), b"data", mode="0604", validate="grep -q data -- %s")
    assert files.read_file(on(transport), str(path)) == b"data"
    info = files.stat(on(transport), str(path))
    assert info is not None
    assert (info.kind, info.mode, info.size) == ("file", "0604", 4)
    assert names(folder) == [name]


def test_mode_and_owner_are_kept(host: SshTransport, folder: Path) -> None:
    path = folder / "file"
    path.write_text("old")
    nobody = pwd.getpwnam("nobody")
    os.chown(path, nobody.pw_uid, nobody.pw_gid)
    path.chmod(0o4751)
    files.write_file(on(host), str(path), b"new")
    after = path.stat()
    assert (after.st_uid, after.st_gid) == (nobody.pw_uid, nobody.pw_gid)
    assert path.read_text() == "new"
    assert mode_of(path) == 0o4751


def test_mode_and_owner_are_given(host: SshTransport, folder: Path) -> None:
    path = folder / "file"
    files.write_file(on(host), str(path), b"x", mode="u=rw,g=r,o=", owner="nobody", group="daemon")
    info = files.stat(on(host), str(path))
    assert info is not None
    assert (info.mode, info.owner, info.group) == ("0640", "nobody", "daemon")


def test_a_file_is_never_seen_half_written(host: SshTransport, folder: Path) -> None:
    """It is another file after the change: who has the old one open reads that to its end."""
    path = folder / "file"
    path.write_bytes(b"old" * 1000)
    before = path.stat().st_ino
    with path.open("rb") as reader:
        files.write_file(on(host), str(path), b"new" * 400_000)
        assert reader.read() == b"old" * 1000
    assert path.stat().st_ino != before
    assert path.read_bytes() == b"new" * 400_000


def test_what_validation_refuses_changes_nothing(transport: Transport, folder: Path) -> None:
    path = folder / "file"
    files.write_file(on(transport), str(path), b"old")
    with pytest.raises(FileProblem, match="was not changed: validate failed: bad on line 1"):
        files.write_file(on(transport), str(path), b"new", validate="sh -c 'echo bad on line 1; exit 1' %s")
    assert path.read_text() == "old"
    assert names(folder) == ["file"]
    with pytest.raises(FileProblem, match="validate needs %s"):
        files.write_file(on(transport), str(path), b"new", validate="true")


def test_another_s_file_is_not_taken_over(sshd: Sshd, folder: Path) -> None:
    """Who may write into the folder could replace it, and would become its owner."""
    path = folder / "file"
    path.write_text("old")
    path.chmod(0o666)
    with closing(ssh(variables(sshd, sshd.csh))) as other:
        with pytest.raises(FileProblem, match="its owner cannot be kept"):
            files.write_file(on(other), str(path), b"new")
        path.chmod(0o600)
        with pytest.raises(FileProblem, match="permission denied"):
            files.read_file(on(other), str(path))
        folder.chmod(0o700)
        with pytest.raises(FileProblem, match="cannot be looked at: permission denied"):
            files.stat(on(other), str(path))
    assert path.read_text() == "old"
    assert names(folder) == ["file"]


def test_a_backup_is_the_old_file(host: SshTransport, folder: Path) -> None:
    path = folder / "it's"
    path.write_text("old")
    path.chmod(0o600)
    kept = Path(files.write_file(on(host), str(path), b"new", backup=True))
    assert kept.parent == folder
    assert (kept.read_text(), mode_of(kept), path.read_text()) == ("old", 0o600, "new")


def test_a_link_is_followed(host: SshTransport, folder: Path) -> None:
    (folder / "real").write_text("old")
    (folder / "link").symlink_to("real")
    files.write_file(on(host), str(folder / "link"), b"new")
    assert (folder / "link").is_symlink()
    assert (folder / "real").read_text() == "new"
    itself = files.stat(on(host), str(folder / "link"), follow=False)
    assert itself is not None
    assert (itself.kind, itself.target) == ("link", "real")


def test_stat_tells_what_is_there(transport: Transport, folder: Path) -> None:
    (folder / "gone").symlink_to("nowhere")
    assert files.stat(on(transport), str(folder / "missing")) is None
    assert files.stat(on(transport), str(folder / "gone")) is None
    here = files.stat(on(transport), str(folder))
    assert here is not None
    assert (here.kind, here.mode, here.owner) == ("directory", "0777", "root")
    (folder / "file").write_text("x")
    os.utime(folder / "file", (1, 1_700_000_000.25))
    info = files.stat(on(transport), str(folder / "file"))
    assert info is not None
    assert info.mtime == 1_700_000_000.25
    device = files.stat(on(transport), "/dev/null")
    assert device is not None
    assert device.kind == "other"


def test_what_cannot_be_read_is_said(transport: Transport, folder: Path) -> None:
    (folder / "large").write_bytes(b"x" * 1001)
    with pytest.raises(FileMissing, match="there is no such file"):
        files.read_file(on(transport), str(folder / "missing"))
    with pytest.raises(FileProblem, match="is a directory"):
        files.read_file(on(transport), str(folder))
    with pytest.raises(FileProblem, match="is larger than 1000 bytes"):
        files.read_file(on(transport), str(folder / "large"), limit=1000)
    with pytest.raises(FileProblem, match="there is no folder"):
        files.write_file(on(transport), str(folder / "none" / "file"), b"x")
    with pytest.raises(FileProblem, match="it is a directory"):
        files.write_file(on(transport), str(folder), b"x")


def test_a_full_disk_changes_nothing(host: SshTransport, folder: Path) -> None:
    """A file system of its own, with room for little, in the host's mount namespace."""
    assert run(host, f"mount -t tmpfs -o size=64k,mode=0777 small {folder}").ok
    try:
        path = f"{folder}/file"
        files.write_file(on(host), path, b"old")
        with pytest.raises(FileProblem, match="was not changed: the folder has no room"):
            files.write_file(on(host), path, b"x" * 200_000)
        assert run(host, f"cat {path}; ls -A {folder}").stdout == b"oldfile\n"
    finally:
        run(host, f"umount {folder}")
