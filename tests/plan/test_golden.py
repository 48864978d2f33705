"""Plans and diffs as they are shown, beside what they are made of. `RUNBOOK_GOLDEN=write pytest` writes them anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runbook.common.json_data import decode, encode
from runbook.plan.compare import diff_text
from runbook.plan.compare.diff import diff
from runbook.plan.describe.make_view import view_of
from runbook.plan.describe.view import PlanView
from runbook.plan.make.request import PlanRequest, make_plan
from runbook.plan.make.sources import load_sources
from runbook.plan.show import html, markdown, text
from runbook.vault.format import Vault
from tests.committed import held_against
from tests.plan.support import HERE, MAKES

SHOP = HERE / "golden" / "shop"


def shop(playbook: str = "playbook.yml", hosts: str = "hosts.yml") -> PlanView:
    loaded, inventory = load_sources(SHOP / playbook, (str(SHOP / hosts),), Vault())
    request = PlanRequest(variables={"admin_password": "never-to-be-seen"})
    return view_of(make_plan(loaded, inventory, request))


def as_before(name: str, text: str) -> None:
    if os.environ.get("RUNBOOK_GOLDEN") == "write":
        (SHOP / name).write_text(text, encoding="utf-8")
    held_against(SHOP / name, text, MAKES)


@pytest.fixture(scope="module")
def view() -> PlanView:
    return shop()


@pytest.mark.parametrize("name", ["plan.txt", "plan.md", "plan.html", "plan.json"])
def test_a_plan_is_shown_as_before(view: PlanView, name: str) -> None:
    shown = {
        "plan.txt": lambda: text.as_text(view, 80),
        "plan.md": lambda: markdown.as_markdown(view),
        "plan.html": lambda: html.as_html(view),
        "plan.json": lambda: json.dumps(encode(view), ensure_ascii=False, indent=1) + "\n",
    }[name]()
    as_before(name, shown)
    for secret in ("never-to-be-seen", "s3cret-of-ssh", "hunter2", str(Path.cwd()), str(Path.home())):
        assert secret not in shown


@pytest.mark.parametrize("name", ["diff.txt", "diff.md"])
def test_a_diff_is_shown_as_before(view: PlanView, name: str) -> None:
    found = diff(view, shop("changed.yml", "changed_hosts.yml"))
    as_before(name, (diff_text.as_text if name == "diff.txt" else diff_text.as_markdown)(found))


def test_a_plan_can_be_read_again(view: PlanView) -> None:
    assert decode(PlanView, json.loads(json.dumps(encode(view)))) == view
