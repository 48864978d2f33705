"""The documentation is true: its links lead somewhere, its commands are there, its examples are accepted."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from runbook.cli.main import COMMANDS
from runbook.inventory.load import load_inventory
from runbook.playbook.load import load_playbook
from runbook.playbook.schema import PLAYBOOK
from runbook.steps import KINDS
from tests.cli.terminal import ROOT
from tests.docs.pages import PAGES, Code, anchors, blocks, commands, links

ELSEWHERE = ("own-kind.md", "problems.md")  # see test_how_to.py and test_problems.py
EXAMPLES = [code for code in blocks("yaml", "yml") if code.page.name not in ELSEWHERE]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link}: there is no such file"
        assert not anchor or anchor in anchors(target), f"{link}: there is no such heading"


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    named = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} - named == {index}


@pytest.mark.parametrize(("place", "line"), commands())
def test_commands_and_their_options_are_there(place: str, line: str) -> None:
    for words in _calls(line):
        if words[0].startswith("-"):
            assert words[0] in ("--help", "--version"), place
            continue
        if words[0] in ("COMMAND", "X"):
            continue
        assert words[0] in COMMANDS, f"{place}: runbook {words[0]}"
        command: click.Command = importlib.import_module(COMMANDS[words[0]][0]).command
        inner: Mapping[str, click.Command] = getattr(command, "commands", {})
        if len(words) > 1 and (isinstance(command, click.Group) or words[1] in inner):
            assert words[1] in inner, place
            command = inner[words[1]]
        known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
        given = {word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-zA-Z]", word)}
        assert given <= known, place


def _calls(line: str) -> Iterator[list[str]]:
    """The words after `runbook` in each of the commands of a line."""
    lexer = shlex.shlex(line.replace("…", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if not set(word) <= set(";&|<>()"):
            words.append(word)
            continue
        if words and words[0] == "runbook" and len(words) > 1:
            yield words[1:]
        words = []


@pytest.mark.parametrize("code", EXAMPLES, ids=lambda code: code.name)
def test_examples_are_accepted(code: Code, tmp_path: Path) -> None:
    text = code.text.replace("[...]", "[{note: here}]")
    data = yaml.safe_load(text)
    if isinstance(data, Mapping) and not set(data) & {*PLAYBOOK, *STEP_PARTS}:
        _as_inventory(data, text, tmp_path)
        return
    if not (isinstance(data, Mapping) and "stages" in data):  # a whole playbook is loaded as it is written
        text = yaml.safe_dump(_completed(data), allow_unicode=True, sort_keys=False)
    (tmp_path / "example.yml").write_text(text, encoding="utf-8")
    for name in re.findall(r"^ *-? *include: (\S+)", text, re.MULTILINE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("- note: included\n")
    for name in re.findall(r"^vars_files: \[(\S+)\]$", text, re.MULTILINE):
        (tmp_path / name).write_text("db_password: in the vault\n")
    assert load_playbook(tmp_path / "example.yml", tmp_path).stages


STEP_PARTS = {"diagnose", "remediate", *KINDS}
"""A mapping with these is a part of a step, or a whole one."""


def _completed(data: Any) -> dict[str, Any]:
    """A fragment as a playbook: steps in a stage, and the branches that they name."""
    step: Any = [{"note": "here"}]
    playbook: dict[str, Any] = {"name": "Example"}
    if isinstance(data, list):
        step = data
    elif set(data) <= set(PLAYBOOK):
        playbook |= data
    else:
        step = [{"note": "here", **data}] if not set(data) & set(KINDS) else [data]
    branches = {name: {"steps": [{"note": "here"}]} for name in set(_named(data))}
    playbook["remediations"] = branches | playbook.get("remediations", {})
    playbook.setdefault("databases", {"app": {"dbname": "app"}})
    return {"hosts": "all"} | playbook | {"stages": [{"name": "Example", "steps": step}]}


def _named(data: Any) -> Iterator[str]:
    """The branches that `remediate` names, at any depth."""
    if isinstance(data, list):
        for item in data:
            yield from _named(item)
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if key == "remediate":
                yield from (name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str))
            yield from _named(value)


def _as_inventory(data: Mapping[str, Any], text: str, folder: Path) -> None:
    """Groups; or hosts that a reader puts among those of a group."""
    groups = all(isinstance(group, Mapping) and {"hosts", "children", "vars"} & set(group) for group in data.values())
    path = folder / "hosts.yml"
    path.write_text(text if groups else yaml.safe_dump({"all": {"hosts": dict(data)}}), encoding="utf-8")
    assert load_inventory([str(path)]).hosts


@pytest.mark.parametrize("code", blocks("ini"), ids=lambda code: code.name)
def test_inventories_as_ini_are_accepted(code: Code, tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_text(code.text, encoding="utf-8")
    assert load_inventory([str(tmp_path / "hosts.ini")]).hosts
