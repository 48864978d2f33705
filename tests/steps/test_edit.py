"""The `edit` step, with real files of this machine. What each edit does to a text is in `test_edits.py`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.files.edit as kind
from runbook.runs.events import Outcome, Status
from runbook.testing import examples, options, problems, run_step
from tests.lab.tools import require_root
from tests.steps.disks import read_only, small_disk

TEXT = "first\nport = 80\nlast\n"
PORT = {"replace": "port = 80", "with": "port = 81"}
HOSTILE = ["-rf", "a b", "a\nb", "'\"", "$HOME `id`", "*", "ä→🜁", "\\", "%s", " x "]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "app.conf"
    file.write_text(TEXT)
    return file


def edit(path: Path, **args: Any) -> Outcome:
    return run_step(kind, {"path": str(path), **args})


def complaint(path: Path, **args: Any) -> str:
    """What is said when it fails; then the folder is as it was, to the byte."""
    before = {file: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
    outcome = edit(path, **args)
    assert outcome.status is Status.FAILED
    assert {file: file.read_bytes() for file in path.parent.iterdir() if file.is_file()} == before
    return outcome.message


def test_the_example_is_right() -> None:
    (step,) = examples(kind)
    args = options(kind, step["edit"])
    assert kind.changes(args)
    said = "/opt/app/main.py: replace 'if not settings.debug: …' with 'app.add_middleware(UsageMiddleware)'"
    assert kind.plan(args) == said


def test_a_first_and_a_second_run(path: Path) -> None:
    outcome = edit(path, **PORT)
    backup = outcome.data["backup"]
    assert (outcome.status, outcome.changed, outcome.message) == (Status.CHANGED, True, f"{path} edited")
    assert outcome.data == {"path": str(path), "changed": True, "edits": [True], "backup": backup}
    assert outcome.diff == (
        f"--- {path} (before)\n+++ {path} (after)\n@@ -1,3 +1,3 @@\n first\n-port = 80\n+port = 81\n last\n"
    )
    assert path.read_text() == TEXT.replace("80", "81")
    assert Path(backup).read_text() == TEXT
    inode = path.stat().st_ino
    again = edit(path, **PORT)
    assert (again.status, again.changed, again.message) == (Status.PASSED, False, f"{path} has it already")
    assert again.data == {"path": str(path), "changed": False, "edits": [False], "backup": ""}
    assert path.stat().st_ino == inode
    assert sorted(map(str, path.parent.iterdir())) == sorted([str(path), backup])


def test_several_edits_are_one_change(path: Path) -> None:
    edits = [PORT, {"line": "first"}, {"insert": "x", "after": "port = 81"}]
    outcome = edit(path, edits=edits, backup=False)
    assert outcome.message == f"{path}: 2 of 3 edits done"
    assert outcome.data["edits"] == [True, False, True]
    assert path.read_text() == "first\nport = 81\nx\nlast\n"
    assert list(path.parent.iterdir()) == [path]


def test_when_one_does_not_fit_none_is_done(path: Path) -> None:
    said = complaint(path, edits=[PORT, {"absent": "first"}, {"insert": "x", "after": "lost"}])
    assert said == f"{path}: edit 3: 'lost' is not in the file; the nearest line is 'last'"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_every_kind(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(TEXT)
    outcome = edit(path, validate="grep -q 81 -- %s", **PORT)
    assert outcome.status is Status.CHANGED, outcome.message
    assert path.read_text() == TEXT.replace("80", "81")
    assert Path(outcome.data["backup"]).read_text() == TEXT
    assert len(list(tmp_path.iterdir())) == 2


def test_every_backup_has_its_own_name(path: Path) -> None:
    backups = [edit(path, line=f"line {number}").data["backup"] for number in range(4)]
    assert len(set(backups)) == 4
    assert [Path(backup).read_text().count("line") for backup in backups] == [0, 1, 2, 3]


@pytest.mark.parametrize("spelling", ["%s", '"%s"', "'%s'"])
def test_what_validate_refuses_is_not_done(path: Path, spelling: str) -> None:
    said = complaint(path, validate=f"grep -n port {spelling} && echo no good >&2 && false # why", **PORT)
    assert said == f"{path} was not changed: validate failed: 2:port = 81\nno good"
    assert edit(path, validate=f"grep -q 81 {spelling} # fine", **PORT).status is Status.CHANGED


def test_a_compiler_may_validate_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text("x = 1\n")
    check = "python3 -m py_compile %s"
    assert "SyntaxError" in complaint(path, replace="1", **{"with": "("}, validate=check)
    assert edit(path, replace="1", **{"with": "2"}, validate=check, backup=False).status is Status.CHANGED
    assert [file.name for file in tmp_path.iterdir()] == ["main.py"]


def test_mode_and_owner_stay(path: Path) -> None:
    require_root()
    os.chown(path, 65534, 12345)
    path.chmod(0o4751)
    outcome = edit(path, **PORT)
    for file in (path, Path(outcome.data["backup"])):
        stat = file.stat()
        assert (stat.st_mode & 0o7777, stat.st_uid, stat.st_gid) == (0o4751, 65534, 12345)


def test_a_link_stays_a_link(tmp_path: Path, path: Path) -> None:
    (tmp_path / "sub").mkdir()
    link = tmp_path / "sub" / "link"
    link.symlink_to("../app.conf")
    outcome = edit(link, **PORT)
    assert link.is_symlink()
    assert path.read_text() == TEXT.replace("80", "81")
    assert Path(outcome.data["backup"]).parent == tmp_path
    assert list((tmp_path / "sub").iterdir()) == [link]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\r\nport = 80\r\n", b"a\r\nport = 81\r\n"),
        (b"a\nport = 80", b"a\nport = 81"),
        (b"\xef\xbb\xbfport = 80\r\nx\r\n", b"\xef\xbb\xbfport = 81\r\nx\r\n"),
        (b"\xef\xbb\xbfa\rb\nport = 80\r\nc\x00\n", b"\xef\xbb\xbfa\rb\nport = 81\r\nc\x00\n"),
    ],
)
def test_all_other_bytes_stay(path: Path, before: bytes, after: bytes) -> None:
    path.write_bytes(before)
    assert edit(path, **PORT).status is Status.CHANGED
    assert path.read_bytes() == after
    assert edit(path, **PORT).status is Status.PASSED


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251", "utf-16", "utf-8-sig"])
def test_other_encodings(path: Path, encoding: str) -> None:
    letter = "ж" if encoding == "cp1251" else "é"
    path.write_bytes(f"{letter}\nport = 80\n".encode(encoding))
    assert edit(path, encoding=encoding, replace="80", **{"with": letter}).status is Status.CHANGED
    assert path.read_bytes() == f"{letter}\nport = {letter}\n".encode(encoding)


def test_bytes_that_are_no_text_are_left_alone(path: Path) -> None:
    path.write_bytes(b"port = 80\n\xff\xe9\n")
    assert f"{path} is not text in utf-8" in (said := complaint(path, **PORT))
    assert said.endswith("say its `encoding`, such as latin-1")
    path.write_bytes("é".encode("utf-16-be").join([b"\xfe\xff", b"\0x"]))
    assert "its other bytes would not be the same" in complaint(path, encoding="utf-16", line="y")


def test_a_text_that_the_encoding_cannot_hold(path: Path) -> None:
    assert "the new text cannot be written in latin-1" in complaint(path, encoding="latin-1", line="→")
    assert "encoding 'klingon' is not known" in complaint(path, encoding="klingon", line="x")


@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_not_there(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "new"
    if not create:
        assert complaint(path, line="x") == f"{path}: there is no such file"
        return
    outcome = edit(path, line="x", create=True)
    assert (outcome.status, outcome.data["backup"], path.read_text()) == (Status.CHANGED, "", "x\n")
    assert edit(path, line="x", create=True).status is Status.PASSED


def test_an_empty_file_is_made_once(tmp_path: Path) -> None:
    args = {"absent": "x", "create": True}
    assert edit(tmp_path / "new", **args).status is Status.CHANGED
    assert edit(tmp_path / "new", **args).status is Status.PASSED


def test_what_is_no_file(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert complaint(fifo, line="x") == f"{fifo}: is not a regular file"
    assert edit(tmp_path, line="x").message == f"{tmp_path}: is a directory"
    assert edit(Path("/dev/full"), line="x").message == "/dev/full: is not a regular file"
    folder = tmp_path / "none"
    assert f"there is no folder {folder}/" in edit(folder / "x", line="x", create=True).message


def test_a_file_over_the_limit_is_not_cut(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    assert edit(path, **PORT).message == f"{path} is larger than 16777216 bytes"
    assert path.stat().st_size == 16 * 1024 * 1024 + 1


def test_a_file_of_the_limit_is_whole(path: Path) -> None:
    path.write_bytes(b"x" * (16 * 1024 * 1024 - 1) + b"y")
    assert edit(path, replace="y", **{"with": "z"}, backup=False).status is Status.CHANGED
    assert path.read_bytes()[-3:] == b"xxz"
    assert path.stat().st_size == 16 * 1024 * 1024


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "f"
        path.write_text("port = 80\n" + "x" * 400_000)
        assert "No space left" in complaint(path, line="y" * 700_000)
        # The new file has room, the copy of the old one has none.
        assert "No space left" in complaint(path, replace="port = 80", **{"with": "z" * 200_000})
        assert edit(path, backup=False, **PORT).status is Status.CHANGED


def test_a_read_only_disk_says_so(path: Path) -> None:
    with read_only(path.parent):
        said = complaint(path, **PORT)
    assert said.startswith(f"{path} was not changed: the folder takes no new file")
    assert "ead-only" in said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, ["needs `edits`, or one of replace, insert, line, block, absent"]),
        ({"edits": []}, ["needs at least 1 item(s)"]),
        ({"edits": [{}]}, ["needs one of replace, insert, line, block, absent"]),
        ({"edits": [{"line": "a"}], "line": "b"}, ["stands beside `edits`: put it into the list"]),
        ({"replace": "a"}, ["missing key 'with'"]),
        ({"insert": "a"}, ["missing key 'after'"]),
        ({"line": "a", "with": "b"}, ["`with` does not go with `line`"]),
        ({"line": "a", "absent": "b"}, ["`absent` does not go with `line`"]),
        ({"edits": [{"replace": "a", "with": "b", "regexp": "c"}]}, ["`regexp` does not go with `replace`"]),
        ({"line": "a", "validate": "true"}, ["does not have the right form (expected: %s)"]),
        ({"absent": "a", "count": 0}, ["must be at least 1"]),
    ],
)
def test_options_are_held_against_the_schema(args: dict[str, Any], said: list[str]) -> None:
    assert problems(kind, {"path": "x", **args}) == said


def test_the_plan_is_one_line() -> None:
    edits = [PORT, {"insert": "x\ny", "before": "z"}, {"line": "l"}, {"block": "b"}, {"absent": "a"}]
    said = "replace 'port = 80' with 'port = 81'; insert 'x …' before 'z'; line 'l'; block 'b'; without 'a'"
    assert kind.plan({"path": "/x", "edits": edits}) == f"/x: {said}"
    assert kind.plan({"path": "/x", "edits": "{{ edits }}"}) == "/x: {{ edits }}"
