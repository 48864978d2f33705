"""Reads inventories: files, folders of them, executables, lists of hosts; several together, later ones adding."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from runbook.inventory.addresses import split_port
from runbook.inventory.builder import InventoryBuilder
from runbook.inventory.merge import freeze
from runbook.inventory.sources.files import YAML_ENDINGS, open_text, problems_into, read_data, redacting
from runbook.inventory.sources.ini import parse_ini
from runbook.inventory.sources.script import NotExecutable, parse_script
from runbook.inventory.sources.yaml import parse_yaml
from runbook.model import Inventory
from runbook.source.document import Document, Problem, Problems, Span, show_path
from runbook.vault.format import Vault

MAX_FOLDERS = 20
_IGNORED = re.compile(
    r"^\.|^(?:group_vars|host_vars|vars_plugins)$|(?:~|\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|cfg|retry))$"
)
_YAML_BEGINS = re.compile(r"---|[-{]|[^\s=]+:(?:\s|$)")
_NAMED = ("", ".yml", ".yaml", ".ini")


def load_inventory(
    sources: Sequence[str],
    *,
    playbook_folder: Path | None = None,
    project: Path | None = None,
    vault: Vault | None = None,
) -> Inventory:
    """The inventory that the sources make together; each as given with -i: a path, a name, or a list with a comma.

    A name is looked for as `inventories/NAME{,.yml,.yaml,.ini}` below `project`, the working directory when not given.
    group_vars/ and host_vars/ are read beside each source and in `playbook_folder`. Without sources there are no
    hosts, only the implicit `localhost`. `vault` has the passwords of what is encrypted with ansible-vault.
    Raises Problems, with all that is wrong in all the files.
    """
    builder = InventoryBuilder(vault)
    folders: list[Path] = []
    names: list[str] = []
    for source in sources:
        path = _resolve(source, project or Path.cwd(), builder)
        if path:
            folders.append(path if path.is_dir() else path.parent)
            names.append(show_path(path))
            _Source(builder).read(path)
        elif "," in source:
            names.append(source)
            _read_list(source, builder)
    builder.source = ""
    if not builder.finish():
        raise Problems(builder.problems, builder.texts)
    inventory = freeze(builder, folders, playbook_folder, names)
    if builder.problems:
        raise Problems(builder.problems, builder.texts)
    return inventory


def _resolve(source: str, project: Path, builder: InventoryBuilder) -> Path | None:
    """The file or folder that -i means; None for a list, and when there is none."""
    span = Span(f"-i {source}", 1, 1)
    if not source.strip() or "\0" in source:
        builder.problem("an inventory must have a name", span, "give a path, a name, or a list: -i web1,web2,")
        return None
    path = Path(source).expanduser()
    if os.path.lexists(path):
        return path
    if "," in source:
        return None
    home = project / "inventories"
    for ending in _NAMED:
        named = home / f"{source}{ending}"
        if named.exists():
            return named
    _not_found(source, span, home, builder)
    return None


def _not_found(source: str, span: Span, home: Path, builder: InventoryBuilder) -> None:
    from runbook.common.spelling import nearest

    there = sorted({entry.stem for entry in home.iterdir()}) if home.is_dir() else []
    hint = nearest(source, there) or (f"{show_path(home)} has: {', '.join(there)}" if there else "")
    looked = f"neither a path nor {show_path(home / source)}{{,.yml,.yaml,.ini}}"
    builder.problem(f"there is no inventory {source!r}: {looked}", span, hint or f"for a single host: -i {source},")


def _read_list(source: str, builder: InventoryBuilder) -> None:
    """`web1,db:2222,`: hosts without a group. Ranges are not expanded here, as in Ansible."""
    builder.source = ""
    for item in filter(None, (part.strip() for part in source.split(","))):
        host, port = split_port(item) or (item, None)
        if "[" in host:
            host, port = item, None
        if host not in builder.hosts:
            builder.add_host(host, "ungrouped", Span(f"-i {source}", 1, 1), port)


class _Source:
    """One source: a file, or a folder of files and folders."""

    def __init__(self, builder: InventoryBuilder) -> None:
        self.builder = builder

    def read(self, path: Path, depth: int = 0) -> None:
        if path.is_dir():
            self._folder(path, depth)
            return
        self.builder.source = str(path)
        with problems_into(self.builder):
            self._file(path, show_path(path))

    def _folder(self, folder: Path, depth: int) -> None:
        span = Span(show_path(folder), 1, 1)
        if depth > MAX_FOLDERS:
            self.builder.problem("folders are nested too deeply", span, "does a symbolic link lead back up?")
            return
        try:
            names = sorted(entry.name for entry in folder.iterdir() if not _IGNORED.search(entry.name))
        except OSError as error:
            self.builder.problem(f"cannot be read: {error.strerror}", span, "look at its owner and mode")
            return
        if not names and not depth:
            self.builder.problem("the folder holds no inventory file", span, "put one into it: hosts.yml, say")
        for name in names:
            self.read(folder / name, depth + 1)

    def _file(self, path: Path, file: str) -> None:
        if path.is_file() and os.access(path, os.X_OK):
            try:
                parse_script(path, file, self.builder)
                return
            except NotExecutable:  # a text file whose mode is wrong, as all have on some file systems
                pass
        opened = open_text(path, file, self.builder.vault)
        if not opened.encrypted:
            self.builder.texts[file] = opened.text
            self._text(opened.text, file, path.suffix)
            return
        self.builder.encrypted = True
        with redacting(self.builder, file), problems_into(self.builder):
            self._text(opened.text, file, path.suffix)
        self.builder.encrypted = False

    def _text(self, text: str, file: str, ending: str) -> None:
        if ending == ".toml":
            self.builder.problem("TOML inventories are not read", Span(file, 1, 1), "write it as YAML or INI")
            return
        if text.startswith("#!"):
            self.builder.problem("a script that is not executable", Span(file, 1, 1), f"chmod +x {file}")
            return
        wrong = self._yaml(text, file) if ending in ("", *YAML_ENDINGS) else ()
        if wrong is None:
            return
        before = len(self.builder.problems)
        parse_ini(text, file, self.builder)
        if wrong and len(self.builder.problems) > before and not _looks_like_ini(text, ending):
            self.builder.problems[before:] = wrong

    def _yaml(self, text: str, file: str) -> tuple[Problem, ...] | None:
        """Read it as YAML. None when it is; else what is wrong with it as YAML, for it may be INI."""
        try:
            document = read_data(text, file, self.builder.vault)
        except Problems as found:
            return found.problems
        if document.data is None:
            return None
        if not isinstance(document.data, Mapping):
            return (_not_groups(document),)
        parse_yaml(document, self.builder)
        return None


def _not_groups(document: Document) -> Problem:
    span = document.values.get((), Span(document.file, 1, 1))
    hint = "write groups with `hosts:` below them, each host with a colon: `web1:`"
    return Problem("an inventory must be a mapping of groups", span, hint, "inventory")


def _looks_like_ini(text: str, ending: str) -> bool:
    """Which of two languages a file that is right in neither is meant to be."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and line[0] not in ";#"), "")
    if first.startswith("["):
        return True
    return not ending and not _YAML_BEGINS.match(first)
