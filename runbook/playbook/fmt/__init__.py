"""The one layout of playbooks: order of keys, indentation; comments, quotes, blocks and blank lines as they were."""

from __future__ import annotations

from runbook.playbook.fmt.layout import NotKept, formatted

__all__ = ["NotKept", "formatted"]
