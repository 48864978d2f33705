"""Runs inside the virtual environment of ansible-core: answers what Ansible makes of an inventory or of templates.

Questions and answers are a JSON line each; for templates see `oracle_templates.py`.
A question about an inventory:
{"folder", "sources", "playbook_folder", "patterns": [[pattern, limit], …]}. The answer: {"error"} or {"list", "graph",
"graph_vars", "groups", "patterns"}. One process serves a whole session, for Ansible starts slowly.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "1"
os.environ["ANSIBLE_LOCALHOST_WARNING"] = "0"

from ansible import context
from ansible.cli.inventory import InventoryCLI
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret, VaultSecretsContext
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.context_objects import CLIArgs
from ansible.vars.manager import VariableManager
from oracle_templates import answer_templates  # beside this file


def answer(question: dict[str, Any], nowhere: str) -> dict[str, Any]:
    return answer_templates(question) if "templates" in question else answer_inventory(question, nowhere)


def answer_inventory(question: dict[str, Any], nowhere: str) -> dict[str, Any]:
    os.chdir(question["folder"])
    loader = DataLoader()
    if password := question.get("vault_password"):
        secrets = [("default", VaultSecret(password.encode()))]
        VaultSecretsContext.initialize(VaultSecretsContext(secrets))
        loader.set_vault_secrets(secrets)
    loader.set_basedir(question.get("playbook_folder") or nowhere)
    # As the command line does: the vars plugin remembers folders by their path.
    sources = [str(Path(each).absolute()) if Path(each).exists() else each for each in question["sources"]]
    inventory = InventoryManager(loader=loader, sources=sources)
    cli = InventoryCLI(["ansible-inventory", "--list"])
    cli.loader, cli.inventory = loader, inventory
    cli.vm = VariableManager(loader=loader, inventory=inventory, version_info={})
    settings = {"export": False, "basedir": question.get("playbook_folder"), "yaml": False, "toml": False}
    answers: dict[str, Any] = {}
    for name, with_vars in (("graph", False), ("graph_vars", True)):
        context.CLIARGS = CLIArgs({**settings, "show_vars": with_vars, "pattern": "all"})
        answers[name] = cli.inventory_graph()
    answers["list"] = json.loads(cli.dump(cli.json_inventory(inventory.groups["all"])))
    answers["groups"] = inventory.get_groups_dict()
    answers["patterns"] = [matching(inventory, *pair) for pair in question.get("patterns", [])]
    return answers


def matching(inventory: InventoryManager, pattern: str, limit: str | None) -> list[str] | str:
    inventory.clear_caches()
    try:
        inventory.subset(limit)
        return [host.name for host in inventory.get_hosts(pattern)]
    except Exception as error:  # noqa: BLE001 - every refusal is an answer
        return f"error: {error}"
    finally:
        inventory.subset(None)


def serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Ansible prints its warnings there
    init_plugin_loader([])
    with tempfile.TemporaryDirectory() as nowhere:
        for line in sys.stdin:
            try:
                found = answer(json.loads(line), nowhere)
            except Exception as error:  # noqa: BLE001 - a refusal is an answer, whatever its type
                found = {"error": f"{type(error).__name__}: {error}"}
            answers.write(json.dumps(found) + "\n")
            answers.flush()


if __name__ == "__main__":
    serve()
