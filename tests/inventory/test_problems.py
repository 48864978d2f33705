"""What is wrong in an inventory is said all at once, each with its place and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.inventory.addresses import MAX_HOSTS
from runbook.inventory.load import load_inventory
from runbook.inventory.patterns import select
from runbook.source.document import Problem, Problems
from tests.inventory.golden import inside


def problems(folder: Path, *sources: str, **files: str | bytes) -> list[Problem]:
    """The problems of files; a name's `__` stands for a dot, `_in_` for a slash."""
    for name, content in files.items():
        path = folder / name.replace("_in_", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with inside(folder), pytest.raises(Problems) as caught:
        load_inventory(sources or [name.replace("__", ".") for name in files])
    return list(caught.value.problems)


def places(found: list[Problem]) -> list[tuple[int, int, str]]:
    return [(problem.span.line, problem.span.column, problem.message) for problem in found]


INI = """\
web[1:3
[web]
w1 port = 80
w2 x='open
w3 x
[web:child]
anything
[db:vars]
a=1
noequals
[web:children]
databse
web
[data base]
[unclosed
h[3:1]
"""


def test_every_problem_of_an_ini_file_with_its_place(tmp_path: Path) -> None:
    assert places(problems(tmp_path, hosts__ini=INI)) == [
        (1, 1, "a bracket of 'web[1:3' has no partner"),
        (3, 4, "not a variable: port"),
        (3, 9, "not a variable: ="),
        (3, 11, "not a variable: 80"),
        (4, 1, "the line cannot be split into words: no closing quotation"),
        (5, 4, "not a variable: x"),
        (6, 1, "the section [web:child] is of no kind that is known"),
        (8, 1, "[db:vars] sets variables of a group that is not declared"),
        (10, 1, "not a variable: noequals"),
        (12, 1, "[web:children] names the group 'databse', which is not declared"),
        (13, 1, "the group 'web' cannot be a child of itself"),
        (14, 1, "not a section: [data base]"),
        (15, 1, "the section has no closing bracket"),
    ]


def test_hints_name_the_way_out(tmp_path: Path) -> None:
    found = problems(tmp_path, hosts__ini="[databases]\nd\n[all:children]\ndatabses\n")
    assert [problem.hint for problem in found] == ["did you mean databases?"]


YAML = """\
all:
  hosts:
    10:
    'w[1:2':
    listed: [a]
  children:
    web:
      hots:
        w1:
    db: text
  vars:
    - a
plain: variable
"""


def test_every_problem_of_a_yaml_file_with_its_place(tmp_path: Path) -> None:
    assert places(problems(tmp_path, hosts__yml=YAML)) == [
        (3, 5, "the name of a host must be text"),
        (4, 5, "a bracket of 'w[1:2' has no partner"),
        (5, 13, "the host 'listed' must hold its variables"),
        (8, 7, "the group 'web' has the key 'hots', which has no meaning here"),
        (10, 9, "the group 'db' must hold `hosts`, `children` or `vars`"),
        (12, 5, "`vars` must be a mapping"),
        (13, 8, "the group 'plain' must hold `hosts`, `children` or `vars`"),
    ]


def test_problems_of_all_files_come_together(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "inv",
        inv_in_a__ini="[x\n[web]\nweb1\n",
        inv_in_b__yml="web: [\n",
        inv_in_c="not: [an\ninventory\n",
        inv_in_group_vars_in_web__yml="a: 1\n b: 2\n",
        inv_in_host_vars_in_web1="- list\n",
        inv_in_notes__md="[broken\n",
    )
    assert [problem.span.file for problem in found] == [
        "inv/a.ini",
        "inv/b.yml",
        "inv/c",
        "inv/group_vars/web.yml",
        "inv/host_vars/web1",
    ]


@pytest.mark.parametrize(
    ("text", "circle"),
    [
        ("[a:children]\nb\n[b:children]\nc\n[c:children]\na\n", "groups contain each other: a → b → c → a"),
        ("[a:children]\na\n", "the group 'a' cannot be a child of itself"),
        ("[a:children]\nall\n", "the group 'all' cannot be a child of 'a': it holds every group"),
    ],
)
def test_a_circle_of_groups(tmp_path: Path, text: str, circle: str) -> None:
    assert circle in [problem.message for problem in problems(tmp_path, hosts__ini=text)]


def test_every_circle_is_told_at_a_line_that_closes_it(tmp_path: Path) -> None:
    text = "[a:children]\nb\n[b:children]\na\n[c:children]\nd\n[d:children]\nc\nbelow\n[below]\nh\n"
    assert places(problems(tmp_path, hosts__ini=text)) == [
        (4, 1, "groups contain each other: a → b → a"),
        (8, 1, "groups contain each other: c → d → c"),
    ]


def test_groups_nested_without_end(tmp_path: Path) -> None:
    chain = "".join(f"[g{number}:children]\ng{number + 1}\n" for number in range(5000)) + "[g5000]\nh\n"
    assert [problem.message for problem in problems(tmp_path, hosts__ini=chain)] == [
        "groups are nested deeper than 100"
    ]


def test_json_that_is_nested_without_end_is_told_at_its_place(tmp_path: Path) -> None:
    """Python reads more levels of JSON than all that comes behind it."""
    text = '{"all": {"hosts": {"h": {"x":\n' + "[" * 500 + "]" * 500 + "}}}}"
    assert places(problems(tmp_path, hosts__json=text)) == [(2, 98, "nested too deeply")]


@pytest.mark.parametrize(
    "pattern", ["h[0:99999999]", "h[1:999][1:999]", "h[a:z][a:z][a:z][a:z]", "h[0:99999999999999999]"]
)
@pytest.mark.parametrize("form", ["{}\n", "all:\n  hosts:\n    {}:\n"])
def test_a_range_without_end(tmp_path: Path, pattern: str, form: str) -> None:
    name = "hosts__yml" if "all" in form else "hosts__ini"
    (found,) = problems(tmp_path, **{name: form.format(pattern)})
    assert f"an inventory may have {MAX_HOSTS:,}" in found.message


def test_many_ranges_without_end(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, hosts__ini="a[1:60000]\nb[1:60000]\nc[1:60000]\n")
    assert (found.span.line, found.message) == (2, f"more than {MAX_HOSTS:,} hosts")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a" * (50 * 1024 * 1024), "the file is larger than 10 MiB"),
        (b"web1\nweb2\0\n", "a NUL byte: this is not a text file"),
        ("[web]\nw1\n".encode("utf-16"), "the file is UTF-16, not UTF-8"),
        (b"[web]\nw\xe9b\n", "not UTF-8 text"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n6162\n", "damaged: what is encrypted cannot be decoded"),
        (b"#!/bin/sh\necho '{}'\n", "a script that is not executable"),
        (b"x=" + b"[" * 200_000 + b"\n", "not a host's name: 'x=" ),
    ],
)  # fmt: skip
def test_files_that_are_no_inventories(tmp_path: Path, content: bytes, message: str) -> None:
    found = problems(tmp_path, hosts__ini=content)
    assert len(found) == 1
    assert found[0].message.startswith(message) or "no partner" in found[0].message


def test_a_value_without_end(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, hosts__ini="h\n[all:vars]\nx=[" + "1," * 100_000 + "]\n")
    assert (found.span.line, found.span.column) == (3, 3)
    assert "200,002 characters long" in found.message


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_bytes("\ufeff[web]\nw1\n".encode())
    (tmp_path / "hosts.yml").write_bytes("\ufeffweb:\n  hosts:\n    w2:\n".encode())
    inventory = load_inventory([str(tmp_path / "hosts.ini"), str(tmp_path / "hosts.yml")])
    assert inventory.groups["web"].hosts == ("w1", "w2")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("aws__yml", "plugin: aws_ec2\n", "inventory plugins of Ansible are not run"),
        ("groups__yml", "plugin: constructed\nkeyed_groups: []\n", "inventory plugins of Ansible are not run"),
        ("hosts__yml", "all:\n  vars:\n    x: !unsafe a\n", "the tag !unsafe is not allowed here"),
        ("hosts__yml", "all:\n  vars:\n    x: !!set {a}\n", "the tag !!set is not allowed here"),
        ("hosts__toml", "[web.hosts]\nw1 = {}\n", "TOML inventories are not read"),
        ("hosts__yml", "- w1\n- w2\n", "an inventory must be a mapping of groups"),
        ("hosts__yml", "all:\n\thosts:\n", "not valid YAML: found character that cannot start any token"),
        ("hosts", "all:\n  hosts:\n   - x\n  y\n", "not valid YAML: could not find expected ':'"),
        ("hosts__yml", "a:\n  hosts: {x: }\na:\n  hosts: {y: }\n", "the key 'a' stands twice"),
        ("hosts", "[web]\nw1 x\n", "not a variable: x"),
    ],
)
def test_a_file_is_judged_as_what_it_is_meant_to_be(tmp_path: Path, name: str, text: str, message: str) -> None:
    assert [problem.message for problem in problems(tmp_path, **{name: text})] == [message]


def test_a_folder_without_files(tmp_path: Path) -> None:
    (tmp_path / "inv" / "group_vars").mkdir(parents=True)
    (found,) = problems(tmp_path, "inv")
    assert found.message == "the folder holds no inventory file"


def test_an_inventory_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories" / "staging.ini").touch()
    (found,) = problems(tmp_path, "stagin")
    assert "there is no inventory 'stagin'" in found.message
    assert found.hint == "did you mean staging?"


def test_a_priority_that_is_no_number(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, hosts__ini="[a]\nx\n[a:vars]\nansible_group_priority=high\n")
    assert (found.span.line, found.span.column) == (4, 24)


def test_what_is_odd_is_a_warning(tmp_path: Path) -> None:
    text = "[web]\nweb x=1\nw1\nw1:2222\n[web:vars]\na-b=1\n"
    (tmp_path / "hosts.ini").write_text(text)
    with inside(tmp_path):
        found = load_inventory(["hosts.ini"]).warnings
    assert [(warning.span.line, warning.message) for warning in found] == [
        (4, "the port 2222 is not used: 'w1' was named before with another port or none"),
        (6, "'a-b' cannot be used in templates by that name"),
        (2, "'web' is the name of a host and of a group"),
    ]


@pytest.mark.parametrize(
    ("pattern", "limit", "said"),
    [
        ("", None, "the pattern names no host"),
        (" , :", None, "the pattern names no host"),
        ("all", "", "the limit names no host"),
        ("all", ",", "the limit names no host"),
        ("all", "@empty.txt", "the file empty.txt names no host"),
    ],
)
def test_what_names_nothing_does_not_mean_every_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, limit: str | None, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text("\n \n")
    inventory = load_inventory(["a,b"])
    with pytest.raises(Problems) as raised:
        select(inventory, pattern, limit)
    assert [problem.message for problem in raised.value.problems] == [said]
