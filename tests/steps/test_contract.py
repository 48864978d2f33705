"""Every kind of step is held against one contract."""

from __future__ import annotations

import pytest

from runbook.steps import KINDS
from runbook.testing.contracts.kinds import KindContract


@pytest.mark.parametrize("name", KINDS)
class TestEveryKind(KindContract):
    """The built-in ones, by their rows in the table."""
