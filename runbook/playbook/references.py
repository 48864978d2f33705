"""What a playbook refers to and has to have, or to mean: the databases of its queries, the times of its `schedule`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runbook.common.spelling import nearest
from runbook.model import Node, Playbook, Step, walk
from runbook.schedules.cron import parse
from runbook.source.document import Place, Problem
from runbook.steps.traits import traits
from runbook.templating.render import is_template


def unknown_databases(playbook: Playbook) -> Iterator[Problem]:
    """A problem for every query whose database is not among the playbook's."""
    known = playbook.databases
    stages = tuple(stage.block for stage in playbook.stages)
    branches = tuple(step for branch in playbook.remediations.values() for step in branch.steps)
    for node in walk((*stages, *branches)):
        for name, place in databases_asked(node):
            if is_template(name) or name in known or (not name and len(known) == 1):
                continue
            if name:
                hint = nearest(str(name), known) or f"known: {', '.join(known) or 'none'}"
                yield (place / "database").problem(f"no database is called {name!r}", hint, "unknown-database")
            else:
                hint = f"say `database`: {', '.join(known)}" if known else "name one under `databases`"
                yield place.problem("on which database?", hint, "unknown-database", at_key=True)


def wrong_schedule(playbook: Playbook) -> Iterator[Problem]:
    """A problem for a `schedule` whose times mean nothing."""
    if "cron" in playbook.schedule:
        try:
            parse(str(playbook.schedule["cron"]))
        except ValueError as error:
            yield (playbook.place / "schedule" / "cron").problem(str(error), rule="schedule")
    zone = str(playbook.schedule.get("timezone", ""))
    if not zone:
        return
    from zoneinfo import available_timezones

    if zone not in available_timezones():
        place = playbook.place / "schedule" / "timezone"
        yield place.problem(f"no time zone is called {zone!r}", nearest(zone, available_timezones()), "schedule")


def databases_asked(step: Node) -> Iterator[tuple[Any, Place]]:
    """The database of each query of a step, as it is named there, and the place of the query."""
    if isinstance(step, Step):
        for query in traits(step.kind).queries(step.args):
            yield query.database, step.args_place.below(query.at)
