"""Writes the map of the house into docs/architecture.md: which room imports which, and what each is for.

Read off the imports and off the docstring of every package: `make schemas` runs it. An arrow that goes without saying,
because another way leads there too, is left out.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ROOT / "runbook"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- Made by `make schemas`: -->\n", "<!-- until here. -->\n"

Imports = dict[str, set[str]]


def rooms() -> list[Path]:
    """Every package below the house, a room before those in it."""
    return sorted(path.parent for path in HOUSE.rglob("__init__.py") if path.parent != HOUSE)


def imports() -> Imports:
    """Which of the house's own rooms each imports, wherever in a file that stands."""
    found: Imports = {path.name: set() for path in [*HOUSE.iterdir()] if (path / "__init__.py").exists()}
    found |= {path.stem: set() for path in HOUSE.glob("*.py") if not path.stem.startswith("__")}
    for room, others in found.items():
        files = HOUSE.glob(f"{room}.py") if (HOUSE / f"{room}.py").exists() else (HOUSE / room).rglob("*.py")
        for file in files:
            others.update(name for name in _imported(file) if name in found and name != room)
    return found


def _imported(file: Path) -> Iterator[str]:
    """The first name below `runbook` of every import."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "runbook":
            yield from (alias.name for alias in node.names)
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name.split(".")[1] for name in names if name.startswith("runbook."))


def plain(found: Imports) -> Imports:
    """Without the arrows that another way makes needless."""

    def reached(room: str) -> set[str]:
        return found[room].union(*(reached(other) for other in found[room]))

    return {
        room: others - set().union(*(reached(other) for other in others)) if others else set()
        for room, others in found.items()
    }


def floors(known: set[str]) -> list[list[str]]:
    """The layers of `pyproject.toml`, from the top down."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers: list[str] = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    floor = [[name.strip().removeprefix("runbook.") for name in layer.split("|")] for layer in layers]
    return [here for layer in floor if (here := [name for name in layer if name in known])]


def diagram() -> str:
    """Mermaid's text."""
    found = plain(imports())
    lines = ["flowchart TB"]
    for number, floor in enumerate(floors(set(found)), start=1):
        lines += [f"  subgraph floor{number}[ ]", "    direction LR", *(f"    {room}" for room in floor), "  end"]
    lines += [f"  {room} --> {other}" for room in sorted(found) for other in sorted(found[room])]
    return "\n".join(["```mermaid", *lines, "```", ""])


def table() -> str:
    """What each room is for, in the words of its `__init__.py`, and the file to open first."""
    rows = ["| room | what happens in it | open first |", "| --- | --- | --- |"]
    for room in rooms():
        name = room.relative_to(HOUSE).as_posix()
        text = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
        first = first_file(room)
        link = f"[{first.name}](../{first.relative_to(ROOT).as_posix()})" if first else ""
        rows.append(f"| `{name}/` | {text.partition(chr(10) * 2)[0]} | {link} |")
    return "\n".join(rows) + "\n"


def first_file(room: Path) -> Path | None:
    """The file of the room that its docstring says to open first."""
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    found = re.search(r"[Oo]pen `([\w/]+\.py)` first", " ".join(text.split()))
    return room / found[1] if found else None


def page(text: str) -> str:
    """The page with its made part as it is today."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{diagram()}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
