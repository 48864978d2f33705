"""A host with a real systemd: this machine's own files under a layer of its own, booted as a container."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from runbook.testing.processes import wait_until

from .netns import Link, link, machine, namespace
from .sshd import Account, Keys, client_config
from .tools import (
    SYSTEM_PATH,
    Daemon,
    answers,
    children,
    missing,
    require,
    require_root,
    throwaway_password,
)

ADMIN = Account("runbook-lab", throwaway_password())
NAME = "lab-systemd"
PORT = 22

# Everything is mounted where only this process and its children see it, and goes with them.
BOOT = """\
set -eu
mount -t tmpfs -o mode=0755 lab-host "$LAB"
mkdir "$LAB/layer" "$LAB/work" "$LAB/root"
cp -a "$FILES/." "$LAB/layer"
mount -t overlay -o "lowerdir=/,upperdir=$LAB/layer,workdir=$LAB/work" lab-host "$LAB/root"
useradd --root "$LAB/root" --no-log-init --create-home -s /bin/bash "$ADMIN"
chpasswd --root "$LAB/root" <"$FILES/passwords"
rm "$LAB/root/passwords"
# Not what the shell of this machine's root does at login. (Another home is not possible: systemd insists on /root.)
rm -rf "$LAB"/root/root/.bash* "$LAB"/root/root/.profile "$LAB"/root/root/.ssh "$LAB"/root/root/.config
for tree in systemd unified; do
    if [ -d "/sys/fs/cgroup/$tree" ]; then
        mkdir "/sys/fs/cgroup/$tree/$GROUP"
        echo $$ >"/sys/fs/cgroup/$tree/$GROUP/cgroup.procs"
    fi
done
set -- systemd-nspawn --quiet --directory="$LAB/root" --boot --register=no --keep-unit --link-journal=no \\
    --resolv-conf=off --timezone=off --network-namespace-path="$NETWORK" --console=pipe \\
    systemd.unit=lab.target
[ -n "$RESTARTS" ] || exec "$@"
while "$@"; [ $? -eq 133 ]; do :; done  # what it ends with when the host was told to restart
"""

TARGET = """\
[Unit]
Description=What the lab needs of this host, and no service of the machine
Requires=basic.target dbus.service systemd-logind.service systemd-user-sessions.service lab-sshd.service
After=basic.target dbus.service systemd-logind.service systemd-user-sessions.service lab-sshd.service
AllowIsolate=yes
"""

SSHD = """\
[Unit]
Description=sshd of the lab
[Service]
RuntimeDirectory=sshd
ExecStart=/usr/sbin/sshd -D -e -f /etc/lab/sshd_config
KillMode=process
"""

MASKED_TIMERS_AND_SOCKETS = ("timers.target", "podman.socket", "tmp.mount", "systemd-networkd.socket")


@dataclass(frozen=True)
class SystemdHost:
    """A booted host, reached by ssh as root by `key`, or as `admin`, who has sudo without a password."""

    host: str
    keys: Keys
    known_hosts: Path
    config: Path
    """An ssh_config that knows it as `systemd`."""
    pid: int
    """Process 1 of that host, as this machine counts."""
    link: Link = field(repr=False)
    port: int = PORT
    user: str = "root"
    admin: Account = ADMIN
    """Has a user manager (`systemctl --user`), which goes on without a login."""

    @property
    def key(self) -> Path:
        return self.keys.key

    def path(self, inside: str | Path) -> Path:
        """A file of that host, to be read and written from here. Do not follow its absolute links."""
        return Path(f"/proc/{self.pid}/root") / str(inside).lstrip("/")

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Runs a command there as root, without ssh."""
        enter = ["nsenter", f"--target={self.pid}", "--all", "--", "env", "-i", f"PATH={SYSTEM_PATH}", "LANG=C.UTF-8"]
        return subprocess.run(
            [*enter, *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, cwd="/"
        )

    def ssh(self, command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        """Runs a command there with OpenSSH's own client."""
        argv = ["ssh", "-F", str(self.config), "-o", "BatchMode=yes", "-l", user, "systemd", command]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def write_unit(self, name: str, text: str) -> None:
        """Writes a unit file and makes systemd read it."""
        self.path(f"/etc/systemd/system/{name}").write_text(text)
        done = self.run("systemctl", "daemon-reload")
        assert done.returncode == 0, done.stderr

    def remove_unit(self, name: str) -> None:
        """Stops a unit and forgets it."""
        self.run("systemctl", "disable", "--now", name)
        self.path(f"/etc/systemd/system/{name}").unlink(missing_ok=True)
        self.run("systemctl", "daemon-reload")
        self.run("systemctl", "reset-failed", name)


def _files(layer: Path, keys: Keys, address: str) -> None:
    """What that host has and the machine has not."""
    units = layer / "etc/systemd/system"
    units.mkdir(parents=True)
    (units / "lab.target").write_text(TARGET)
    (units / "lab-sshd.service").write_text(SSHD)
    for name in MASKED_TIMERS_AND_SOCKETS:
        (units / name).symlink_to("/dev/null")
    (layer / "etc/tmpfiles.d").mkdir()
    (layer / "etc/tmpfiles.d/tmp.conf").symlink_to("/dev/null")  # it would empty /tmp, where a checkout may be
    (layer / "etc/machine-id").write_text(f"{uuid4().hex}\n")
    (layer / "etc/hostname").write_text(f"{NAME}\n")
    (layer / "etc/hosts").write_text(f"127.0.0.1 localhost {NAME}\n::1 localhost\n")
    (layer / "etc/lab").mkdir()
    config = keys.server_config(PORT, [address]).replace("UsePAM no", "UsePAM yes")  # PAM opens logind's sessions
    (layer / "etc/lab/sshd_config").write_text(config)
    (layer / "etc/sudoers.d").mkdir(mode=0o750)
    (layer / "etc/sudoers.d/lab").write_text(f"{ADMIN.name} ALL=(ALL:ALL) NOPASSWD: ALL\n")
    (layer / "etc/sudoers.d/lab").chmod(0o440)
    (layer / "passwords").touch(0o600)
    (layer / "passwords").write_text(f"{ADMIN.name}:{ADMIN.password}\n")


@contextmanager
def _booted(lab_dir: Path, name: str, layer: Path, network: Path, *, restarts: bool) -> Iterator[int]:
    """The container; gives the pid of its process 1."""
    room = lab_dir / name
    room.mkdir()
    group = f"runbook-{lab_dir.name}-{name}"
    variables = {"LAB": room, "FILES": layer, "ADMIN": ADMIN.name, "GROUP": group, "NETWORK": network}
    variables["RESTARTS"] = "1" if restarts else ""
    lines = [f"{name}={shlex.quote(str(value))}" for name, value in variables.items()]
    lines += [f"PATH={SYSTEM_PATH}", "SYSTEMD_NSPAWN_TMPFS_TMP=0", "export PATH SYSTEMD_NSPAWN_TMPFS_TMP", BOOT]
    daemon = Daemon(
        ["unshare", "--mount", "--propagation", "slave", "--", "/bin/sh", "-c", "\n".join(lines)],
        lab_dir / f"{name}.log",
    )
    daemon.start(lambda: _init(daemon.pid))
    try:
        yield _init(daemon.pid)
    finally:
        daemon.stop()
        _remove_groups(group)


def _init(nspawn: int) -> int:
    """The pid of the systemd under this process, 0 as long as there is none."""
    for pid in children(nspawn):
        try:
            if Path(f"/proc/{pid}/comm").read_text() == "systemd\n":
                return pid
        except OSError:
            continue
    return 0


def _remove_groups(name: str) -> None:
    """Control groups stay when their processes are gone."""
    for top in Path("/sys/fs/cgroup").glob(f"*/{name}"):
        for group in sorted(top.rglob("*/"), reverse=True):
            group.rmdir()
        top.rmdir()


@contextmanager
def booted(lab_dir: Path, keys: Keys, name: str, *, restarts: bool = False) -> Iterator[SystemdHost]:
    """A host of that name. With `restarts` it comes up again when it is told to restart, under another pid."""
    require_root()
    require("systemd-nspawn", "apt-get install systemd-container")
    require("sshd", "apt-get install openssh-server")
    if not Path("/lib/systemd/systemd").exists():
        missing("systemd", "apt-get install systemd libpam-systemd dbus")
    with ExitStack() as stack:
        network = stack.enter_context(namespace(lab_dir, f"{name}-net"))
        cable = link(machine(), network)
        layer = lab_dir / f"{name}-layer"
        _files(layer, keys, cable.far_address)
        namespace_file = Path(f"/proc/{network.pid}/ns/net")
        pid = stack.enter_context(_booted(lab_dir, name, layer, namespace_file, restarts=restarts))
        known_hosts, config = lab_dir / f"{name}_known_hosts", lab_dir / f"{name}_ssh_config"
        known_hosts.write_text(keys.known_hosts([cable.far_address], PORT))
        config.write_text(client_config(keys, known_hosts, {"systemd": (cable.far_address, PORT)}))
        made = SystemdHost(cable.far_address, keys, known_hosts, config, pid, cable)
        wait_until(lambda: answers(PORT, made.host), "ssh to the systemd host", timeout=60)
        yield made


@pytest.fixture(scope="session")
def systemd_host(lab_dir: Path, ssh_keys: Keys) -> Iterator[SystemdHost]:
    """One host for all tests; units, files and processes that a test makes there are its own to remove."""
    with booted(lab_dir, ssh_keys, "systemd") as made:
        state = made.run("systemctl", "is-system-running", "--wait")
        assert state.stdout == "running\n", made.run("systemctl", "--failed", "--no-pager").stdout
        for user in ("root", ADMIN.name):
            lingers = made.run("loginctl", "enable-linger", user)
            assert lingers.returncode == 0, lingers.stderr
        yield made
