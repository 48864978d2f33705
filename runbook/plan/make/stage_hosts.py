"""The hosts of each stage: what its `hosts` means, or the playbook's; a mistake in one is told once, at its word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runbook.common.frozen import Frozen, replace
from runbook.common.spelling import nearest
from runbook.inventory.patterns import select, split_pattern
from runbook.model import Host, Inventory, Playbook, Stage
from runbook.plan.make.variables import Variables
from runbook.source.document import Place, Problem, Problems, Span
from runbook.templating.errors import TemplateError
from runbook.templating.render import is_template, render


class StageHosts(Frozen):
    """Of each stage, by its number; `problems` for those that have none."""

    hosts: Mapping[str, tuple[Host, ...]]
    problems: tuple[Problem, ...] = ()

    @property
    def wrong(self) -> bool:
        """Is one of them a pattern that cannot be read, and not only one that no host matches?"""
        return any(problem.rule != "no-host" for problem in self.problems)


def stage_hosts(playbook: Playbook, variables: Variables, limit: str | None = None) -> StageHosts:
    """Raises Problems for a limit that is wrong."""
    inventory = variables.inventory
    if limit is not None:
        select(inventory, "all", limit)
    hosts: dict[str, tuple[Host, ...]] = {}
    problems: dict[tuple[Span, str], Problem] = {}
    for stage in playbook.stages:
        place = pattern_place(playbook, stage)
        try:
            pattern = pattern_of(playbook, stage, variables)
            hosts[stage.number] = select(inventory, pattern, limit)
        except Problems as found:
            hosts[stage.number] = ()
            problems |= {
                (place.value, one.message): one for one in _placed(found, place, stage.hosts or playbook.hosts)
            }
            continue
        if not hosts[stage.number]:
            problems.setdefault((place.value, pattern), _no_host(place, pattern, inventory, limit))
    return StageHosts(hosts, tuple(problems.values()))


def pattern_place(playbook: Playbook, stage: Stage) -> Place:
    """Where the pattern of a stage stands."""
    return (stage.place if stage.hosts else playbook.place) / "hosts"


def pattern_of(playbook: Playbook, stage: Stage, variables: Variables) -> str:
    """The pattern of a stage. A template in it reads inputs, the playbook's variables and -e. Raises Problems."""
    text, place = stage.hosts or playbook.hosts, pattern_place(playbook, stage)
    if not is_template(text):
        return text
    try:
        value = render(text, variables.scope(Host("")), place)
    except TemplateError as error:
        raise Problems([Problem(error.message, error.span or place.value, error.hint, "pattern")]) from None
    pattern = ",".join(map(str, value)) if isinstance(value, list) else str(value if value is not None else "")
    if not split_pattern(pattern):
        hint = "write `hosts: all` where every host is meant"
        raise Problems([place.problem(f"`{text}` gives nothing: no host is named", hint, "pattern")])
    return pattern


def _placed(found: Problems, place: Place, text: str) -> Iterator[Problem]:
    """Problems of a pattern at its word in the playbook, where it stands there as it is."""
    whole = place.value
    for problem in found.problems:
        at = problem.span
        if at.file.startswith("pattern "):
            quote = int(whole.length == len(text) + 2)
            fits = at.column - 1 + at.length <= len(text) <= whole.length
            at = Span(whole.file, whole.line, whole.column + quote + at.column - 1, at.length) if fits else whole
        yield replace(problem, span=at)


def _no_host(place: Place, pattern: str, inventory: Inventory, limit: str | None) -> Problem:
    narrowed = f" within --limit {limit}" if limit else ""
    names = [*inventory.hosts, *inventory.groups]
    known = f"the inventory has: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}"
    return place.problem(f"no host matches {pattern!r}{narrowed}", nearest(pattern, names) or known, "no-host")
