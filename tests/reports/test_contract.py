"""Every report is held against one contract."""

from __future__ import annotations

import pytest

from runbook.reports import REPORTS
from runbook.testing.contracts.reports import ReportContract


@pytest.mark.parametrize("form", REPORTS)
class TestEveryReport(ReportContract):
    """The built-in ones, by their rows in the table."""
