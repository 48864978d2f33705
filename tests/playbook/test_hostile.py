"""Files made to hurt: a clear error and exit code 2, in bounded memory and time, and nothing of them is executed."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.cli.exit_codes import WRONG
from runbook.cli.main import _guarded
from tests.lint.support import HEAD, steps

MIB = 1024 * 1024
PEAK_MIB = 200
"""At the most for any of these; the program itself needs about 30."""


def doubling(first: str, line: str) -> str:
    """Ten anchors, each of ten aliases of the one before."""
    lines = [line.format(new=new, old=", ".join([f"*{old}"] * 10)) for old, new in itertools.pairwise("abcdefghij")]
    return "\n".join([first, *lines, ""])


HUGE: dict[str, tuple[bytes, str]] = {
    "50 MB": (b"name: x\n" + b"# a comment, and one more\n" * 2_000_000, "larger than 10 MiB"),
    "9 MB of brackets": (b"[" * 9_000_000, "nested too deeply"),
    "question marks": (b"? " * 100_000, "nested too deeply"),
    "10,000 lists": (b"a: " + b"[" * 10_000 + b"]" * 10_000, "nested too deeply"),
    "10,000 mappings": (b"a: " + b"{a: " * 10_000 + b"x" + b"}" * 10_000, "nested too deeply"),
    "billion laughs": (doubling("a: &a [x, x]", "{new}: &{new} [{old}]").encode(), "too large once its aliases"),
    "billion merges": (
        doubling("a: &a {x: 1}", "{new}: &{new} {{<<: [{old}], y{new}: 1}}").encode(),
        "too large once its aliases",
    ),
}
MEASURED = """\
import sys
from pathlib import Path
from runbook.cli.main import _guarded
code = _guarded(["validate", "playbook.yml"])
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(f"{code} {int(peak.split()[1]) / 1024:.0f}", file=sys.stderr)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from Linux's /proc")
@pytest.mark.parametrize("name", HUGE)
def test_what_is_huge_is_refused_in_little_memory(name: str, tmp_path: Path) -> None:
    raw, said = HUGE[name]
    (tmp_path / "playbook.yml").write_bytes(raw)

    done = subprocess.run(
        [sys.executable, "-c", MEASURED], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )

    code, peak = done.stderr.split()[-2:]
    assert said in done.stdout
    assert len(done.stdout) < 1000
    assert (int(code), int(peak) < PEAK_MIB) == (WRONG, True), peak


def validated(folder: Path, capsys: pytest.CaptureFixture[str], name: str = "playbook.yml") -> str:
    """What is said of it; whatever that is, nothing of it may have been executed."""
    assert _guarded(["validate", str(folder / name)]) == WRONG
    text = capsys.readouterr().out
    assert "Traceback" not in text
    assert not (folder / "pwned").exists()
    return text


STRANGE: dict[str, tuple[bytes, str]] = {
    "an object of Python's": (
        steps("- note: !!python/object/apply:os.system [touch pwned]").encode(),
        "is not allowed",
    ),
    "a NUL": (b"name: x\0\nstages: []\n", "U+0000"),
    "UTF-16": (HEAD.encode("utf-16"), "is UTF-16, not UTF-8"),
    "UTF-16 without a mark": (HEAD.encode("utf-16-le"), "U+0000"),
    "UTF-32": (HEAD.encode("utf-32"), "not UTF-8"),
    "Latin-1": (steps("- note: café").encode("latin-1"), "not UTF-8 text"),
    "a Cyrillic code page": (steps("- note: Привет").encode("cp1251"), "not UTF-8 text"),
    "tabs": (b"name: x\nstages:\n\t- name: s\n", "indent with spaces"),
    "keys that stand twice": (b"name: x\nname: y\nstages: []\n", "stands twice"),
    "an alias of what it stands in": (b"a: &a [*a]\n", "an alias that stands within what it means"),
    "a merge of what it stands in": (b"a: &a {<<: *a}\n", "an alias that stands within what it means"),
    "a number of 10,000 digits": (steps(f"- {{note: x, retries: {'9' * 10_000}}}").encode(), "whole number"),
    "10,000 parentheses": (steps(f"- note: '{{{{ {'(' * 10_000}1{')' * 10_000} }}}}'").encode(), "nested too deeply"),
    "10,000 signs": (steps(f"- {{note: x, when: '{'-' * 10_000}1'}}").encode(), "nested too deeply"),
    "200 nested tags": (
        steps(f"- note: '{'{% if x %}' * 200}{'{% endif %}' * 200}'").encode(),
        "nested too deeply",
    ),
    "a regex that is none": (steps("- note: x\n---\ninputs: {a: {pattern: '('}}").encode(), "a: {pattern: '('}"),
    "a schema of elsewhere": (
        steps("- note: x\n---\ninputs: {a: {items: {$ref: 'http://127.0.0.1:9/x'}, default: [1]}}").encode(),
        "'$ref' cannot be used in an input",
    ),
    "a regex without end": (
        steps(f"- note: x\n---\ninputs: {{a: {{pattern: '^(a+)+$', default: {'a' * 60}!}}}}").encode(),
        "does not have the right form",
    ),
    "escapes of a terminal": (steps('- {"\\e[2J\\e]0;x\\a": x}').encode(), "no kind of step"),
    "several documents": (b"name: x\n---\nname: y\n", "another document"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_strange_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, said = STRANGE[name]
    (tmp_path / "playbook.yml").write_bytes(raw)

    text = validated(tmp_path, capsys)

    assert said in text
    assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize(
    "raw",
    [b"\xef\xbb\xbf" + steps("- note: Привет").encode(), steps("- note: Привет").replace("\n", "\r\n").encode()],
    ids=["a byte order mark", "CRLF"],
)
def test_what_windows_writes_is_fine(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "playbook.yml").write_bytes(raw)

    assert _guarded(["validate", str(tmp_path / "playbook.yml")]) == 0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a link, a folder that is a link, and a pipe, that all lead out of it or nowhere."""
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "outside.yml").write_text("secret: outside\n")
    (folder / "link.yml").symlink_to(tmp_path / "outside.yml")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "circle.yml").symlink_to(folder / "circle.yml")
    os.mkfifo(folder / "pipe.yml")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "../outside.yml",
        "/etc/passwd",
        "link.yml",
        "linked/outside.yml",
        "/dev/zero",
        "pipe.yml",
        "circle.yml",
        ".",
        "''",
        '"a\\0b"',
        "x" * 5000,
    ],
)
@pytest.mark.parametrize("way", ["include", "vars_files"])
def test_files_outside_the_project_are_not_read(
    name: str, way: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = steps(f"- include: {name}") if way == "include" else steps(f"- note: x\n---\nvars_files: [{name}]")
    (project / "playbook.yml").write_text(text)

    said = validated(project, capsys)

    rule = {"include": "include", "vars_files": "vars-file"}[way]
    assert f"[{rule}]" in said
    assert not {"secret", "root:"} & set(said.split())


def test_includes_that_multiply(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbook.playbook.nodes.MAX_STEPS", 2000)
    (tmp_path / "playbook.yml").write_text(steps("- include: i0.yml"))
    for number in range(40):
        (tmp_path / f"i{number}.yml").write_text(f"- include: i{number + 1}.yml\n" * 50)
    (tmp_path / "i40.yml").write_text("- note: x\n")

    assert "more than 2000 steps" in validated(tmp_path, capsys)


def test_includes_within_includes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "playbook.yml").write_text(steps("- include: i0.yml"))
    for number in range(400):
        (tmp_path / f"i{number}.yml").write_text(f"- include: i{number + 1}.yml\n")

    assert "includes within each other" in validated(tmp_path, capsys)


def test_blocks_in_includes_within_includes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "playbook.yml").write_text(steps("- include: i0.yml"))
    for number in range(49):
        inner = "{steps: [" * 40 + f"{{include: i{number + 1}.yml}}" + "]}" * 40
        (tmp_path / f"i{number}.yml").write_text(f"- {inner}\n")

    assert "nested too deeply" in validated(tmp_path, capsys)
