"""The fixtures of the lab, for every test; see `tests/lab/__init__.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Whether an example takes 200 ms says how busy the machine is, and nothing of the program.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

pytest_plugins = ["tests.lab.plugin"]


@pytest.fixture(scope="session", autouse=True)
def _runs_are_kept_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests run is not in the history of whoever runs the tests."""
    os.environ["RUNBOOK_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))
    yield
    del os.environ["RUNBOOK_STATE_DIR"]
