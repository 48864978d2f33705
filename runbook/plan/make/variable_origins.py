"""Where the value of a variable comes from: every place that sets it for a host, the strongest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from runbook.common.frozen import Frozen
from runbook.common.masking import MASK, Masker
from runbook.model import Host
from runbook.plan.make.scoped_variables import scoped
from runbook.plan.make.secrets import secrets_of
from runbook.plan.make.settings import Level, Setting
from runbook.plan.make.stage_hosts import stage_hosts
from runbook.plan.make.variables import Variables
from runbook.source.document import Place
from runbook.templating.errors import TemplateError
from runbook.templating.render import is_template
from runbook.templating.scope import Layer, Scope
from runbook.vault.format import secrets_in


class Explained(Frozen):
    """One variable of one host. Secrets are masked."""

    host: str
    value: Any = None
    """As the steps of a run see it before any step has set it; None when nothing sets it by then."""
    error: str = ""
    """Why there is no value: the template of the place that wins cannot be rendered."""
    places: tuple[Setting, ...] = ()
    """Those that count in the whole run, the strongest first: the first one wins."""
    later: tuple[Setting, ...] = ()
    """Those that count in a part of the playbook only, or from a step on; in the order of the playbook."""


class Explainer:
    """Explains the variables of some hosts. `given` is what the environment and -e set, in this order."""

    def __init__(self, variables: Variables, hosts: Sequence[Host], given: Iterable[Setting] = ()) -> None:
        self.variables, self.hosts, self.given = variables, hosts, tuple(given)
        self.playbook, self.inventory = variables.playbook, variables.inventory
        self.masker = Masker(secrets_of(self.playbook, variables, hosts))
        of_stages = stage_hosts(self.playbook, variables).hosts
        self._scoped = [
            (frozenset(host.name for host in of_stages[stage.number]), tuple(scoped(stage)))
            for stage in self.playbook.stages
        ]

    def names(self) -> set[str]:
        """Every name that is set anywhere for one of the hosts."""
        found = {*self.playbook.inputs, *(setting.name for setting in self.given)}
        found |= {name for host in self.hosts for name in self.variables.scope(host)}
        return found | {setting.name for _, settings in self._scoped for setting in settings}

    def explain(self, name: str) -> list[Explained]:
        """What sets the variable, for each of the hosts."""
        return [self._one(name, host) for host in self.hosts]

    def _one(self, name: str, host: Host) -> Explained:
        later = [each for hosts, all_of in self._scoped if host.name in hosts for each in all_of if each.name == name]
        places = [*self._places(name, host)][::-1]
        for setting in places:  # also what another one overrides may be a secret
            for secret in secrets_in(setting.written):
                self.masker.add(secret)
        scope = self.variables.scope(host)
        value, error = _value(name, scope) if places else (None, "")
        return Explained(
            host.name,
            self._shown(name, value),
            self.masker.text(error),
            tuple(self._ready(each, scope) for each in places),
            tuple(self._ready(each, scope) for each in later),
        )

    def _places(self, name: str, host: Host) -> Iterator[Setting]:
        """The weakest first."""
        yield from self._special(name, host)
        if (declared := self.playbook.inputs.get(name)) and declared.has_default:
            yield Setting(name, Level.INPUT, "input default", declared.default, (declared.place / "default").value)
        for place in self.playbook.vars_origins.get(name, ()):
            where = "playbook vars" if place.document.file == self.playbook.file else "vars_files"
            yield Setting(name, Level.PLAYBOOK, where, _at(place), place.value)
        for variable in host.origins.get(name, ()):
            kind, _, of = variable.level.partition(":")
            level = {"group": Level.GROUP, "host": Level.HOST}.get(kind, Level.BUILT_IN)
            yield Setting(name, level, f"{kind} {of}".strip(), variable.value, variable.span)
        yield from (each for each in self.given if each.name == name)

    def _special(self, name: str, host: Host) -> Iterator[Setting]:
        values = self.variables.below(host)[0].values
        if name in values:
            value = values[name]
            shown = value if isinstance(value, str | list) else f"({type(value).__name__})"
            yield Setting(name, Level.BUILT_IN, "set by runbook", shown)

    def _ready(self, setting: Setting, scope: Scope) -> Setting:
        """With the value as rendered, both forms fit to be shown."""
        rendered = setting.written
        if setting.level is not Level.GIVEN and _templates_in(rendered):
            at = Layer({setting.name: rendered}, templates=True, place_of=lambda _name: setting.span)
            value, error = _value(setting.name, scope.plus(at))
            rendered = f"(known during the run: {error})" if error else value
        return setting.with_values(self._shown(setting.name, setting.written), self._shown(setting.name, rendered))

    def _shown(self, name: str, value: Any) -> Any:
        declared = self.playbook.inputs.get(name)
        return MASK if declared and declared.secret and value is not None else self.masker.mask(value)


def _value(name: str, scope: Scope) -> tuple[Any, str]:
    try:
        value = scope[name]
    except TemplateError as error:
        return None, error.message
    return (value if isinstance(value, str | int | float | list | dict | None) else f"({type(value).__name__})"), ""


def _templates_in(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_templates_in(each) for each in (*value, *value.values()))
    return any(map(_templates_in, value)) if isinstance(value, list) else is_template(value)


def _at(place: Place) -> Any:
    value = place.document.data
    for key in place.path:
        value = value[key]
    return value
