"""`runbook validate` and `runbook fmt` as programs and people use them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from runbook.cli.exit_codes import FAILED, OK, WRONG
from runbook.cli.main import _guarded
from tests.cli.terminal import ROOT
from tests.lint.support import steps

SARIF = Draft7Validator(json.loads((ROOT / "tests/reports/schemas/sarif-2.1.0.json").read_text(encoding="utf-8")))
ALL_SORTS = steps(
    "- {note: '{{ a', register: x}\n- {name: Два, shell: ls}\n- {name: Два, shell: ls}\n---\nvars: {y: 1}"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "all, sorts.yml").write_text(ALL_SORTS, encoding="utf-8")
    (tmp_path / "note.yml").write_text(steps("- note: x\n---\nvars: {y: 1}"))
    (tmp_path / "good.yml").write_text("name: Test\nhosts: all\nstages:\n  - name: One\n    steps:\n      - note: x\n")
    (tmp_path / "hosts.yml").write_text("all: {hosts: {a: {}}}\n")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = _guarded(list(words))
    return code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("good.yml", OK),
        ("good.yml --strict", OK),
        ("note.yml", OK),
        ("note.yml --strict", WRONG),
        (".", WRONG),
        ("nowhere.yml", WRONG),
        ("good.yml -i hosts.yml", OK),
        ("good.yml -i nowhere/", WRONG),
        ("good.yml -i hosts.yml -e @nowhere.yml", WRONG),
        ("good.yml --tags nothing", WRONG),
        ("good.yml --skip-tags nothing", WRONG),
    ],
)
def test_exit_codes(words: str, code: int, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "validate", *words.split())[0] == code


def test_a_person_sees_place_severity_rule_excerpt_and_a_count(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = run(capsys, "validate", "all, sorts.yml")

    assert code == WRONG
    assert re.search(r"^all, sorts\.yml:5:16: error: template syntax: .* \[template\]$", text, re.MULTILINE)
    assert re.search(r"^all, sorts\.yml:7:16: warning: .* \[duplicate-name\]$", text, re.MULTILINE)
    assert re.search(r"^all, sorts\.yml:8:8: note: .* \[unused-variable\]$", text, re.MULTILINE)
    assert "  7 |       - {name: Два, shell: ls}\n    |                ^^^\n" in text
    assert text.endswith("1 playbook, 1 error, 1 warning, 2 notes.\n")
    assert all(len(line) <= 80 for line in text.splitlines() if line.startswith("  hint"))


def test_a_secret_is_not_shown_beside_other_problems_either(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "p.yml").write_text(steps("- note: x\n---\nvars:\n  a: 1\n  token: s3cret-word\n  b: 1\n"))

    _, text = run(capsys, "validate", "p.yml")

    assert "token: ***********" in text
    assert "s3cret" not in text


def test_of_very_many_problems_the_first_are_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "many.yml").write_text(steps("- {note: x, wen: 1}\n" * 300))

    _, text = run(capsys, "validate", "many.yml")

    assert text.count("unknown key") == 100
    assert "and 200 more" in text
    assert "300 errors" in text


def test_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, text = run(capsys, "validate", ".", "--format", "json")

    rows = json.loads(text)
    assert [(row["file"], row["line"], row["severity"], row["rule"]) for row in rows] == [
        ("all, sorts.yml", 5, "error", "template"),
        ("all, sorts.yml", 5, "note", "unused-register"),
        ("all, sorts.yml", 7, "warning", "duplicate-name"),
        ("all, sorts.yml", 8, "note", "unused-variable"),
        ("note.yml", 6, "note", "unused-variable"),
    ]
    assert set(rows[0]) == {"file", "line", "column", "length", "severity", "rule", "message", "hint"}


def test_github(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, text = run(capsys, "validate", ".", "--format", "github")

    first, *_, last = text.splitlines()
    where = "file=all%2C sorts.yml,line=5,col=16,endColumn=22,title=runbook%3A template"
    assert first.startswith(f"::error {where}::template syntax: ")
    assert last == (
        "::notice file=note.yml,line=6,col=8,endColumn=9,title=runbook%3A unused-variable"
        "::nothing reads the variable 'y' (remove it, or read it somewhere)"
    )
    assert {line.split()[0] for line in text.splitlines()} == {"::error", "::warning", "::notice"}


def test_sarif_is_what_its_schema_says(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, text = run(capsys, "validate", ".", "--format", "sarif")

    document = json.loads(text)
    SARIF.validate(document)
    (found,) = document["runs"]
    rules = found["tool"]["driver"]["rules"]
    assert {result["level"] for result in found["results"]} == {"error", "warning", "note"}
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in found["results"])
    assert all(rule["shortDescription"]["text"] for rule in rules)
    place = found["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "all%2C%20sorts.yml"
    assert place["region"] == {"startLine": 5, "startColumn": 16, "endLine": 5, "endColumn": 22}


def test_names_of_files_that_are_no_text(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / os.fsdecode(b"\xff\x1b.yml")).write_text(steps("- {note: x, wen: 1}"))

    for form in ("text", "json", "github", "sarif"):
        code, text = run(capsys, "validate", ".", "--format", form)
        assert code == WRONG
        assert "unknown key" in text


def test_hidden_folders_are_not_searched_and_the_one_above_is(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".cache").mkdir()
    (project / ".cache" / "broken.yml").write_text("stages: [\n")
    (project / "all, sorts.yml").unlink()
    monkeypatch.chdir(project / ".cache")

    assert run(capsys, "validate", "..") == (OK, run(capsys, "validate", "../good.yml", "../note.yml")[1])


def test_run_and_plan_do_not_ask_for_more_than_the_loader(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "warned.yml").write_text(steps("- {name: A, note: x}\n- {name: A, note: x, when: true}"))

    assert run(capsys, "validate", "warned.yml", "--strict")[0] == WRONG
    assert run(capsys, "run", "warned.yml", "-i", "localhost,")[0] == OK


UGLY = "name: X\nhosts: all\nstages:\n- steps:\n  - note:   hi   # Привет\n    name:  A\n  name: One\n"
NICE = "name: X\nhosts: all\nstages:\n  - name: One\n    steps:\n      - name: A\n        note: hi # Привет\n"


def test_fmt_writes_checks_and_shows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "ugly.yml"
    path.write_text(UGLY, encoding="utf-8")
    path.chmod(0o640)

    code, text = run(capsys, "fmt", "--check", "ugly.yml", "good.yml")
    assert (code, text) == (FAILED, "ugly.yml\n1 of 2 files would change.\n")
    code, text = run(capsys, "fmt", "--diff", "ugly.yml")
    assert (code, "+  - name: One\n" in text) == (FAILED, True)
    assert path.read_text(encoding="utf-8") == UGLY
    assert run(capsys, "fmt", "ugly.yml") == (OK, "ugly.yml\n1 of 1 file changed.\n")
    assert path.read_text(encoding="utf-8") == NICE
    assert path.stat().st_mode & 0o777 == 0o640
    assert run(capsys, "fmt", "--check", "ugly.yml") == (OK, "0 of 1 file would change.\n")
    assert sorted(project.glob(".*")) == []


def test_fmt_keeps_line_ends_and_links(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "real.yml").write_bytes(b"\xef\xbb\xbf" + UGLY.replace("\n", "\r\n").encode())
    (project / "link.yml").symlink_to("real.yml")

    assert run(capsys, "fmt", "link.yml")[0] == OK
    assert (project / "link.yml").is_symlink()
    assert (project / "real.yml").read_bytes() == b"\xef\xbb\xbf" + NICE.replace("\n", "\r\n").encode()


def test_fmt_leaves_alone_what_it_cannot_keep(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "name: X\nhosts: all\nstages: [ # why\n  {steps: [{note: x}]}]\n"
    (project / "odd.yml").write_text(text)
    (project / "broken.yml").write_text("stages: [\n")

    code = _guarded(["fmt", "odd.yml", "broken.yml"])

    said = capsys.readouterr().err
    assert code == WRONG
    assert "broken.yml:2:1: not valid YAML" in said
    assert (project / "odd.yml").read_text() == text or "odd.yml: left as it is" not in said
    assert (project / "broken.yml").read_text() == "stages: [\n"
