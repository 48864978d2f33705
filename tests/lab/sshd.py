"""A real sshd that stands for many hosts, and users to log in as."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .tools import SYSTEM_PATH, Daemon, answers, free_port, require, require_root, throwaway_password

SERVER_OPTIONS = """\
UsePAM no
UseDNS no
StrictModes no
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 1000
MaxSessions 1000
MaxAuthTries 20
AllowTcpForwarding yes
PrintMotd no
PrintLastLog no
Subsystem sftp internal-sftp
"""

MOST_ADDRESSES = 15  # one sshd listens on 16 at most

SUDOERS = """\
Defaults !syslog
runbook-lab ALL=(ALL:ALL) NOPASSWD: ALL
Defaults:runbook-lab-pw timestamp_timeout=0, lecture=always
runbook-lab-pw ALL=(ALL:ALL) ALL
"""

SHELLS = ("ash", "dash", "fish", "rbash")
"""Login shells of further users, `runbook-lab-SHELL`, who log in with the key."""

# The users live in a copy of /etc that only this sshd and what it starts can see: the machine gets no account.
# root has a home of its own too: what the shell of the machine's root does at login is no business of these hosts.
PRIVATE_ETC = """\
set -eu
mkdir -p "$LAB/etc" /run/sshd
mount -t tmpfs -o mode=0755 lab-etc "$LAB/etc"
mkdir "$LAB/etc/upper" "$LAB/etc/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$LAB/etc/upper,workdir=$LAB/etc/work" lab-etc /etc
mkdir -m 0700 "$LAB/home/root"
usermod -p '*' root
sed -i "s|^root:.*|root:x:0:0:root:$LAB/home/root:/bin/bash|" /etc/passwd
for user in runbook-lab runbook-lab-pw runbook-lab-csh; do
    shell=/bin/bash
    if [ "$user" = runbook-lab-csh ] && [ -x /bin/csh ]; then shell=/bin/csh; fi
    id "$user" >/dev/null 2>&1 || useradd --no-log-init --create-home -d "$LAB/home/$user" -s "$shell" "$user"
done
mkdir "$LAB/bin"
ln -s "$(command -v busybox)" "$LAB/bin/ash"
PATH="$LAB/bin:$PATH"
for shell in SHELLS; do
    if path=$(command -v "$shell"); then
        useradd --no-log-init --create-home -p '*' -d "$LAB/home/runbook-lab-$shell" -s "$path" "runbook-lab-$shell"
    fi
done
chpasswd <"$LAB/passwords"
install -m 0440 "$LAB/sudoers" /etc/sudoers.d/runbook-lab
exec "$@"
"""


@dataclass(frozen=True)
class Account:
    """A user of the lab's hosts, with a password for login and for sudo."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Keys:
    """What the client needs: keys without and with passphrase, and the server's host keys beside them."""

    home: Path
    passphrase: str = "lab pass phrase"

    @property
    def key(self) -> Path:
        return self.home / "id_ed25519"

    @property
    def key_with_passphrase(self) -> Path:
        return self.home / "id_locked"

    @property
    def host_keys(self) -> tuple[Path, ...]:
        return (self.home / "host_ed25519", self.home / "host_ecdsa")

    @property
    def authorized_keys(self) -> Path:
        return self.home / "authorized_keys"

    def known_hosts(self, addresses: Sequence[str], port: int) -> str:
        """The lines of a known_hosts file for these addresses."""
        names = ",".join(address if port == 22 else f"[{address}]:{port}" for address in addresses)
        published = (key.with_suffix(".pub").read_text().split()[:2] for key in self.host_keys)
        return "".join(f"{names} {kind} {text}\n" for kind, text in published)

    def server_config(self, port: int, addresses: Sequence[str], extra: str = "") -> str:
        """An sshd_config for a server on these addresses. What `extra` says counts more than the rest."""
        lines = [extra, f"Port {port}", *(f"ListenAddress {address}" for address in addresses)]
        lines += [f"HostKey {key}" for key in self.host_keys]
        lines += [f"AuthorizedKeysFile {self.authorized_keys}", "PidFile none", SERVER_OPTIONS]
        return "\n".join(lines)


def make_keys(home: Path) -> Keys:
    """New keys in `home`, which is made."""
    keygen = require("ssh-keygen", "apt-get install openssh-client")
    keys = Keys(home)
    home.mkdir(mode=0o755)
    kinds = [(keys.key, "ed25519", ""), (keys.key_with_passphrase, "ed25519", keys.passphrase)]
    kinds += [(path, path.name.removeprefix("host_"), "") for path in keys.host_keys]
    for path, kind, passphrase in kinds:
        argv = [keygen, "-q", "-t", kind, "-N", passphrase, "-C", "runbook-lab", "-f", str(path)]
        subprocess.run(argv, check=True, timeout=30)
    keys.authorized_keys.write_text(
        "".join(key.with_suffix(".pub").read_text() for key in (keys.key, keys.key_with_passphrase))
    )
    return keys


@dataclass(frozen=True)
class Sshd:
    """One sshd; every address of `hosts` is one more host. Who knows `key` may be root or any of the accounts."""

    port: int
    hosts: tuple[str, ...]
    keys: Keys
    known_hosts: Path
    config: Path
    daemon: Daemon = field(repr=False)
    user: str = "root"
    sudo: Account = Account("runbook-lab", throwaway_password())
    """May do everything by sudo without a password."""
    sudo_with_password: Account = Account("runbook-lab-pw", throwaway_password())
    """Has to give its password to sudo, every time, and is lectured before."""
    csh: Account = Account("runbook-lab-csh", throwaway_password())
    """Its login shell is csh, where that is installed."""

    @property
    def host(self) -> str:
        return self.hosts[0]

    @property
    def key(self) -> Path:
        return self.keys.key

    def ssh(self, command: str, host: str | None = None, user: str = "root") -> subprocess.CompletedProcess[str]:
        """Runs a command there with OpenSSH's own client: what the program under test is compared with."""
        ssh = require("ssh", "apt-get install openssh-client")
        argv = [ssh, "-F", str(self.config), "-o", "BatchMode=yes", "-l", user, host or self.host, command]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def client_config(keys: Keys, known_hosts: Path, hosts: dict[str, tuple[str, int]], extra: str = "") -> str:
    """An ssh_config with a section for each name, and one for the addresses themselves."""
    common = f"    User root\n    IdentityFile {keys.key}\n    IdentitiesOnly yes\n{extra}"
    common += f"    UserKnownHostsFile {known_hosts}\n    StrictHostKeyChecking yes\n"
    sections = [
        f"Host {name} {address}\n    HostName {address}\n    Port {port}\n{common}"
        for name, (address, port) in hosts.items()
    ]
    return "\n".join(sections)


def with_users(lab: Path, argv: Sequence[str]) -> list[str]:
    """The command that runs `argv` with the lab's users in its /etc. Makes `lab`, where their homes are."""
    accounts = (Sshd.sudo, Sshd.sudo_with_password, Sshd.csh)
    lab.mkdir()
    (lab / "home").mkdir()
    (lab / "passwords").touch(0o600)
    (lab / "passwords").write_text("".join(f"{account.name}:{account.password}\n" for account in accounts))
    (lab / "sudoers").write_text(SUDOERS)
    unshare = [require("unshare", "apt-get install util-linux"), "--mount", "--propagation", "slave", "--"]
    script = f"LAB={shlex.quote(str(lab))}; PATH={SYSTEM_PATH}; export PATH\n{PRIVATE_ETC}"
    script = script.replace("in SHELLS;", f"in {' '.join(SHELLS)};")
    return [*unshare, "/bin/sh", "-c", script, "sh", *argv]


@pytest.fixture(scope="session")
def ssh_keys(lab_dir: Path) -> Keys:
    """The keys of this session's hosts."""
    return make_keys(lab_dir / "ssh")


@pytest.fixture(scope="session")
def sshd(lab_dir: Path, ssh_keys: Keys) -> Iterator[Sshd]:
    """Twenty-one hosts at one port: 127.0.0.1 and 127.0.1.1 to 127.0.1.20."""
    require_root()
    require("sudo", "apt-get install sudo")
    hosts = ("127.0.0.1", *(f"127.0.1.{number}" for number in range(1, 21)))
    port = free_port()
    known_hosts, config = lab_dir / "known_hosts", lab_dir / "ssh_config"
    known_hosts.write_text(ssh_keys.known_hosts(hosts, port))
    names = {f"lab-{number}": (address, port) for number, address in enumerate(hosts)}
    config.write_text(client_config(ssh_keys, known_hosts, names))
    first = server_argv(lab_dir, ssh_keys, port, hosts[:MOST_ADDRESSES])
    daemon = Daemon(with_users(lab_dir / "sshd", first), lab_dir / "sshd.log")
    daemon.start(lambda: answers(port, hosts[0]))
    rest = server_argv(lab_dir, ssh_keys, port, hosts[MOST_ADDRESSES:])
    second = Daemon(["nsenter", f"--target={daemon.pid}", "--mount", "--", *rest], lab_dir / "sshd-rest.log")
    second.start(lambda: answers(port, hosts[-1]))
    yield Sshd(port, hosts, ssh_keys, known_hosts, config, daemon)
    second.stop()
    daemon.stop()


def server_argv(lab_dir: Path, keys: Keys, port: int, addresses: Sequence[str], extra: str = "") -> list[str]:
    """The command of an sshd on these addresses; writes its configuration."""
    config = lab_dir / f"sshd_config-{addresses[0]}-{port}"
    config.write_text(keys.server_config(port, addresses, extra))
    return [require("sshd", "apt-get install openssh-server"), "-D", "-e", "-f", str(config)]
