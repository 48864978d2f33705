"""What must not be shown of a plan or a run, as far as it is known before the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runbook.model import Host, Playbook
from runbook.plan.make.variables import Variables
from runbook.vault.format import secrets_in


def secrets_of(playbook: Playbook, variables: Variables, hosts: Iterable[Host]) -> Iterator[str]:
    """The values of secret inputs on these hosts, and all that was encrypted: in the playbook and its files, in the
    inventory (of every host, for templates reach all of them), in what -e gave."""
    yield from _inputs(playbook, variables, hosts)
    yield from encrypted(playbook, variables)


def encrypted(playbook: Playbook, variables: Variables) -> Iterator[str]:
    """The values that were encrypted: they are known for a plan as for its run, whatever inputs are given."""
    for document in playbook.documents:
        yield from secrets_in(document.data)
    yield from secrets_in(variables.given.extra)
    # Hosts of one group share its variables, so each is looked at once.
    every = {id(one): one for host in variables.inventory.hosts.values() for one in host.variables.values()}
    for variable in every.values():
        yield from secrets_in(variable.value)


def _inputs(playbook: Playbook, variables: Variables, hosts: Iterable[Host]) -> Iterator[str]:
    names = [item.name for item in playbook.inputs.values() if item.secret]
    scopes = [variables.scope(host) for host in hosts] if names else []
    for scope in scopes:
        for name in names:
            if name in scope and scope[name] is not None:
                yield str(scope[name])
