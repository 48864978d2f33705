"""The playbooks of the repository plan with their inventories, and the reference case has a step for every line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from runbook.playbook.load import load_playbook
from tests.cli.terminal import ROOT, runbook

PLAYBOOKS = [file for file in sorted((ROOT / "playbooks").rglob("*.yml")) if "\nstages:" in file.read_text()]
INVENTORIES = sorted(path for path in (ROOT / "inventories").iterdir() if path.suffix in (".yml", ".ini"))
NAMES = ("APP_DIR", "APP_URL", "LOG_FILE", "PYTHON", "APP_PORT", "PID_FILE", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER")
SETTINGS = {
    **{f"DEMO_{name}": "1" for name in (*NAMES, "DB_PASSWORD")},
    "BOT_GENERIC_ADMIN_PASSWORD": "admin-password",
    "BOT_GENERIC_DB_PASSWORD": "database-password",
}
MAPPING = (ROOT / "docs" / "restore-logging.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "playbooks" / "restore-logging.yml"


@pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.name)
@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.name)
def test_every_playbook_plans_with_every_inventory(playbook: Path, inventory: Path) -> None:
    planned = runbook("plan", str(playbook), "-i", str(inventory), env=SETTINGS)

    assert planned.returncode == 0, planned.stderr
    assert not re.search("admin-password|database-password", planned.stdout)


def test_every_file_of_the_playbooks_is_a_playbook_or_included_by_one() -> None:
    included = {Path(document.file).resolve() for file in PLAYBOOKS for document in load_playbook(file).documents}
    assert {path.resolve() for path in (ROOT / "playbooks").rglob("*.yml")} <= included


@pytest.mark.parametrize("variant", ["tokens", "redis", "leave"])
def test_the_mapping_names_only_steps_that_the_plan_has(variant: str) -> None:
    planned = runbook(
        "plan", str(REFERENCE), "-i", "inventories/demo.yml", "-e", f"variant={variant}", env=SETTINGS
    ).stdout
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|", MAPPING, re.MULTILINE)
    numbers = {number for row in rows for number in re.findall(r"\b[1-5](?:\.[\w]+)+\b", row)}
    of_others = {number for number in numbers if number.startswith("4.1.") and f".{variant}" not in number}

    assert len(numbers) > 25
    missing = {n for n in numbers - of_others if not re.search(rf"(?<![\d.]){re.escape(n)}(?![\d\w])", planned)}
    assert missing == set()


def test_the_mapping_names_only_branches_and_inputs_that_are_there() -> None:
    playbook = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))
    branches = {word for word in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", MAPPING) if word != "swagger-ui"}
    assert branches == set(playbook["remediations"])
    assert set(re.findall(r"-e (\w+)=", MAPPING)) <= set(playbook["inputs"])


def test_the_mapping_has_a_row_for_every_probe_of_the_problems() -> None:
    playbook = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))
    for name, probes in {"no-new-logs": 5, "database-unreachable": 4, "app-does-not-start": 4}.items():
        steps = [step["name"] for step in playbook["remediations"][name]["steps"]]
        assert len([step for step in steps if re.match(r"\d\. ", step)]) == probes
        assert {int(n) for n in re.findall(rf"\| `{name}` (\d) \|", MAPPING)} == set(range(1, probes + 1))
