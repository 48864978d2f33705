"""The action of a step in full: its parts on several lines, the files that it uses, the database that it asks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runbook.model import Playbook, Step
from runbook.plan.describe.known_values import KnownValues, without_passwords, without_secrets
from runbook.plan.describe.view import ShownFile, StepView
from runbook.source.document import read_bounded
from runbook.steps.base import Detail
from runbook.steps.traits import SourceFile, traits
from runbook.templating.render import is_template
from runbook.templating.scope import Scope

MAX_SHOWN = 64 * 1024
"""Bytes of a script or a template that a plan shows; of larger ones it has the hash alone."""
DISTINCT = 4
"""Characters of a value that are enough to know it again in a line."""
MAX_HASHED = 1024 * 1024 * 1024


class Reader:
    """Files of the controller, each read once."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[str, str, str]] = {}

    def read(self, path: Path) -> tuple[str, str, str]:
        """SHA-256, text and a word about it; the text is empty where it is large or no text."""
        if path not in self._read:
            self._read[path] = self._look(path)
        return self._read[path]

    def _look(self, path: Path) -> tuple[str, str, str]:
        try:
            if path.is_dir():
                return "", "", "is a folder"
            data = read_bounded(path, MAX_HASHED)
        except (OSError, ValueError) as error:
            return "", "", f"cannot be read: {getattr(error, 'strerror', None) or error}"
        digest, size = hashlib.sha256(data).hexdigest(), f"{len(data)} bytes"
        if len(data) > MAX_SHOWN or b"\0" in data:
            return digest, "", size
        return digest, data.decode("utf-8", "replace"), size


def files_of(
    step: Step, args: Mapping[str, Any], reader: Reader, known: KnownValues, scope: Scope | None
) -> tuple[ShownFile, ...]:
    """The files of the controller that a step reads. A template is rendered, unless `scope` is None."""
    base = Path(step.place.document.file).absolute().parent
    asked = [one for one in traits(step.kind).files(args) if isinstance(one.path, str) and not is_template(one.path)]
    return tuple(_file(one, base / one.path, reader, known, scope if one.rendered else None) for one in asked)


def _file(source: SourceFile, path: Path, reader: Reader, known: KnownValues, scope: Scope | None) -> ShownFile:
    said = str(source.path)
    if "(env " in said or "(run " in said or "(playbook_dir)" in said or "(item" in said:
        return ShownFile(said, "", "", "which file that is, is known when it starts")
    digest, text, size = reader.read(path)
    if not source.language:
        text = ""
    elif scope is not None:
        text = _rendered(text, scope, said, known)
    return ShownFile(said, digest, without_passwords(text), size)


def _rendered(text: str, scope: Scope, name: str, known: KnownValues) -> str:
    if not is_template(text):
        return text
    from runbook.templating.template_files import render_file

    return known.file(text, scope, lambda: render_file(text, Scope(scope.layers, scope.controller), name))


def connections(
    playbook: Playbook, step: Step, args: Mapping[str, Any], scope: Scope, known: KnownValues
) -> Iterator[str]:
    """Which databases a step asks, and as whom."""
    for query in traits(step.kind).queries(args):
        if said := _connection(playbook, str(query.database or ""), scope, known):
            yield said


def _connection(playbook: Playbook, name: str, scope: Scope, known: KnownValues) -> str:
    if not name and len(playbook.databases) == 1:
        name = next(iter(playbook.databases))
    if name not in playbook.databases:
        return name
    settings = known.value(playbook.databases[name], scope, playbook.place / "databases" / name)
    shown = without_secrets({key: value for key, value in settings.items() if key != "password"})
    return f"{name}: " + ", ".join(f"{key} {value}" for key, value in shown.items())


def details(step: StepView) -> tuple[Detail, ...]:
    """The parts of an action that are more than one line says: scripts, diffs, queries, requests, files."""
    args, kind = json.loads(step.args), traits(step.kind)
    languages = {str(one.path): one.language for one in kind.files(args)}
    files = (Detail(f"{one.path} ({one.said})", one.text, languages.get(one.path, "")) for one in step.files)
    return (*kind.detail(args), *files)


def options(step: StepView, shown: tuple[Detail, ...]) -> list[tuple[str, str]]:
    """The options that neither the line nor the details tell."""
    line = "" if instead(shown) else step.text
    told = {*traits(step.kind).IN_LINE, *(name for detail in shown for name in detail.options)}
    rest = []
    for name, value in json.loads(step.args).items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if name not in told and not _stands(name, value, line):
            rest.append((name, text))
    return rest


def instead(shown: tuple[Detail, ...]) -> bool:
    """Do the details stand in the place of the line?"""
    return any(detail.options for detail in shown)


def _stands(name: str, value: Any, line: str) -> bool:
    """Does the line tell it already? Of lists and mappings each part; a short value only beside its name."""
    if isinstance(value, list):
        return bool(value) and all(_stands(name, item, line) for item in value)
    if isinstance(value, Mapping):
        return bool(value) and all(_stands(key, item, line) for key, item in value.items())
    text = str(value)
    return (len(text) >= DISTINCT and text in line) or f"{name} {text}" in line
