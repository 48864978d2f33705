"""Cases on disk: a folder with an inventory, `case.json` (what is asked), and `expected.json` (what Ansible answers).

`python -m tests.inventory.golden` asks Ansible again and writes the answers down.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.inventory.load import load_inventory
from runbook.inventory.patterns import members, select, split_pattern
from runbook.inventory.show import as_ansible_list, as_graph
from runbook.model import Inventory
from runbook.vault.format import Vault
from tests.committed import committed
from tests.inventory.oracle import Oracle, running_oracle

CASES = Path(__file__).with_name("cases")
MAKES = "python -m tests.inventory.golden"


@dataclass(frozen=True)
class Case:
    folder: Path

    @property
    def question(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "case.json").read_text())
        return found

    @property
    def expected(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(committed(self.folder / "expected.json", MAKES))
        return found

    @property
    def playbook_folder(self) -> Path | None:
        name = self.question.get("playbook_folder")
        return self.folder / name if name else None

    @property
    def patterns(self) -> list[tuple[str, str | None]]:
        return [(pattern, limit) for pattern, limit in self.question["patterns"]]

    def ours(self) -> dict[str, Any]:
        """What we make of it, in the shape of the oracle's answer."""
        with inside(self.folder):
            password = self.question.get("vault_password", "")
            inventory = load_inventory(
                self.question["sources"],
                playbook_folder=self.playbook_folder,
                vault=Vault({"default": password.encode()} if password else {}),
            )
            return answer(inventory, self.patterns)

    def asked(self, oracle: Oracle) -> dict[str, Any]:
        """What Ansible makes of it."""
        question = self.question
        return oracle.ask(
            self.folder, question["sources"], self.patterns, self.playbook_folder, question.get("vault_password")
        )

    def write(self, answers: dict[str, Any]) -> None:
        text = json.dumps(answers, indent=1, sort_keys=True, ensure_ascii=False)
        (self.folder / "expected.json").write_text(text + "\n")


def cases() -> list[Case]:
    return [Case(path.parent) for path in sorted(CASES.glob("*/case.json"))]


def answer(inventory: Inventory, patterns: list[tuple[str, str | None]]) -> dict[str, Any]:
    """What we say of an inventory, in the shape of the oracle's answer."""
    found = {
        "graph": as_graph(inventory),
        "graph_vars": as_graph(inventory, with_vars=True),
        "groups": {name: list(members(inventory, name)) for name in inventory.groups},
        "list": as_ansible_list(inventory),
        "patterns": [_matched(inventory, *pair) for pair in patterns],
    }
    plain: dict[str, Any] = json.loads(json.dumps(found))
    return plain


def _matched(inventory: Inventory, pattern: str, limit: str | None) -> list[str]:
    """To Ansible a pattern and a limit that name nothing mean all hosts; to us they are a mistake (test_problems)."""
    within = limit if limit is not None and split_pattern(limit) else None
    return [host.name for host in select(inventory, pattern if split_pattern(pattern) else "all", within)]


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def tolerant(answers: dict[str, Any]) -> dict[str, Any]:
    """What Ansible refuses we answer with no host: a subscript that is out of range."""
    patterns = [[] if isinstance(found, str) else found for found in answers["patterns"]]
    return {**answers, "patterns": patterns}


def main() -> None:
    with running_oracle() as oracle:
        for case in cases():
            found = case.asked(oracle)
            if "error" in found:
                raise SystemExit(f"{case.folder.name}: {found['error']}")
            case.write(found)


if __name__ == "__main__":
    main()
