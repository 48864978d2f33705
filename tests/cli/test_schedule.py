"""`schedule export`: what it writes is taken by those who read it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from runbook import __version__
from runbook.cli.writing.schedule import FORMATS
from runbook.schedules.cron import parse
from runbook.schedules.exports import EXPORTS, Timer, cron, systemd
from runbook.testing.processes import wait_until
from tests.cli.terminal import runbook
from tests.lab.systemd import SystemdHost
from tests.lab.tools import require

PLAYBOOK = """
name: "Проверка: 100 % well"
inputs: {pw: {secret: true, env: CHECK_PASSWORD, required: false}}
schedule: {cron: "*/15 6-20 * * 1-5", timezone: Europe/Berlin, inventory: "localhost,", inputs: {level: "a b"}}
hosts: all
stages: [{name: One, steps: [{note: "{{ level | default('none') }}"}]}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "well being.yml").write_text(PLAYBOOK)
    return tmp_path


def exported(project: Path, form: str, *more: str) -> dict[str, str]:
    done = runbook("schedule", "export", "well being.yml", "--format", form, "--out", "out", *more, cwd=project)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_text() for path in (project / "out").iterdir()}


def test_every_format_is_on_the_command_line() -> None:
    assert tuple(EXPORTS) == FORMATS


def test_systemd_takes_the_units(project: Path) -> None:
    files = exported(project, "systemd")

    assert set(files) == {"well-being.service", "well-being.timer"}
    assert "OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 06,07" in files["well-being.timer"]
    assert 'verify "well being.yml" -i localhost, -e "level=a b"' in files["well-being.service"]
    service = project / "out" / "well-being.service"
    assert Path(sys.executable).with_name("runbook").exists(), "systemd looks for the program"
    analyze = require("systemd-analyze", "apt-get install systemd")
    units = [str(service), str(project / "out" / "well-being.timer")]
    done = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, timeout=60)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "well-being" in line]) == (0, [])


def test_crontab_takes_the_line(project: Path) -> None:
    files = exported(project, "cron")

    (text,) = files.values()
    assert "*/15 6-20 * * 1-5 cd " in text
    crontab = require("crontab", "apt-get install cron")
    file = str(project / "out" / "well-being.crontab")
    checks = [subprocess.run([crontab, flag, file], capture_output=True, text=True) for flag in ("-n", "-T")]
    assert 0 in [done.returncode for done in checks], checks  # Debian's has -n for a dry run, cronie -T


@pytest.mark.parametrize("form", ["kubernetes", "github", "gitlab"])
def test_what_would_be_other_days_is_not_written(project: Path, form: str) -> None:
    file = project / "well being.yml"
    file.write_text(file.read_text().replace("*/15 6-20 * * 1-5", "0 6 */2 * mon"))
    done = runbook("schedule", "export", file.name, "--format", form, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert "well being.yml:4:18: '0 6 */2 * mon' means other days here than for cron" in done.stderr


@pytest.mark.parametrize("form", ["kubernetes", "github", "gitlab"])
def test_the_others_are_yaml_with_the_time_and_the_command(project: Path, form: str) -> None:
    (text,) = exported(project, form).values()

    document = yaml.safe_load(text)
    assert "*/15 6-20 * * 1-5" in text
    assert "well being.yml" in str(document)
    if form == "kubernetes":
        spec = document["spec"]
        assert (spec["schedule"], spec["timeZone"]) == ("*/15 6-20 * * 1-5", "Europe/Berlin")
        container = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
        assert container["command"] == ["runbook", "verify", "well being.yml", "-i", "localhost,", "-e", "level=a b"]
        assert container["envFrom"] == [{"secretRef": {"name": "well-being"}}]
    if form == "github":
        assert document["jobs"]["well-being"]["env"] == {"CHECK_PASSWORD": "${{ secrets.CHECK_PASSWORD }}"}
        assert "Times are UTC here" in text


def test_a_job_installs_the_program_and_not_the_project_that_it_is_for(project: Path) -> None:
    assert version("runbook-sre") == __version__

    for given, installed in (
        ((), f"pip install runbook-sre=={__version__}"),
        (("--package", "https://example.com/a b.whl"), "pip install 'https://example.com/a b.whl'"),
    ):
        (text,) = exported(project, "github", *given).values()
        assert installed in [step.get("run") for step in yaml.safe_load(text)["jobs"]["well-being"]["steps"]]


@pytest.mark.parametrize(("form", "schema"), [("github", "github-workflows"), ("gitlab", "gitlab-ci")])
def test_ci_services_take_the_job(project: Path, form: str, schema: str) -> None:
    (text,) = exported(project, form).values()

    # The services read YAML 1.2, where `on` is a word, and not true.
    document = YAML(typ="safe", pure=True).load(text)
    wrong = Draft7Validator(get_builtin_schema(f"vendor.{schema}")).iter_errors(document)
    assert [(list(error.path), error.message) for error in wrong] == []
    assert "schedule" in str(document)


@pytest.mark.parametrize("version", ["1.27", "1.37"])
def test_kubernetes_takes_the_job(project: Path, version: str) -> None:
    (text,) = exported(project, "kubernetes").values()

    kubernetes_validate.validate(yaml.safe_load(text), version, strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(yaml.safe_load(text.replace("schedule:", "shedule:")), version, strict=True)


def test_what_cannot_be_exported_is_told(project: Path) -> None:
    (project / "none.yml").write_text(PLAYBOOK.replace("schedule:", "labels:"))
    (project / "wrong.yml").write_text(PLAYBOOK.replace("*/15 6-20", "*/15 6-26").replace("Europe/Berlin", "Berlin"))

    none = runbook("schedule", "export", "none.yml", cwd=project)
    wrong = runbook("schedule", "export", "wrong.yml", cwd=project)

    assert (none.returncode, "no `schedule`" in none.stderr) == (2, True)
    assert wrong.returncode == 2
    assert "hour: '26' is not a number from 0 to 23" in wrong.stderr
    assert "no time zone is called 'Berlin'" in wrong.stderr


def test_a_hostile_name_stays_a_word() -> None:
    words = ("/bin/runbook", "verify", '$(id) "%h"', "-i", "a;b")
    timer = Timer('x"; rm', "Title\nExecStart=/bin/false", parse("0 0 * * *"), "", words, "/srv/50 %")

    service = systemd(timer)["x-rm.service"]

    assert service.count("\nExecStart=") == 1
    assert '"$$(id) \\"%%h\\"" -i "a;b"' in service
    assert "'$(id) \"\\%h\"'" in cron(timer)["x-rm.crontab"]


@pytest.fixture
def units(systemd_host: SystemdHost) -> Iterator[SystemdHost]:
    yield systemd_host
    for unit in ("well-being.timer", "well-being.service"):
        systemd_host.remove_unit(unit)
    systemd_host.run("rm", "-rf", "/var/tmp/scheduled", "/etc/systemd/system/well-being.timer.d")


def test_a_real_timer_runs_it(project: Path, units: SystemdHost) -> None:
    folder = "/var/tmp/scheduled"
    units.path(folder).mkdir()
    (units.path(folder) / "well being.yml").write_text(PLAYBOOK)
    files = exported(project, "systemd")
    service = files["well-being.service"].replace(str(project), folder)
    units.write_unit("well-being.service", service)
    soon = units.path("/etc/systemd/system/well-being.timer.d")
    soon.mkdir()
    (soon / "soon.conf").write_text("[Timer]\nOnActiveSec=1\nRandomizedDelaySec=0\nAccuracySec=100ms\n")
    units.write_unit("well-being.timer", files["well-being.timer"])

    assert units.run("systemctl", "start", "well-being.timer").returncode == 0

    def ended() -> str:
        shown = units.run("systemctl", "show", "well-being.service", "-p", "ExecMainExitTimestampMonotonic,Result")
        return shown.stdout if "Monotonic=0\n" not in shown.stdout else ""

    assert "Result=success" in wait_until(ended, "the timer has run it", timeout=40)
    journal = units.run("journalctl", "-u", "well-being.service", "-o", "cat").stdout
    assert "PASSED" in journal
    assert "mode verify" in journal
