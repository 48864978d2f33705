"""What is set and never read. A word that stands in any template or expression counts as read, be it in quotes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runbook.lint.missing_files import sources
from runbook.lint.rules import found
from runbook.lint.subject import Subject, sets
from runbook.lint.texts import Text, words
from runbook.model import Node
from runbook.playbook.references import databases_asked
from runbook.source.document import Document, Place, Problem, Problems, read_bounded
from runbook.source.yaml import MAX_BYTES
from runbook.templating.render import is_template

_OF_THE_ENGINE = ("ansible_",)
"""Beginnings of names that the program reads itself."""


_NOWHERE = Place(Document("", "", None))


def unused(subject: Subject) -> Iterator[Problem]:
    """Nothing is told of a playbook that has not been read whole."""
    if not subject.whole:
        return
    read = _read(subject)
    if read is not None:
        yield from _variables(subject, read)
    yield from _databases(subject)
    yield from _remediations(subject)


def _read(subject: Subject) -> set[str] | None:
    """Every word that something reads; None where a template's file is not known."""
    read = {word for text in subject.texts for word in words(text)}
    for document in subject.playbook.documents:
        read |= _words_of(document.data)  # also where no template is looked for: what is not sure to be idle is not
    for host in {host.name: host for hosts in (subject.hosts or {}).values() for host in hosts}.values():
        for variable in host.variables.values():
            read |= _words_of(variable.value)
    for source, path, _ in sources(subject):
        if source.rendered:
            if path is None:
                return None
            read |= _in_file(path)
    return read


def _words_of(value: Any) -> set[str]:
    if isinstance(value, str):
        return words(Text(value, _NOWHERE)) if is_template(value) else set()
    if isinstance(value, Mapping):
        return set().union(*map(_words_of, value.values()))
    return set().union(*map(_words_of, value)) if isinstance(value, list) else set()


def _in_file(path: Path) -> set[str]:
    try:
        return words(Text(read_bounded(path, MAX_BYTES).decode("utf-8", "replace"), _NOWHERE))
    except (OSError, Problems):
        return set()


def _variables(subject: Subject, read: set[str]) -> Iterator[Problem]:
    playbook = subject.playbook
    files = {playbook.file}
    for item in playbook.inputs.values():
        if item.name not in read:
            yield _told("unused-input", item.place, f"nothing reads the input {item.name!r}")
    for name, place in playbook.vars_places.items():
        if place.document.file in files:  # files of variables are shared by playbooks
            yield from _variable(name, place, read)
    for node in subject.places:
        yield from _of_node(node, read)
    for branch in playbook.remediations.values():
        for name in branch.vars:
            yield from _variable(name, branch.place / "vars" / name, read)


def _of_node(node: Node, read: set[str]) -> Iterator[Problem]:
    for name in node.common.vars:
        yield from _variable(name, node.place / "vars" / name, read)
    for name, place in sets(node):
        if name in read:
            continue
        if place.path[-1] == "register":
            yield found("unused-register", place, f"nothing reads {name!r}", "leave the `register` out")
        else:
            yield from _variable(name, place, read)


def _variable(name: str, place: Place, read: set[str]) -> Iterator[Problem]:
    if name not in read and not str(name).startswith(_OF_THE_ENGINE):
        yield _told("unused-variable", place, f"nothing reads the variable {name!r}")


def _told(rule: str, place: Place, message: str) -> Problem:
    return found(rule, place.key, message, "remove it, or read it somewhere")


def _databases(subject: Subject) -> Iterator[Problem]:
    databases = subject.playbook.databases
    asked = [str(name or "") for node in subject.places for name, _ in databases_asked(node)]
    if any(is_template(name) for name in asked) or (len(databases) == 1 and "" in asked):
        return
    for name in databases:
        if name not in asked:
            yield _told(
                "unused-database", subject.playbook.place / "databases" / name, f"no step asks the database {name!r}"
            )


def _remediations(subject: Subject) -> Iterator[Problem]:
    used = {branch.place.value for node in subject.places for branch in node.common.remediate}
    for name, branch in subject.playbook.remediations.items():
        if branch.place.value not in used:
            yield _told("unused-remediation", branch.place, f"no step refers to the remediation {name!r}")
