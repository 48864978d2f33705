"""`changes: false` on a command that plainly changes the host. What is written to /tmp, or to a place that only a
variable tells, is taken for a step's own scratch."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from runbook.lint.rules import found
from runbook.lint.subject import Subject
from runbook.model import Step
from runbook.source.document import Problem
from runbook.steps.traits import traits

TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1([^\n]*)\n.*?^\s*\2\s*$", re.DOTALL | re.MULTILINE)
_PREFIXES = {
    "sudo",
    "doas",
    "env",
    "nohup",
    "nice",
    "ionice",
    "time",
    "exec",
    "command",
    "then",
    "else",
    "do",
    "!",
    "{",
    "(",
}
_OPERATORS = {";", "&&", "||", "|", "&", "|&", "(", ")", ";;", "\n"}


def _paths(words: Sequence[str]) -> bool:
    """Is one of its paths another than scratch?"""
    return any(not _scratch(word) for word in words if not word.startswith("-"))


def _scratch(word: str) -> bool:
    return word.startswith(("/tmp/", "/var/tmp/", "/dev/", "$", "&")) or word in ("/dev/null", "-", "")  # noqa: S108 - compared only


def _always(_words: Sequence[str]) -> bool:
    return True


_GROUPS = ("compose", "container", "image", "volume", "network")
"""Words of docker's behind which the verb stands."""


def _verbs(*verbs: str) -> Callable[[Sequence[str]], bool]:
    """Does its first word that is no option say one of these?"""
    return lambda words: next((word for word in words if not word.startswith("-") and word not in _GROUPS), "") in verbs


def _in_place(words: Sequence[str]) -> bool:
    return any(re.match(r"-[a-zA-Z]*i|--in-place", word) for word in words)


_PACKAGES = _verbs(
    "install", "remove", "purge", "upgrade", "dist-upgrade", "full-upgrade", "autoremove", "erase", "add", "del"
)
_CONTAINERS = _verbs("rm", "rmi", "stop", "start", "restart", "kill", "up", "down", "run", "pull", "prune")
COMMANDS: Mapping[str, Callable[[Sequence[str]], bool]] = {
    **dict.fromkeys(("rm", "rmdir", "mv", "cp", "ln", "mkdir", "chmod", "chown", "truncate", "install", "tee"), _paths),
    **dict.fromkeys(("kill", "pkill", "killall"), lambda words: "-0" not in words and "-l" not in words),
    **dict.fromkeys(("reboot", "shutdown", "useradd", "userdel", "usermod", "groupadd", "mkfs", "umount"), _always),
    **dict.fromkeys(("apt", "apt-get", "yum", "dnf", "zypper", "apk", "pip", "pip3", "npm", "gem"), _PACKAGES),
    **dict.fromkeys(("docker", "podman", "docker-compose"), _CONTAINERS),
    **dict.fromkeys(("sed", "perl"), _in_place),
    "systemctl": _verbs(
        "start", "stop", "restart", "reload", "enable", "disable", "mask", "unmask", "daemon-reload", "kill"
    ),
    "service": lambda words: bool(set(words[1:2]) & {"start", "stop", "restart", "reload"}),
    "supervisorctl": _verbs("start", "stop", "restart", "reload", "update"),
    "pm2": _verbs("start", "stop", "restart", "reload", "delete"),
    "kubectl": _verbs("apply", "create", "delete", "edit", "patch", "replace", "scale", "drain", "cordon", "uncordon"),
    "git": _verbs("pull", "push", "commit", "reset", "checkout", "merge", "rebase", "clean"),
}
"""Programs that change the host, each with the question whether these words of it do."""


def changing(subject: Subject) -> Iterator[Problem]:
    for node in subject.places:
        if isinstance(node, Step) and node.changes is False and (told := _plainly(node)):
            message = f"`changes: false`, but `{told}` changes the host"
            hint = "leave `changes: false` out, so that --check and verify do not run it"
            yield found("changes-false", node.place / "changes", message, hint)


def _plainly(step: Step) -> str:
    """What of a command changes something; empty where nothing does, as far as can be seen."""
    line = traits(step.kind).COMMAND_LINE
    if line is None:
        return ""
    words = step.args.get(line.words)
    if isinstance(words, list):
        return _of(list(map(str, words)), redirects=False)
    text = _HEREDOC.sub(r"\3", TEMPLATE.sub("$template", str(step.args.get(line.option, ""))))
    simple = _simple(text, line.by_shell)
    return next(filter(None, (_of(words, redirects=line.by_shell) for words in simple)), "")


def _simple(text: str, shell: bool) -> Iterator[list[str]]:
    """The simple commands of a shell text, as words; of a command's text the one that it is."""
    try:
        words = _words(text) if shell else shlex.split(text)
    except ValueError:  # an open quote: what a shell makes of it is not told here
        return
    command: list[str] = []
    for word in words:
        if shell and word in _OPERATORS:
            yield command
            command = []
        else:
            command.append(word)
    yield command


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    return list(lexer)


def _of(words: list[str], *, redirects: bool) -> str:
    """The words that change something; empty when none do."""
    if words[:1] and words[0] in ("[[", "((", "["):
        return ""
    while words and (words[0] in _PREFIXES or re.match(r"\w+=", words[0])):
        words = words[1:]
        while words and words[0].startswith("-"):
            words = words[1:]
    for operator, target in pairwise(words) if redirects else ():
        if operator in (">", ">>", ">|", "&>") and not _scratch(target) and not target.isdigit():
            return f"{operator} {target}"
    name = words[0].rsplit("/", 1)[-1] if words else ""
    arguments = [word for word in words[1:] if word not in (">", ">>", "<", ">&", "<<<")]
    if name in COMMANDS and COMMANDS[name](arguments):
        return " ".join([name, *arguments])[:40].replace("$template", "…")
    return ""
