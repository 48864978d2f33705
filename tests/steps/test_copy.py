"""The `copy` step, with real files of this machine."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.files.copy as kind
from runbook.runs.events import Outcome, Status, failed
from runbook.steps.base import StepError
from runbook.testing import examples, options, problems, run_step, step_context
from tests.lab.tools import require_root
from tests.steps.disks import read_only, small_disk

Copy = Callable[..., Outcome]
HOSTILE = ["-rf", "a b", "a\nb", "'\"", "$HOME `id`", "*", "ä→🜁", "\\", "%s", " x "]
BINARY = bytes(range(256)) * 3


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A folder of the host."""
    folder = tmp_path / "host"
    folder.mkdir()
    return folder


@pytest.fixture
def copy(tmp_path: Path, host: Path) -> Copy:
    """Copies, from the folder of the playbook; `dest` is relative to the host's folder."""
    base = tmp_path / "playbooks"
    base.mkdir()

    def run(dest: str = "file", **args: Any) -> Outcome:
        dest = dest if dest.startswith("/") else f"{host}/{dest}"
        return run_step(kind, {"dest": dest, **args}, context=step_context(base=base))

    return run


def complaint(copy: Copy, host: Path, dest: str = "file", **args: Any) -> str:
    """What is said when it fails; then the host's folder is as it was."""
    before = {file: file.read_bytes() for file in host.iterdir() if file.is_file()}
    outcome = copy(dest, **args)
    assert outcome.status is Status.FAILED
    assert {file: file.read_bytes() for file in host.iterdir() if file.is_file()} == before
    return outcome.message


@pytest.mark.parametrize("step", examples(kind), ids=lambda step: str(step["name"]))
def test_the_example_is_right(step: dict[str, Any]) -> None:
    args = options(kind, step["copy"])
    assert kind.changes(args)
    assert kind.plan(args) == "8 characters of text → /etc/motd"


def test_a_first_and_a_second_run(copy: Copy, host: Path) -> None:
    path = host / "file"
    first = copy(content="one\n")
    data = {"path": str(path), "changed": True, "backup": "", "size": 4}
    assert (first.status, first.message, first.data) == (Status.CHANGED, f"{path} written", data)
    assert first.diff == f"--- {path} (before)\n+++ {path} (after)\n@@ -0,0 +1 @@\n+one\n"
    second = copy(content="one\n")
    assert (second.status, second.changed, second.diff) == (Status.PASSED, False, "")
    assert second.data == {**data, "changed": False}
    third = copy(content="two\n")
    assert (third.status, third.message) == (Status.CHANGED, f"{path} changed")
    assert "-one\n+two\n" in third.diff
    assert (path.read_text(), Path(third.data["backup"]).read_text()) == ("two\n", "one\n")
    assert len(list(host.iterdir())) == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_every_kind(copy: Copy, tmp_path: Path, host: Path, name: str) -> None:
    (tmp_path / "playbooks" / name).write_bytes(BINARY)
    (host / "in it").mkdir()
    for dest in (name, "in it/"):
        outcome = copy(dest, src=name, validate="test -s %s")
        assert outcome.status is Status.CHANGED, outcome.message
        assert copy(dest, src=name).status is Status.PASSED
    assert (host / name).read_bytes() == (host / "in it" / name).read_bytes() == BINARY


@pytest.mark.parametrize("content", ["", "\n", "no newline", "a\r\nb\r\n", "ä\x00→🜁\u2028", 8080])
def test_content_arrives_as_it_is(copy: Copy, host: Path, content: str | int) -> None:
    assert copy(content=content).status is Status.CHANGED
    assert (host / "file").read_bytes() == str(content).encode()
    assert copy(content=content).status is Status.PASSED


def test_binary_files(copy: Copy, tmp_path: Path, host: Path) -> None:
    (tmp_path / "playbooks" / "b").write_bytes(BINARY)
    (host / "b").write_bytes(BINARY[1:])
    outcome = copy("b", src="b", backup=False)
    assert outcome.diff == f"binary files differ: {host / 'b'}, 767 bytes before, 768 after\n"
    assert (host / "b").read_bytes() == BINARY
    assert len(list(host.iterdir())) == 1


def test_a_file_of_any_size_is_copied_once(copy: Copy, tmp_path: Path, host: Path) -> None:
    large = os.urandom(1024) * 17 * 1024
    (tmp_path / "playbooks" / "b").write_bytes(large)
    assert copy("b", src="b").status is Status.CHANGED
    assert copy("b", src="b").status is Status.PASSED
    (host / "b").write_bytes(large[:-1] + b"x")
    outcome = copy("b", src="b", backup=False)
    assert outcome.diff == f"too large to be shown: {host / 'b'}, {len(large)} bytes after\n"
    assert (host / "b").read_bytes() == large


@pytest.mark.parametrize("dest", ["", "link", "link/"])
def test_a_folder_gets_the_name_of_the_source(copy: Copy, tmp_path: Path, host: Path, dest: str) -> None:
    (tmp_path / "playbooks" / "files").mkdir()
    (tmp_path / "playbooks" / "files" / "app.conf").write_text("x")
    (host / "link").symlink_to(host)
    outcome = copy(dest, src="files/app.conf")
    assert outcome.status is Status.CHANGED, outcome.message
    assert (host / "app.conf").read_text() == "x"
    assert copy(dest, src="files/app.conf").status is Status.PASSED


def test_a_folder_is_no_place_for_content(copy: Copy, host: Path) -> None:
    assert "with `content`, dest is the file's whole path" in complaint(copy, host, "", content="x")
    assert "is a folder" in complaint(copy, host, "new/", content="x")


def test_mode_and_owner_are_set_and_kept(copy: Copy, host: Path) -> None:
    require_root()
    path = host / "file"
    nobody = pwd.getpwnam("nobody")
    given = {"mode": "4750", "owner": "nobody", "group": 12345}
    assert copy(content="x", **given).status is Status.CHANGED

    def seen() -> tuple[int, int, int]:
        stat = path.stat()
        return stat.st_mode & 0o7777, stat.st_uid, stat.st_gid

    assert seen() == (0o4750, nobody.pw_uid, 12345)
    assert copy(content="x", **given).status is Status.PASSED
    assert copy(content="y").status is Status.CHANGED
    assert seen() == (0o4750, nobody.pw_uid, 12345)


def test_a_mode_alone_is_a_change_without_backup(copy: Copy, host: Path) -> None:
    copy(content="x", mode="0644")
    outcome = copy(content="x", mode=0o600)
    assert (outcome.status, outcome.message) == (Status.CHANGED, f"{host / 'file'} changed (mode 0644 → 0600)")
    assert (outcome.diff, outcome.data["backup"]) == ("", "")
    assert copy(content="x", mode="600").status is Status.PASSED


@pytest.mark.parametrize("mode", [644, "rw", "u=rw,g=r", "0888", -1])
def test_what_is_no_mode(copy: Copy, host: Path, mode: str | int) -> None:
    assert "in quotes" in complaint(copy, host, content="x", mode=mode)


@pytest.mark.parametrize("option", ["owner", "group"])
def test_an_owner_that_is_not_known(copy: Copy, host: Path, option: str) -> None:
    (host / "file").write_text("old")
    assert "no-such-one" in complaint(copy, host, content="x", **{option: "no-such-one"})


def test_what_validate_refuses_is_not_done(copy: Copy, host: Path) -> None:
    (host / "file").write_text("good")
    check = "grep -q good %s || { echo it is bad; exit 1; }"
    said = complaint(copy, host, content="evil", validate=check)
    assert said == f"{host / 'file'} was not changed: validate failed: it is bad"
    assert copy(content="good 2", validate=check).status is Status.CHANGED


def test_a_link_is_followed(copy: Copy, host: Path) -> None:
    (host / "file").symlink_to("real")
    assert copy(content="x").status is Status.CHANGED
    assert (host / "file").is_symlink()
    assert copy(content="y").status is Status.CHANGED
    assert (host / "real").read_text() == "y"


def test_a_device_is_not_replaced(copy: Copy, host: Path) -> None:
    os.mkfifo(host / "file")
    assert "neither a file nor a link to one" in complaint(copy, host, content="x")
    assert (host / "file").is_fifo()


def test_no_folder(copy: Copy, host: Path) -> None:
    assert f"there is no folder {host}/none/" in complaint(copy, host, "none/file", content="x")


def test_a_full_disk_loses_nothing(copy: Copy, host: Path) -> None:
    with small_disk(host):
        (host / "file").write_text("old" * 100_000)
        said = complaint(copy, host, content="new" * 300_000)
    assert said.startswith(f"{host / 'file'} was not changed: the folder has no room")


def test_a_read_only_disk_says_so(copy: Copy, host: Path) -> None:
    (host / "file").write_text("old")
    with read_only(host):
        said = complaint(copy, host, content="new")
    assert said.startswith(f"{host / 'file'} was not changed: the folder takes no new file")


@pytest.mark.parametrize(
    ("src", "said"),
    [
        ("none", "none cannot be read beside the playbook: No such file or directory"),
        (".", ". is a folder: single files are copied"),
        ("a\0b", "cannot be a file's name"),
        ("none/", "cannot be read beside the playbook"),
    ],
)
def test_a_source_that_cannot_be_read(copy: Copy, host: Path, src: str, said: str) -> None:
    assert said in complaint(copy, host, src=src)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"src": "x"}, "missing key 'dest'"),
        ({"dest": "x"}, "missing key 'src'"),
        ({"dest": "x", "src": "y", "content": "z"}, "has both `src` and `content`: it takes one of them"),
        ({"dest": "x", "content": ["y"]}, "must be text or a whole number, not a list"),
        ({"dest": "x", "src": ""}, "must not be empty"),
        ({"dest": "x", "src": "y", "validate": "true"}, "does not have the right form (expected: %s)"),
    ],
)
def test_options_are_held_against_the_schema(args: dict[str, Any], said: str) -> None:
    assert problems(kind, args) == [said]


def test_the_plan_is_one_line() -> None:
    assert kind.plan({"src": "a", "dest": "/b"}) == "a → /b"


# --- what a preview sees --------------------------------------------------------------------------------------------


def preview(host: Path, dest: str = "file", **args: Any) -> Outcome:
    dest = dest if dest.startswith("/") else f"{host}/{dest}"
    try:
        return kind.preview(options(kind, {"content": "x", "dest": dest, **args}), step_context())
    except StepError as error:
        return failed(str(error))


@pytest.mark.parametrize(
    ("dest", "args", "said"),
    [
        ("no/file", {}, "there is no folder {host}/no/"),
        ("file", {"owner": "nobody-at-all"}, "there is no user nobody-at-all"),
        ("file", {"group": "no-such-group"}, "there is no group no-such-group"),
        ("file", {"validate": "grep -q y %s"}, "validate failed"),
        ("file", {"validate": "no-such-program %s"}, "validate failed"),
        ("/dev/null", {}, "neither a file nor a link to one"),
        ("folder/", {}, "is a folder"),
    ],
)
def test_a_preview_fails_where_the_change_would(
    host: Path, copy: Copy, dest: str, args: dict[str, Any], said: str
) -> None:
    before = sorted(host.iterdir())
    outcome = preview(host, dest, **args)
    assert outcome.status is Status.FAILED
    assert said.format(host=host) in outcome.message
    assert sorted(host.iterdir()) == before
    assert copy(dest, content="x", **args).status is Status.FAILED, "the change itself"


def test_a_preview_that_can_be_done_asks_validate_and_leaves_nothing(host: Path) -> None:
    outcome = preview(host, owner="root", group="0", validate=f"cp %s {host}/seen")
    assert (outcome.status, outcome.data["changed"]) == (Status.CHANGED, True), outcome.message
    assert [(file.name, file.read_text()) for file in host.iterdir()] == [("seen", "x")], "what validate did"


def test_a_preview_sees_a_disk_that_takes_nothing(host: Path) -> None:
    with read_only(host):
        assert "the folder takes no new file" in preview(host).message


def test_a_preview_sees_a_disk_without_room(host: Path) -> None:
    with small_disk(host):
        assert "has no room" in preview(host, content="x" * 8 * 1024 * 1024).message
