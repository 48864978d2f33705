"""`--retry-failed`: the hosts that did not come through, and no others."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.terminal import runbook

PLAYBOOK = """\
name: Mend
hosts: all
stages:
  - name: One
    serial: {serial}
    steps:
      - shell: echo {{{{ inventory_hostname }}}} >> {folder}/ran; test ! -e {folder}/broken-{{{{ inventory_hostname }}}}
"""


class Project:
    """Three hosts, all this machine; a host is broken while there is a file that says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        hosts = "a: , b: , c: "
        (folder / "hosts.yml").write_text(f"web: {{hosts: {{{hosts}}}, vars: {{ansible_connection: local}}}}\n")
        self.write()

    def write(self, name: str = "mend.yml", serial: str = "3") -> None:
        (self.folder / name).write_text(PLAYBOOK.format(folder=self.folder, serial=serial))

    def run(self, *more: str, playbook: str = "mend.yml") -> subprocess.CompletedProcess[str]:
        env = {"RUNBOOK_STATE_DIR": str(self.folder / "state")}
        return runbook("run", playbook, "-i", "hosts.yml", "-y", *more, cwd=self.folder, env=env)

    def ran(self) -> list[str]:
        """Hosts since the last time that this was asked."""
        path = self.folder / "ran"
        names = sorted(path.read_text().split()) if path.exists() else []
        path.unlink(missing_ok=True)
        return names


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_only_what_failed_is_run_again(project: Project) -> None:
    (project.folder / "broken-b").touch()
    assert project.run().returncode == 1
    assert project.ran() == ["a", "b", "c"]
    (project.folder / "broken-b").unlink()

    assert project.run("--retry-failed", "last").returncode == 0
    assert project.ran() == ["b"]

    done = project.run("--retry-failed", "last")
    assert (done.returncode, project.ran()) == (2, [])
    assert "every host came through" in done.stderr


def test_a_canary_that_failed_leaves_all_hosts_to_do(project: Project) -> None:
    """No host of the batches that never began has come through, although none of them failed."""
    project.write(serial="[1, '100%']")
    (project.folder / "broken-a").touch()
    assert project.run().returncode == 1
    assert project.ran() == ["a"]
    (project.folder / "broken-a").unlink()

    assert project.run("--retry-failed", "last").returncode == 0
    assert project.ran() == ["a", "b", "c"]


def test_it_is_narrowed_by_limit(project: Project) -> None:
    for name in "ab":
        (project.folder / f"broken-{name}").touch()
    project.run()
    project.ran()

    project.run("--retry-failed", "last", "-l", "b,c")
    assert project.ran() == ["b"]
    done = project.run("--retry-failed", "last", "-l", "c")
    assert (done.returncode, project.ran()) == (2, [])
    assert "no host matches" in done.stderr


def test_the_run_must_be_one_of_that_playbook(project: Project) -> None:
    (project.folder / "broken-a").touch()
    project.run()
    other = (project.folder / "mend.yml").read_text().replace("name: Mend", "name: Other")
    (project.folder / "other.yml").write_text(other)
    project.ran()

    done = project.run("--retry-failed", "last", playbook="other.yml")
    assert (done.returncode, project.ran()) == (2, [])
    assert "was of 'Mend', not of 'Other'" in done.stderr
    assert "no run 'nosuch' is kept" in project.run("--retry-failed", "nosuch").stderr
