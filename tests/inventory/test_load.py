"""Which files -i means, what each host knows of where its variables come from, and what people are shown."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from runbook.inventory.builder import BUILT_IN
from runbook.inventory.load import load_inventory
from runbook.inventory.patterns import members, select, unmatched
from runbook.inventory.show import as_graph, as_host, host_variables
from runbook.model import Inventory
from runbook.source.document import Problems
from tests.inventory.golden import CASES, inside


@pytest.fixture
def project(tmp_path: Path) -> Path:
    home = tmp_path / "inventories"
    for name in ("prod.yml", "staging.ini", "lab.yaml", "folder/hosts"):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        word = name.replace("/", "-").replace(".", "-")
        path.write_text(f"all:\n  hosts:\n    {word}:\n" if "y" in path.suffix else f"{word}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("source", "host"),
    [("prod", "prod-yml"), ("staging", "staging-ini"), ("lab", "lab-yaml"), ("folder", "folder-hosts")],
)
def test_a_name_is_looked_for_in_inventories(project: Path, source: str, host: str) -> None:
    inventory = load_inventory([source], project=project)
    assert list(inventory.hosts) == [host]


def test_a_path_goes_before_a_name(project: Path) -> None:
    (project / "prod").write_text("by-path\n")
    with inside(project):
        assert list(load_inventory(["prod"]).hosts) == ["by-path"]
        assert load_inventory(["prod"]).sources == ("prod",)
        assert load_inventory(["staging"]).sources == ("inventories/staging.ini",)


def test_words_that_yaml_takes_for_booleans_are_names(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("web:\n  hosts:\n    no:\n    yes: {on: 1}\n")
    inventory = load_inventory([str(tmp_path / "hosts.yml")])
    assert list(inventory.hosts) == ["no", "yes"]
    assert inventory.hosts["yes"].get("on") == 1


def test_a_file_with_a_comma_in_its_name_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a,b").write_text("in-the-file\n")
    with inside(tmp_path):
        assert list(load_inventory(["a,b"]).hosts) == ["in-the-file"]


def test_without_sources_there_is_only_the_implicit_localhost(tmp_path: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("x: 1\n")
    inventory = load_inventory([], playbook_folder=tmp_path)
    assert not inventory.hosts
    assert set(inventory.groups) == {"all", "ungrouped"}
    assert select(inventory, "all") == ()
    (host,) = select(inventory, "localhost")
    assert host_variables(host) == {"ansible_connection": "local", "x": 1}
    assert [host.name for host in select(inventory, "127.0.0.1")] == ["127.0.0.1"]


def test_origins_name_every_place_the_winner_last() -> None:
    with inside(CASES / "playbook-vars"):
        inventory = load_inventory(["inv/hosts.yml"], playbook_folder=Path("play"))
    host = inventory.hosts["w1"]
    assert [(place.value, place.level, str(place.span)) for place in host.origins["v"]] == [
        ("all-inv", "group:all", "inv/hosts.yml:2:13"),
        ("web-inv", "group:web", "inv/hosts.yml:5:17"),
        ("all-inv-gv", "group:all", "inv/group_vars/all.yml:1:4"),
        ("w1-inv", "host:w1", "inv/hosts.yml:7:17"),
    ]
    assert host.variables["v"] is host.origins["v"][-1]
    assert host.groups == ("sub", "web")


def test_origins_as_people_are_shown_them() -> None:
    with inside(CASES / "ini-priority"):
        inventory = load_inventory(["hosts.ini"])
    assert as_host(inventory, "h", show_origin=True).splitlines()[:6] == [
        "only_a:",
        "  hosts.ini:12:8  group:a  1",
        "v:",
        '  hosts.ini:14:3  group:b  "b"',
        '  hosts.ini:10:3  group:a  "a"  (overridden)',
        '  hosts.ini:17:3  group:c  "c"  (overridden)',
    ]
    assert json.loads(as_host(inventory, "h"))["v"] == "b"


def test_a_host_knows_the_file_it_is_from(tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_text("w1\n")
    host = load_inventory([str(tmp_path / "hosts.ini"), "listed,"]).hosts["w1"]
    assert host.get("inventory_dir") == str(tmp_path)
    assert host.get("inventory_file") == str(tmp_path / "hosts.ini")
    assert host.variables["inventory_dir"].level == BUILT_IN
    assert "inventory_dir" not in host_variables(host)


def test_the_graph_of_one_group() -> None:
    with inside(CASES / "ini-basic"):
        inventory = load_inventory(["hosts.ini"])
    assert as_graph(inventory, "prod").splitlines()[:3] == ["@prod:", "  |--@web:", "  |  |--web1"]
    with pytest.raises(KeyError):
        as_graph(inventory, "nope")


def test_a_tree_without_end_is_cut(tmp_path: Path) -> None:
    pairs = "".join(f"[a{n}:children]\na{n + 1}\nb{n + 1}\n[b{n}:children]\na{n + 1}\nb{n + 1}\n" for n in range(40))
    (tmp_path / "hosts.ini").write_text(pairs + "[a40]\nx\n[b40]\n")
    inventory = load_inventory([str(tmp_path / "hosts.ini")])
    assert as_graph(inventory).endswith("\n…")
    assert members(inventory, "a0") == ("x",)


@pytest.fixture
def patterns() -> Inventory:
    with inside(CASES / "patterns"):
        return load_inventory(["hosts.ini"])


@pytest.mark.parametrize(
    ("pattern", "limit", "names"),
    [
        ("web:nope", None, ("nope",)),
        ("all:!wbe:&prod", None, ("!wbe",)),
        ("empty", None, ()),
        ("all[99]", None, ("all[99]",)),
        ("web,localhost", None, ()),
        ("~x.*:db", None, ("~x.*",)),
        ("all", "web99*,db", ("web99*",)),
        ("", None, ()),
    ],
)
def test_parts_that_nothing_has_are_told(
    patterns: Inventory, pattern: str, limit: str | None, names: tuple[str, ...]
) -> None:
    assert unmatched(patterns, pattern, limit) == names


def test_a_regular_expression_that_is_wrong(patterns: Inventory) -> None:
    with pytest.raises(Problems, match="not a regular expression: unterminated"):
        select(patterns, "web,~db[")


@pytest.mark.parametrize("pattern", ["!", "web:&", "all, ! ,db"])
def test_a_sign_with_nothing_behind_it(patterns: Inventory, pattern: str) -> None:
    with pytest.raises(Problems, match=r"nothing stands behind the [!&]"):
        select(patterns, pattern)


def test_a_limit_from_a_file_that_is_not_there(patterns: Inventory, tmp_path: Path) -> None:
    with pytest.raises(Problems, match="is not a file"):
        select(patterns, "all", f"@{tmp_path / 'none'}")


def test_a_pipe_in_a_folder_does_not_hold_us_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "hosts.ini").write_text("w1\n")
    with pytest.raises(Problems, match="is not a file"):
        load_inventory([str(tmp_path)])


def test_ten_thousand_hosts_are_read_at_once(tmp_path: Path) -> None:
    groups = "".join(f"[g{n}]\nh{n}x[0001:0100].example.com v={n}\n[g{n}:vars]\nw={n}\n" for n in range(100))
    (tmp_path / "hosts.ini").write_text(groups + "[prod:children]\n" + "".join(f"g{n}\n" for n in range(100)))
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("".join(f"v{n}: {n}\n" for n in range(50)))
    begin = time.process_time()
    inventory = load_inventory([str(tmp_path / "hosts.ini")])
    assert len(select(inventory, "prod:!g1:&*5*")) > 1000
    assert time.process_time() - begin < 5
    assert inventory.hosts["h7x0042.example.com"].get("v49") == 49
