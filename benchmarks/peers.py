"""The same work by others: a command line each, given the hosts and the number of trivial steps."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.farm import Farm

SCRIPTS = Path(__file__).parent / "scripts"
PYTHON = Path(sys.executable).resolve()
"""What Ansible's modules run with: not of this folder, whose name may have a space: Ansible quotes none."""


@dataclass(frozen=True)
class Job:
    """Trivial steps (`true`) one after the other on some hosts, all hosts at a time; no farm: on this machine."""

    folder: Path
    steps: int
    farm: Farm | None = None
    hosts: int = 1

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def described(self) -> str:
        """For the scripts: what they need to know, as a JSON file."""
        told: dict[str, object] = {"steps": self.steps, "hosts": []}
        if self.farm is not None:
            farm = self.farm
            told |= {"hosts": farm.hosts[: self.hosts], "port": farm.port, "key": str(farm.keys.key)}
            told |= {"known_hosts": str(farm.known_hosts), "config": str(farm.ssh_config())}
        return self.file(f"job-{self.hosts}-{self.steps}.json", json.dumps(told))


@dataclass(frozen=True)
class Call:
    argv: list[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """How somebody does a job."""

    name: str
    call: Callable[[Job, Path], Call]
    """(job, bin folder of the environment it is installed in) → what to run."""
    ours: bool = False
    local: bool = False
    """Does it have a way without SSH?"""
    most_hosts: int = 1000
    """More take too long to wait for."""


def _ours(**step: object) -> Callable[[Job, Path], Call]:
    def call(job: Job, programs: Path) -> Call:
        return _runbook(job, programs, step)

    return call


def _runbook(job: Job, programs: Path, step: object) -> Call:
    steps = [step] * job.steps
    playbook = job.file(
        f"playbook-{len(str(step))}.yml",
        json.dumps({"name": "Bench", "hosts": "all", "stages": [{"name": "Steps", "steps": steps}]}),
    )
    where = "localhost," if job.farm is None else str(job.farm.inventory(job.hosts))
    words = ["run", playbook, "-i", where, "-y", "-f", str(job.hosts), "--report", f"json={job.folder}/report.json"]
    return Call([str(programs / "runbook"), *words], {"RUNBOOK_STATE_DIR": str(job.folder / "state")})


def _two_processes(job: Job, programs: Path) -> Call:
    """The same fleet by two of us at the same time, half of it each."""
    call = _runbook(job, programs, {"shell": "true"})
    half = job.hosts // 2
    limits = [f"all[0:{half - 1}]", f"all[{half}:]"]
    each = [shlex.join([*call.argv, "-l", limit, "--report", f"json={job.folder}/half-{limit}"]) for limit in limits]
    return Call(["/bin/sh", "-c", f"{each[0]} >/dev/null & {each[1]} >/dev/null; wait $!"], call.env)


def _script(name: str) -> Callable[[Job, Path], Call]:
    def call(job: Job, programs: Path) -> Call:
        return Call([str(programs / "python"), str(SCRIPTS / f"{name}.py"), job.described()])

    return call


def _limit(command: str) -> Callable[[Job, Path], Call]:
    def call(job: Job, _programs: Path) -> Call:
        assert job.farm is not None
        steps = job.file(f"steps-{len(command)}.sh", f"{command}\n" * job.steps)
        each = f"ssh -F {job.farm.ssh_config()} $host sh -s <{steps} >/dev/null &"
        return Call(["/bin/sh", "-c", f"for host in {' '.join(job.farm.hosts[: job.hosts])}; do {each} done; wait"])

    return call


def _pyinfra(job: Job, programs: Path) -> Call:
    lines = ["from pyinfra.operations import server", *('server.shell(commands=["true"])' for _ in range(job.steps))]
    deploy = job.file("deploy.py", "\n".join(lines) + "\n")
    where = "@local"
    if job.farm is not None:
        data = {"ssh_port": job.farm.port, "ssh_user": "root", "ssh_key": str(job.farm.keys.key)}
        data |= {"ssh_known_hosts_file": str(job.farm.known_hosts)}
        hosts = [(host, data) for host in job.farm.hosts[: job.hosts]]
        where = job.file("hosts.py", f"hosts = {hosts!r}\n")
    return Call([str(programs / "pyinfra"), "-y", "--parallel", str(job.hosts), where, deploy])


def _ansible(pipelining: bool, module: str) -> Callable[[Job, Path], Call]:
    def call(job: Job, programs: Path) -> Call:
        tasks = [{module: "true"} for _ in range(job.steps)]
        connection = {"connection": "local"} if job.farm is None else {}
        play = {"hosts": "all", "gather_facts": False, "tasks": tasks, **connection}
        playbook = job.file("ansible.yml", json.dumps([play]))
        where = "localhost," if job.farm is None else str(job.farm.inventory(job.hosts))
        env = {
            "ANSIBLE_PIPELINING": str(pipelining),
            "ANSIBLE_HOME": str(job.folder / "ansible"),
            "ANSIBLE_HOST_KEY_CHECKING": "True",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "LC_ALL": "C.UTF-8",
        }
        words = ["-i", where, "-f", str(job.hosts), "-e", f"ansible_python_interpreter={PYTHON}", playbook]
        return Call([str(programs / "ansible-playbook"), *words], env)

    return call


LIMIT = Peer("the limit: `ssh HOST sh -s`", _limit("true"))
LIMITS = (LIMIT, Peer("the limit, with the program `/bin/true`", _limit("/bin/true")))
OURS = (
    Peer("**runbook**", _ours(shell="true"), ours=True, local=True),
    Peer("**runbook**, steps with `changes: false`", _ours(shell="true", changes=False), ours=True, local=True),
    Peer("**runbook**, with the program `/bin/true`", _ours(shell="/bin/true"), ours=True, local=True),
)
"""`true` is a builtin of the shell, for all of them; a program costs a fork and what comes after it."""
EXPERIMENTS = (
    Peer("two processes of **runbook**, half of the hosts each", _two_processes, ours=True),
    Peer("an experiment: ssh2-python, one `sh` for all steps", _script("with_ssh2"), most_hosts=10),
)
"""What might be quicker."""
PEERS = (
    Peer("paramiko, a channel per step", _script("with_paramiko")),
    Peer("asyncssh", _script("with_asyncssh")),
    Peer("Fabric", _script("with_fabric")),
    Peer("parallel-ssh", _script("with_parallel_ssh")),
    Peer("pyinfra", _pyinfra, local=True),
    Peer("ansible-core, pipelining, `raw`", _ansible(True, "raw"), local=True, most_hosts=10),
    Peer("ansible-core, pipelining", _ansible(True, "command"), local=True, most_hosts=10),
    Peer("ansible-core as it comes", _ansible(False, "command"), local=True, most_hosts=10),
)
