"""Files on a host, by commands over its transport, so that `become` holds for them too.

Works with GNU coreutils and busybox. `run` is `Context.command`: sh text, and bytes for its standard input.
"""

from __future__ import annotations

import re
import shlex
from typing import Protocol

from runbook.common.frozen import Frozen
from runbook.transports.base import CommandResult

READ_LIMIT = 16 * 1024 * 1024


class Run(Protocol):
    def __call__(self, script: str, *, stdin: bytes = b"") -> CommandResult: ...


class FileProblem(Exception):
    """A file cannot be read or written; the sentence says which, and why."""


class FileMissing(FileProblem):
    """There is no such file."""


class FileInfo(Frozen):
    """`kind` is file, directory, link or other; `mode` octal text such as `0644`; `mtime` seconds since the epoch."""

    kind: str
    mode: str
    owner: str
    group: str
    size: int
    mtime: float
    target: str = ""
    """Where a link leads."""
    uid: str = ""
    gid: str = ""
    """Owner and group as numbers in decimal text."""


_KINDS = {0o100000: "file", 0o040000: "directory", 0o120000: "link"}


def stat(run: Run, path: str, *, follow: bool = True) -> FileInfo | None:
    """What is at the path, or None. Raises FileProblem when it cannot be looked at."""
    word = shlex.quote(path)
    dereference = "-L " if follow else ""
    result = run(
        f"[ -e {word} ] || [ -L {word} ] || {{ LC_ALL=C ls -d -- {word} 2>&1; exit 44; }}\n"
        f"LC_ALL=C stat {dereference}-c '%f|%a|%U|%G|%u|%g|%s|%Y|%y' -- {word} && readlink -- {word} || [ ! -L {word} ]"
    )
    if result.exit_code == 44:
        if "ermission denied" in result.out:
            raise FileProblem(f"{path} cannot be looked at: permission denied")
        return None
    if not result.stdout:
        if "o such file" in result.err:  # a link that leads nowhere
            return None
        raise FileProblem(f"{path} cannot be looked at: {result.err or f'exit code {result.exit_code}'}")
    line, _, target = result.out.partition("\n")
    return _info(line, target)


def _info(line: str, target: str) -> FileInfo:
    raw, mode, owner, group, uid, gid, size, seconds, human = line.split("|", 8)
    fraction = re.search(r":\d\d(\.\d+)", human)
    mtime = int(seconds) + (float(fraction.group(1)) if fraction else 0.0)
    kind = _KINDS.get(int(raw, 16) & 0o170000, "other")
    return FileInfo(kind, mode.zfill(4), owner, group, int(size), mtime, target, uid, gid)


def read_file(run: Run, path: str, limit: int = READ_LIMIT) -> bytes:
    """The bytes of a regular file. Raises FileMissing, or FileProblem (a directory, not readable, too large)."""
    word = shlex.quote(path)
    result = run(
        f"[ -e {word} ] || {{ LC_ALL=C ls -d -- {word} 2>&1 | grep -q 'ermission denied' && exit 46; exit 44; }}\n"
        f"[ -d {word} ] && exit 45; [ -f {word} ] || exit 47\n[ -r {word} ] || exit 46; head -c {limit + 1} -- {word}"
    )
    said = {44: "there is no such file", 45: "is a directory", 46: "permission denied", 47: "is not a regular file"}
    if result.exit_code in said:
        error = FileMissing if result.exit_code == 44 else FileProblem
        raise error(f"{path}: {said[result.exit_code]}")
    if result.exit_code != 0:
        raise FileProblem(f"{path} cannot be read: {result.err}")
    if len(result.stdout) + result.dropped > limit:  # the transport may have kept less than we asked for
        raise FileProblem(f"{path} is larger than {limit} bytes")
    return result.stdout


def write_file(
    run: Run,
    path: str,
    data: bytes,
    *,
    mode: str | None = None,
    owner: str | None = None,
    group: str | None = None,
    backup: bool = False,
    validate: str | None = None,
) -> str:
    """Write a file whole or not at all; returns the backup's path, or empty text.

    Mode and owner are given, or kept from the file that is there. A link is followed. `validate` is a command with
    `%s` for the new file's name; when it fails, nothing has changed. Raises FileProblem.
    """
    result = run(
        _SCRIPT.format(
            path=shlex.quote(path),
            size=len(data),
            backup="1" if backup else "",
            check=_check(validate),
            mode=f'chmod {shlex.quote(mode)} "$temp" || exit 51' if mode else ":",
            owner=_chown(owner, group),
        ),
        stdin=data,
    )
    if result.ok:
        return result.out
    raise FileProblem(_why(path, result))


def could_write(
    run: Run,
    path: str,
    data: bytes,
    *,
    owner: str | None = None,
    group: str | None = None,
    validate: str | None = None,
) -> None:
    """Look whether `write_file` would have what it needs: the folder, its room, the owner; and ask `validate`.

    Nothing is changed: `validate` is given the new file in a private folder of its own, which goes again. Raises
    FileProblem with the sentence of `write_file`.
    """
    result = run(
        _LOOK.format(
            path=shlex.quote(path),
            size=len(data),
            owner=shlex.quote(owner or ""),
            group=shlex.quote(group or ""),
            check=_check(validate),
            validates="1" if validate else "",
        ),
        stdin=data if validate else b"",
    )
    if not result.ok:
        raise FileProblem(_why(path, result))


def _check(validate: str | None) -> str:
    """The command that looks at the new file, as sh text. Raises FileProblem."""
    if validate is not None and "%s" not in validate:
        raise FileProblem("validate needs %s where the file's name goes")
    return re.sub("\"%s\"|'%s'|%s", '"$temp"', validate) if validate else ":"


def _chown(owner: str | None, group: str | None) -> str:
    if owner is None and group is None:
        return ":"
    whole = (owner or "") + (f":{group}" if group else "")
    return f'chown {shlex.quote(whole)} "$temp" || exit 51'


def _why(path: str, result: CommandResult) -> str:
    said = "\n".join(filter(None, [result.out, result.err])).strip()
    if result.exit_code == 50:
        return f"{path} was not changed: validate failed: {said}"
    if result.exit_code == 52:
        return f"{path} cannot be written: it is a directory"
    if result.exit_code == 55:
        return f"{path} cannot be written: it is neither a file nor a link to one"
    if result.exit_code == 53:
        refused = "ermission denied" in said or "ead-only" in said
        why = "the folder takes no new file" if refused else "the folder has no room, or the connection broke"
        return f"{path} was not changed: {why}: {said}"
    return f"{path} cannot be written: {said or f'exit code {result.exit_code}'}"


_SCRIPT = """\
path={path}
[ -L "$path" ] && path=$(readlink -f -- "$path")
[ -d "$path" ] && exit 52
[ -e "$path" ] && [ ! -f "$path" ] && exit 55
case $path in */*) folder=${{path%/*}}/ ;; *) folder=./ ;; esac
[ -d "$folder" ] || {{ echo "there is no folder $folder" >&2; exit 1; }}
temp="$folder.runbook-$$-${{path##*/}}"
trap 'rm -rf -- "$temp" "$temp.d"' EXIT
(umask 077; set -C; cat > "$temp") || exit 53
[ "$(wc -c < "$temp")" -eq {size} ] || exit 53
# The owner comes before the mode: a new owner takes the set-user bit away.
bits=$(printf %o $((0666 & ~0$(umask))))
if [ -e "$path" ]; then
  bits=$(stat -c %a -- "$path") || exit 51
  chown "$(stat -c %u:%g -- "$path")" "$temp" 2>/dev/null || [ -O "$path" ] || {{
    echo "its owner cannot be kept" >&2; exit 51; }}
fi
{owner}
chmod "$bits" "$temp" || exit 51
{mode}
# A compiler's by-products stay out of the folder.
said=$(export PYTHONPYCACHEPREFIX="$temp.d"; {{
{check}
}} 2>&1) || {{ printf %s "$said" >&2; exit 50; }}
kept=
if [ -n "{backup}" ] && [ -e "$path" ]; then
  stem="$path.$(date +%Y-%m-%dT%H%M%S)" kept="$stem~" n=1
  while [ -e "$kept" ] || [ -L "$kept" ]; do n=$((n+1)); kept="$stem-$n~"; done
  cp -p -- "$path" "$kept" || {{ rm -f -- "$kept"; exit 53; }}
fi
mv -f -- "$temp" "$path" || {{ [ -z "$kept" ] || rm -f -- "$kept"; exit 54; }}
printf %s "$kept"
"""

# What _SCRIPT needs, looked at in its order; who is not root gives no file away.
_LOOK = """\
path={path} owner={owner} group={group} uid=
[ -L "$path" ] && path=$(readlink -f -- "$path")
[ -d "$path" ] && exit 52
[ -e "$path" ] && [ ! -f "$path" ] && exit 55
case $path in */*) folder=${{path%/*}}/ ;; *) folder=./ ;; esac
[ -d "$folder" ] || {{ echo "there is no folder $folder" >&2; exit 1; }}
[ -w "$folder" ] && [ -x "$folder" ] || {{ echo "$folder: Permission denied, or Read-only file system" >&2; exit 53; }}
room=$(df -P -k -- "$folder" 2>/dev/null | awk 'NR == 2 {{print $4}}')
[ -z "$room" ] || [ "$room" -gt $(({size} / 1024)) ] || {{ echo "$room KiB are free" >&2; exit 53; }}
me=$(id -u)
case $owner in ''|*[!0-9]*) ;; *) uid=$owner ;; esac
[ -z "$owner" ] || [ -n "$uid" ] || uid=$(id -u -- "$owner" 2>/dev/null) || {{
  echo "there is no user $owner" >&2; exit 51; }}
case $group in
''|*[!0-9]*) [ -z "$group" ] || {{ getent group "$group" || grep "^$group:" /etc/group; }} >/dev/null 2>&1 || {{
  echo "there is no group $group" >&2; exit 51; }} ;;
esac
if [ "$me" != 0 ]; then
  [ -z "$uid" ] || [ "$uid" = "$me" ] || {{ echo "only root gives a file to $owner" >&2; exit 51; }}
  [ -z "$group" ] || case " $(id -G) $(id -Gn) " in *" $group "*) ;; *)
    echo "only root gives a file to a group that it is not in: $group" >&2; exit 51 ;; esac
  [ ! -e "$path" ] || [ -O "$path" ] || {{ echo "its owner cannot be kept" >&2; exit 51; }}
fi
[ -n "{validates}" ] || exit 0
place=$(umask 077; mktemp -d 2>/dev/null) || {{ echo "validate has no place for the new file" >&2; exit 51; }}
trap 'rm -rf -- "$place"' EXIT
temp="$place/.runbook-$$-${{path##*/}}"
cat > "$temp" && [ "$(wc -c < "$temp")" -eq {size} ] || exit 53
said=$(export PYTHONPYCACHEPREFIX="$temp.d"; {{
{check}
}} 2>&1) || {{ printf %s "$said" >&2; exit 50; }}
"""
