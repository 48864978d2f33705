"""Playbooks of tests: those that do not say on which hosts run on all, and no line of them moves."""

from __future__ import annotations

import re


def on_all(text: str) -> str:
    """The playbook with `hosts: all` behind it, where it has stages in block style and no `hosts` of its own."""
    if re.search(r"^hosts:|^\s+(- )?hosts:", text, re.MULTILINE) or not re.search(r"^stages:", text, re.MULTILINE):
        return text
    return text + ("" if text.endswith("\n") else "\n") + "hosts: all\n"
