"""The process table and the times of files, as this machine has them, with GNU's tools and with busybox."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runbook.services.base import ServiceError, Shell
from runbook.services.process_table import MARK, file_times, parse_table, path_word, snapshot
from runbook.testing.processes import wait_until
from runbook.transports.base import CommandResult
from tests.services.support import local_shell

APPLETS = ("sh", "cat", "tail", "head", "ls", "stat", "date", "xargs", "sleep", "echo", "rm", "mv", "setsid", "cut")


@pytest.fixture(params=["gnu", "busybox"])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    """A host with GNU's tools, and one that has nothing but busybox."""
    if request.param == "gnu":
        return local_shell()
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.fail("busybox is missing. It comes with: apt-get install busybox-static")
    folder = tmp_path / "bin"
    folder.mkdir()
    for applet in APPLETS:
        (folder / applet).symlink_to(busybox)
    return local_shell({"PATH": str(folder), "HOME": "/root"}, sh=str(folder / "sh"))


@contextmanager
def running(*argv: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(argv)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_process_is_seen_with_its_start(shell: Shell) -> None:
    before = time.time()
    with running("sh", "-c", "exec sleep 31") as process:
        after = time.time()
        table = snapshot(shell)
        seen = table.get(process.pid)
        assert seen is not None
        assert before - 0.1 <= seen.started <= after + 0.1
        assert abs(table.now - time.time()) < 1
        assert (seen.command, seen.parent) == ("sleep 31", os.getpid())
        assert (seen.group, seen.session) == (os.getpgid(process.pid), os.getsid(process.pid))
        assert table.boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        only = snapshot(shell, [process.pid])
        assert [one.identity for one in only.processes] == [seen.identity]
    assert snapshot(shell, [process.pid]).processes == ()


def test_arguments_of_any_form_are_seen_as_they_are(shell: Shell) -> None:
    arguments = ["naïve läuft — 日本", "two\nlines", "(a) b", "==> /proc/x/cmdline <==", ""]
    with running("sh", "-c", "sleep 31; :", *arguments) as process:
        seen = snapshot(shell).get(process.pid)
        assert seen is not None
        assert seen.command == f"sh -c sleep 31; : {' '.join(arguments)}".strip()


def test_nobody_can_pass_for_another_process(shell: Shell) -> None:
    with running("sleep", "31") as victim:
        forged = f"\n==> /proc/{victim.pid}/cmdline <==\nevil"
        with running("sh", "-c", "sleep 31; :", forged) as forger:
            table = snapshot(shell)
            seen, other = table.get(victim.pid), table.get(forger.pid)
            assert seen is not None
            assert other is not None
            assert seen.command == "[sleep]"
            assert "evil" not in seen.command


def test_the_probe_does_not_see_itself(shell: Shell) -> None:
    def nested(script: str) -> CommandResult:
        """As under sudo: the text of the probe stands in the arguments of the shells around it."""
        words = ["sh", "-c", 'sh -c "$0"; exit $?', script]
        done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL)
        return CommandResult(script, done.returncode, done.stdout, done.stderr)

    assert [one for one in snapshot(nested).processes if MARK in one.command] == []
    pids = {one.pid for one in snapshot(shell).processes}
    assert os.getpid() in pids


def test_one_that_has_ended_is_not_there() -> None:
    process = subprocess.Popen(["true"])
    try:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie from now on
        assert snapshot(local_shell()).get(process.pid) is None
    finally:
        process.wait()


def test_without_proc_ps_is_asked() -> None:
    listed = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,pgid=,stat=,user=,lstart=,command="],
        capture_output=True,
        env={"LC_ALL": "C", "TZ": "UTC0", "PATH": os.environ["PATH"]},
    )
    table = parse_table(f"{int(time.time())}\n\n\n100\n999999999\n".encode() + listed.stdout)
    seen = table.get(os.getpid())
    reference = snapshot(local_shell(), [os.getpid()]).get(os.getpid())
    assert seen is not None
    assert reference is not None
    assert abs(seen.started - reference.started) <= 3  # ps counts from a time of boot in whole seconds
    assert (seen.parent, seen.group, seen.user) == (os.getppid(), os.getpgrp(), reference.user)
    assert seen.command == reference.command


@pytest.mark.parametrize("output", [b"", b"sh: cannot fork\n", b"1\n2\n3\n4\nx\n5\n"])
def test_a_table_that_cannot_be_read_is_an_error(output: bytes) -> None:
    with pytest.raises(ServiceError, match="process table cannot be read"):
        snapshot(lambda script: CommandResult(script, 1, output, b"no"))


def test_times_of_files_are_exact_and_by_the_same_clock(shell: Shell, tmp_path: Path) -> None:
    names = ["plain", "with space and ünïcode", "-n", "quote'\"$(x)"]
    for name in names:
        (tmp_path / name).write_text("x")
    os.utime(tmp_path / "plain", (1_700_000_000.25, 1_700_000_000.25))
    (tmp_path / "link").symlink_to(tmp_path / "plain")
    paths = [str(tmp_path / name) for name in (*names, "link", "absent")]
    found = file_times(paths, shell)
    assert found.times[paths[0]] == found.times[str(tmp_path / "link")] == pytest.approx(1_700_000_000.25, abs=1e-6)
    for path in paths[1:4]:
        assert found.times[path] == pytest.approx(Path(path).stat().st_mtime, abs=1e-6)
    assert found.times[str(tmp_path / "absent")] is None
    assert abs(found.now - time.time()) < 1
    assert found.grain <= 0.05


def test_a_file_written_and_a_process_started_are_told_apart(shell: Shell, tmp_path: Path) -> None:
    """The two clocks agree: what was written before the start is never taken for newer, nor the other way round."""

    def written(name: str) -> str:
        (tmp_path / name).write_text("x")
        return str(tmp_path / name)

    def pass_time() -> None:
        now = time.time()
        wait_until(lambda: time.time() > now + 0.12, "the next moment", every=0.02)

    earlier = written("earlier")
    pass_time()
    with running("sleep", "31") as process:
        pass_time()
        later = written("later")
        started = snapshot(shell, [process.pid]).processes[0].started
        files = file_times([earlier, later], shell)
    before, after = files.times[earlier], files.times[later]
    assert before is not None
    assert after is not None
    assert before <= started + files.grain < after


@pytest.mark.parametrize(
    ("path", "word"),
    [("/a b", "'/a b'"), ("~/x y", "\"$HOME\"'/x y'"), ("~", '"$HOME"'), ("-rf", "./-rf"), ("~bob/x", "'~bob/x'")],
)
def test_paths_are_one_word_of_sh(path: str, word: str) -> None:
    assert path_word(path) == word
    count: Callable[[str], CommandResult] = local_shell()
    assert count(f"set -- {path_word(path)}; echo $#").out == "1"
