"""The files of one log: the current one, those rotated away, packed or not, and what stands in them.

A place in a file is proved by what stands there: its first bytes, and those just before the place. So a file that was
truncated and has grown again, a copy beside it and a packed one are told apart, whatever their names and inodes.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence

from runbook.common.frozen import Frozen
from runbook.steps.base import Context, StepError
from runbook.transports.base import CommandResult

LIMIT = 32 * 1024 * 1024
"""Bytes of one file that are looked at, at the most."""
CHUNK = 8 * 1024 * 1024
PROOF = 256
"""Bytes at the beginning, and before the place, that prove it."""
GENERATIONS = 10
"""Of the older files the newest: to prove a place in a packed one, it has to be unpacked up to there."""
_PACKED = (".gz", ".xz", ".bz2", ".zst")
_CUT = "not read to its end"


class LogFile(Frozen):
    """`proof` is a digest of what proves the place that was asked for, or the file's end. `mtime` is in seconds."""

    path: str
    inode: int
    size: int
    mtime: float
    proof: str

    @property
    def packed(self) -> bool:
        return self.path.endswith(_PACKED)


def must(result: CommandResult, what: str) -> bytes:
    """A command's output. Raises StepError when it failed, or when it is not all of it."""
    if not result.ok:
        raise StepError(f"{what} cannot be read: {result.err or result.out or f'exit code {result.exit_code}'}")
    if result.dropped:
        raise StepError(f"{what} gives more than can be looked at: say a later `since`, or `lines`")
    return result.stdout


# A pipe hides that its first command failed: what cannot be read must never look like an empty log.
_SHELL = f"""\
LC_ALL=C; export LC_ALL
readable() {{
  [ -f "$1" ] || {{ echo 'it is no regular file' >&2; exit 45; }}
  [ -r "$1" ] || {{ echo 'permission denied' >&2; exit 46; }}
}}
unpack() {{
  case $1 in
    *.gz) gzip -dc < "$1" ;;
    *.xz) xz -dc < "$1" ;;
    *.bz2) bzip2 -dc < "$1" ;;
    *.zst) zstd -dc < "$1" ;;
    *) cat < "$1" ;;
  esac || echo '{_CUT}' >&2
}}
from() {{  # the bytes behind the first $2
  case $1 in
    *.gz|*.xz|*.bz2|*.zst) unpack "$1" | tail -c "+$(($2 + 1))" ;;
    *) tail -c "+$(($2 + 1))" < "$1" || echo '{_CUT}' >&2 ;;
  esac
}}
"""
# One record for each file: inode, size, time; the digits of what proves the place; name.
_LOOK = """\
hex() {{ od -An -v -tx1 | tr -d ' \\n'; }}
look() {{
  [ -f "$1" ] || return 0
  facts=$(stat -L -c '%i %s %Y %y' -- "$1") || return 0
  offset={offset}
  [ -n "$offset" ] || {{ offset=${{facts#* }}; offset=${{offset%% *}}; }}
  some=$((offset < {proof} ? offset : {proof}))
  printf '%s|' "$facts"
  if [ "$some" -gt 0 ]; then
    unpack "$1" 2>/dev/null | head -c "$some" | hex
    from "$1" $((offset - some)) 2>/dev/null | head -c "$some" | hex
  fi
  printf '|%s\\000' "$1"
}}
for one in {names}; do look "$one"; done
"""


def current(path: str, offset: int | None, context: Context) -> LogFile | None:
    """The file itself, with the proof of a place in it; None when it is not there. Raises StepError."""
    word = shlex.quote(path)
    # A folder that may not be entered hides its files; it does not mean that they are not there.
    hidden = f"ls -d -- {word} 2>&1 | grep -q 'ermission denied' && {{ echo 'permission denied' >&2; exit 46; }}"
    check = f"if [ -e {word} ]; then readable {word}; else {hidden}; fi\n"
    found = _look([word], offset, check, context)
    return found[0] if found else None


def rotated(path: str, context: Context) -> list[LogFile]:
    """The older files of a log, the oldest first: `app.log.1`, `app.log-20260131.gz`, `app-2026-01-31.log` …"""
    word = shlex.quote(path)
    names = [f"{word}.[0-9]*", f"{word}-[0-9]*", f"{word}.old", f"{word}.gz"]
    stem, dot, ending = path.rpartition(".")
    if dot and "/" not in ending and stem.rpartition("/")[2]:
        last = shlex.quote(f".{ending}")
        names += [f"{shlex.quote(stem)}{sign}[0-9]*{last}{more}" for sign in ".-" for more in ("", ".gz", ".[0-9]*")]
    found = {file.path: file for file in _look(names, 0, "", context)}
    once = [file for file in found.values() if not (file.packed and file.path.rpartition(".")[0] in found)]
    return sorted(once, key=_age)[-GENERATIONS:]


def proved(files: Sequence[LogFile], offset: int, context: Context) -> list[LogFile]:
    """The same files with the proof of a place in each."""
    if not files or offset == 0:
        return list(files)
    return sorted(_look([shlex.quote(file.path) for file in files], offset, "", context), key=_age)


def _age(file: LogFile) -> tuple[float, int]:
    return file.mtime, -_number(file.path)


def content(file: LogFile, start: int, context: Context) -> bytes:
    """What stands behind the first `start` bytes, as far as it was seen. Raises StepError when it is too much."""
    if not file.packed and file.size - start > LIMIT:
        raise too_much(file.path)
    end = start + LIMIT + 1 if file.packed else file.size
    out = bytearray()
    while (at := start + len(out)) < end:
        size = min(CHUNK, end - at)
        out += (part := _part(file.path, at, size, context))
        if len(part) < size:
            if not file.packed:
                raise StepError(f"{file.path} was truncated while it was read")
            break
    if len(out) > LIMIT:
        raise too_much(file.path)
    return bytes(out)


def too_much(path: str) -> StepError:
    return StepError(f"{path}: more than {LIMIT >> 20} MiB are to be looked at: say a later `since`, or `lines`")


def _part(path: str, offset: int, size: int, context: Context) -> bytes:
    word = shlex.quote(path)
    result = context.command(f"{_SHELL}readable {word}\nfrom {word} {offset} | head -c {size}")
    part = must(result, path)
    if len(part) < size and _CUT in result.err:
        raise StepError(f"{path} cannot be read: {result.err}")
    return part


def _look(names: Sequence[str], offset: int | None, check: str, context: Context) -> list[LogFile]:
    """The files that are there. Names are words of sh, which may have wildcards."""
    place = "''" if offset is None else str(offset)
    script = _SHELL + check + _LOOK.format(offset=place, proof=PROOF, names=" ".join(names))
    records = must(context.command(script), names[0]).decode("utf-8", "surrogateescape")
    return [_file(record) for record in records.split("\0") if record]


def _file(record: str) -> LogFile:
    facts, digits, path = record.split("|", 2)
    inode, size, seconds, human = facts.split(" ", 3)
    fraction = re.search(r":\d\d(\.\d+)", human)  # busybox has none
    proof = hashlib.sha256(digits.encode()).hexdigest()
    return LogFile(path, int(inode), int(size), int(seconds) + float(fraction[1] if fraction else 0), proof)


def _number(path: str) -> int:
    """Of `app.log.2.gz` 2: the higher, the older."""
    found = re.search(r"\.(\d{1,9})(?:\.\w+)?$", path)
    return int(found[1]) if found else 0
