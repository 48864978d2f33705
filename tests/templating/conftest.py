"""Fixtures of the template tests."""

from __future__ import annotations

from tests.inventory.oracle import oracle

__all__ = ["oracle"]
