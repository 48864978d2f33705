"""Runs that are kept: whole, private, and found again."""

from __future__ import annotations

import json
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runbook.common.frozen import replace
from runbook.runs.record import Verdict
from runbook.runs.store import KEPT, NoSuchRun, find, keep, kept, load, load_head
from tests.cli.terminal import runbook
from tests.engine.support import play, steps
from tests.lab.tools import require_root

NOW = time.time()


def test_a_run_comes_back_as_it_was(tmp_path: Path) -> None:
    run = play(steps("- {shell: 'echo ünï; exit 1', diagnose: [{shell: exit 2, cause: Это причина}]}"))

    path = keep(run, tmp_path / "runs")

    assert load(find("last", tmp_path / "runs")) == run
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_runs_are_found_by_id_its_beginning_and_its_end(tmp_path: Path) -> None:
    run = play(steps("- note: x"))
    for run_id in ("20260101-000000-aaaaaa", "20260102-000000-bbbbbb", "20260102-010000-cccccc"):
        keep(replace(run, run_id=run_id), tmp_path)

    assert [item.run_id[-6:] for item in kept(tmp_path)] == ["cccccc", "bbbbbb", "aaaaaa"]
    assert find("last", tmp_path).run_id.endswith("cccccc")
    assert find("20260101", tmp_path).run_id.endswith("aaaaaa")
    assert find("bbbbbb", tmp_path).run_id == "20260102-000000-bbbbbb"
    with pytest.raises(NoSuchRun, match="begins 2 runs"):
        find("20260102", tmp_path)
    with pytest.raises(NoSuchRun, match="no run 'x' is kept"):
        find("x", tmp_path)
    with pytest.raises(NoSuchRun, match="no run has been kept yet"):
        find("last", tmp_path / "empty")


def test_the_oldest_go(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        (tmp_path / f"2025-{number:05}.json.gz").touch()

    keep(play(steps("- note: x")), tmp_path)

    names = [run.run_id for run in kept(tmp_path)]
    assert len(names) == KEPT
    assert "2025-00003" not in names


def test_all_together_are_bounded_and_the_newest_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbook.runs.store.MOST_BYTES", 1)
    run = play(steps("- note: x"))
    for run_id in ("20260101-000000-aaaaaa", "20260102-000000-bbbbbb"):
        keep(replace(run, run_id=run_id), tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "20260102-000000-bbbbbb.head.json",
        "20260102-000000-bbbbbb.json.gz",
    ]


def test_runs_that_end_at_once_do_not_clash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbook.runs.store.KEPT", 5)
    run = play(steps("- note: x"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: keep(replace(run, run_id=f"2026-{n:03}"), tmp_path), range(40)))

    assert len(list(kept(tmp_path))) == 5
    assert all(load(item).verdict == "passed" and load_head(item).counts == {"passed": 1} for item in kept(tmp_path))
    assert len(list(tmp_path.iterdir())) <= 11, "a head may be left whose run was thrown out meanwhile"


def test_a_run_without_a_head_is_listed_too(tmp_path: Path) -> None:
    path = keep(play(steps("- note: x")), tmp_path)
    (kept_one,) = kept(tmp_path)
    whole = load_head(kept_one)
    kept_one.head.unlink()

    assert load_head(kept_one) == whole
    path.write_bytes(b"no gzip")
    with pytest.raises(ValueError, match="damaged"):
        load_head(kept_one)


@pytest.mark.parametrize("damage", [b"", b"no gzip", b"\x1f\x8b\x08\x00"])
def test_a_damaged_file_is_told(tmp_path: Path, damage: bytes) -> None:
    keep(play(steps("- note: x")), tmp_path).write_bytes(damage)

    with pytest.raises(ValueError, match="damaged"):
        load(find("last", tmp_path))


def test_on_the_command_line(tmp_path: Path) -> None:
    env = {"RUNBOOK_STATE_DIR": str(tmp_path)}
    (tmp_path / "p.yml").write_text(steps("- {name: The page is there, shell: 'false'}").replace("Test", "Страница"))
    assert runbook("history", env=env).stderr == "no run is kept yet\n"
    assert runbook("run", "p.yml", "-i", "localhost,", cwd=tmp_path, env=env).returncode == 1

    listed = runbook("history", env=env).stdout
    shown = runbook("show", env=env)
    reported = runbook("report", "last", "--format", "junit=out.xml", cwd=tmp_path, env=env)

    assert "failed" in listed
    assert "localhost: Страница [p.yml]" in listed
    assert "The page is there" in shown.stdout
    assert (reported.returncode, (tmp_path / "out.xml").read_text().count("<failure")) == (0, 1)
    assert runbook("show", "nope", env=env).returncode == 2


def test_the_list_is_sifted(tmp_path: Path) -> None:
    env = {"RUNBOOK_STATE_DIR": str(tmp_path)}
    run = play(steps("- note: x"), "web1 web2")
    for number, (name, verdict) in enumerate((("Restore", "failed"), ("Restore", "passed"), ("Other", "failed"))):
        kept_as = replace(run, run_id=f"20260101-00000{number}-aaaaaa", playbook=name, verdict=Verdict(verdict))
        keep(replace(kept_as, started=NOW - (2 - number) * 3600), tmp_path / "runs")

    def listed(*options: str) -> list[str]:
        return [line[14:15] for line in runbook("history", *options, env=env).stdout.splitlines()]

    assert listed() == ["2", "1", "0"]
    assert listed("--playbook", "restore") == ["1", "0"]
    assert listed("--verdict", "failed") == ["2", "0"]
    assert listed("--verdict", "failed", "--verdict", "passed", "-n", "2") == ["2", "1"]
    assert listed("--since", "90m") == ["2", "1"]
    assert listed("--host", "*2") == ["2", "1", "0"]
    assert listed("--host", "db*") == []
    found = json.loads(runbook("history", "--format", "json", "--verdict", "passed", env=env).stdout)
    assert [(item["playbook"], item["hosts"], item["counts"]) for item in found] == [
        ("Restore", ["web1", "web2"], {"passed": 2})
    ]
    wrong = runbook("history", "--since", "yesterday", env=env)
    assert (wrong.returncode, "neither a time like 12h" in wrong.stderr) == (2, True)


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")

    for words in (["history"], ["show"], ["report", "last"]):
        done = runbook(*words, env={"RUNBOOK_STATE_DIR": f"{tmp_path}/state"})
        assert (done.returncode, "the kept runs cannot be read" in done.stderr) == (2, True)


def test_a_full_disk_is_no_failed_run(tmp_path: Path) -> None:
    require_root()
    (tmp_path / "p.yml").write_text(steps("- shell: head -c 300000 /dev/urandom | base64"))
    state = tmp_path / "state"
    state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(state)], check=True)
    try:
        done = runbook("run", "p.yml", "-i", "localhost,", cwd=tmp_path, env={"RUNBOOK_STATE_DIR": str(state)})
        left = [path.name for path in (state / "runs").iterdir() if path.suffix == ".gz"]
    finally:
        subprocess.run(["umount", str(state)], check=True)

    assert (done.returncode, left) == (0, [])
    assert "not in the history: [Errno 28] No space left on device" in done.stderr


def test_a_run_that_cannot_be_kept_is_no_failed_run(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text(steps("- note: x"))
    (tmp_path / "state").write_text("a file")

    done = runbook("run", "p.yml", "-i", "localhost,", cwd=tmp_path, env={"RUNBOOK_STATE_DIR": f"{tmp_path}/state"})

    assert (done.returncode, "not in the history" in done.stderr) == (0, True)
