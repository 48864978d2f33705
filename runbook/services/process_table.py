"""What runs on the host, and when: the process table and the times of files, by nothing but sh and what every host has.

Where there is a /proc (Linux, with busybox too) it is read as it is; elsewhere `ps` is asked. Start times are by the
host's own clock: a process born for the look itself is "now", and every other is so many ticks older. Neither the time
of boot nor the uptime comes into it; inside containers those may be another machine's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from shlex import quote

from runbook.common.frozen import Frozen
from runbook.services.base import ServiceError, Shell

MARK = "runbook-process-probe"
"""Stands in the text of every probe, so that a probe never finds another one (or its sudo)."""

_CLOCK = f"""\
: {MARK}
LC_ALL=C TZ=UTC0; export LC_ALL TZ
date +%s.%N
stat -Lc %y /proc/self 2>/dev/null || echo
"""

_TABLE = (
    _CLOCK
    + """\
cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo
getconf CLK_TCK 2>/dev/null || echo 100
echo $$
if [ -r /proc/self/stat ]; then
  set -- {folders}
  {{ cat /proc/self/stat; for p do echo "$p/stat"; done | xargs cat; }} 2>/dev/null
  echo '== {mark}'
  for p do echo "$p"; done | xargs ls -ld 2>/dev/null
  echo '== {mark}'
  for p do echo "$p/cmdline"; done | xargs tail -n +1 /dev/null 2>/dev/null
else
  ps -axo pid=,ppid=,pgid=,stat=,user=,lstart=,command=
fi
"""
)

_STAT = re.compile(rb"(?:^|\n)(\d+) \((.*?)\) (\S)((?: -?\d+)+)(?=\n)", re.DOTALL)
_OWNER = re.compile(rb"^\S+\s+\d+\s+(\S+)\s.*/proc/(\d+)$", re.MULTILINE)
_HEADER = re.compile(rb"(?:^|\n)==> /proc/(\d+)/cmdline <==\n")
_PS = re.compile(r"\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})\s(.*)")


class Process(Frozen):
    """A living process. `started` is seconds since the epoch; `command` its arguments, joined with spaces."""

    pid: int
    parent: int
    group: int
    session: int
    user: str
    started: float
    command: str
    birth: str
    """When it was born, as the kernel says it, exactly: together with the pid it names the process until reboot."""

    @property
    def identity(self) -> str:
        return f"{self.pid}@{self.birth}"


class Snapshot(Frozen):
    """What ran at a moment: `now` is the host's clock, `boot` names the time since it was last started."""

    processes: tuple[Process, ...]
    now: float
    boot: str = ""

    def get(self, pid: int | None) -> Process | None:
        """The living process with that pid."""
        return next((process for process in self.processes if process.pid == pid), None)


class FileTimes(Frozen):
    """When files were last written, seconds since the epoch; None for one that is not there."""

    times: dict[str, float | None]
    now: float
    grain: float
    """How far such a time may be off: a fraction of a second, or a whole one where the host tells no finer."""


def snapshot(shell: Shell, pids: Iterable[int] | None = None) -> Snapshot:
    """The process table of the host, or the rows of some pids. Without the probe itself. Raises ServiceError."""
    folders = "/proc/[0-9]*" if pids is None else " ".join(f"/proc/{pid:d}" for pid in pids)
    result = shell(_TABLE.format(folders=folders, mark=MARK))
    try:
        return parse_table(result.stdout)
    except (ValueError, IndexError):
        raise ServiceError(f"the host's process table cannot be read: {result.err or result.out[:200]}") from None


def parse_table(output: bytes) -> Snapshot:
    """What the probe printed. Raises ValueError, IndexError when it is something else."""
    date, precise, boot, ticks, shell, rest = output.split(b"\n", 5)
    now = _clock(date.decode(), precise.decode())[0]
    first = _STAT.match(rest)
    if first is None:
        processes = _from_ps(rest.decode("utf-8", "replace"))
    else:
        processes = _from_proc(rest[first.end() :], now, _born(first) / int(ticks), int(ticks))
    return Snapshot(_without_probes(processes, int(shell)), now, boot.decode())


def _born(row: re.Match[bytes]) -> int:
    """Start time in ticks: field 22 of /proc/PID/stat, of which 4 and on stand in the last group."""
    return int(row[4].split()[18])


def _from_proc(output: bytes, now: float, age: float, hertz: int) -> list[Process]:
    """`age` is the clock of the ticks, in seconds, at `now`."""
    stats, owners, commands = output.split(f"== {MARK}\n".encode(), 2)
    users = {int(match[2]): match[1].decode("utf-8", "replace") for match in _OWNER.finditer(owners)}
    lines = _command_lines(commands)
    processes = []
    for row in _STAT.finditer(b"\n" + stats):
        pid, state = int(row[1]), row[3]
        if state in b"ZX":  # it has ended, and its parent has not asked how
            continue
        parent, group, session = (int(word) for word in row[4].split()[:3])
        ticks = _born(row)
        command = lines.get(pid) or f"[{row[2].decode('utf-8', 'replace')}]"
        started = round(now - (age - ticks / hertz), 3)
        processes.append(Process(pid, parent, group, session, users.get(pid, ""), started, command, str(ticks)))
    return processes


def _command_lines(output: bytes) -> dict[int, str]:
    """pid → arguments. A pid that appears twice is left out: somebody put such a header into his own arguments."""
    pieces = _HEADER.split(output)
    pids = [int(word) for word in pieces[1::2]]
    # Of very many files xargs makes several calls of tail, each of which begins with /dev/null.
    bare = [piece.removesuffix(b"==> /dev/null <==\n").rstrip(b"\0") for piece in pieces[2::2]]
    texts = [piece.replace(b"\0", b" ").decode("utf-8", "replace").strip() for piece in bare]
    return {pid: text for pid, text in zip(pids, texts, strict=True) if pids.count(pid) == 1}


def _from_ps(output: str) -> list[Process]:
    processes = []
    for line in output.splitlines():
        row = _PS.fullmatch(line)
        if row is None or row[4].startswith("Z"):
            continue
        started = datetime.strptime(" ".join(row[6].split()), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC).timestamp()
        pid, parent, group = (int(row[number]) for number in (1, 2, 3))
        processes.append(Process(pid, parent, group, 0, row[5], started, row[7], str(int(started))))
    return processes


def _without_probes(processes: Sequence[Process], shell: int) -> tuple[Process, ...]:
    """Without the shell that looked and what it had started."""
    own = {shell}
    for process in sorted(processes, key=lambda process: process.birth.zfill(20)):
        if process.parent in own:
            own.add(process.pid)
    return tuple(process for process in processes if process.pid not in own and MARK not in process.command)


def _clock(date: str, precise: str = "") -> tuple[float, float]:
    """Seconds since the epoch and their grain, from what `date` and `stat` say."""
    if re.fullmatch(r"\d+\.\d+", date):
        return float(date), 0.05
    if precise:
        return _moment(precise), 0.05
    return float(date.partition(".")[0]), 1.0


def _moment(text: str) -> float:
    """`2025-11-24 00:52:00.123456789 +0000`, or seconds since the epoch."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    day, _, fraction = text.partition(" +")[0].partition(".")
    seconds = datetime.strptime(day, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    return seconds + float(f"0.{fraction or 0}")


def file_times(paths: Sequence[str], shell: Shell) -> FileTimes:
    """When each file was last written, a link's target for a link. Raises ServiceError."""
    looks = "".join(f"look {path_word(path)}\n" for path in paths)
    script = _CLOCK + (
        'look() { stat -Lc %y "$1" 2>/dev/null || { [ -e "$1" ] && stat -Lf %Fm "$1"; } || echo; }\n' + looks
    )
    result = shell(script)
    lines = result.out.split("\n")
    if not result.stdout or len(lines) < 2 + len(paths):
        raise ServiceError(f"the times of the files cannot be read: {result.err}")
    now, grain = _clock(lines[0], lines[1])
    times = {path: _moment(line) if line else None for path, line in zip(paths, lines[2:], strict=False)}
    return FileTimes(times, now, grain)


def path_word(path: str) -> str:
    """A path as one word of sh: quoted, `~/` is the user's home, and no program takes it for an option."""
    if path == "~" or path.startswith("~/"):
        return f'"$HOME"{quote(path[1:])}' if path != "~" else '"$HOME"'
    return quote(f"./{path}" if path.startswith("-") else path)
