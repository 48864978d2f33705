"""What a plan is made of and how it is chosen, as the options or a plan file say it; and the plan that comes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runbook.cli.inventories.warnings import show_warnings
from runbook.cli.options.choice import ChoiceOptions, split
from runbook.cli.options.extra_variables import extra_variables
from runbook.cli.options.sources import HostOptions
from runbook.common.frozen import Frozen, replace
from runbook.vault.format import Vault

if TYPE_CHECKING:
    from runbook.model import Playbook
    from runbook.plan.bind.plan_file import Bound
    from runbook.plan.make.plan import Plan
    from runbook.plan.make.request import AskInput, PlanRequest
    from runbook.runs.results import Run
    from runbook.runs.start import RunStart


class PlanSource(Frozen):
    """Files, their passwords, and the request. `retried`: the run whose unfinished hosts are planned again."""

    playbook: Path
    inventory: tuple[str, ...]
    vault: Vault
    request: PlanRequest
    retried: Run | None = None

    def plan(self, run: RunStart | None = None, ask: AskInput | None = None, *, secrets: bool = True) -> Plan:
        """See `make_plan`. What is odd in the inventory is told. Raises Problems, and click's errors."""
        from runbook.plan.make.request import make_plan
        from runbook.plan.make.sources import load_sources

        playbook, inventory = load_sources(self.playbook, self.inventory, self.vault)
        show_warnings(inventory, self.request.limit)
        if self.retried is not None:
            _check_retried(self.retried, playbook)
        return make_plan(playbook, inventory, replace(self.request, run=run), ask, secrets=secrets)


def source_of_options(playbook: Path, hosts: HostOptions, choice: ChoiceOptions) -> PlanSource:
    """Raises click's errors for what cannot be meant."""
    from runbook.plan.make.request import PlanRequest
    from runbook.plan.make.selection import Selection

    retried = _kept_run(choice.retry_failed)
    selection = Selection(
        split(choice.tags),
        split(choice.skip_tags),
        choice.start_at,
        frozenset(retried.unfinished) if retried else None,
    )
    request = PlanRequest(selection, hosts.limit, extra_variables(choice.extra, hosts.vault))
    return PlanSource(playbook, hosts.inventory, hosts.vault, request, retried)


def source_of_plan_file(bound: Bound, secrets: Mapping[str, Any], vault: Vault) -> PlanSource:
    """What was asked for when the plan was made, with the secrets that are given now."""
    from runbook.plan.make.request import PlanRequest
    from runbook.plan.make.selection import Selection

    selection = Selection(
        frozenset(bound.tags), frozenset(bound.skip_tags), bound.start_at, frozenset(bound.hosts) or None
    )
    request = PlanRequest(selection, bound.limit or None, {**secrets, **json.loads(bound.variables)})
    return PlanSource(Path(bound.playbook), bound.inventory, vault, request)


def _kept_run(name: str) -> Run | None:
    if not name:
        return None
    from runbook.cli.records.kept_runs import kept_run

    return kept_run(name)


def _check_retried(run: Run, playbook: Playbook) -> None:
    """Raises click.UsageError for a run of another playbook, and for one that nothing is left of."""
    if run.playbook != playbook.name:
        raise click.UsageError(f"--retry-failed: run {run.run_id} was of {run.playbook!r}, not of {playbook.name!r}")
    if not run.unfinished:
        raise click.UsageError(f"--retry-failed: every host came through run {run.run_id}; nothing is left to do")
