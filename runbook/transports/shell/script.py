"""What a session shell is told, as sh text. Pure.

The shell keeps these for itself: fd 7 is its standard error (its own remarks, such as `Killed`, go nowhere), fd 9 the
writing end of a pipe that nobody reads. Every step holds the reading end as fd 8: as long as a process that a step has
left behind holds it too, writing there succeeds, and the frame says `left`.
"""

from __future__ import annotations

import re
import shlex

from runbook.transports.base import Become, Command

INLINE_INPUT = 32 * 1024
"""Bytes of standard input that go to a step through the shell: they fit into a pipe that nobody reads."""
NO_FOLDER = 126
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PLAIN_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_SHORT = 4096
_ASKS_WHO = re.compile(r"\$\{?[$0!]|PPID|LINENO|BASH|\b(?:source|eval|trap|set|jobs|wait)\b|(?:^|[\s;&|({`])\.\s")
_WORD = r"[\w./:@%+,][\w./:@%+,=-]*"
_TEST = rf"(?:-[bcdefghLnprsSuwxz] {_WORD}|{_WORD} !?= {_WORD}|\d{{1,9}} -(?:eq|ne|g[et]|l[et]) \d{{1,9}})"
_HARMLESS = re.compile(rf"(?:true|false|:|echo(?: {_WORD})*|test {_TEST}|\[ {_TEST} \])\Z", re.ASCII)
_OWN_FILES = ("/dev/", "/proc/")
_ESCAPED = re.compile(rb"[\x00\\']")

# A here-document is a pipe in most shells; in the others (bash before 5.1) a pipe is borrowed from two idle processes.
_START = """\
exec 7>&2 2>/dev/null
trap : PIPE
_b={boundary} _p=/dev/null
exec 5<<'E'

E
if [ -p /dev/fd/5 ] && (: >/dev/fd/5); then exec 9>/dev/fd/5; _p=/dev/fd/9
elif [ -p /dev/fd/5 ] || [ -d /proc/$$/fd ]; then
sleep 60 | sleep 60 & _n=0
until [ -p /proc/$!/fd/0 ] || [ $_n -gt 999 ]; do _n=$((_n+1)); done
if (: >/proc/$!/fd/0); then exec 9>/proc/$!/fd/0; _p=/dev/fd/9; fi
kill -9 $!
fi
exec 5<&-
_g() {{
printf '%s skipped\n' $_b
printf '%s\n' $_b >&7
}}
_c() {{ [ $_p != /dev/null ] && printf . >&9; }}
_f() {{
_s=$? _k=
_c && _k=left
printf '%s %s %s\\n' $_b $_s $_k || _s=unheard
printf '%s\\n' $_b >&7
}}
printf '%s %s\\n' $_b $$
printf '%s\\n' $_b >&7
"""


def start(boundary: str) -> str:
    """Makes a fresh `sh` a session shell. Its first frame holds its process id."""
    return _START.format(boundary=boundary)


def step(command: Command, boundary: str, *, raw_input: bool = False) -> bytes:
    """Runs a command in a session shell. With `raw_input` its standard input is what follows in the channel, after a
    frame of its own has said that the shell itself reads no more.
    """
    if harmless(command) and not raw_input:
        return f"{command.script} 2>&7 </dev/null\n_f\n".encode()
    # A subshell redirects after its fork: so the session shell's own remark on a killed step goes nowhere.
    apart = "8<$_p 9>&- 2>&7 7>&-"
    if simple(command.script):
        run, script = f"(unset _b\n{prologue(command)}eval {shlex.quote(command.script)}\n) {apart}", ""
    else:
        run = f"(\n{prologue(command)}exec /bin/sh /dev/fd/3\n) 3<<'E{boundary}' {apart}"
        script = f"{command.script}\nE{boundary}\n"
    if raw_input:
        first = b"_f\n"
    elif command.stdin:
        first = b"printf '%b' '" + _ESCAPED.sub(lambda match: b"\\0%03o" % match[0][0], command.stdin) + b"' | "
    else:
        first, run = b"", f"{run} </dev/null"
    return first + f"{run}\n{script}_f\n".encode("utf-8", "surrogateescape")


def unless_failed(step: bytes) -> bytes:
    """The same, if the step before it has succeeded and left nothing behind; else a frame that says `skipped`."""
    return b'if [ "$_s$_k" = 0 ]; then\n' + step + b"else _g\nfi\n"


def harmless(command: Command) -> bool:
    """Is it a builtin of every shell that looks, or prints plain words, and leaves nothing behind?

    The session shell runs it itself: nothing of it can outlive it or change the shell, and a fork is most of what it
    would cost the host. Only forms that no shell can misunderstand: an error in one would end the session shell.
    """
    text = command.script
    if command.chdir is not None or command.environment or command.stdin or len(text) > _SHORT:
        return False
    return _HARMLESS.match(text) is not None and not any(folder in text for folder in _OWN_FILES)


def simple(script: str) -> bool:
    """Does it mean the same in a subshell of the session shell? That costs the host a third of a new `sh`.

    Not where it asks who it is (`$$`, `$PPID`, `$0`), may do so in a file that it reads, or has more lines than one,
    which an error message would count wrong.
    """
    return len(script) <= _SHORT and "\n" not in script and not _ASKS_WHO.search(script)


def prologue(command: Command) -> str:
    """What comes before the script: its folder and its environment."""
    lines = []
    if command.chdir is not None:
        folder = shlex.quote("./-" if command.chdir == "-" else command.chdir)
        missing = shlex.quote(f"chdir: there is no folder {command.chdir}")
        lines.append(f"[ -d {folder} ] || {{ printf '%s\\n' {missing} >&2; exit {NO_FOLDER}; }}\n")
        lines.append(f"CDPATH= cd -- {folder} || exit {NO_FOLDER}\n")
    lines += [f"export {name}={shlex.quote(value)}\n" for name, value in command.environment.items()]
    return "".join(lines)


def unfit(command: Command) -> str:
    """Why no shell can run this command; empty text when one can."""
    if "\0" in command.script:
        return "the script holds a NUL byte, which no shell takes; give it as standard input"
    for name, value in command.environment.items():
        if not _NAME.match(name):
            return f"environment: {name!r} is not a name that a shell can export: letters, digits and _ only"
        if "\0" in value:
            return f"environment: the value of {name} holds a NUL byte"
    if "\0" in (command.chdir or ""):
        return "chdir: a path holds no NUL byte"
    return ""


def launch(become: Become | None, *, restricted: bool = False) -> str | None:
    """The command line for the login shell that makes it a plain `sh`, whatever it is itself.

    It has to mean the same in every shell, so there is nothing to quote in it: None when the user's name is not plain.
    `restricted` is for login shells that know neither `exec` nor programs by their path.
    """
    first = "" if restricted else "exec "
    if become is None:
        return f"{first}sh" if restricted else f"{first}/bin/sh"
    if become.password is not None or not _PLAIN_USER.match(become.user):
        return None
    return f"{first}sudo -n -H -u {become.user} -- /bin/sh"


def ask_sudo(become: Become, prompt: str, ready: str) -> str:
    """For a plain `sh`: becomes a `sh` of that user. On standard error stands `ready` when it has, and `prompt` each
    time that sudo wants the password, which it reads from standard input.
    """
    asking = "-n" if become.password is None else f"-S -p {prompt}"
    then = f"printf %s {ready} >&2; exec /bin/sh"
    return f"exec sudo {asking} -H -u {shlex.quote(become.user)} -- /bin/sh -c {shlex.quote(then)}\n"
