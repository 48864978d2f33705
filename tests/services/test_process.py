"""The manager of plain commands, with real processes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runbook.common.frozen import replace
from runbook.services import process
from runbook.services.base import Service, ServiceError, ServiceState, Shell
from runbook.testing.processes import alive, wait_until
from tests.services.support import local_shell


@dataclass
class Rig:
    """One service in a folder whose name is hard to quote."""

    folder: Path
    shell: Shell
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def pid_file(self) -> Path:
        return self.folder / "it.pid"

    @property
    def service(self) -> Service:
        return Service("it", {"pid_file": str(self.pid_file), "chdir": str(self.folder), **self.options})

    def state(self) -> ServiceState:
        return process.state(self.service, self.shell)

    def start(self, command: str, **options: Any) -> int:
        """Starts it, and gives its pid."""
        self.options = {"command": command, **options}
        process.act(self.service, "start", self.shell)
        found = self.state().pid
        assert found is not None, process.status_text(self.service, self.shell)
        return found

    def stop(self) -> None:
        process.act(self.service, "stop", self.shell)

    def log(self) -> str:
        return process.logs(self.service, 50, self.shell)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    folder = tmp_path / "it's a naïve $HOME"
    folder.mkdir()
    made = Rig(folder, local_shell())
    yield made
    made.stop()


def test_it_survives_the_shell_and_its_process_group(rig: Rig) -> None:
    groups: list[int] = []

    def shell(script: str) -> Any:
        result = local_shell()(f"ps -o pgid= -p $$ >&2\n{script}")
        groups.append(int(result.err.split()[0]))
        return replace(result, stderr=b"")

    rig.shell = shell
    pid = rig.start("exec sleep 600")
    assert os.getpgid(pid) == os.getsid(pid) == pid
    for group in groups:
        with pytest.raises(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    assert alive(pid)
    open_files = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    assert open_files == {"/dev/null", str(rig.folder / "it.log")}


def test_command_environment_and_log_are_passed_as_they_are(rig: Rig) -> None:
    text = 'it\'s "näh" $HOME `id` \\ %s'
    pid = rig.start(
        'echo "$GREETING|$YES|$N|$PWD"; exec sleep 600', environment={"GREETING": text, "YES": True, "N": 3}
    )
    wait_until(lambda: "|" in rig.log(), "it has written")
    assert rig.log() == f"{text}|true|3|{rig.folder}"
    rig.stop()
    assert rig.start("echo second; exec sleep 600") != pid
    wait_until(lambda: "second" in rig.log(), "it has written again")
    assert rig.log().startswith(text), "the log is added to"


def test_a_name_that_is_no_variable_is_refused(rig: Rig) -> None:
    with pytest.raises(ServiceError, match="not a name for an environment variable"):
        rig.start("true", environment={"A;id": "x"})


def test_start_is_not_done_twice(rig: Rig) -> None:
    pid = rig.start("exec sleep 600")
    assert b"already running" in process.act(rig.service, "start", rig.shell).stdout
    assert rig.state().pid == pid


def test_children_are_ended_with_it(rig: Rig) -> None:
    rig.start("sleep 600 & setsid sleep 601 & sleep 602 & wait")
    status = wait_until(
        lambda: found if (found := process.status_text(rig.service, rig.shell)).count("sleep 60") >= 4 else "",
        "all children are there",
    )
    pids = [int(line.split()[0]) for line in status.splitlines()[1:]]
    assert len(pids) == 4
    rig.stop()
    assert [pid for pid in pids if alive(pid)] == []
    assert not rig.pid_file.exists()


def test_children_that_outlive_it_are_found_and_ended(rig: Rig) -> None:
    pid = rig.start("sleep 600 & sleep 601 & echo up; wait")
    wait_until(lambda: "up" in rig.log(), "its children are there")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), "it has ended")
    seen = rig.state()
    assert (seen.running, seen.phase) == (False, "leftover")
    assert "its children run on" in seen.detail
    orphans = [int(word) for word in seen.detail.partition("run on: pid ")[2].split()]
    assert len(orphans) == 2
    assert rig.start("exec sleep 602") not in orphans
    assert [orphan for orphan in orphans if alive(orphan)] == []


def test_one_that_does_not_listen_is_killed(rig: Rig) -> None:
    pid = rig.start("trap '' TERM; echo up; while :; do sleep 0.1; done", stop_timeout=0.3)
    wait_until(lambda: "up" in rig.log(), "it ignores the signal")
    rig.stop()
    assert not alive(pid)


def test_the_stop_signal_can_be_chosen(rig: Rig) -> None:
    rig.start("trap 'echo bye; exit 0' INT; echo up; while :; do sleep 0.1; done", stop_signal="SIGINT")
    wait_until(lambda: "up" in rig.log(), "it listens")
    rig.stop()
    assert "bye" in rig.log()


def test_reload_is_a_hangup_of_the_main_process(rig: Rig) -> None:
    pid = rig.start("trap 'echo again' HUP; echo up; while :; do sleep 0.1; done")
    wait_until(lambda: "up" in rig.log(), "it listens")
    process.act(rig.service, "reload", rig.shell)
    wait_until(lambda: "again" in rig.log(), "it has heard")
    assert rig.state().pid == pid
    rig.stop()
    with pytest.raises(ServiceError, match="nothing to reload"):
        process.act(rig.service, "reload", rig.shell)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is none of ours."""
    made = subprocess.Popen(["sleep", "603"], start_new_session=True)
    yield made
    made.kill()
    made.wait()


def test_a_pid_that_another_process_has_got_is_not_ours(rig: Rig, stranger: subprocess.Popen[bytes]) -> None:
    """The record of its birth tells them apart, whatever the clock says."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    rig.pid_file.write_text(f"{stranger.pid}\n")
    Path(f"{rig.pid_file}.started").write_text(f"{stranger.pid} 1 {boot}\n")
    seen = rig.state()
    assert (seen.running, seen.phase) == (False, "")
    assert "is now another process, 'sleep 603'" in seen.detail
    rig.stop()
    assert stranger.poll() is None
    assert rig.start("exec sleep 600") != stranger.pid


def test_a_pid_file_older_than_the_process_does_not_mean_it(rig: Rig, stranger: subprocess.Popen[bytes]) -> None:
    rig.pid_file.write_text(f"{stranger.pid}\n")
    os.utime(rig.pid_file, (1_700_000_000, 1_700_000_000))
    assert not rig.state().running
    rig.stop()
    assert stranger.poll() is None


def test_a_pid_file_of_the_last_boot_is_stale(rig: Rig, stranger: subprocess.Popen[bytes]) -> None:
    rig.pid_file.write_text(f"{stranger.pid}\n")
    Path(f"{rig.pid_file}.started").write_text(f"{stranger.pid} 1 an-earlier-boot\n")
    assert "ended with the last boot" in rig.state().detail
    rig.stop()
    assert stranger.poll() is None


def test_a_pid_file_that_the_program_wrote_itself_is_believed(rig: Rig, stranger: subprocess.Popen[bytes]) -> None:
    rig.pid_file.write_text(f" {stranger.pid}\n")
    seen = rig.state()
    assert (seen.running, seen.pid) == (True, stranger.pid)
    rig.stop()
    assert stranger.wait(5) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("content", "detail"),
    [(None, "no pid file"), ("", "no pid file"), ("soon\n", "holds no pid: 'soon"), ("999999999\n", "stale pid file")],
)
def test_a_useless_pid_file_says_why(rig: Rig, content: str | None, detail: str) -> None:
    if content is not None:
        rig.pid_file.write_text(content)
    seen = rig.state()
    assert (seen.running, seen.pid) == (False, None)
    assert detail in seen.detail


NEEDED = ("cat", "sleep", "rm", "mv", "date", "stat", "ls", "tail", "head", "xargs", "getconf", "true")


@pytest.mark.parametrize("tool", ["setsid", "perl", "python3", "busybox", "nohup"])
def test_it_lives_on_whatever_the_host_has(rig: Rig, tmp_path: Path, tool: str) -> None:
    """With util-linux's setsid, Perl or Python; with busybox; and with nohup where there is no way to a session."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in (*NEEDED, tool):
        found = shutil.which(name, path="/usr/bin:/bin")
        assert found, f"{name} is not installed"
        (folder / ("setsid" if name == "busybox" else name)).symlink_to(found)
    rig.shell = local_shell({"PATH": str(folder)})
    pid = rig.start("exec sleep 600")
    assert (os.getpgid(pid) == os.getsid(pid) == pid) is (tool != "nohup")
    ignored = int(Path(f"/proc/{pid}/status").read_text().partition("SigIgn:")[2].split()[0], 16)
    assert bool(ignored & 1 << signal.SIGINT - 1) is (tool in ("busybox", "nohup"))
    rig.stop()
    assert not alive(pid)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"command": "true"}, "needs `pid_file`"),
        ({"command": "true", "pid_file": "it.pid"}, "pid_file must be an absolute path"),
        ({"pid_file": "/tmp/x.pid"}, "needs `command`"),
        ({"command": "true", "pid_file": "/nowhere/x.pid", "log_file": "/tmp/x.log"}, "/nowhere/x.pid"),
        ({"command": "true", "pid_file": "/tmp/x.pid", "chdir": "/nowhere"}, "/nowhere"),
        ({"command": "true", "pid_file": "/tmp/x.pid", "log_file": "/nowhere/x.log"}, "/nowhere/x.log"),
    ],
)
def test_what_cannot_be_started_says_why(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ServiceError, match=re.escape(sentence)):
        process.act(Service("it", options), "start", local_shell())
