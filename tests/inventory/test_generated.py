"""Inventories that nobody wrote by hand: what we make of them is what Ansible makes of them."""

from __future__ import annotations

import json
import shlex
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.inventory.load import load_inventory
from runbook.inventory.patterns import select
from runbook.inventory.show import as_ansible_list, as_graph
from runbook.source.document import Problems
from tests.inventory.golden import inside
from tests.inventory.oracle import Oracle

HOSTS = ["web1", "web2", "db.example.com", "10.0.0.7", "x-y", "сервер"]
GROUPS = ["a", "b", "c-d", "Ω", "e.f", "z"]
NAMES = ["v", "w", "http_port", "ansible_user"]
FOUND = [
    "1",
    "01",
    "1.0",
    "True",
    "true",
    "None",
    "a b",
    "it's",
    'say "hi"',
    "[1, 'x']",
    "{'k': (1,)}",
    "{{ v }}",
    "#x",
]
FOUND += [
    "a#b",
    "a=b",
    "",
    " ",
    "é",
    "0x10",
    "1e3",
    "'q'",
    '"q"',
    "\\n",
    "C:\\x",
    ";",
    "-o A='b c'",
    "1_0",
    "~",
    "@x",
    "%",
]
OFTEN = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass
class Sketch:
    """An inventory, to be written in either language."""

    hosts: dict[str, list[str]] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    group_vars: dict[str, dict[str, str]] = field(default_factory=dict)
    host_vars: dict[str, dict[str, str]] = field(default_factory=dict)
    priorities: dict[str, int] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)

    def ini(self) -> str:
        lines = []
        for group, hosts in self.hosts.items():
            lines += [f"[{group}]", *(self._line(host) for host in hosts)]
        for group, children in self.children.items():
            lines += [f"[{group}:children]", *children]
        for group, values in self.group_vars.items():
            lines += [f"[{group}:vars]", *(f"{name} = {value}" for name, value in values.items())]
        lines += [f"[{group}:vars]\nansible_group_priority={number}" for group, number in self.priorities.items()]
        return "\n".join(lines) + "\n"

    def _line(self, host: str) -> str:
        values = self.host_vars.get(host, {})
        return " ".join([host, *(f"{name}={shlex.quote(value)}" for name, value in values.items())])

    def yaml(self) -> str:
        data: dict[str, Any] = {}
        for group, hosts in self.hosts.items():
            data[group] = {"hosts": {host: self.host_vars.get(host) for host in hosts}}
            data[group]["vars"] = {**self.group_vars.get(group, {})}
            if group in self.priorities:
                data[group]["vars"]["ansible_group_priority"] = self.priorities[group]
        for group, children in self.children.items():
            data.setdefault(group, {})["children"] = dict.fromkeys(children)
        return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


VARIABLES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(FOUND), max_size=3)


@st.composite
def sketches(draw: st.DrawFn, ordered: bool = False) -> Sketch:
    """`ordered`: groups hold later ones of GROUPS only, so that several files together make no circle."""
    groups = draw(st.lists(st.sampled_from(GROUPS), min_size=1, unique=True))
    if ordered:
        groups.sort(key=GROUPS.index)
    sketch = Sketch()
    for index, group in enumerate(groups):
        sketch.hosts[group] = draw(st.lists(st.sampled_from(HOSTS), max_size=4, unique=True))
        if below := groups[index + 1 :]:
            sketch.children[group] = draw(st.lists(st.sampled_from(below), max_size=2, unique=True))
    ways = st.sampled_from([*groups, "all", "ungrouped"])
    sketch.hosts["ungrouped"] = draw(st.lists(st.sampled_from(HOSTS), max_size=2, unique=True))
    sketch.group_vars = draw(st.dictionaries(st.sampled_from(groups), VARIABLES, max_size=4))
    sketch.host_vars = draw(st.dictionaries(st.sampled_from(HOSTS), VARIABLES, max_size=4))
    sketch.priorities = draw(st.dictionaries(st.sampled_from(groups), st.integers(-3, 12), max_size=3))
    sketch.files = {f"group_vars/{name}.yml": value for name, value in draw(st.dictionaries(ways, VARIABLES)).items()}
    hosts = draw(st.dictionaries(st.sampled_from(HOSTS), VARIABLES, max_size=2))
    sketch.files |= {f"host_vars/{name}": value for name, value in hosts.items()}
    return sketch


SIGNS = st.sampled_from(["", "", "", "&", "!"])
WORDS = st.sampled_from([*HOSTS, *GROUPS, "all", "web*", "*", "?", "~web.", "~.*[a-d]", "[a-z]", "nope", "localhost"])
PATTERNS = st.lists(st.builds("{}{}".format, SIGNS, WORDS), min_size=1, max_size=4).flatmap(
    lambda parts: st.sampled_from([":".join(parts), ",".join(parts), ", ".join(parts)])
)


@OFTEN
@given(sketches(), st.booleans(), st.lists(PATTERNS, min_size=3, max_size=6))
def test_the_same_hosts_variables_and_patterns(
    oracle: Oracle, sketch: Sketch, as_yaml: bool, patterns: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as name, inside(Path(name)):
        source = "hosts.yml" if as_yaml else "hosts.ini"
        Path(source).write_text(sketch.yaml() if as_yaml else sketch.ini())
        for file, values in sketch.files.items():
            Path(file).parent.mkdir(exist_ok=True)
            Path(file).write_text(yaml.safe_dump(values, allow_unicode=True))
        expected = oracle.ask(Path(name), [source], [(pattern, None) for pattern in patterns])
        inventory = load_inventory([source])
    assert "error" not in expected
    assert json.loads(json.dumps(as_ansible_list(inventory))) == expected["list"]
    assert as_graph(inventory) == expected["graph"]
    for pattern, hosts in zip(patterns, expected["patterns"], strict=True):
        # Ansible's own order is by chance where groups stand below groups below groups.
        assert {host.name for host in select(inventory, pattern)} == set(hosts), pattern


SOME_HOSTS = st.lists(st.sampled_from(HOSTS), max_size=3)
SCRIPT_GROUPS = st.one_of(
    SOME_HOSTS,
    st.fixed_dictionaries(
        {},
        optional={"hosts": SOME_HOSTS, "vars": VARIABLES, "children": st.just(["z"])},
    ),
)


@st.composite
def scripts(draw: st.DrawFn) -> str:
    """An executable that prints an inventory; with `_meta`, or without, so that it is asked for every host."""
    data: dict[str, Any] = draw(st.dictionaries(st.sampled_from(GROUPS[:5]), SCRIPT_GROUPS, min_size=1, max_size=3))
    if draw(st.booleans()):
        data["_meta"] = {"hostvars": draw(st.dictionaries(st.sampled_from(HOSTS), VARIABLES, max_size=2))}
    answers = shlex.quote(json.dumps(data)), shlex.quote(json.dumps(draw(VARIABLES)))
    return '#!/bin/sh\ncase "$1" in --list) printf %s {};; *) printf %s {};; esac\n'.format(*answers)


@st.composite
def source_files(draw: st.DrawFn) -> dict[str, str]:
    """Names of sources with their texts; the ending of a name says what it is."""
    sketch = sketches(ordered=True)
    kinds = {".ini": sketch.map(Sketch.ini), ".yml": sketch.map(Sketch.yaml), ".py": scripts()}
    kinds |= {"": st.one_of(kinds[".ini"], kinds[".yml"])}
    chosen = draw(st.lists(st.sampled_from([*kinds]), min_size=1, max_size=3, unique=True))
    return {f"{number}{ending}": draw(kinds[ending]) for number, ending in enumerate(chosen)}


CUTS = st.sampled_from(["[0]", "[-1]", "[0:1]", "[1:]", "[0-1]"])
VARS_FILES = st.dictionaries(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["group_vars/", "host_vars/"]),
        st.sampled_from(["a", "b", "all", "web1", "c-d", "z"]),
        st.sampled_from(["", ".yml", ".yaml", ".json", ".txt", "/main", "/x.yml", "/sub/y.json", "/.hidden.yml"]),
    ),
    VARIABLES,
    max_size=5,
)


def written(folder: Path, files: dict[str, Any]) -> None:
    """Files as far as they can stand beside each other: `a` is a file or a folder."""
    for name, content in files.items():
        path = folder / name
        if path.exists() or any(parent.is_file() for parent in path.parents):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        path.chmod(0o755 if path.suffix == ".py" else 0o644)


@settings(OFTEN, max_examples=15)
@given(source_files(), st.booleans(), st.sampled_from(["", "web1,", "new:22, a"]), VARS_FILES, VARS_FILES, st.data())
def test_sources_of_every_kind_together(
    oracle: Oracle, files: Any, in_a_folder: bool, listed: str, beside: Any, of_playbook: Any, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name, inside(Path(name)):
        home = Path("inv") if in_a_folder else Path()
        written(home, {**files, **beside, "left.bak": "[not read in a folder"})
        written(Path("play"), of_playbook)
        Path("play").mkdir(exist_ok=True)
        sources = ["inv"] if in_a_folder else [*files]
        sources += [listed] if listed else []
        inventory = load_inventory(sources, playbook_folder=Path("play"))
        flat = [group.name for group in inventory.groups.values() if not group.children]
        cut = st.builds(
            "{}{}".format, st.sampled_from(flat), st.sampled_from(["[0]", "[-1]", "[0:1]", "[1:]", "[0-1]"])
        )
        asked = data.draw(st.lists(st.tuples(st.one_of(PATTERNS, cut), st.none() | PATTERNS), max_size=4))
        asked = [(pattern, limit) for pattern, limit in asked if "localhost" not in f"{pattern}{limit}"]
        expected = oracle.ask(Path(name), sources, asked, Path(name) / "play")
        chosen = [{host.name for host in select(inventory, *pair)} for pair in asked]
    assert "error" not in expected
    assert json.loads(json.dumps(as_ansible_list(inventory))) == expected["list"]
    assert as_graph(inventory, with_vars=True) == expected["graph_vars"]
    for pair, ours, theirs in zip(asked, chosen, expected["patterns"], strict=True):
        assert ours == (set() if isinstance(theirs, str) else set(theirs)), pair


LINES = st.sampled_from(Path(__file__).with_name("lines.txt").read_text().splitlines())


@settings(OFTEN, max_examples=250)
@given(st.lists(LINES, min_size=1, max_size=7))
def test_lines_thrown_together(oracle: Oracle, lines: list[str]) -> None:
    """What Ansible reads we read alike; what it refuses we refuse."""
    with tempfile.TemporaryDirectory() as name, inside(Path(name)):
        Path("hosts.ini").write_text("\n".join(lines) + "\n")
        expected = oracle.ask(Path(name), ["hosts.ini"])
        if "error" in expected:
            with pytest.raises(Problems):
                load_inventory(["hosts.ini"])
            return
        inventory = load_inventory(["hosts.ini"])
    assert json.loads(json.dumps(as_ansible_list(inventory))) == expected["list"]
    assert as_graph(inventory, with_vars=True) == expected["graph_vars"]
