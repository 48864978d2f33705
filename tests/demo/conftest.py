"""The application with its fault and an embedded PostgreSQL: one to look at, and new ones to change."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.run import Demo

_numbers = itertools.count(1)
Query = Callable[[Demo, str], Any]


@pytest.fixture(scope="module")
def untouched(lab_dir: Path) -> Iterator[Demo]:
    """Running, with its fault. For tests that change nothing."""
    with Demo(lab_dir / f"démo folder {next(_numbers)}") as demo:
        yield demo


@pytest.fixture
def demo(lab_dir: Path) -> Iterator[Demo]:
    """Running, with its fault. For this test alone."""
    with Demo(lab_dir / f"démo folder {next(_numbers)}") as made:
        yield made


@pytest.fixture(scope="session")
def value() -> Query:
    """The first value of the first row of a query on the demo's database."""

    def ask(demo: Demo, query: str) -> Any:
        with psycopg.connect(demo.database_url) as connection:
            row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    return ask
