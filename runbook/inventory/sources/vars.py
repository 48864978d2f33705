"""`group_vars/` and `host_vars/`: files named after a group or a host, or folders of such files."""

from __future__ import annotations

from pathlib import Path

from runbook.inventory.builder import InventoryBuilder, Layer
from runbook.inventory.sources.files import (
    YAML_ENDINGS,
    Opened,
    mapping_of,
    open_text,
    problems_into,
    read_data,
    redacting,
)
from runbook.model import Variable
from runbook.source.document import Place, show_path
from runbook.vault.format import hidden

MAX_DEPTH = 20


class VarsFolder:
    """The variables beside an inventory or a playbook. Each file is read once; problems go to the builder."""

    def __init__(self, folder: Path, builder: InventoryBuilder) -> None:
        self.folder, self.builder = folder, builder
        self._names: dict[str, frozenset[str]] = {}
        self._read: dict[tuple[str, str], Layer] = {}

    def of_group(self, name: str) -> Layer:
        """What group_vars/ says of a group."""
        return self._layer("group_vars", name, f"group:{name}")

    def of_host(self, name: str) -> Layer:
        """What host_vars/ says of a host."""
        return self._layer("host_vars", name, f"host:{name}")

    def _layer(self, kind: str, name: str, level: str) -> Layer:
        key = (kind, name)
        if key not in self._read:
            layer: Layer = {}
            for path in self._files(kind, name):
                self._load(path, level, layer)
            self._read[key] = layer
        return self._read[key]

    def _files(self, kind: str, name: str) -> list[Path]:
        """The first that is there counts, and only that: NAME (a folder or a file), NAME.yml, .yaml, .json."""
        if kind not in self._names:
            self._names[kind] = _listing(self.folder / kind)
        for ending in ("", *YAML_ENDINGS):
            if name + ending in self._names[kind]:
                path = self.folder / kind / (name + ending)
                if path.is_dir():
                    return _below(path, 0)
                if path.exists():
                    return [path]
        return []

    def _load(self, path: Path, level: str, layer: Layer) -> None:
        file = show_path(path)
        with problems_into(self.builder):
            opened = open_text(path, file, self.builder.vault)
            if opened.encrypted:
                with redacting(self.builder, file):
                    self._read_into(layer, opened, file, level)
            else:
                self.builder.texts[file] = opened.text
                self._read_into(layer, opened, file, level)

    def _read_into(self, layer: Layer, opened: Opened, file: str, level: str) -> None:
        with problems_into(self.builder):
            document = read_data(opened.text, file, self.builder.vault)
            data = mapping_of(document, "a file of variables", "write `name: value`, each on its line")
            for name, value in data.items():
                place = Place(document) / name
                if not isinstance(name, str):
                    self.builder.add(
                        place, "the name of a variable must be text", "begin it with a letter", at_key=True
                    )
                    continue
                known = hidden(value) if opened.encrypted else value
                layer.setdefault(name, []).append(Variable(known, place.value, level))


def _listing(folder: Path) -> frozenset[str]:
    try:
        return frozenset(entry.name for entry in folder.iterdir())
    except OSError:  # most folders have none
        return frozenset()


def _below(folder: Path, depth: int) -> list[Path]:
    """The files of a folder that hold variables, in the order of their names; folders without an ending too."""
    found: list[Path] = []
    for name in sorted(_listing(folder)):
        path = folder / name
        ending = path.suffix
        if name.startswith(".") or name.endswith("~"):
            continue
        if path.is_dir() and not ending and depth < MAX_DEPTH:
            found += _below(path, depth + 1)
        elif path.is_file() and ending in ("", *YAML_ENDINGS):
            found.append(path)
    return found
