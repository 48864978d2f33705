"""Every way to a host is held against one contract; see `conftest.py` for the ways."""

from __future__ import annotations

from runbook.testing.contracts.transports import TransportContract


class TestEveryWay(TransportContract):
    """This machine, a host as root, a host as a user whose login shell is csh."""
