"""`runbook inventory`: what it prints, to the byte, and what it warns of."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runbook.vault.format import encrypt
from tests.cli.within import run_within
from tests.inventory.golden import CASES, inside
from tests.inventory.oracle import ansible_python


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("field-notes", "-i hosts.ini --list -l all:!db2"),
        ("ini-legacy", "-i hosts --graph my-group --vars"),
    ],
)
def test_it_prints_what_ansible_inventory_prints(tmp_path: Path, case: str, words: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    settings = tmp_path / "ansible.cfg"
    settings.touch()
    program = ansible_python().with_name("ansible-inventory")
    with inside(CASES / case):
        done = subprocess.run(
            [program, *words.split()],
            env={**kept, "ANSIBLE_CONFIG": str(settings)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert run_within("inventory", *words.split()).stdout == done.stdout


ODD = "[web]\nweb x=1\nw1\nw1:2222\n"


@pytest.mark.parametrize("words", ["inventory -i hosts.ini -l web,w9", "plan site.yml -i hosts.ini -l web,w9"])
def test_what_is_odd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hosts.ini").write_text(ODD)
    Path("site.yml").write_text("name: x\nhosts: all\nstages: [{name: x, steps: [{note: x}]}]\n")
    done = run_within(*words.split())
    assert done.code == 0
    lines = done.stderr.splitlines()
    assert [line.partition(" (")[0] for line in lines] == [
        "warning: hosts.ini:4:1: the port 2222 is not used: 'w1' was named before with another port or none",
        "warning: hosts.ini:2:1: 'web' is the name of a host and of a group",
        "warning: -l: no host and no group is called 'w9'",
    ]


def test_origins_hide_what_is_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNBOOK_VAULT_PASSWORD_FILE", "pw")
    Path("pw").write_text("password")
    Path("host_vars").mkdir()
    Path("host_vars/w1.yml").write_text(encrypt(b"token: {key: hunter2}\nport: 5\n", b"password"))
    Path("hosts.ini").write_text("w1 port=4\n")
    shown = run_within("inventory", "-i", "hosts.ini", "--host", "w1", "--show-origin").stdout
    assert shown.splitlines() == [
        "port:",
        "  host_vars/w1.yml:2:7  host:w1  5",
        "  hosts.ini:1:9  host:w1  4  (overridden)",
        "token:",
        '  host_vars/w1.yml:1:8  host:w1  {"key": "(encrypted)"}',
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--host web2", "no host 'web2'. did you mean web1"),
        ("--graph wbe", "no group 'wbe'. did you mean web?"),
        ("web", "a GROUP is for --graph; its hosts are shown by: -l web"),
        ("--list --vars", "--vars is for --graph"),
        ("--show-origin", "--show-origin is for --host"),
        ("-l nope", "no host matches 'nope'"),
        ("-l !", "nothing stands behind the !"),
        ("--list --playbook-dir none", "does not exist"),
    ],
)
def test_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hosts.ini").write_text("[web]\nweb1\n")
    done = run_within("inventory", "-i", "hosts.ini", *words.split())
    assert (done.code, said in done.stderr) == (2, True), done.stderr
    assert '"ansible_connection": "local"' in run_within("inventory", "--host", "localhost").stdout
