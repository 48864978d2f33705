"""What is compose's own: whole projects, jobs that end, new containers, each of its commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.processes.service as service_kind
from runbook.runs.events import Outcome, Status
from runbook.testing import run_step, step_context
from tests.lab.compose import Compose

STEADY = ["sleep", "600"]


class Project:
    """A compose project in a folder of the test, with a steady service and a job that ends."""

    def __init__(self, compose: Compose, folder: Path) -> None:
        self.compose, self.folder = compose, folder
        self.file = compose.write(folder, web=STEADY, job=["echo", "migrated"])

    def set(self, service: str, **keys: Any) -> None:
        """Changes keys of a service in the compose file."""
        document = json.loads(self.file.read_text())
        document["services"][service].update(keys)
        self.file.write_text(json.dumps(document))

    def step(self, name: str, state: str, **options: Any) -> Outcome:
        args = {"name": name, "manager": "compose", "project_dir": str(self.folder), "settle": 0.3, **options}
        return run_step(service_kind, {**args, "state": state}, context=step_context(environment=self.compose.env))


@pytest.fixture
def project(compose: Compose, tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "my project"
    folder.mkdir()
    yield Project(compose, folder)
    done = compose.run("docker", "compose", "down", "--remove-orphans", cwd=folder)
    assert done.returncode == 0, done.stderr


def test_a_whole_project_is_brought_up_and_recreated(project: Project) -> None:
    """As the runbook has it by hand: down, and up -d."""
    first = project.step("all", "started")
    assert first.status is Status.CHANGED, first.message
    assert "job exited (0)" in first.data["detail"]
    project.set("web", environment={"EDITED": "yes"})
    second = project.step("all", "restarted", recreate=True)
    assert second.status is Status.CHANGED, second.message
    assert second.data["previous_pid"] == first.data["pid"] != second.data["pid"]
    assert b"EDITED=yes" in Path(f"/proc/{second.data['pid']}/environ").read_bytes()
    assert project.step("job", "running").message == "job (compose): it is not running: exited (0)"
    assert project.step("all", "stopped").status is Status.CHANGED
    assert project.step("all", "stopped").status is Status.PASSED


def test_only_new_containers_see_an_edited_project(project: Project) -> None:
    project.step("web", "started")
    project.set("web", environment={"EDITED": "yes"})
    for recreate in (False, True):
        outcome = project.step("web", "restarted", recreate=recreate)
        assert outcome.status is Status.CHANGED, outcome.message
        seen = Path(f"/proc/{outcome.data['pid']}/environ").read_bytes()
        assert (b"EDITED=yes" in seen) is recreate


def test_docker_compose_as_one_word_with_files_and_a_name(project: Project) -> None:
    project.file.rename(project.folder / "other.yaml")
    options = {"compose_command": "docker-compose", "files": ["other.yaml"], "project_name": "named"}
    first = project.step("web", "started", **options)
    assert first.status is Status.CHANGED, first.message
    assert project.step("web", "running").status is Status.FAILED, "without its file there is no project"
    assert project.step("web", "stopped", **options).status is Status.CHANGED
    project.compose.run("docker-compose", "-f", "other.yaml", "-p", "named", "down", cwd=project.folder)
    (project.folder / "other.yaml").rename(project.file)


def test_a_folder_without_a_project_says_so(project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no configuration file provided" in project.step("web", "running", project_dir=f"{tmp_path}/empty").message
    assert "nowhere" in project.step("web", "running", project_dir="/nowhere").message
    (tmp_path / "empty/compose.yaml").write_text("services: [")
    assert "yaml" in project.step("web", "restarted", project_dir=f"{tmp_path}/empty").message


def test_reload_is_a_hangup(project: Project) -> None:
    project.set("web", command=["sh", "-c", "trap 'echo again' HUP; while :; do sleep 0.2; done"])
    first = project.step("web", "started")
    outcome = project.step("web", "reloaded")
    assert (outcome.status, outcome.data["pid"]) == (Status.CHANGED, first.data["pid"]), outcome.message
    assert "again" in project.compose.run("docker", "compose", "logs", "web", cwd=project.folder).stdout
