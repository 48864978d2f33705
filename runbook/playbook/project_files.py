"""The files of a project that a playbook leads to: each is looked for inside the project, and read once."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, field

from runbook.source.document import Document, Place, Problem, Problems
from runbook.vault.documents import read_document
from runbook.vault.format import Vault

MAX_SHOWN = 60
"""Characters of a name that cannot be one, in a message."""


class Files(Struct):
    """What is wrong is put to `problems`, what was read to `documents`."""

    root: Path
    """Folder that the files must stand in."""
    vault: Vault
    problems: list[Problem]
    documents: list[Document]
    _read: dict[Path, Document | None] = field(default_factory=dict)
    _found: dict[tuple[str, str], Path] = field(default_factory=dict)

    def beside(self, name: str, at: Place, rule: str) -> Path | None:
        """The file that is meant by a name in another one; links are followed before it is looked where it lies."""
        key = (at.document.file, name)
        path = self._found.get(key) or self._find(name, at, rule)
        if path is not None:
            self._found[key] = path
        return path

    def _find(self, name: str, at: Place, rule: str) -> Path | None:
        try:
            path = (Path(at.document.file).absolute().parent / name).resolve()
            there = path.is_file()
        except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL in it, links in a circle
            self.problems.append(at.problem(f"{name[:MAX_SHOWN]!r} cannot be a file's name: {error}", rule=rule))
            return None
        if not path.is_relative_to(self.root.resolve()):
            self.problems.append(at.problem("the file lies outside the project", f"the project is {self.root}", rule))
        elif not there:
            self.problems.append(at.problem(f"there is no file {name!r} beside {at.document.file}", rule=rule))
        else:
            return path
        return None

    def document(self, path: Path) -> Document | None:
        """The file read; None where something is wrong with it, which is told once."""
        if path not in self._read:
            self._read[path] = None
            try:
                self._read[path] = document = read_document(path, self.vault)
                self.documents.append(document)
            except Problems as error:
                self.problems += error.problems
        return self._read[path]
