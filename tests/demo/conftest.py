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


@pytest.fixture(scope="module")
def _stage(lab_dir: Path) -> Iterator[Demo]:
    with Demo(lab_dir / f"démo folder {next(_numbers)}", start_app=False) as stage:
        yield stage


@pytest.fixture
def demo(_stage: Demo) -> Iterator[Demo]:
    """Running, with its fault, everything new but the database server. For this test alone."""
    _stage.server.start()
    with psycopg.connect(_stage.database_url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    _stage.app.install(_stage.server.connection)
    _stage.app.start()
    yield _stage
    _stage.app.stop()


@pytest.fixture(scope="session")
def value() -> Query:
    """The first value of the first row of a query on the demo's database."""

    def ask(demo: Demo, query: str) -> Any:
        with psycopg.connect(demo.database_url) as connection:
            row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    return ask
