"""Nobody reads what a run shows, or there is no room for it: the run goes on, and its report is whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import ROOT

PLAYBOOK = """\
name: Long
hosts: all
stages:
  - name: One
    steps:
      - shell: seq 5000
      - shell: touch {folder}/first
      - shell: seq 5000; sleep 0.3
      - shell: touch {folder}/last
"""


@pytest.fixture
def argv(tmp_path: Path) -> list[str]:
    (tmp_path / "long.yml").write_text(PLAYBOOK.format(folder=tmp_path))
    words = ["run", f"{tmp_path}/long.yml", "-i", "localhost,", "-v", "--report", f"json={tmp_path}/report.json"]
    return [sys.executable, "-m", "runbook", *words]


@pytest.mark.parametrize("color", ["--color", "--no-color"])
def test_into_a_pipe_that_is_closed(tmp_path: Path, argv: list[str], color: str) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$@" | head -n 3; exit ${PIPESTATUS[0]}', "bash", *argv, color],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 3), done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads((tmp_path / "report.json").read_text())["verdict"] == "passed"
    assert (tmp_path / "last").exists()


def test_onto_a_full_disk(tmp_path: Path, argv: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(argv, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == os.EX_OK, done.stderr
    assert "No space left on device" in done.stderr
    assert json.loads((tmp_path / "report.json").read_text())["verdict"] == "passed"
