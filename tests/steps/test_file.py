"""The `file` step, with real files of this machine."""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import socket
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.files.file as kind
from runbook.runs.events import Outcome, Status
from runbook.testing import examples, options, problems, run_step
from tests.lab.tools import require_root

HOSTILE = ["-rf", "a b", "a\nb", "'\"", "$HOME `id`", "*", "ä→🜁", "\\", "%s", " x "]
TEXT = "first\nport = 80\n# port = 81\nlast\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "file"
    file.write_text(TEXT)
    file.chmod(0o640)
    return file


def check(path: Path | str, **args: Any) -> Outcome:
    return run_step(kind, {"path": str(path), **args})


def complaint(path: Path, **args: Any) -> str:
    """What a failed check says about a file, without its path."""
    outcome = check(path, **args)
    assert outcome.status is Status.FAILED
    return outcome.message.removeprefix(f"{path}: ")


@pytest.mark.parametrize("step", examples(kind), ids=lambda step: str(step["name"]))
def test_the_example_is_right(step: dict[str, Any]) -> None:
    assert options(kind, step["file"])["path"] == "/etc/hosts"
    assert not kind.changes(step["file"])


def test_what_an_outcome_holds(path: Path) -> None:
    outcome = check(path, sha256=hashlib.sha256(TEXT.encode()).hexdigest().upper())
    stat = path.stat()
    assert (outcome.status, outcome.message) == (Status.PASSED, f"{path} is as it should be")
    mtime = outcome.data["mtime"]
    assert mtime == pytest.approx(stat.st_mtime, abs=1e-3)
    assert outcome.data == {
        "path": str(path),
        "exists": True,
        "kind": "file",
        "mode": "0640",
        "owner": pwd.getpwuid(stat.st_uid).pw_name,
        "group": grp.getgrgid(stat.st_gid).gr_name,
        "uid": str(stat.st_uid),
        "gid": str(stat.st_gid),
        "size": len(TEXT),
        "mtime": mtime,
        "target": "",
        "sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_every_kind(tmp_path: Path, name: str) -> None:
    assert check(tmp_path / name).message == f"{tmp_path / name} is not there"
    (tmp_path / name).write_text("x")
    (tmp_path / "old").write_text("x")
    os.utime(tmp_path / "old", (1, 1))
    digest = hashlib.sha256(b"x").hexdigest()
    outcome = check(tmp_path / name, contains="x", sha256=digest, newer_than=str(tmp_path / "old"), state="file")
    assert outcome.status is Status.PASSED, outcome.message


@pytest.mark.parametrize(
    ("state", "passes"),
    [
        ("present", {"file", "folder", "link", "socket"}),
        ("absent", {"none"}),
        ("file", {"file", "link"}),
        ("directory", {"folder"}),
        ("link", {"link", "dangling"}),
    ],
)
def test_states(tmp_path: Path, state: str, passes: set[str]) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        names = ("file", "folder", "link", "dangling", "socket", "none")
        assert {name for name in names if check(tmp_path / name, state=state).status is Status.PASSED} == passes


def test_a_wrong_state_says_what_is_there(tmp_path: Path, path: Path) -> None:
    assert complaint(tmp_path, state="file") == "it is a directory, not a file"
    assert complaint(path, state="directory") == "it is a file, not a directory"
    assert complaint(path, state="link") == "it is a file, not a link"
    assert complaint(Path("/dev/null"), state="file") == "it is neither a file nor a directory, not a file"
    assert check(path, state="absent").message == f"{path} is there, and must not be"


def test_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("no where\n'x'")
    data = check(tmp_path / "link", state="link").data
    assert (data["kind"], data["target"]) == ("link", "no where\n'x'")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"contains": "port = 80"}, ""),
        ({"contains": ["first", "80\n# port"]}, ""),
        ({"contains": ["first", "nothing", ".ast"]}, "does not contain 'nothing'; does not contain '.ast'"),
        ({"not_contains": "^first"}, ""),
        ({"not_contains": "# port"}, "contains '# port'"),
        ({"matches": r"^port = \d+$"}, ""),
        ({"matches": r"(?s)^first.*last$"}, ""),
        ({"matches": "^rst"}, "does not match '^rst'"),
        ({"not_matches": "^last$"}, "matches '^last$'"),
        ({"not_matches": ["x{3}", "^port = 81"]}, ""),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_texts(path: Path, args: dict[str, Any], said: str, ends: str) -> None:
    path.write_bytes(b"\xef\xbb\xbf" * (ends != "\n") + TEXT.replace("\n", ends).encode())
    if said:
        assert complaint(path, **args) == said
    else:
        assert check(path, **args).status is Status.PASSED


def test_a_text_that_must_not_be_there_is_shown_with_its_lines(path: Path) -> None:
    path.write_text("a\x0cb\u2028c\nbad 1\nx\ny\nbad 2\n")
    (evidence,) = check(path, not_contains="bad").evidence
    assert evidence.title == "where it contains 'bad'"
    assert evidence.text == (
        "     1 | a\x0cb\u2028c\n>    2 | bad 1\n     3 | x\n     4 | y\n>    5 | bad 2\n     6 | "
    )


@pytest.mark.parametrize(
    ("args", "count", "said"),
    [
        ({"contains": "port", "count": 2}, 2, ""),
        ({"contains": "port", "count": 1}, 2, "contains 'port' 2 times, not 1"),
        ({"contains": "port", "count": "<= 2"}, 2, ""),
        ({"contains": "port", "count": "> 2"}, 2, "contains 'port' 2 times, not > 2"),
        ({"contains": "nothing", "count": 1}, 0, "contains 'nothing' 0 times, not 1"),
        ({"contains": "nothing", "count": 0}, 0, ""),
        ({"contains": ".", "count": 0}, 0, ""),
        ({"matches": "^port = ", "count": 1}, 1, ""),
        ({"matches": r"port = \d+$", "count": 1}, 2, "matches 'port = \\d+$' 2 times, not 1"),
        ({"matches": "^last$", "count": "== 2"}, 1, "matches '^last$' 1 time, not == 2"),
        ({"contains": ["first", "last"], "count": 1}, 2, ""),
        ({"contains": ["first", "port"], "matches": "^#", "count": 1}, 4, "contains 'port' 2 times, not 1"),
        ({"contains": "first"}, 1, ""),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_how_often(path: Path, args: dict[str, Any], count: int, said: str, ends: str) -> None:
    path.write_bytes(TEXT.replace("\n", ends).encode())
    outcome = check(path, **args)
    assert outcome.data["count"] == count
    assert outcome.message == (f"{path}: {said}" if said else f"{path} is as it should be")


def test_a_text_that_is_there_too_often_is_shown_with_its_lines(path: Path) -> None:
    (evidence,) = check(path, contains="port", count=1).evidence
    assert evidence.title == "where it contains 'port' 2 times, not 1"
    assert evidence.text == "     1 | first\n>    2 | port = 80\n>    3 | # port = 81\n     4 | last"


def test_a_count_that_is_none(path: Path) -> None:
    assert "count 'often' is not a number or a comparison" in complaint(path, contains="x", count="often")


def test_no_count_where_no_text_must_be_there(path: Path) -> None:
    assert "count" not in check(path, not_contains="x").data


def test_bytes_that_are_no_text(path: Path) -> None:
    path.write_bytes(b"\x00\xff\xfe ascii \n")
    assert check(path, contains="ascii", not_contains="x").status is Status.PASSED


@pytest.mark.parametrize("option", ["contains", "not_contains", "matches", "not_matches"])
def test_a_folder_and_a_device_hold_no_text(tmp_path: Path, option: str) -> None:
    assert complaint(tmp_path, **{option: "x"}) == "it is a directory, which holds no text"
    assert "which holds no text" in complaint(Path("/dev/zero"), **{option: "x"})


def test_the_text_of_a_link_is_that_of_its_file(tmp_path: Path, path: Path) -> None:
    (tmp_path / "link").symlink_to(path)
    assert check(tmp_path / "link", state="link", contains="first").status is Status.PASSED


def test_all_that_is_wrong_is_told_at_once(path: Path) -> None:
    said = complaint(path, mode="0600", size="> 1000", contains="x", owner="nobody", sha256="0" * 64)
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    owner = check(path).data["owner"]
    assert said.split("; ") == [
        "its mode is 0640, not 0600",
        f"its owner is {owner}, not nobody",
        f"its size is {len(TEXT)}, not > 1000",
        f"its sha256 is {digest}",
        "does not contain 'x'",
    ]


@pytest.mark.parametrize("mode", ["0640", "640", 0o640])
def test_a_mode_as_text_and_as_yaml_reads_it(path: Path, mode: str | int) -> None:
    assert check(path, mode=mode).status is Status.PASSED
    path.chmod(0o4755)
    assert complaint(path, mode=mode) == "its mode is 4755, not 0640"


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (644, 'mode 644 is the octal mode 1204: write "0644", in quotes'),
        ("0999", "mode '0999' is not an octal mode"),
        ("u=rw", "mode 'u=rw' is not an octal mode"),
        ("", "mode '' is not an octal mode"),
    ],
)
def test_what_is_no_mode(path: Path, mode: str | int, said: str) -> None:
    assert complaint(path, mode=mode).startswith(said)


def test_owners_by_name_and_number(path: Path) -> None:
    require_root()
    nobody = pwd.getpwnam("nobody")
    os.chown(path, nobody.pw_uid, 12345)
    for owner, group in (("nobody", "12345"), (str(nobody.pw_uid), "12345"), (nobody.pw_uid, 12345)):
        assert check(path, owner=owner, group=group).status is Status.PASSED
    assert complaint(path, owner="root", group=0) == "its owner is nobody, not root; its group is UNKNOWN, not 0"


@pytest.mark.parametrize(
    ("size", "passes"),
    [
        (35, True),
        ("35", True),
        ("== 35", True),
        (34, False),
        (">0", True),
        ("> 35", False),
        (">= 35", True),
        ("<35", False),
    ],
)
def test_sizes(path: Path, size: int | str, passes: bool) -> None:
    path.write_bytes(b"x" * 35)
    assert (check(path, size=size).status is Status.PASSED) is passes


def test_a_size_that_is_none(path: Path) -> None:
    assert "'big' is not a number or a comparison" in complaint(path, size="big")


def test_newer_than(tmp_path: Path, path: Path) -> None:
    other = tmp_path / "other"
    assert complaint(path, newer_than=str(other)) == f"{other}, which it must be newer than, is not there"
    other.touch()
    os.utime(path, ns=(0, 1_000_000_000_500_000_000))
    for ns, passes in ((1_000_000_000_400_000_000, True), (1_000_000_000_500_000_000, False), (2 * 10**18, False)):
        os.utime(other, ns=(0, ns))
        assert (check(path, newer_than=[str(other)]).status is Status.PASSED) is passes
    assert complaint(path, newer_than=str(other)) == f"it is not newer than {other}"


def test_an_expression_that_is_none(path: Path) -> None:
    assert "'(' is not a regular expression" in complaint(path, matches="(")


def test_a_file_over_the_limit(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert check(path, sha256=digest).status is Status.PASSED
    assert complaint(path, contains="x") == f"{path} is larger than 16777216 bytes"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "missing key 'path'"),
        ({"path": ""}, "must not be empty"),
        ({"path": "x", "state": "there"}, "must be one of present, absent, file, directory, link, not 'there'"),
        ({"path": "x", "contain": "y"}, "unknown key 'contain'"),
        ({"path": "x", "count": 1}, "`count` needs `contains` or `matches`"),
        ({"path": "x", "count": 1, "not_contains": "y"}, "`count` needs `contains` or `matches`"),
        ({"path": "x", "count": -1, "contains": "y"}, "must be at least 0"),
        ({"path": "x", "contains": "y", "count": "> 1"}, ""),
        ({"path": "x", "contains": 5}, "must be text or a list, not the number 5"),
        ({"path": "x", "sha256": "abc"}, "does not have the right form (expected: ^[0-9a-fA-F]{64}$)"),
    ],
)
def test_options_are_held_against_the_schema(args: dict[str, Any], said: str) -> None:
    assert problems(kind, args) == ([said] if said else [])


def test_the_plan_is_one_line() -> None:
    assert kind.plan({"path": "/x"}) == "/x is present"
    assert kind.plan({"path": "/x", "state": "file", "mode": "0644"}) == "/x is file, mode '0644'"
    assert "\n" not in kind.plan({"path": "/x", "contains": "a\nb"})
