"""`~/.ssh/config` leads to the host as it leads OpenSSH's own client there."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from runbook.testing.processes import run
from runbook.transports.base import Unreachable
from runbook.transports.ssh.settings.login import login_of
from runbook.transports.ssh.settings.target import target_of
from tests.lab.jump import Jump
from tests.lab.sshd import Sshd
from tests.transports.ways import ssh

IN = 'echo "$USER ${SSH_CONNECTION##* }"'


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration, in a home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir(mode=0o700)
    return tmp_path / ".ssh" / "config"


def reached(name: str, **found: str) -> str:
    with closing(ssh({"ansible_host": name, **found})) as transport:
        return run(transport, IN).out


def test_name_port_user_key_and_known_hosts_come_from_it(config: Path, sshd: Sshd) -> None:
    config.write_text(f"""\
Host web-*
    HostName {sshd.host}
    Port {sshd.port}
    User {sshd.sudo.name}
    IdentityFile {sshd.key}
    UserKnownHostsFile {sshd.known_hosts}
""")
    assert reached("web-1") == f"{sshd.sudo.name} {sshd.port}"
    assert reached("web-1", ansible_user=sshd.csh.name) == f"{sshd.csh.name} {sshd.port}"


def test_what_the_home_holds_is_used_where_nothing_is_said(config: Path, sshd: Sshd) -> None:
    """The usual key, the usual known_hosts, tokens and quotes."""
    shutil.copy(sshd.key, config.parent / "id_ed25519")
    shutil.copy(sshd.known_hosts, config.parent / "known_hosts")
    config.write_text(f'Host="web 1" 1\n  HostName 127.0.0.%h\n  Port={sshd.port}\nHost *\n  User "root"\n')
    assert reached("1") == f"root {sshd.port}"


def test_included_files_and_match_blocks(config: Path, sshd: Sshd) -> None:
    (config.parent / "more.d").mkdir()
    (config.parent / "more.d" / "lab.conf").write_text(f"Port {sshd.port}\nUser root\n")
    (config.parent / "known_lab").write_text(sshd.known_hosts.read_text())
    (config.parent / "key_lab").write_text(sshd.key.read_text())
    config.write_text(f"""\
Match originalhost web exec "test %n = web"
    Include more.d/*.conf
    HostName {sshd.host}
Match host {sshd.host} !user nobody
    IdentityFile ~/.ssh/key_%h
    IdentityFile %d/.ssh/key_lab
    UserKnownHostsFile ~/.ssh/known_lab
""")
    assert reached("web") == f"root {sshd.port}"


def test_an_alias_for_the_host_key(config: Path, sshd: Sshd) -> None:
    kind, key = sshd.known_hosts.read_text().splitlines()[0].split()[1:]
    (config.parent / "known_hosts").write_text(f"the-name-of-the-key {kind} {key}\n")
    config.write_text(f"""\
Host web
    HostName {sshd.host}
    Port {sshd.port}
    User root
    IdentityFile {sshd.key}
    HostKeyAlias the-name-of-the-key
""")
    assert reached("web") == f"root {sshd.port}"


def test_a_proxy_command_carries_the_connection(config: Path, sshd: Sshd) -> None:
    nc = f"ssh -F {sshd.config} -W %h:%p {sshd.hosts[1]}"
    config.write_text(f"""\
Host web
    HostName {sshd.host}
    Port {sshd.port}
    User root
    IdentityFile {sshd.key}
    UserKnownHostsFile {sshd.known_hosts}
    ProxyCommand {nc}
""")
    assert reached("web") == f"root {sshd.port}"
    config.write_text(config.read_text().replace(nc, "/bin/false"))
    with pytest.raises(Unreachable, match="hangs up before anybody can log in"):
        reached("web")


def test_proxy_jump_by_name_with_the_configuration_of_openssh(jump: Jump) -> None:
    """The very file that OpenSSH's client takes: `target` through `jump`."""
    with closing(ssh({"ansible_host": "target", "ansible_ssh_common_args": f"-F {jump.config}"})) as transport:
        assert run(transport, "echo ${SSH_CONNECTION}").out.split()[2] == jump.target_host
        assert str(transport._login).endswith(f"through jump (root@{jump.jump_host})")


def test_jump_hosts_in_a_circle_are_said(config: Path) -> None:
    config.write_text("Host a\n ProxyJump b\nHost b\n ProxyJump a\n")
    with pytest.raises(Unreachable, match="ProxyJump goes round in a circle: b → a"):
        reached("a")


@pytest.mark.parametrize(
    ("text", "said"), [("Host a\n Port\n", r"config:2: 'Port' is not a keyword"), ("Host a\n Port x\n", "not a port")]
)
def test_a_mistake_in_it_is_said(config: Path, text: str, said: str) -> None:
    config.write_text(text)
    with pytest.raises(Unreachable, match=said):
        reached("a")


CONFIG = """\
Host *.example !not.example
    User starred
    Port 2201
Host one.example
    User late
    HostName real-%h
    IdentityFile ~/.ssh/a
    IdentityFile ~/.ssh/b
Match user starred
    ConnectTimeout 7
    ServerAliveInterval 1m30s
Match all
    Port 2222
    User other
    ServerAliveCountMax 5
"""


@pytest.mark.parametrize("name", ["one.example", "two.example", "not.example", "elsewhere"])
def test_it_is_read_as_openssh_reads_it(config: Path, name: str) -> None:
    """Against what `ssh -G` makes of the same file."""
    config.write_text(CONFIG)
    done = subprocess.run(
        ["ssh", "-F", str(config), "-G", name], capture_output=True, text=True, check=True, timeout=10
    )
    theirs = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    ours = login_of(target_of("x", {"ansible_host": name, "ansible_ssh_args": f"-F {config}"}))
    assert (ours.host, str(ours.port), ours.user) == (theirs["hostname"], theirs["port"], theirs["user"])
    assert str(ours.alive_count) == theirs["serveralivecountmax"]
    assert round(ours.alive_interval) == int(theirs["serveraliveinterval"]) or theirs["serveraliveinterval"] == "0"
    assert f"{ours.connect_timeout:g}" == theirs["connecttimeout"] or theirs["connecttimeout"] == "none"
