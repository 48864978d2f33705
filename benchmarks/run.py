"""`make bench`: all workloads, and the table of RESULTS.md.

`python -m benchmarks.run --ours BIN --peers BIN [--quick] [--rounds N] [--only W1,W2] [--out FILE]`; BIN are `bin`
folders of virtual environments.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import held, reports
from benchmarks.farm import farm, slow_farm
from benchmarks.measure import Costs, Row, compare
from benchmarks.peers import EXPERIMENTS, LIMIT, LIMITS, OURS, PEERS, Job, Peer

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Setting:
    """Where things are installed, and how long to measure."""

    ours: Path
    peers: Path
    rounds: int
    quick: bool


def rows(setting: Setting, job: Job, peers: tuple[Peer, ...]) -> list[Row]:
    """A row for each peer that can do it."""
    made = []
    for peer in peers:
        if (job.farm is None and not peer.local) or job.hosts > peer.most_hosts:
            continue
        call = peer.call(job, setting.ours if peer.ours else setting.peers)
        made.append(Row(peer.name, call.argv, call.env))
    return made


def table(title: str, found: list[Costs], base: str, goal: str) -> str:
    """Medians, and ratios to the row called `base`."""
    lines = [
        f"## {title}",
        "",
        goal,
        "",
        "| | seconds | ratio | processor | memory |",
        "| --- | --: | --: | --: | --: |",
    ]
    unit = next(costs for costs in found if costs.name == base).median("wall")
    for costs in found:
        if costs.failed:
            lines.append(f"| {costs.name} | failed | | | |")
            print(f"{costs.name}: {costs.failed}", file=sys.stderr)
            continue
        wall, cpu, memory = (costs.median(what) for what in ("wall", "cpu", "memory"))
        lines.append(f"| {costs.name} | {wall:.3f} | {wall / unit:.2f} | {cpu:.2f} s | {memory:.0f} MiB |")
    return "\n".join(lines) + "\n"


def w1(setting: Setting, folder: Path) -> Iterator[str]:
    with farm(folder, 1) as hosts:
        found = compare(rows(setting, Job(folder, 20, hosts), (*LIMITS, *OURS, *PEERS)), folder, setting.rounds)
    yield table("W1: 20 steps on 1 host", found, LIMIT.name, "Goal: at most 2.5 of the limit.")


def w2(setting: Setting, folder: Path) -> Iterator[str]:
    counts = (10, 50) if setting.quick else (10, 50, 100)
    with farm(folder, counts[-1]) as hosts:
        for count in counts:
            job = Job(folder, 10, hosts, count)
            found = compare(rows(setting, job, (*LIMITS, *OURS, *EXPERIMENTS, *PEERS)), folder, setting.rounds)
            goal = "1.6" if count == 10 else "1.1"
            yield table(f"W2: 10 steps on {count} hosts", found, LIMIT.name, f"Goal: at most {goal} of the limit.")


def w3(setting: Setting, folder: Path) -> Iterator[str]:
    with slow_farm(folder, 10, 0.05) as hosts:
        found = compare(rows(setting, Job(folder, 10, hosts, 10), (*LIMITS, *OURS, *PEERS)), folder, setting.rounds)
    title = "W3: 10 steps on 10 hosts, 50 ms away"
    yield table(title, found, LIMIT.name, "Goal: at most 1.3 of the limit.")


def w4(setting: Setting, folder: Path) -> Iterator[str]:
    counts, both = (1, 100), []
    for count in counts:
        (folder / str(count)).mkdir()
        job = Job(folder / str(count), count)
        both.append([replace(row, name=f"{row.name}#{count}") for row in rows(setting, job, (*OURS, *PEERS))])
    turns = [row for pair in zip(*both, strict=True) for row in pair]
    found = compare(turns, folder, min(3, setting.rounds))
    yield _each_step(found[::2], found[1::2], counts[1] - counts[0])


def _each_step(one: list[Costs], many: list[Costs], more: int) -> str:
    """What each of `more` steps costs over the first, so without the start of the program."""
    lines = [
        f"## W4: {more + 1} steps on this machine, without SSH",
        "",
        "Goal: a step at least 10 times as fast as pyinfra's, and 100 times as fast as Ansible's.",
        "",
        f"| | 1 step | {more + 1} steps | a further step | ratio |",
        "| --- | --: | --: | --: | --: |",
    ]
    unit = 0.0
    for first, last in zip(one, many, strict=True):
        name = first.name.partition("#")[0]
        if failed := first.failed or last.failed:
            lines.append(f"| {name} | failed | | | |")
            print(f"{name}: {failed}", file=sys.stderr)
            continue
        begin, whole = first.median("wall"), last.median("wall")
        step = (whole - begin) / more
        unit = unit or step
        lines.append(f"| {name} | {begin:.3f} s | {whole:.3f} s | {step * 1000:.2f} ms | {step / unit:.1f} |")
    return "\n".join(lines) + "\n"


def w5(setting: Setting, folder: Path) -> Iterator[str]:
    playbook = folder / "large.yml"
    steps = "".join(
        f"      - name: Step {number}\n        shell: echo {{{{ part }}}} {number}\n        register: r{number}\n"
        f"        expect: [rc == 0, \"'{number}' in stdout\"]\n        when: part | length > 0\n"
        for number in range(2000)
    )
    playbook.write_text(f"name: Large\nvars: {{part: x}}\nhosts: all\nstages:\n  - name: All\n    steps:\n{steps}")
    program = str(setting.ours / "runbook")
    found = compare(
        [
            Row("`python -c pass`", [str(setting.ours / "python"), "-c", "pass"]),
            Row("`runbook --version`", [program, "--version"]),
            Row("`runbook validate`, 2,000 steps", [program, "validate", str(playbook)]),
            Row("`pyinfra --version`", [str(setting.peers / "pyinfra"), "--version"]),
            Row("`ansible --version`", [str(setting.peers / "ansible"), "--version"]),
            Row("`ansible-playbook --syntax-check`, 2,000 tasks", _syntax_check(setting, folder)),
        ],
        folder,
        setting.rounds,
    )
    goal = "Goal: `--version` at most twice `python -c pass` and 60 ms; 2,000 steps validated in less than 1 s."
    yield table("W5: start", found, "`python -c pass`", goal)


def _syntax_check(setting: Setting, folder: Path) -> list[str]:
    tasks = "".join(
        f"    - name: Task {number}\n      shell: echo {{{{ part }}}} {number}\n      register: r{number}\n"
        "      when: part | length > 0\n"
        for number in range(2000)
    )
    playbook = folder / "large-ansible.yml"
    playbook.write_text(f"- hosts: all\n  gather_facts: false\n  vars: {{part: x}}\n  tasks:\n{tasks}")
    return [str(setting.peers / "ansible-playbook"), "--syntax-check", "-i", "localhost,", str(playbook)]


def w6(setting: Setting, folder: Path) -> Iterator[str]:
    count = 100 if setting.quick else 1000
    with farm(folder, count) as hosts:
        yield held.section(hosts, count, setting.ours)


def w7(setting: Setting, folder: Path) -> Iterator[str]:
    hosts = 100 if setting.quick else 1000
    yield reports.section(folder, setting.ours / "python", hosts, 50, min(3, setting.rounds))


WORKLOADS: dict[str, Callable[[Setting, Path], Iterator[str]]] = {
    "W1": w1,
    "W2": w2,
    "W3": w3,
    "W4": w4,
    "W5": w5,
    "W6": w6,
    "W7": w7,
}


def machine() -> str:
    """What it was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
    ssh = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=False).stderr.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return (
        f"{time.strftime('%Y-%m-%d')}. {os.cpu_count()} cores ({model}), {memory} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}, {ssh}."
    )


HEAD = """\
# What was measured

Made by `make bench`; nothing here is written by hand. Whole processes as a user types them, ours with its console and
a JSON report; medians of some rounds, in each of which every row has its turn (those that take over 20 s have it
once); seconds on the clock, the processor time and the peak memory of the client (of its largest process). The hosts
are addresses of one sshd on the same machine, so both ends share its cores. The limit is one `ssh HOST sh -s` for each
host, fed with all steps, none of which does anything; `true` is a builtin of its shell. (A process is counted with no
less memory than the 30 MiB of the one that starts it.)

Each section says when and on what it was measured: compare within a section.
"""


def kept(path: Path) -> dict[str, str]:
    """What an earlier run has left in the file, by title: `--only` measures the rest of it anew."""
    text = path.read_text() if path.exists() else ""
    sections = [f"## {section}".rstrip() + "\n" for section in text.split("\n## ")[1:]]
    return {section.partition("\n")[0]: section for section in sections}


def _order(title: str) -> tuple[str, int]:
    """W2 at 10 hosts comes before W2 at 100."""
    numbers = [int(word) for word in title.split() if word.isdigit()]
    return title[:5], numbers[-1] if numbers else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", type=Path, required=True)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="fewer hosts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(WORKLOADS))
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    given = parser.parse_args()
    setting = Setting(given.ours.absolute(), given.peers.absolute(), given.rounds, given.quick)
    parts = kept(given.out) | {"": HEAD}
    for name in given.only.split(","):
        with tempfile.TemporaryDirectory(prefix="rb-bench-", dir="/tmp") as folder:
            Path(folder).chmod(0o755)
            for part in WORKLOADS[name](setting, Path(folder)):
                print(part, flush=True)
                title, _, rest = part.partition("\n")
                parts[title] = f"{title}\n\n*{machine()} Rounds: {setting.rounds}.*\n{rest}"
                given.out.write_text("\n".join(parts[title] for title in sorted(parts, key=_order)))


if __name__ == "__main__":
    main()
