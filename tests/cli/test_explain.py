"""`runbook explain`: every place that sets a variable, at its place, and the winner is what a run would use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.inventory.load import load_inventory
from runbook.model import Playbook
from runbook.plan.make.variable_origins import Explainer
from runbook.plan.make.variables import Given, Variables
from runbook.source.document import Document, Place
from tests.cli.within import run_within

FILES = {
    "inventories/prod.yml": """\
all:
  vars: {port: 1, base: 8000}
web:
  vars: {port: 2}
  hosts: {"web[1:3]": }
eu:
  vars: {port: 3}
  children: {web: }
db:
  hosts: {db1: {port: 5432}}
""",
    "inventories/group_vars/web.yml": 'port: "{{ base + 80 }}"\n',
    "inventories/group_vars/all.yml": "port: 4\n",
    "inventories/host_vars/web2.yml": "port: 9\n",
    "host_vars/web2.yml": "\nport: 10\n",
    "more.yml": "port: 11\nurl: 'http://{{ inventory_hostname }}:{{ port }}/{{ key }}'\n",
    "extra.yml": "other: 1\nport: 14\n",
    "site.yml": """\
name: Site
hosts: all
inputs:
  port: {type: integer, default: 80, env: SITE_PORT}
  key: {type: string, secret: true, default: abcdef}
  needed: {type: string}
vars_files: [more.yml]
vars: {port: 12}
stages:
  - name: One
    hosts: web
    vars: {port: 13}
    steps:
      - note: x
        vars: {port: "{{ base }}"}
      - set: {port: 15, fresh: 1}
      - command: "true"
        register: port
      - steps:
          - note: x
            vars: {port: 16}
            loop: [1]
            diagnose: [{note: x, vars: {port: 17}}]
            remediate: [{name: again, vars: {port: 18}, steps: [{note: x, vars: {port: 19}}]}]
        rescue: [{note: x, vars: {port: 20}}]
      - choose: {by: "'a'", options: {a: {steps: [{set: {port: 21}}]}}}
  - name: Two
    hosts: db
    steps: [{note: x, vars: {port: 22}}]
""",
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def explained(*words: str) -> list[dict[str, Any]]:
    done = run_within("explain", *words, "-i", "prod", "--format", "json")
    assert done.code == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["hosts"]
    return found


def at(place: dict[str, Any]) -> str:
    return f"{place['by']} {place['file']}:{place['line']}:{place['column']}" if place["file"] else place["by"]


def test_every_place_the_strongest_first() -> None:
    (found,) = explained("port", "site.yml", "--host", "web2")
    assert found["value"] == 10
    assert [(at(place), place["written"]) for place in found["places"]] == [
        ("host web2 host_vars/web2.yml:2:7", 10),
        ("host web2 inventories/host_vars/web2.yml:1:7", 9),
        ("group web inventories/group_vars/web.yml:1:7", "{{ base + 80 }}"),
        ("group all inventories/group_vars/all.yml:1:7", 4),
        ("group web inventories/prod.yml:4:16", 2),
        ("group eu inventories/prod.yml:7:16", 3),
        ("group all inventories/prod.yml:2:16", 1),
        ("playbook vars site.yml:8:14", 12),
        ("vars_files more.yml:1:7", 11),
        ("input default site.yml:4:34", 80),
    ]
    assert [place["wins"] for place in found["places"]] == [True, *[False] * 9]
    assert [place["level"] for place in found["places"]] == [*["host"] * 2, *["group"] * 5, *["playbook"] * 2, "input"]
    assert found["places"][2]["rendered"] == 8080


def test_what_the_playbook_sets_on_the_way() -> None:
    (found,) = explained("port", "site.yml", "--host", "web1")
    assert [(at(place), place["written"], place["rendered"]) for place in found["later"]] == [
        ("vars of stage 1 site.yml:12:18", 13, 13),
        ("vars of step 1.1 site.yml:15:22", "{{ base }}", 8000),
        ("set by step 1.2 site.yml:16:21", 15, 15),
        ("register of step 1.3 site.yml:18:19", "(the outcome of the step)", "(the outcome of the step)"),
        ("vars of step 1.4.1 site.yml:21:26", 16, 16),
        ("vars of step 1.4.1.d1 site.yml:23:47", 17, 17),
        ("vars of repair again of 1.4.1 site.yml:24:52", 18, 18),
        ("vars of step 1.4.1.f1.1 site.yml:24:88", 19, 19),
        ("vars of step 1.4.r1 site.yml:25:41", 20, 20),
        ("set by step 1.5.a.1 site.yml:26:64", 21, 21),
    ]
    assert [place["by"] for place in explained("port", "site.yml", "--host", "db1")[0]["later"]] == ["vars of step 2.1"]
    assert [place["by"] for place in explained("item", "site.yml", "--host", "web1")[0]["later"]] == [
        "loop of step 1.4.1"
    ]


def test_what_is_given_goes_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_PORT", "8")
    words = ("port", "site.yml", "--host", "db1", "-e", "port=7", "-e", "@extra.yml")
    (found,) = explained(*words)
    first = ["-e extra.yml:2:7", "-e", "environment variable SITE_PORT", "host db1 inventories/prod.yml:10:23"]
    assert [at(place) for place in found["places"]][:4] == first
    assert [place["written"] for place in found["places"]][:3] == [14, 7, 8]
    assert found["value"] == 14
    assert "what was given goes over that" in run_within("explain", *words, "-i", "prod").stdout


TEXT = """\
port on web1 is 8080

wins  group web  inventories/group_vars/web.yml:1:7
      "{{ base + 80 }}"
      = 8080

over  group all  inventories/group_vars/all.yml:1:7
      4
      (every other group goes over `all`)

over  group web  inventories/prod.yml:4:16
      2
      (group_vars/ goes over the inventory itself)

over  group eu  inventories/prod.yml:7:16
      3
      (group_vars/ goes over the inventory itself)

over  group all  inventories/prod.yml:2:16
      1
      (group_vars/ goes over the inventory itself)
"""
VALUES = """\
port has 3 values on 4 hosts

8080
      group web  inventories/group_vars/web.yml:1:7
      2 hosts: web1, web3

5432
      host db1  inventories/prod.yml:10:23
      1 host: db1

9
      host web2  inventories/host_vars/web2.yml:1:7
      1 host: web2

--host HOST shows every place that sets it.
"""


def test_as_people_read_it() -> None:
    assert run_within("explain", "port", "-i", "prod", "--host", "web1").stdout == TEXT
    assert run_within("explain", "port", "-i", "prod").stdout == VALUES
    shown = run_within("explain", "port", "site.yml", "-i", "prod", "--host", "web1").stdout
    assert "\nWhile the playbook runs:\n" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("variables", "loser"),
    [
        ("a: {vars: {v: 1}, children: {b: {vars: {v: 2}}}}", "b stands farther below `all` than a"),
        ("a: {vars: {v: 1, ansible_group_priority: 5}}\nb: {vars: {v: 2}}", "a has the higher ansible_group_priority"),
        ("a: {vars: {v: 1}}\nb: {vars: {v: 2}}", "b comes after a in the alphabet"),
        ("a: {vars: {v: 1}, hosts: {h: {v: 2}}}\nb: {}", "the host goes over a group"),
        ("all: {vars: {v: 1}}\na: {vars: {v: 2}}\nb: {}", "every other group goes over `all`"),
    ],
)
def test_why_one_goes_over_the_other(variables: str, loser: str) -> None:
    groups = "{hosts: {h: }}"
    Path("x.yml").write_text(f"{variables}\nc: {groups}\n")
    Path("y.ini").write_text("[a]\nh\n[b]\nh\n")
    found = run_within("explain", "v", "-i", "x.yml", "-i", "y.ini", "--host", "h", "--format", "json")
    assert json.loads(found.stdout)["hosts"][0]["places"][1]["why"] == loser


def test_secrets_are_masked() -> None:
    shown = [run_within("explain", name, "site.yml", "-i", "prod", "--host", "web1").stdout for name in ("key", "url")]
    assert "abcdef" not in "".join(shown)
    assert '= "http://web1:8080/(secret)"' in shown[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("prot", "nothing sets the variable 'prot'. did you mean port?"),
        ("zzz", "nothing sets the variable 'zzz'. runbook inventory --host HOST shows"),
        ("port --host web9", "the inventory has no host 'web9'. did you mean web"),
        ("port -l nope", "no host matches 'nope'"),
        ("port none.yml", "none.yml"),
    ],
)
def test_what_is_not_there(words: str, said: str) -> None:
    done = run_within("explain", *words.split(), "-i", "prod")
    assert done.code == 2
    assert said in done.stderr


def test_no_value_is_said_and_why() -> None:
    Path("loop.yml").write_text("h: {hosts: {x: {a: '{{ b }}', b: '{{ a }}'}, y: {a: 1}, z: }}\n")
    shown = run_within("explain", "a", "-i", "loop.yml", "--host", "x").stdout
    assert "a on x has no value: the variable 'a' refers to itself: a → b → a" in shown
    assert "not set\n      1 host: z" in run_within("explain", "a", "-i", "loop.yml").stdout
    shown = run_within("explain", "needed", "site.yml", "-i", "prod", "--host", "web1").stdout
    assert shown == "needed on web1 has no value yet: it is an input, and nothing has given it\n"
    shown = run_within("explain", "fresh", "site.yml", "-i", "prod", "--host", "web1").stdout
    assert shown.startswith("fresh on web1 has no value before a step sets it\n")


NAMES = st.sampled_from(["a", "b", "c", "all"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(NAMES, st.integers(), max_size=4),
    st.dictionaries(NAMES, st.integers(), max_size=3),
    st.dictionaries(st.sampled_from(["playbook", "host"]), st.integers()),
)
def test_the_first_place_is_what_a_run_uses(tmp_path: Path, own: Any, files: Any, others: Any) -> None:
    for path in (tmp_path / "group_vars").glob("*"):
        path.unlink()
    (tmp_path / "group_vars").mkdir(exist_ok=True)
    for name, value in files.items():
        (tmp_path / "group_vars" / name).write_text(f"v: {value}\n")
    groups = {name: {"vars": {"v": value}} for name, value in own.items()}
    groups |= {name: {**groups.get(name, {}), "hosts": {"h": None}} for name in "abc"}
    if "host" in others:
        groups["a"]["hosts"] = {"h": {"v": others["host"]}}
    (tmp_path / "hosts.yml").write_text(json.dumps(groups))
    inventory = load_inventory([str(tmp_path / "hosts.yml")])
    at_top = Place(Document("site.yml", "", {"v": others.get("playbook")}))
    known = {"v": others["playbook"]} if "playbook" in others else {}
    playbook = Playbook("x", at_top, (), vars=known, vars_origins={name: (at_top / name,) for name in known})
    variables, host = Variables(playbook, inventory, Given()), inventory.hosts["h"]
    (found,) = Explainer(variables, [host]).explain("v")
    assert len(found.places) == len(own) + len(files) + len(others)
    assert (found.places[0].written if found.places else None) == variables.scope(host).get("v") == found.value
