"""What `make schemas` makes is committed as the code would make it today, and is of use to its readers."""

from __future__ import annotations

import inspect
import json
import re

import pytest
from jsonschema import Draft202012Validator

from runbook.cli.writing.reference import page
from runbook.cli.writing.schema import SCHEMAS
from runbook.plan.bind.plan_file import published as published_plan
from runbook.playbook.schema import published
from runbook.steps import KINDS
from runbook.templating.environment import environment
from runbook.templating.filters import FILTERS
from runbook.templating.lookups import LOOKUPS
from runbook.templating.tests import TESTS
from tests.cli.terminal import ROOT, runbook
from tests.committed import committed, held_against

SCHEMA = ROOT / "schemas" / "playbook.schema.json"
TEMPLATES = ROOT / "docs" / "templates.md"
STEPS = ROOT / "docs" / "steps.md"
MAKES = "make schemas"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_fresh(name: str) -> None:
    held_against(ROOT / "schemas" / f"{name}.schema.json", runbook("schema", name).stdout, MAKES)


def test_the_reference_is_fresh() -> None:
    held_against(STEPS, runbook("doc", "--all").stdout, MAKES)


def test_the_page_of_the_templates_is_fresh_and_names_all_there_is() -> None:
    text = runbook("doc", "--templates").stdout
    held_against(TEMPLATES, text, MAKES)
    env = environment()
    names = {name for name in {*env.filters, *env.tests, *LOOKUPS} if not name.startswith((" ", "ansible.builtin."))}
    assert {name for name in names if not re.search(rf"`{re.escape(name)}[`(]", text)} == set()


def test_every_filter_test_and_lookup_says_what_it_is() -> None:
    assert [name for name, each in {**FILTERS, **TESTS, **LOOKUPS}.items() if not inspect.getdoc(each)] == []


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(published())
    Draft202012Validator.check_schema(published_plan())


def test_every_option_of_every_kind_is_described_in_the_schema() -> None:
    step = json.loads(committed(SCHEMA, MAKES))["$defs"]["step"]
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
    said = dict(re.findall(r"^\| \[`(\w+)`\].*\| ([^|]+) \|$", committed(STEPS, MAKES), re.MULTILINE))
    assert said["file"] == "no"
    assert said["edit"] == "yes"
    assert said["service"] == "yes, but not with `state` running"
    assert said["http"] == "no, only with `method` POST, PUT, PATCH, DELETE"
    assert said["sql"] == "no, only with `changes` true"
