"""The samples of the guide for contributors are done here as they stand, in a copy of the program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.steps.traits import NAMES
from tests.cli.terminal import ROOT, runbook
from tests.docs.pages import Code, blocks

PAGE = ROOT / "docs" / "how-to" / "own-kind.md"
SAMPLES = [code for code in blocks("python") if code.page == PAGE]
COPIED = ("runbook", "tests", "schemas", "docs", "pyproject.toml")
NEW = ("disk", "runit", "csv", "polite")


def place_of(code: Code) -> tuple[Path, str]:
    """The file that a sample belongs to, and what of it it is: empty, where it is the whole."""
    found = re.match(r"# ([\w/.]+)(?:, (.*))?\n", code.text)
    assert found, f"{code.name}: the first line of a sample is the file that it belongs to"
    return Path(found[1]), found[2] or ""


def put(code: Code, copy: Path) -> None:
    """Write the file, or add what the sample shows to it."""
    path, part = place_of(code)
    inside = code.text.partition("\n")[2]
    if not part:
        assert not (copy / path).exists()
        (copy / path).write_text(code.text)
        return
    text = (copy / path).read_text()
    table, imported = re.match(r"in (\w+)(, and among the imports)?$", part).groups()  # type: ignore[union-attr]
    added, rows = re.subn(rf"(^{table}\b.* = {{\n(?:    .*\n)*)", rf"\1    {inside}", text, flags=re.MULTILINE)
    assert rows == 1
    if imported:
        first = re.search(r"^from runbook\.services import (.*)$", added, re.MULTILINE)
        assert first
        names = sorted([*first[1].split(", "), inside.split('"')[1]])
        added = added.replace(first[0], f"from runbook.services import {', '.join(names)}")
    (copy / path).write_text(added)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with all that the guide adds to it."""
    folder = tmp_path_factory.mktemp("a clone") / "run book"
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
        else:
            shutil.copy(source, folder / name)
    for code in SAMPLES:
        put(code, folder)
    return folder


def done(copy: Path, *words: str) -> str:
    """What a tool says in the copy; fails where it does."""
    env = {**os.environ, "PYTHONPATH": str(copy)}
    ran = subprocess.run([sys.executable, "-m", *words], cwd=copy, env=env, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_each_is_a_file_a_row_and_a_test() -> None:
    files = [str(path) for path, part in map(place_of, SAMPLES) if not part]
    assert len(files) == 2 * len(NEW)
    assert [Path(path).stem.removeprefix("test_") for path in files] == [name for name in NEW for _ in (1, 2)]
    tables = {part.partition(",")[0] for _, part in map(place_of, SAMPLES) if part}
    assert tables == {"in _MODULES", "in MANAGERS", "in REPORTS", "in TRANSPORTS"}


def test_the_samples_pass_their_tests_and_the_contracts(copy: Path) -> None:
    done(copy, "tests.reports.golden")
    tests = [str(path) for path, part in map(place_of, SAMPLES) if path.parts[0] == "tests"]
    contracts = ["tests/steps/test_contract.py", "tests/reports/test_contract.py", "tests/reports/test_golden.py"]
    chosen = " or ".join(NEW).replace("polite", "Polite")
    said = done(copy, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests, *contracts, "-k", chosen)
    assert re.search(r"^\d{3} passed", said, re.MULTILINE), said


def test_the_samples_are_what_the_gates_take(copy: Path) -> None:
    paths = sorted({str(path) for path, _ in map(place_of, SAMPLES)})
    done(copy, "ruff", "format", "--check", *paths)
    done(copy, "ruff", "check", "--no-cache", *paths)
    done(copy, "mypy", *(path for path in paths if path.startswith("runbook")))


def test_the_kind_is_one_as_any_other(copy: Path) -> None:
    playbook = next(code.text for code in blocks("yaml") if code.page == PAGE)
    (copy / "room.yml").write_text(playbook)
    (copy / "wrong.yml").write_text(playbook.replace("disk: /", "disk: {paht: /}"))
    (copy / "field.yml").write_text(playbook.replace("free > 0", "fre > 0"))

    assert (
        "| `path` (required, bare value) | text | Any path on the file system. |"
        in runbook("doc", "disk", cwd=copy).stdout
    )
    assert '"disk"' in runbook("schema", "playbook", cwd=copy).stdout
    assert runbook("run", "room.yml", "--report", "csv", cwd=copy).returncode == 0
    assert "localhost,1.1,On the root,passed" in (copy / "report.csv").read_text()
    assert "did you mean path?" in runbook("validate", "wrong.yml", cwd=copy).stdout
    assert "did you mean free?" in runbook("validate", "field.yml", cwd=copy).stdout


def test_the_guide_names_all_that_a_kind_may_say() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in NAMES if f"`{name}" not in text] == []
