"""Every fixture of the lab gives a real thing that works."""

from __future__ import annotations

import pwd
import shlex
import socket
import struct
import sys
from pathlib import Path

import paramiko
import psycopg
import pytest

from runbook.testing.processes import wait_until
from tests.lab.chromium import Chromium
from tests.lab.compose import Compose
from tests.lab.jump import Jump
from tests.lab.pm2 import Pm2
from tests.lab.postgres import Database, Postgres
from tests.lab.redis import Redis
from tests.lab.sshd import Account, Sshd
from tests.lab.supervisor import Supervisor
from tests.lab.systemd import SystemdHost
from tests.lab.tools import require


def test_a_database_is_empty_and_takes_statements(database: Database) -> None:
    assert database.execute("select count(*) from pg_tables where schemaname = 'public'") == [(0,)]
    assert database.execute("create table t (n int); insert into t values (7); select n from t") == [(7,)]
    with psycopg.connect(database.url) as connection:
        assert connection.execute("select current_database()").fetchone() == (database.dbname,)


def test_a_test_stops_and_starts_a_server_of_its_own(own_postgres: Postgres) -> None:
    own_postgres.database().execute("create table kept (n int)")
    own_postgres.stop()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        own_postgres.database().connect()
    own_postgres.start()
    assert own_postgres.database().execute("select count(*) from kept") == [(0,)]


def test_redis_keeps_a_value(redis: Redis) -> None:
    from redis import Redis as Client

    with Client.from_url(redis.url) as client:
        client.set("lab", "näher")
        assert client.get("lab") == "näher".encode()


def test_supervisor_restarts_a_program(supervisor: Supervisor) -> None:
    supervisor.add("smoke", "sleep 600")
    first = supervisor.ctl("pid", "smoke").stdout
    assert supervisor.ctl("restart", "smoke").returncode == 0
    wait_until(lambda: "RUNNING" in supervisor.ctl("status", "smoke").stdout, "the program runs again")
    assert supervisor.ctl("pid", "smoke").stdout != first
    supervisor.remove("smoke")
    assert "smoke" not in supervisor.ctl("status").stdout


def test_every_address_of_sshd_is_a_host(sshd: Sshd) -> None:
    assert len(sshd.hosts) == 21
    for host in (sshd.hosts[0], sshd.hosts[-1], "lab-7"):
        assert sshd.ssh("id -un; exit 3", host).stdout == "root\n"
    assert sshd.ssh("exit 3").returncode == 3


@pytest.mark.parametrize("account", [Sshd.sudo, Sshd.sudo_with_password, Sshd.csh], ids=lambda account: account.name)
def test_users_log_in_by_key_and_by_password(sshd: Sshd, account: Account) -> None:
    assert sshd.ssh("id -un", user=account.name).stdout == f"{account.name}\n"
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(sshd.known_hosts))
        client.connect(sshd.host, sshd.port, account.name, account.password, allow_agent=False, look_for_keys=False)
        _, out, _ = client.exec_command("id -un")
        assert out.read().decode() == f"{account.name}\n"


def test_sudo_asks_one_user_for_a_password(sshd: Sshd) -> None:
    assert sshd.ssh("sudo -n id -u", user=sshd.sudo.name).stdout == "0\n"
    refused = sshd.ssh("sudo -n id -u", user=sshd.sudo_with_password.name)
    assert (refused.returncode, "password is required" in refused.stderr) == (1, True)
    given = f"printf '%s\\n' {shlex.quote(sshd.sudo_with_password.password)} | sudo -S id -u"
    assert sshd.ssh(given, user=sshd.sudo_with_password.name).stdout == "0\n"


def test_the_machine_itself_gets_no_user(sshd: Sshd) -> None:
    with pytest.raises(KeyError):
        pwd.getpwnam(sshd.sudo.name)
    assert not Path("/etc/sudoers.d/runbook-lab").exists()


def test_the_target_is_reached_through_the_jump_host_alone(jump: Jump) -> None:
    assert jump.ssh("runbook-lab@target", "sudo -n id -u").stdout == "0\n"
    assert jump.ssh("target", "echo $SSH_CONNECTION").stdout.split()[2] == jump.target_host
    with pytest.raises(OSError, match=r"No route|unreachable"):
        socket.create_connection((jump.target_host, jump.port), timeout=3)


def test_a_cut_link_makes_a_host_unreachable(jump: Jump) -> None:
    jump.link.cut()
    assert jump.ssh("jump", "true").returncode == 255
    jump.link.mend()
    wait_until(lambda: jump.ssh("jump", "true").returncode == 0, "the jump host is back")


UNIT = "[Service]\nExecStart=/bin/sleep 600\n[Install]\nWantedBy=default.target\n"


def test_systemd_restarts_a_unit(systemd_host: SystemdHost) -> None:
    systemd_host.write_unit("smoke.service", UNIT)
    show = "systemctl show -P MainPID smoke.service"
    assert systemd_host.ssh("systemctl start smoke.service").returncode == 0
    first = systemd_host.ssh(show).stdout
    assert systemd_host.ssh("sudo systemctl restart smoke.service", user=systemd_host.admin.name).returncode == 0
    assert systemd_host.ssh(show).stdout not in {first, "0\n"}
    assert "Started smoke.service" in systemd_host.ssh("journalctl -u smoke.service --no-pager").stdout
    systemd_host.remove_unit("smoke.service")


@pytest.mark.parametrize("user", ["root", "runbook-lab"])
def test_systemd_runs_units_of_a_user(systemd_host: SystemdHost, user: str) -> None:
    folder = "~/.config/systemd/user"
    written = f"mkdir -p {folder} && printf '%s' {shlex.quote(UNIT)} >{folder}/mine.service"
    assert systemd_host.ssh(f"{written} && systemctl --user daemon-reload", user).returncode == 0
    assert systemd_host.ssh("systemctl --user restart mine.service", user).stderr == ""
    assert systemd_host.ssh("systemctl --user is-active mine.service", user).stdout == "active\n"
    journal = systemd_host.ssh("journalctl --user-unit mine.service --no-pager | grep -c Started", user)
    assert journal.stdout == "1\n"
    systemd_host.ssh(f"systemctl --user stop mine.service; rm {folder}/mine.service", user)


def test_the_systemd_host_sees_the_checkout_and_changes_only_itself(systemd_host: SystemdHost) -> None:
    checkout = Path(__file__).resolve().parents[2]
    assert systemd_host.run("cat", str(checkout / "pyproject.toml")).stdout.startswith("[build-system]")
    assert systemd_host.run(sys.executable, "-c", "import runbook; print(runbook.__file__)").stdout.startswith("/")
    systemd_host.path("/etc/only-there").write_text("x")
    assert systemd_host.run("cat", "/etc/only-there").stdout == "x"
    assert not Path("/etc/only-there").exists()
    assert systemd_host.ssh("hostname; ls -A ~ | grep bash").stdout == "lab-systemd\n"


@pytest.mark.parametrize("command", [["docker", "compose"], ["docker-compose"]], ids=" ".join)
def test_compose_restarts_a_service(compose: Compose, tmp_path: Path, command: list[str]) -> None:
    program = f"import time; print('up', flush=True); open({str(tmp_path / 'seen')!r}, 'w'); time.sleep(600)"
    compose.write(tmp_path, app=[sys.executable, "-c", program])
    up = compose.run(*command, "up", "-d", cwd=tmp_path)
    assert up.returncode == 0, up.stderr
    inspect = [
        "docker",
        "inspect",
        "--format",
        "{{.State.Pid}}",
        compose.run(*command, "ps", "-q", cwd=tmp_path).stdout.strip(),
    ]
    first = compose.run(*inspect).stdout
    assert compose.run(*command, "restart", "app", cwd=tmp_path).returncode == 0
    assert compose.run(*inspect).stdout not in {first, "0\n"}
    wait_until(
        lambda: compose.run(*command, "logs", "--no-log-prefix", "app", cwd=tmp_path).stdout == "up\nup\n",
        "the application has started twice",
    )
    assert (tmp_path / "seen").exists()
    assert compose.run(*command, "down", cwd=tmp_path).returncode == 0
    assert compose.run("podman", "ps", "--all", "--quiet").stdout == ""


def test_pm2_restarts_an_app(pm2: Pm2) -> None:
    assert pm2.run("start", "--name", "smoke", "sleep", "--", "600").returncode == 0
    first = pm2.apps()["smoke"]["pid"]
    assert pm2.run("restart", "smoke").returncode == 0
    assert pm2.apps()["smoke"]["pid"] not in {first, 0}
    assert pm2.run("delete", "smoke").returncode == 0
    assert pm2.apps() == {}


def test_chromium_sees_a_page(chromium: Chromium, tmp_path: Path) -> None:
    page, picture = tmp_path / "päge 1.html", tmp_path / "page.png"
    page.write_text("<meta charset=utf-8><body style='height:1500px'><p>Seen<script>document.write('!')</script>")
    assert chromium.screenshot(page, picture, width=390) == "Seen!"
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    assert (width, height >= 1500) == (390, True)


@pytest.mark.parametrize(("ci", "verdict"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_what_is_missing_fails_in_ci_and_is_skipped_elsewhere(
    monkeypatch: pytest.MonkeyPatch, ci: str, verdict: type[Exception]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(verdict, match=r"no-such-tool is missing\. It comes with: apt-get install it"):
        require("no-such-tool", "apt-get install it")
