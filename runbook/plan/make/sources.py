"""The two things that a plan is made of, read from their files."""

from __future__ import annotations

from pathlib import Path

from runbook.inventory.load import load_inventory
from runbook.model import Inventory, Playbook
from runbook.playbook.load import load_playbook
from runbook.source.document import Problem, Problems
from runbook.vault.format import Vault


def load_sources(playbook: Path, inventory: tuple[str, ...], vault: Vault) -> tuple[Playbook, Inventory]:
    """The playbook and its inventory. Raises Problems with those of both at once."""
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    loaded = hosts = None
    try:
        loaded = load_playbook(playbook, vault=vault)
    except Problems as error:
        problems += error.problems
        texts |= error.texts
    try:
        hosts = load_inventory(inventory, playbook_folder=playbook.absolute().parent, vault=vault)
    except Problems as error:
        problems += error.problems
        texts |= error.texts
    if loaded is None or hosts is None:
        raise Problems(problems, texts)
    return loaded, hosts
