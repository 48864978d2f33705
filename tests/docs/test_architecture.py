"""The map of the house is the house: its diagram is that of the imports, and what its tours name is there."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.cli.terminal import ROOT
from tests.committed import held_against
from tests.docs.pages import links

PAGE = ROOT / "docs" / "architecture.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMED = re.findall(r"\[`([\w.]+)`\]\(\.\./(runbook/[\w/]+\.py)\)", TEXT)


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("architecture", PAGE.with_suffix(".py"))
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_diagram_and_the_table_are_fresh() -> None:
    held_against(PAGE, maker().page(TEXT), "make schemas")


def test_an_arrow_that_goes_without_saying_is_left_out() -> None:
    assert maker().plain({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_no_arrow_runs_up() -> None:
    made = maker()
    found = made.imports()
    floor = {room: number for number, rooms in enumerate(made.floors(set(found))) for room in rooms}
    assert set(floor) == set(found), "every room stands on a floor"
    assert [(room, other) for room in found for other in found[room] if floor[other] <= floor[room]] == []


@pytest.mark.parametrize(("name", "file"), NAMED, ids=str)
def test_what_the_tours_name_is_in_the_file_that_they_lead_to(name: str, file: str) -> None:
    scope: ast.Module | ast.ClassDef = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for part in name.split("."):
        inside = [node for node in scope.body if part in _defined(node)]
        assert inside, f"{file} has no {name}"
        if isinstance(inside[0], ast.ClassDef):
            scope = inside[0]


def _defined(node: ast.stmt) -> set[str]:
    """The names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def test_the_tours_lead_through_many_files() -> None:
    assert len({file for _, file in NAMED}) >= 20
    assert len([link for link in links(PAGE) if link.startswith("../runbook/")]) >= 60
    assert not re.search(r"(?<!\()(?<!/)runbook/[\w/]+\.py(?!\))", TEXT), "a file is named by a link, which is tested"


def test_every_file_that_the_guides_name_is_there() -> None:
    pages = [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "how-to" / "own-kind.md"]
    found = {name for page in pages for name in re.findall(r"`((?:runbook|tests|docs)/[\w/.-]*)`", page.read_text())}
    made = {"tests/inventory/cases/"}
    assert [name for name in found - made if not Path(ROOT / name).exists()] == []
