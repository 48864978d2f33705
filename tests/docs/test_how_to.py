"""What the README and the how-tos show is done here, for real, as they show it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.terminal import ROOT, runbook
from tests.docs.pages import blocks
from tests.lab.jump import Jump
from tests.lab.postgres import Database
from tests.lab.sshd import Sshd
from tests.lab.systemd import SystemdHost
from tests.lab.tools import Daemon, answers, free_port

OK, FAILED, WRONG, UNREACHABLE = 0, 1, 2, 3
TABLES = """
CREATE TABLE orders (id serial PRIMARY KEY, state text, paid_at timestamptz, created_at timestamptz DEFAULT now());
INSERT INTO orders (state) VALUES ('new'), ('sent');
"""
APPLICATION = """\
import http.server

handler = http.server.SimpleHTTPRequestHandler
http.server.ThreadingHTTPServer(("127.0.0.1", {port}), handler).serve_forever()
"""


def shown(page: str, language: str = "yaml") -> list[str]:
    """The blocks of a page."""
    return [code.text for code in blocks(language) if code.page == ROOT / page]


def ended(*argv: str, cwd: Path, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Exit code and verdict of a run, and all that it said."""
    report = cwd / "ended.json"
    report.unlink(missing_ok=True)
    done = runbook(*argv, "--report", f"json={report}", cwd=cwd, env=env)
    verdict = json.loads(report.read_text())["verdict"] if report.exists() else ""
    return done.returncode, verdict, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """Instead of the /tmp/runbook-how-to of the pages."""
    (tmp_path / "how-to").mkdir()
    return str(tmp_path / "how-to")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an empty .ssh."""
    (tmp_path / "home" / ".ssh").mkdir(parents=True, mode=0o700)
    return tmp_path / "home"


def test_remediation(tmp_path: Path, folder: str) -> None:
    page = "docs/how-to/remediation.md"
    (tmp_path / "import.yml").write_text(shown(page)[0].replace("/tmp/runbook-how-to", folder))
    setup = "\n".join(line for line in shown(page, "sh")[0].splitlines() if not line.startswith("runbook"))
    subprocess.run(["sh", "-ec", setup.replace("/tmp/runbook-how-to", folder)], check=True)

    code, verdict, text = ended("run", "import.yml", cwd=tmp_path)
    assert (code, verdict) == (OK, "remediated")
    assert "An import was broken off and left its lock behind" in text
    assert text.index("repair clear-lock") < text.index("repair import-now")
    assert ended("run", "import.yml", cwd=tmp_path)[:2] == (OK, "passed")


def test_roll_back(tmp_path: Path, folder: str) -> None:
    page = "docs/how-to/roll-back.md"
    (tmp_path / "settings.yml").write_text(shown(page)[0].replace("/tmp/runbook-how-to", folder))
    settings = Path(folder) / "settings.conf"
    settings.write_text("workers = 2\n")
    run = ("run", "settings.yml", "-i", "localhost,")

    assert ended(*run, cwd=tmp_path)[:2] == (OK, "passed")
    assert settings.read_text() == "workers = 4\n"
    for workers in ("many", "1"):
        code, verdict, text = ended(*run, "-e", f"workers={workers}", cwd=tmp_path)
        assert (code, verdict) == (FAILED, "rescued")
        assert settings.read_text() == "workers = 4\n"
        assert "The new settings are everywhere" not in text
    assert "1 workers are too few" in text


def test_inputs_and_secrets(tmp_path: Path) -> None:
    (tmp_path / "user.yml").write_text(shown("docs/how-to/inputs-and-secrets.md")[0])
    token = {"APP_API_TOKEN": "s3cret-token"}

    code, _, text = ended("run", "user.yml", "-e", "login=ada", "-e", "role=editor", "-v", cwd=tmp_path, env=token)
    assert code == OK
    assert "token (secret) for ada" in text
    assert "s3cret-token" not in text + (tmp_path / "ended.json").read_text()
    assert ended("run", "user.yml", "-e", "login=ada", cwd=tmp_path)[0] == WRONG
    assert ended("run", "user.yml", "-e", "login=ada", "-e", "role=owner", cwd=tmp_path, env=token)[0] == WRONG
    (tmp_path / "values.yml").write_text("login: bob\nrole: admin\n")
    assert ended("run", "user.yml", "-e", "@values.yml", cwd=tmp_path, env=token)[0] == OK


def test_vault(tmp_path: Path) -> None:
    page = "docs/how-to/vault.md"
    (tmp_path / "login.yml").write_text(shown(page)[0])
    lines = shown(page, "sh")[0].splitlines()
    subprocess.run(["sh", "-ec", "\n".join(lines[:2])], check=True, cwd=tmp_path)
    env = {"RUNBOOK_VAULT_PASSWORD_FILE": ".vault-password"}
    words = [line.split()[1:] for line in lines if line.startswith("runbook ")]

    done = [runbook(*argv, cwd=tmp_path, env=env) for argv in words]
    assert [each.returncode for each in done] == [OK, OK, OK], done
    assert "correct-horse" not in done[1].stdout + done[1].stderr + (tmp_path / "secrets.yml").read_text()
    assert done[2].stdout == "db_password: correct-horse\n"
    printed = shown(page, "text")[0].splitlines()
    done[0] = runbook("vault", "encrypt-string", "x", "--name", "token", cwd=tmp_path, env=env)
    assert done[0].stdout.splitlines()[:2] == printed[:2]


def test_explain(tmp_path: Path) -> None:
    inventory, playbook = shown("docs/how-to/explain.md")
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories" / "prod.yml").write_text(inventory)
    (tmp_path / "restart.yml").write_text(playbook)
    words = shown("docs/how-to/explain.md", "sh")[0].split()[1:]

    assert runbook(*words, cwd=tmp_path).stdout == shown("docs/how-to/explain.md", "text")[0]


def test_check(tmp_path: Path, folder: str) -> None:
    (tmp_path / "motd.yml").write_text(shown("docs/how-to/check.md")[0].replace("/tmp/runbook-how-to", folder))
    motd = Path(folder) / "motd"

    assert "~ 1.1" in runbook("plan", "motd.yml", cwd=tmp_path).stdout
    code, verdict, text = ended("run", "motd.yml", "--check", cwd=tmp_path)
    assert (code, verdict) == (OK, "unknown")
    assert "+Welcome" in text
    assert ended("verify", "motd.yml", cwd=tmp_path)[:2] == (FAILED, "failed")
    assert not motd.exists()
    motd.write_text("Welcome\n")
    assert ended("run", "motd.yml", cwd=tmp_path)[:2] == (OK, "passed")
    assert ended("verify", "motd.yml", cwd=tmp_path)[0] == OK


def test_fleet(tmp_path: Path, folder: str) -> None:
    (tmp_path / "tier.yml").write_text(shown("docs/how-to/fleet.md")[0].replace("/tmp/runbook-how-to", folder))
    hosts = {f"web{number}": {} for number in range(1, 14)}
    (tmp_path / "inventories").mkdir()
    inventory = {"web": {"hosts": hosts, "vars": {"ansible_connection": "local"}}}
    (tmp_path / "inventories" / "prod.yml").write_text(json.dumps(inventory))
    kept = {"RUNBOOK_STATE_DIR": str(tmp_path / "state")}

    assert "at most one host at a time" in runbook("plan", "tier.yml", "-i", "prod", cwd=tmp_path).stdout
    assert ended("run", "tier.yml", "-i", "prod", cwd=tmp_path)[0] == WRONG, "several hosts need a yes"
    (Path(folder) / "restarted-web1").mkdir()
    code, _, text = ended("run", "tier.yml", "-i", "prod", "-y", cwd=tmp_path, env=kept)
    assert code == FAILED
    assert "1 of 13 hosts" in text, "the canary alone"
    (Path(folder) / "restarted-web1").rmdir()
    again = ("run", "tier.yml", "-i", "prod", "-f", "50", "-y", "--retry-failed", "last")
    code, verdict, text = ended(*again, cwd=tmp_path, env=kept)
    assert (code, verdict) == (OK, "passed")
    assert "13 of 13 hosts · 13 changed" in text
    assert len(list(Path(folder).iterdir())) == 13


def test_sql(tmp_path: Path, database: Database) -> None:
    database.execute(TABLES)
    playbook = shown("docs/how-to/sql.md")[0]
    (tmp_path / "shop.yml").write_text(playbook)
    (tmp_path / "reads.yml").write_text(playbook.replace("          changes: true\n", ""))
    where = {"host": database.host, "port": database.port, "name": database.dbname, "user": database.user}
    options = [word for name, value in where.items() for word in ("-e", f"db_{name}={value}")]
    password = {"SHOP_DB_PASSWORD": database.password}

    assert ended("run", "shop.yml", *options, cwd=tmp_path, env=password)[:2] == (OK, "passed")
    code, _, text = ended("run", "reads.yml", *options, cwd=tmp_path, env=password)
    assert code == FAILED
    assert "read-only transaction" in text


def test_http(tmp_path: Path) -> None:
    port = free_port()
    server = Daemon([sys.executable, str(Path(__file__).parent / "shop.py"), str(port)], tmp_path / "shop.log")
    (tmp_path / "http.yml").write_text(shown("docs/how-to/http.md")[0].replace(":8000", f":{port}"))
    server.start(lambda: answers(port))
    try:
        code, _, text = ended("run", "http.yml", "-v", cwd=tmp_path, env={"SHOP_PASSWORD": "right-password"})
        assert code == OK, text
        assert "token-12345" not in text + (tmp_path / "ended.json").read_text()
        assert ended("run", "http.yml", cwd=tmp_path, env={"SHOP_PASSWORD": "wrong"})[0] == FAILED
    finally:
        server.stop()


@pytest.fixture
def application(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A folder with a small server in it, whose process is ended afterwards; and its port."""
    app, port = tmp_path / "srv" / "app", free_port()
    app.mkdir(parents=True)
    (app / "main.py").write_text(APPLICATION.format(port=port))
    yield app, port
    if (app / "app.pid").exists():
        os.kill(int((app / "app.pid").read_text()), signal.SIGTERM)


def test_services_by_a_command(tmp_path: Path, application: tuple[Path, int]) -> None:
    app, port = application
    playbook, inventory = (text.replace("/srv/app", str(app)) for text in shown("docs/how-to/services.md"))
    local = inventory.replace("dev1.example.com:", "dev1.example.com: {ansible_connection: local}")
    (tmp_path / "restart.yml").write_text(playbook)
    (tmp_path / "app.yml").write_text(local.replace(":8000", f":{port}"))
    words = ("run", "restart.yml", "-i", "app.yml", "-l", "by_command")

    assert runbook("plan", "restart.yml", "-i", "app.yml", cwd=tmp_path).returncode == OK
    assert ended(*words, cwd=tmp_path)[:2] == (OK, "remediated")
    assert ended(*words, cwd=tmp_path)[:2] == (OK, "passed")


def test_services_by_systemd_and_the_readme(tmp_path: Path, home: Path, systemd_host: SystemdHost) -> None:
    host, env = systemd_host, {"HOME": str(home)}
    (home / ".ssh" / "config").write_text(host.config.read_text())
    host.path("/srv/app").mkdir(parents=True)
    host.path("/srv/app/main.py").write_text(APPLICATION.format(port=8000))
    host.write_unit("app.service", "[Service]\nExecStart=/usr/bin/python3 /srv/app/main.py\n")
    host.write_unit("web.service", "[Service]\nExecStart=/usr/bin/python3 -m http.server 8080 --bind 127.0.0.1\n")
    playbook, inventory = shown("docs/how-to/services.md")
    (tmp_path / "restart.yml").write_text(playbook)
    here = f"systemd: {{ansible_user: {host.admin.name}}}"
    (tmp_path / "app.yml").write_text(inventory.replace("app[1:2].example.com:", here))
    (tmp_path / "web.yml").write_text(shown("README.md")[0])
    try:
        for words in (["restart.yml", "-i", "app.yml", "-l", "by_systemd"], ["web.yml", "-i", "systemd,"]):
            options = ["run", *words, "-u", host.admin.name]
            assert ended(*options, cwd=tmp_path, env=env)[:2] == (OK, "remediated")
            assert ended(*options, cwd=tmp_path, env=env)[:2] == (OK, "passed")
    finally:
        host.remove_unit("app.service")
        host.remove_unit("web.service")


def test_ssh_with_keys_passwords_and_sudo(tmp_path: Path, home: Path, sshd: Sshd) -> None:
    known, env = home / ".ssh" / "known_hosts", {"HOME": str(home), "PASSWORD": sshd.sudo_with_password.password}
    inventory, playbook, _ = shown("docs/how-to/ssh.md")
    (tmp_path / "whoami.yml").write_text(playbook)
    known.write_text(sshd.known_hosts.read_text())

    def login(user: str, **variables: Any) -> tuple[int, str, str]:
        hosts = yaml.safe_load(inventory.replace("web1.example.com", sshd.host).replace("deploy", user))
        hosts["web"]["hosts"]["web1"] |= {"ansible_port": sshd.port, **variables}
        (tmp_path / "web.yml").write_text(yaml.safe_dump(hosts))
        return ended("run", "whoami.yml", "-i", "web.yml", cwd=tmp_path, env=env)

    password = {"ansible_password": "{{ env.PASSWORD }}"}
    locked = sshd.sudo_with_password.name
    assert login(sshd.sudo.name, ansible_ssh_private_key_file=str(sshd.key))[0] == OK
    assert login(locked, **password, ansible_become_password="{{ env.PASSWORD }}")[0] == OK
    assert "ansible_become_password, or -K" in login(locked, **password)[2]
    known.write_text("")
    code, verdict, text = login(locked, **password)
    assert (code, verdict) == (UNREACHABLE, "unreachable")
    assert "ssh-keygen -lf" in text
    assert "ssh-keyscan" in text


def test_ssh_behind_a_jump_host(tmp_path: Path, home: Path, jump: Jump) -> None:
    _, playbook, inventory = shown("docs/how-to/ssh.md")
    (home / ".ssh" / "known_hosts").write_text(jump.known_hosts.read_text())
    shutil.copy(jump.key, home / ".ssh" / "id_ed25519")
    inventory = inventory.replace("deploy@bastion.example.com", f"{jump.user}@{jump.jump_host}")
    (tmp_path / "web.yml").write_text(inventory.replace("web[01:10].internal", jump.target_host))
    (tmp_path / "whoami.yml").write_text(playbook)

    words = ("run", "whoami.yml", "-i", "web.yml", "-u", jump.user)
    assert ended(*words, cwd=tmp_path, env={"HOME": str(home)})[:2] == (OK, "passed")


def test_from_python(tmp_path: Path) -> None:
    page = "docs/how-to/library.md"
    (tmp_path / "check.py").write_text(shown(page, "python")[0])
    (tmp_path / "room.yml").write_text(shown(page)[0])

    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "check.py", "room.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    done = check()
    assert done.stdout.splitlines()[-2:] == ["localhost 1.1 Room in /tmp passed", "passed"], done.stderr

    (tmp_path / "room.yml").write_text(shown(page)[0].replace("expect:", "expects:"))
    assert "1 problems, the first: unknown key 'expects'" in check().stderr


def test_a_test_of_a_playbook(tmp_path: Path) -> None:
    page = "docs/how-to/library.md"
    (tmp_path / "test_room.py").write_text(shown(page, "python")[1])
    (tmp_path / "room.yml").write_text(shown(page)[0])
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]

    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)

    assert done.stdout.splitlines()[-1].startswith("1 passed"), done.stdout


def test_a_review(tmp_path: Path, folder: str) -> None:
    playbook = shown("docs/how-to/review.md")[0].replace("/tmp/runbook-how-to", folder)
    (tmp_path / "banner.yml").write_text(playbook)
    words = ("run", "--plan", "plan.json", "-e", "token=not-in-the-plan")

    assert runbook("plan", "banner.yml", "--out", "plan.json", cwd=tmp_path).returncode == OK
    assert ended(*words, cwd=tmp_path)[:2] == (OK, "passed")
    assert runbook("plan", "banner.yml", "-e", "text=Hello", "--out", "after.json", cwd=tmp_path).returncode == OK
    difference = runbook("plan", "diff", "plan.json", "after.json", cwd=tmp_path).stdout
    assert "[-Welcome-]{+Hello+}" in difference
    (tmp_path / "banner.yml").write_text(playbook.replace("default: Welcome", "default: Hello"))
    assert ended(*words, cwd=tmp_path)[0] == 5
    # The project runs only what its reviewer has signed.
    (tmp_path / "runbook.toml").write_text(shown("docs/how-to/review.md", "toml")[0])
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "id"], cwd=tmp_path, check=True)
    (tmp_path / "allowed_signers").write_text(f"reviewer@example.com {(tmp_path / 'id.pub').read_text()}")
    assert runbook("plan", "banner.yml", "--out", "plan.json", "--plan-key", "id", cwd=tmp_path).returncode == OK
    assert ended(*words, cwd=tmp_path)[:2] == (OK, "passed")


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("plan-review.github.yml", ["vendor.github-workflows"]),
        ("plan-review.gitlab-ci.yml", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_the_examples_of_a_review_are_what_ci_takes(name: str, schema: list[str]) -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *schema, f"docs/examples/{name}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == OK, done.stdout


@pytest.mark.parametrize("name", ["plan-review.github.yml", "plan-review.gitlab-ci.yml"])
def test_the_examples_of_a_review_plan_and_compare(name: str, tmp_path: Path) -> None:
    """Their own script, in a repository; what talks to GitHub or GitLab is left out."""
    text = (ROOT / "docs" / "examples" / name).read_text()
    document = yaml.safe_load(text)
    if "jobs" in document:
        scripts = [step["run"] for step in document["jobs"]["plan"]["steps"] if "run" in step]
    else:
        scripts = document["plan-review"]["script"]
    script = "\n".join(part for part in scripts if "runbook plan" in part)
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories" / "prod.yml").write_text("all: {hosts: {localhost: }}\n")
    book = tmp_path / "playbooks" / "restore.yml"
    book.write_text("name: Restore\nhosts: all\nstages: [{name: One, steps: [{command: before}]}]\n")
    who = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*who, *words], cwd=tmp_path, check=True)
    book.write_text(book.read_text().replace("before", "after"))
    variables = {"BASE": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "main", "RUNBOOK_INVENTORY": "prod"}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, **variables, "PLAYBOOK": "playbooks/restore.yml", "PATH": path}

    subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, env=env, check=True)

    assert "+     cmd: after" in (tmp_path / "diff.md").read_text()
    assert "### Plan: Restore" in (tmp_path / "plan.md").read_text()
    assert json.loads((tmp_path / "plan.json").read_text())["bound"]["playbook"] == "playbooks/restore.yml"
