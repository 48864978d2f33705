"""What people write out of habit, and what does something else here than they think."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from runbook.lint.changing_commands import TEMPLATE
from runbook.lint.rules import found
from runbook.lint.subject import Subject
from runbook.model import Step
from runbook.playbook.other_tools import example
from runbook.source.document import Problem
from runbook.steps import KINDS
from runbook.steps.traits import traits

_KEY = re.compile(r"(\w+)=")
_OPTION = re.compile(r"(?:^|\s)(creates|removes|chdir)=\S")
_FOR_A_SHELL = re.compile(r"(?:\|\|?|&&?|<|2?>.*|.*;)\Z|\$[A-Za-z_({]|\$\?|`")


def habits(subject: Subject) -> Iterator[Problem]:
    for node in subject.places:
        if isinstance(node, Step):
            yield from _free_form(node)
            yield from _needs_shell(node)
    yield from _no_become(subject)


def _free_form(step: Step) -> Iterator[Problem]:
    """`creates=/x` in a command is a word of it; `file: path=/x` is a path that begins with `path=`."""
    short = KINDS[step.kind].SHORT
    text = step.args.get(short) if short else None
    if not isinstance(text, str):
        return
    options = KINDS[step.kind].SCHEMA.get("properties", {})
    line = traits(step.kind).COMMAND_LINE
    command = line is not None and line.option == short
    match = _OPTION.search(text) if command else _KEY.match(text)
    if match and (option := match[1]) in options:
        message = f"`{option}=` is a part of the {'command' if command else short} here, not an option"
        yield found("free-form", step.args_place, message, f"write {example(step.kind, short, option)}")


def _needs_shell(step: Step) -> Iterator[Problem]:
    line = traits(step.kind).COMMAND_LINE
    text = step.args.get(line.option) if line and not line.by_shell else None
    if not isinstance(text, str):
        return
    try:
        words = shlex.split(TEMPLATE.sub("x", text), posix=False)  # what is quoted stays so
    except ValueError:
        return
    if words[:1] in (["sh"], ["bash"]) and "-c" in words:
        return
    if (special := next(filter(_FOR_A_SHELL.match, words), "")) or words[:1] == ["cd"]:
        message = f"`{special or 'cd'}` means something to a shell alone, and `{step.kind}` has none"
        yield found("needs-shell", step.args_place, message, "write `shell:`")


def _no_become(subject: Subject) -> Iterator[Problem]:
    """Only where nothing turns it on: neither the playbook nor the inventory."""
    if any(node.common.become is not None for node in subject.places):
        return
    if any("ansible_become" in host.variables for hosts in (subject.hosts or {}).values() for host in hosts):
        return
    for node in subject.places:
        if node.common.become_user and (node.place / "become_user").value != node.place.value:
            message = "`become_user` alone does nothing: `become` turns sudo on"
            yield found(
                "no-become", node.place / "become_user", message, "write `become: true` beside it, or run with -b"
            )
