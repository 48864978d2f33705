"""Runs that are kept: whole, private, and found again."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from runbook.history import KEPT, NoSuchRun, find, keep, kept, load
from tests.cli.terminal import runbook
from tests.engine.support import play, steps


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


def test_a_run_that_cannot_be_kept_is_no_failed_run(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text(steps("- note: x"))
    (tmp_path / "state").write_text("a file")

    done = runbook("run", "p.yml", "-i", "localhost,", cwd=tmp_path, env={"RUNBOOK_STATE_DIR": f"{tmp_path}/state"})

    assert (done.returncode, "not in the history" in done.stderr) == (0, True)
