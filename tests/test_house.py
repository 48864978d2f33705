"""The house is of a size to know: rooms with few doors, files that are read in one go, and each says what it is for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.cli.terminal import ROOT

HOUSE = ROOT / "runbook"
ROOMS = sorted(path.parent for path in HOUSE.rglob("__init__.py") if path.parent != HOUSE)
FILES = sorted(path for path in HOUSE.rglob("*.py") if path.name != "__init__.py")
MOST_DOORS = 16
MOST_LINES = 400
AT_THE_TOP = {"__init__.py", "__main__.py", "model.py", "py.typed"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def said(path: Path) -> str:
    """The docstring of a file."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


@pytest.mark.parametrize("room", ROOMS, ids=named)
def test_a_room_says_what_happens_in_it_and_which_file_to_open_first(room: Path) -> None:
    text = " ".join(said(room / "__init__.py").split())
    first = re.search(r"[Oo]pen `([\w/]+\.py)` first", text)

    assert first, "it says: Open `NAME.py` first"
    assert (room / first[1]).exists(), f"there is no {first[1]}"
    assert len(re.findall(r"[.:?](?: |$)", text)) >= 3, "what happens here, where data comes in, where it leaves"


@pytest.mark.parametrize("room", ROOMS, ids=named)
def test_a_room_has_few_doors(room: Path) -> None:
    files = [path.name for path in room.glob("*.py") if path.name != "__init__.py"]
    inner = [path.parent.name for path in room.glob("*/__init__.py")]
    assert len(files) + len(inner) <= MOST_DOORS, "what of it belongs together is a room of its own"


def test_the_house_holds_rooms_and_little_else() -> None:
    assert {path.name for path in HOUSE.iterdir() if path.is_file()} == AT_THE_TOP


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_file_is_read_in_one_go_and_begins_with_what_it_is_for(file: Path) -> None:
    text = said(file)
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    assert re.search(r"[.:?](?: |$)", text.partition("\n")[0]), "the first line has a whole sentence"
