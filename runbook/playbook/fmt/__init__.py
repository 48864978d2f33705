"""The one layout of playbooks: order of keys, indentation; comments, quotes, blocks and blank lines as they were.

The text of a playbook comes in at `layout.formatted` and leaves in its layout, or is refused where its meaning would
change. Open `layout.py` first.
"""

from __future__ import annotations

from runbook.playbook.fmt.layout import NotKept, formatted

__all__ = ["NotKept", "formatted"]
