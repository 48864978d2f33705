"""Names of hosts, addresses and users that no connection would be made with, told before anything has begun."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runbook.model import Host
from runbook.source.document import Problem, Span
from runbook.templating.render import is_template
from runbook.transports.connect import LOCAL
from runbook.transports.ssh.settings.names import WAY_OUT, odd_host, odd_user


def unusable_names(hosts: Iterable[Host], sources: tuple[str, ...]) -> Iterator[Problem]:
    """A problem for each, where the inventory (read from `sources`) sets it. What is a template is looked at later."""
    for host in hosts:
        if host.get("ansible_connection") in LOCAL:
            continue
        for message, span in _told(host):
            if message:
                yield Problem(message, span or Span(", ".join(sources) or "inventory", 1, 1), WAY_OUT, "inventory")


def _told(host: Host) -> Iterator[tuple[str, Span | None]]:
    if not host.get("ansible_host"):
        yield odd_host(host.name), None
    for name, odd in (("ansible_host", odd_host), ("ansible_user", odd_user)):
        variable = host.variables.get(name)
        if variable is not None and not is_template(variable.value):
            yield odd(str(variable.value)), variable.span
