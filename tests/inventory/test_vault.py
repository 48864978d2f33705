"""What ansible-vault has encrypted we read, and what we encrypt it reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.inventory.load import load_inventory
from runbook.inventory.show import as_graph, as_host
from runbook.source.document import Problems
from runbook.vault.format import Secret, Vault, VaultError, encrypt, secrets_in
from runbook.vault.passwords import read_passwords
from tests.inventory.golden import CASES, inside
from tests.inventory.oracle import ansible_python

PASSWORD = "pässword 1".encode()
VAULT = Vault({"default": PASSWORD})


def test_ansible_vault_reads_what_we_encrypt(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("pässword 1\n")
    (tmp_path / "plain").write_text(encrypt("größe: 3\n".encode(), PASSWORD))
    (tmp_path / "labelled").write_text(encrypt(b"", PASSWORD, "prod"))
    program = ansible_python().with_name("ansible-vault")
    argv = [str(program), "decrypt", "--vault-password-file", "password", "plain", "labelled"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plain").read_text() == "größe: 3\n"
    assert (tmp_path / "labelled").read_text() == ""


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["default", "prod"]))
def test_it_comes_back_as_it_was(data: bytes, label: str) -> None:
    text = encrypt(data, PASSWORD, label)
    assert VAULT.decrypt(text) == data
    assert max(map(len, text.splitlines())) <= 80
    with pytest.raises(VaultError, match="another password"):
        Vault({"default": b"wrong", label: b"also wrong"}).decrypt(text)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=80), st.text("0123456789abcdef\n", max_size=300)))
def test_whatever_is_damaged_is_said(body: str) -> None:
    with pytest.raises(VaultError):
        VAULT.decrypt(f"$ANSIBLE_VAULT;1.1;AES256\n{body}")


def test_what_was_encrypted_is_marked_and_not_shown() -> None:
    with inside(CASES / "vault"):
        inventory = load_inventory(["inv"], vault=VAULT)
    variables = inventory.hosts["w1"].variables
    found = {secret for variable in variables.values() for secret in secrets_in(variable.value)}
    assert found == {"inline secret é", "deeper", "file secret", "a", "c"}
    assert isinstance(inventory.hosts["e1"].get("token"), Secret)
    assert variables["number"].value == 5432
    shown = as_graph(inventory, with_vars=True) + as_host(inventory, "w1") + as_host(inventory, "w1", show_origin=True)
    assert "inline" not in shown
    assert "deeper" not in shown


@pytest.mark.parametrize(
    ("vault", "message"),
    [
        (None, "no password is given: use --vault-password-file"),
        (Vault({"default": b"wrong"}), "encrypted with another password"),
    ],
)
def test_without_the_right_password_every_place_is_told(vault: Vault | None, message: str) -> None:
    with inside(CASES / "vault"), pytest.raises(Problems) as caught:
        load_inventory(["inv"], vault=vault)
    found = caught.value.problems
    assert all(message in problem.message for problem in found)
    assert [str(problem.span) for problem in found] == [
        "inv/group_vars/web/plain.yml:2:6",
        "inv/group_vars/web/plain.yml:13:7",
        "inv/group_vars/web/vault.yml:1:1",
        "inv/host_vars/d1.json:1:1",
        "inv/zz.ini:1:1",
    ]


def test_a_problem_of_an_encrypted_file_shows_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_text(encrypt(b"[web]\nw1 hunter2\n", PASSWORD))
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "more.ini").write_text("w2\n")
    (tmp_path / "host_vars" / "w2.yml").write_text(encrypt(b"a: 1\na: hunter2\n", PASSWORD))
    with inside(tmp_path), pytest.raises(Problems) as caught:
        load_inventory(["hosts.ini", "more.ini"], vault=VAULT)
    assert [str(problem.span) for problem in caught.value.problems] == ["host_vars/w2.yml:2:1", "hosts.ini:2:4"]
    assert "hunter2" not in str([(each.message, each.hint) for each in caught.value.problems])
    assert "hunter2" not in str(caught.value.texts)


def nobody(label: str) -> str:
    raise AssertionError(label)


def test_passwords_from_files_programs_and_a_person(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"  from a file \n")
    for name, line in (("program", "printf 'printed \\n'"), ("ask-client", 'echo "$1 $2"'), ("fails", "exit 3")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "empty").touch()
    with inside(tmp_path):
        passwords = read_passwords(("file", "prod@ask-client", "program"), nobody)
        assert list(passwords.values()) == [b"from a file", b"--vault-id prod", b"printed "]
        for name, message in (("fails", "ended with 3"), ("empty", "is empty"), ("none", "cannot be read")):
            with pytest.raises(VaultError, match=message):
                read_passwords((name,), nobody)
    asked: list[str] = []
    vault = Vault(read_passwords(("prod@prompt", "prompt"), lambda label: asked.append(label) or f"{label} 1"))
    assert asked == ["prod", "default"]
    assert vault.passwords == {"prod": b"prod 1", "default": b"default 1"}
    for label in ("a b", "a;b"):
        with pytest.raises(VaultError, match="cannot be a label"):
            read_passwords((f"{label}@file",), nobody)
