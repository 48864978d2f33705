"""What `make schemas` makes is committed as the code would make it today, and is of use to its readers."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from runbook.cli.reference import page
from runbook.plan.file import published as published_plan
from runbook.playbook.schema import published
from runbook.steps import KINDS
from tests.cli.terminal import ROOT, runbook

SCHEMA = ROOT / "schemas" / "playbook.schema.json"
STEPS = ROOT / "docs" / "steps.md"
STALE = "it is not what the code makes: run `make schemas` and commit"


def test_the_schema_is_fresh() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == runbook("schema", "playbook").stdout, f"{SCHEMA}: {STALE}"


def test_the_schema_of_plans_is_fresh() -> None:
    file = ROOT / "schemas" / "plan.schema.json"
    assert file.read_text(encoding="utf-8") == runbook("schema", "plan").stdout, f"{file}: {STALE}"


def test_the_reference_is_fresh() -> None:
    assert STEPS.read_text(encoding="utf-8") == runbook("doc", "--all").stdout, f"{STEPS}: {STALE}"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(published())
    Draft202012Validator.check_schema(published_plan())


def test_every_option_of_every_kind_is_described_in_the_schema() -> None:
    step = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]["step"]
    assert set(KINDS) <= set(step["properties"])
    silent = [
        f"{kind}.{name}"
        for kind, module in KINDS.items()
        for name, option in module.SCHEMA.get("properties", {}).items()
        if not option.get("description")
    ]
    assert silent == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_has_what_a_reader_looks_for(kind: str) -> None:
    text = page(kind)
    assert text.startswith(f"## {kind}\n\n")
    assert "\n```yaml\n" in text, "no example"
    assert re.search(r"^Changes the host: (yes|no)", text, re.MULTILINE)
    options = KINDS[kind].SCHEMA.get("properties", {})
    assert all(f"| `{name}`" in text for name in options)
    assert text == runbook("doc", kind).stdout


def test_what_changes_the_host_is_what_the_kinds_answer() -> None:
    said = dict(re.findall(r"^\| \[`(\w+)`\].*\| ([^|]+) \|$", STEPS.read_text(encoding="utf-8"), re.MULTILINE))
    assert said["file"] == "no"
    assert said["edit"] == "yes"
    assert said["service"] == "yes, but not with `state` running"
    assert said["http"] == "no, only with `method` POST, PUT, PATCH, DELETE"
    assert said["sql"] == "no, only with `changes` true"
