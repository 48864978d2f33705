"""Gives the lab to pytest: its fixtures, the `lab` mark, and which tests stay together on one worker."""

from __future__ import annotations

import pytest

from .chromium import chromium
from .compose import compose
from .jump import jump
from .pm2 import pm2
from .postgres import _postgres_programs, database, own_postgres, postgres
from .redis import redis
from .sshd import ssh_keys, sshd
from .supervisor import supervisor
from .systemd import systemd_host
from .tools import lab_dir, leave_on_sigterm

__all__ = [
    "_postgres_programs",
    "chromium",
    "compose",
    "database",
    "jump",
    "lab_dir",
    "own_postgres",
    "pm2",
    "postgres",
    "redis",
    "ssh_keys",
    "sshd",
    "supervisor",
    "systemd_host",
]

# What is slow to start is started once: its tests go to one worker. The first that a test uses decides.
TOGETHER = ("systemd_host", "compose", "pm2", "jump")


def pytest_configure(config: pytest.Config) -> None:
    """A runner that ends the tests by SIGTERM leaves nothing running behind."""
    leave_on_sigterm()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that use the lab, and puts them after the fast ones."""
    for item in items:
        used: tuple[str, ...] = tuple(getattr(item, "fixturenames", ()))
        if "lab_dir" not in used:
            continue
        item.add_marker(pytest.mark.lab)
        group = next((name for name in TOGETHER if name in used), None)
        if group and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(f"lab-{group}"))
    items.sort(key=lambda item: item.get_closest_marker("lab") is not None)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Tests that have to stay together are spread over all workers without a word where pytest-xdist does not know this
    pytest: every worker starts every service then, and they count one another's processes."""
    if session.config.getoption("loadgroup", False):
        apart = [item for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid]
        if apart:
            raise pytest.UsageError(f"pytest-xdist keeps no groups with pytest {pytest.__version__}: {apart[0].nodeid}")
