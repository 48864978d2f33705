"""docs/problems.md has every rule, as the table has it, with an example that produces it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

import pytest

from runbook.cli.exit_codes import WRONG
from runbook.cli.main import _guarded
from runbook.lint.rules import RULES
from tests.cli.terminal import ROOT, runbook

PAGE = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\S+)\n(.*?)(?=^###? |\Z)", PAGE, re.MULTILINE | re.DOTALL))
STAGES = "stages:\n  - name: One\n    steps:\n"
CHAIN = "remediations:\n" + "".join(
    f"  r{n}: {{steps: [{{note: x, remediate: r{n + 1}}}, {{note: y, remediate: r{n + 1}}}]}}\n" for n in range(1, 20)
)


def code(section: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def whole(example: str) -> str:
    """A playbook, of the parts that the page shows."""
    if "stages:" in example:
        return example
    if example.startswith("- "):
        return f"name: Example\n{STAGES}{indent(example, ' ' * 6)}"
    return f"name: Example\n{example}{STAGES}      - note: here\n"


def found(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, str]]]:
    code = _guarded([*words, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_page_has_every_rule_and_no_other() -> None:
    assert list(SECTIONS) == list(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_section_says_what_the_table_says(rule: str) -> None:
    assert SECTIONS[rule].startswith(f"*{RULES[rule].severity}* · {RULES[rule].text}")


@pytest.mark.parametrize("rule", RULES)
def test_its_example_produces_it(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNBOOK_INVENTORY", raising=False)
    monkeypatch.setattr("runbook.playbook.nodes.MAX_STEPS", 2000)
    more = CHAIN + "  r20: {steps: [{note: z}]}\n" if rule == "size" else ""
    Path("playbook.yml").write_text(whole(code(SECTIONS[rule], "yaml") or "- note: here\n") + more, encoding="utf-8")
    (tmp_path / "runbook.toml").touch()
    command = code(SECTIONS[rule], "sh") or "runbook validate playbook.yml"

    status, rows = found(shlex.split(command)[1:], capsys)

    hits = [row for row in rows if row["rule"] == rule]
    assert hits, rows
    assert {row["severity"] for row in hits} == {str(RULES[rule].severity)}
    assert (status == WRONG) == any(row["severity"] == "error" for row in rows)
    assert all(row["rule"] in RULES for row in rows), "a rule that is not in the table"


def test_the_list_of_rules_is_the_table() -> None:
    lines = runbook("validate", "--rules").stdout.splitlines()

    assert [line.split()[0] for line in lines] == list(RULES)
    assert all(rule.text in line for line, rule in zip(lines, RULES.values(), strict=True))
