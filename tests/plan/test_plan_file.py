"""The plan file: made of what it was made of, sealed, and refused when it is another."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from runbook.common.frozen import replace
from runbook.plan.bind.drift import drift
from runbook.plan.bind.plan_file import (
    NoPlan,
    PlanFile,
    PlanRefused,
    Seal,
    digest_of,
    load,
    program_version,
    published,
    sealed,
    to_text,
    with_seal,
)
from runbook.plan.bind.provenance import bound_to
from runbook.plan.bind.seal import KeyProblem, check, seal
from runbook.plan.describe.make_view import view_of
from runbook.plan.make.request import PlanRequest, make_plan
from runbook.plan.make.sources import load_sources
from runbook.vault.format import Vault

PLAYBOOK = """
name: Small
inputs: {pw: {type: string, secret: true}, n: {type: integer, default: 1}}
vars_files: [more.yml]
hosts: all
stages:
  - name: One
    steps:
      - {name: Do, command: "echo {{ n }} {{ more }} {{ zone }} {{ pw }}"}
      - include: part.yml
      - {name: File, copy: {src: text.txt, dest: /tmp/x}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "play.yml": PLAYBOOK,
        "more.yml": "more: 1\n",
        "part.yml": "- note: included\n",
        "text.txt": "text\n",
        "hosts.yml": "web: {hosts: {a: {zone: x}}}\n",
        "group_vars/web.yml": "port: 80\n",
        "host_vars/a.yml": "ansible_host: 10.0.0.1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(playbook: Path = Path("play.yml"), inventory: str = "hosts.yml", **variables: Any) -> PlanFile:
    request = PlanRequest(variables=variables)
    loaded, hosts = load_sources(playbook, (inventory,), Vault())
    plan = make_plan(loaded, hosts, request, secrets=False)
    return sealed(view_of(plan), bound_to(plan, playbook, (inventory,), request))


def test_it_can_be_read_again_and_keeps_to_its_schema(project: Path) -> None:
    file = made(n="2", pw="hunter2")
    (project / "plan.json").write_text(to_text(file))

    assert load(project / "plan.json") == file
    assert json.loads(file.bound.variables) == {"n": 2}
    assert file.bound.withheld == ("pw",)
    assert "hunter2" not in to_text(file)
    Draft202012Validator(published()).validate(json.loads(to_text(file)))


def test_it_is_the_same_in_another_folder(project: Path, tmp_path_factory: Any, monkeypatch: Any) -> None:
    before = to_text(made())
    other = tmp_path_factory.mktemp("other")
    subprocess.run(["cp", "-r", f"{project}/.", other], check=True)
    monkeypatch.chdir(other)

    assert to_text(made()) == before
    absolute = made(other / "play.yml", str(other / "hosts.yml"))
    assert to_text(absolute) == before, "however it was named"


CHANGES = {
    "play.yml": (PLAYBOOK.replace("echo", "print"), "cmd: [-echo-]{+print+} 1"),
    "more.yml": ("more: 2\n", "[-1-]{+2+}"),
    "part.yml": ("- note: another\n", "[-included-]{+another+}"),
    "text.txt": ("other\n", "file text.txt"),
    "hosts.yml": ("web: {hosts: {a: {zone: y}}}\n", "the inventory's hosts, groups or variables have changed"),
    "group_vars/web.yml": ("port: 81\n", "What is done on the hosts is the same."),
    "host_vars/a.yml": ("ansible_host: 10.0.0.2\n", "the inventory's hosts, groups or variables have changed"),
    "group_vars/all.yml": ("new: 1\n", "group_vars/all.yml is new"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_has_changed_since_is_told(project: Path, name: str) -> None:
    before = made()
    assert drift(before, made()) == []
    text, said = CHANGES[name]
    (project / name).write_text(text)

    lines = drift(before, made())

    assert any(said in line for line in lines), lines
    if name != "text.txt":  # it is no file of the playbook: what it holds is a part of the plan itself
        assert any(line.startswith(name) for line in lines)


def test_another_version_of_the_program_is_told(project: Path) -> None:
    today = made()
    older = sealed(today.plan, replace(today.bound, program="0.0"))
    assert "made by version 0.0" in drift(older, today)[0]
    assert [program_version(version) for version in ("0.1.0", "1.2.3", "10.0.1")] == ["0.1", "1", "10"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data["plan"].update(name="x"), "its digest is not that of its content"),
        (lambda data: data["bound"].update(limit="b"), "its digest is not that of its content"),
        (lambda data: data.update(digest="é"), "its digest is not that of its content"),
        (lambda data: data.update(digest="0" * 64), "its digest is not that of its content"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused(
    project: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    data = json.loads(to_text(made()))
    change(data)
    (project / "plan.json").write_text(json.dumps(data))

    with pytest.raises(PlanRefused, match=said):
        load(project / "plan.json")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "runbook-plan", "version": 2}', "nul\0", '{"format": NaN}', "[" * 10_000]
)
def test_what_is_no_plan_file(project: Path, text: str) -> None:
    (project / "plan.json").write_text(text)
    with pytest.raises(NoPlan):
        load(project / "plan.json")
    with pytest.raises(NoPlan, match="cannot be read"):
        load(project / "nowhere.json")


def test_a_plan_file_of_another_shape_is_none(project: Path) -> None:
    data = json.loads(to_text(made()))
    data["plan"]["stages"][0]["extra"] = 1
    data["digest"] = digest_of(data["plan"], data["bound"])
    (project / "plan.json").write_text(json.dumps(data))
    with pytest.raises(NoPlan, match=r"plan.stages\[0\]: object contains unknown field `extra`"):
        load(project / "plan.json")


# --- seals -----------------------------------------------------------------------------------------------------


def other_digest(file: PlanFile) -> PlanFile:
    return replace(file, digest="f" * 64)


def test_a_shared_key_seals_and_checks(project: Path) -> None:
    key, other = project / "key", project / "other"
    key.write_text("0123456789abcdef0123456789abcdef\n")
    other.write_text("another key, that is long enough\n")
    file = made()
    signed = with_seal(file, seal(file, key))

    check(signed, key)
    for wrong, by in ((file, key), (signed, other), (other_digest(signed), key)):
        with pytest.raises(PlanRefused):
            check(wrong, by)
    with pytest.raises(PlanRefused, match="not signed"):
        check(file, key)
    with pytest.raises(PlanRefused, match="was not made with the key"):
        check(with_seal(file, Seal("hmac-sha256", "é")), key)


def test_an_ssh_key_signs_and_a_list_of_signers_checks(project: Path) -> None:
    for name in ("id", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name, "-C", name], check=True)
    signers = project / "signers"
    signers.write_text(f"reviewer@example.com {Path('id.pub').read_text()}")
    file = made()
    signed = with_seal(file, seal(file, project / "id"))
    strange = with_seal(file, seal(file, project / "stranger"))

    check(signed, signers)
    for wrong in (strange, other_digest(signed), with_seal(file, Seal("ssh", "nonsense"))):
        with pytest.raises(PlanRefused, match="nobody in"):
            check(wrong, signers)
    with pytest.raises(PlanRefused, match="sealed by hmac-sha256"):
        check(with_seal(file, Seal("hmac-sha256", "00")), signers)
    with pytest.raises(KeyProblem, match="allowed signers"):
        check(signed, project / "id.pub")


def test_a_key_that_cannot_be_used(project: Path) -> None:
    (project / "short").write_text("abc")
    (project / "signers").write_text("me@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI\n")
    for name, said in (("nowhere", "cannot be read"), ("short", "too short"), ("signers", "lists who may sign")):
        with pytest.raises(KeyProblem, match=said):
            seal(made(), project / name)
