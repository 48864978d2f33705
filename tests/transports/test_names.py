"""Names of hosts and users are data of an inventory: none of them comes near a shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.transports.ssh.settings.names import odd_host, odd_user
from tests.cli.terminal import runbook

BAD = [
    "-oProxyCommand=touch x",
    "$(touch x)",
    "`touch x`",
    "a;touch x",
    "a b",
    "a\nb",
    "a|b",
    "a>b",
    "a'b",
    'a"b',
    "a&b",
]


@pytest.mark.parametrize("name", BAD)
def test_names_that_a_shell_would_take_apart(name: str) -> None:
    assert odd_host(name)
    assert odd_user(name)


@pytest.mark.parametrize(
    "name", ["web1", "web-1.example.com", "10.0.0.1", "2001:db8::1", "fe80::1%eth0", "имя", "a_b", "x*"]
)
def test_names_that_are_fit(name: str) -> None:
    assert not odd_host(name)
    assert not odd_user(name)


def test_a_user_of_a_windows_domain() -> None:
    assert not odd_user("DOMAIN\\user")
    assert odd_host("DOMAIN\\host")


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """A home whose ssh_config gives the names to a shell in every way that there is."""
    (tmp_path / ".ssh").mkdir(mode=0o700)
    log = tmp_path / "asked"
    (tmp_path / ".ssh" / "config").write_text(
        f'Match exec "echo %h %r >> {log}"\nHost *\n  ProxyCommand echo %h %r %n >> {log}\n'
    )
    (tmp_path / "p.yml").write_text("name: x\nhosts: all\nstages: [{name: s, steps: [{shell: id}]}]\n")
    return {"HOME": str(tmp_path)}


def test_no_run_begins_with_them(tmp_path: Path, home: dict[str, str]) -> None:
    (tmp_path / "hosts.yml").write_text(
        "all:\n  hosts:\n"
        "    a: {ansible_host: '-oProxyCommand=touch pwned'}\n"
        "    b: {ansible_host: b, ansible_user: 'x; touch pwned'}\n"
        "    '$(touch pwned)': {}\n"
        "    '; touch pwned': {ansible_connection: local}\n"
    )

    done = runbook("run", "p.yml", "-i", "hosts.yml", "-y", cwd=tmp_path, env=home)

    assert done.returncode == 2
    assert "hosts.yml:3:23: '-oProxyCommand=touch pwned' cannot be the name or address of a host" in done.stderr
    assert "hosts.yml:4:40: 'x; touch pwned' cannot be the name of a user" in done.stderr
    assert "'$(touch pwned)' cannot be" in done.stderr
    assert "3 problems found; nothing has been touched" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [".ssh", "hosts.yml", "p.yml"]


def test_what_a_template_gives_is_refused_before_it_connects(tmp_path: Path, home: dict[str, str]) -> None:
    (tmp_path / "hosts.yml").write_text("all: {hosts: {a: {ansible_host: \"{{ 'x;' ~ 'touch pwned' }}\"}}}\n")

    done = runbook("run", "p.yml", "-i", "hosts.yml", "-y", cwd=tmp_path, env=home)

    assert done.returncode == 3
    assert "cannot be the name or address of a host" in done.stdout
    assert not {"pwned", "asked"} & {path.name for path in tmp_path.iterdir()}
