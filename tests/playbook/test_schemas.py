"""The published schemas take what the loader takes, refuse what it refuses, and tell an editor about every key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from runbook.inventory.load import load_inventory
from runbook.playbook.load import load_playbook
from runbook.reports import json as json_report
from runbook.runs.record import fold
from runbook.source.document import Problems
from tests.cli.terminal import ROOT
from tests.committed import committed
from tests.engine.support import play
from tests.engine.support import steps as whole
from tests.lint.support import steps
from tests.reports import sample

SCHEMAS = {
    name: json.loads(committed(ROOT / "schemas" / f"{name}.schema.json", "make schemas"))
    for name in ("playbook", "inventory", "report")
}
PLAYBOOK, INVENTORY, REPORT = (Draft202012Validator(SCHEMAS[name]) for name in ("playbook", "inventory", "report"))
PLAYBOOKS = [path for path in (ROOT / "playbooks").rglob("*.yml") if "\nstages:" in path.read_text(encoding="utf-8")]
INVENTORIES = [path for path in (ROOT / "inventories").iterdir() if path.suffix in (".yml", ".yaml")]
CASES = [path for path in (ROOT / "tests/inventory/cases").rglob("*") if path.suffix in (".yml", ".yaml")]


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


def keys(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every property of a schema at any depth; what stands in `if` is no place for a user to write."""
    if isinstance(schema, dict):
        for name, inner in schema.items():
            if name == "properties" and isinstance(inner, dict):
                yield from ((f"{path}/{key}", value) for key, value in inner.items())
            if name != "if":
                yield from keys(inner, f"{path}/{name}")
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from keys(inner, f"{path}/{index}")


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_has_a_text(name: str) -> None:
    found = dict(keys(SCHEMAS[name]))

    assert len(found) > 15
    assert [path for path, schema in found.items() if schema is not True and not schema.get("description")] == []


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.name)
def test_our_playbooks_are_what_it_says(path: Path) -> None:
    PLAYBOOK.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "text",
    [
        steps("- {shel: ls}"),
        steps("- {shell: ls, wen: true}"),
        steps("- {shell: ls, command: ls}"),
        steps("- {shell: ls, retries: many}"),
        steps("- {shell: ls, severity: bad}"),
        steps("- {file: {path: /x, stat: y}}"),
        steps("- {choose: {by: x, options: {}}}"),
        steps("- {service: {name: x, state: gone}}"),
        steps("- {steps: [{note: x, wen: 1}]}"),
        steps("- {note: x, diagnose: [{nte: x}]}"),
        steps("- {note: x, remediate: {stepz: []}}"),
        steps("- {name: nothing}"),
        steps("- note: x\n---\nstage: 3"),
        steps("- note: x\n---\ninputs: {a: {typ: string}}"),
        steps("- note: x\n---\ndatabases: {a: {hots: x}}"),
        steps("- note: x\n---\nremediations: {a: {description: no steps}}"),
        "name: x\n",
        "stages: [{name: a, steps: [{note: x}]}]\n",
        "name: x\nstages: []\n",
        "name: x\nstages: [{name: a, steps: [{note: x}], serials: 3}]\n",
    ],
)
def test_what_the_loader_refuses_an_editor_refuses(text: str, tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text(text)

    with pytest.raises(Problems):
        load_playbook(tmp_path / "p.yml")
    assert not PLAYBOOK.is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: path.name)
def test_our_inventories_are_what_it_says(path: Path) -> None:
    INVENTORY.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_inventories_of_the_tests_that_are_right_are_what_it_says() -> None:
    taken = 0
    for path in CASES:
        try:
            warned = load_inventory([str(path)]).warnings
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (Problems, yaml.YAMLError):
            continue
        if isinstance(data, dict) and not warned and path.parent.name not in ("group_vars", "host_vars"):
            taken += 1
            INVENTORY.validate(data)
    assert taken >= 5


@pytest.mark.parametrize(
    "text",
    [
        "web: {host: {a: }}",
        "web: [a, b]",
        "web: {hosts: [a, b]}",
        "web: {children: {db: 3}}",
        "web: {vars: [a]}",
        "web: {hosts: {a: x}}",
    ],
)
def test_an_inventory_that_is_wrong(text: str, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(text)

    with pytest.raises(Problems):
        load_inventory([str(tmp_path / "hosts.yml")])
    assert not INVENTORY.is_valid(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "- {name: A, shell: 'echo x', register: r, expect: rc == 0}",
        "- {shell: 'exit 3', diagnose: [{shell: ls /, cause: why}], remediate: {steps: [{note: x}]}}",
        "- {shell: 'echo {{ item }}', loop: [1, 2]}\n- {note: x, when: false}",
        "- {note: {message: x, data: {a: [1.5, null, true]}}}",
        "- {confirm: well?}",
    ],
)
def test_reports_of_runs_are_what_it_says(text: str) -> None:
    REPORT.validate(json.loads(json_report.render(play(whole(text)))))


def test_the_report_with_everything_in_it_is_what_it_says() -> None:
    report = json.loads(json_report.render(fold(sample.events())))

    REPORT.validate(report)
    assert not REPORT.is_valid({**report, "format": 0})
    assert not REPORT.is_valid({**report, "verdict": "fine"})
