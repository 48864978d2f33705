"""What a step inherits from the blocks and the stage around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.common.frozen import Frozen, field, replace
from runbook.model import Common, Host
from runbook.runs.events import Role
from runbook.source.document import Place
from runbook.templating.scope import Layer


class Inherited(Frozen):
    parent: str = ""
    role: Role = Role.STEP
    layers: tuple[Layer, ...] = ()
    become: Any = None
    become_user: str | None = None
    environment: tuple[tuple[Mapping[str, Any], Place], ...] = ()
    delegate_to: str | None = None
    no_log: Any = False
    ignore_errors: Any = False
    run_once: bool = False
    timeout: Any = None
    batch: tuple[Host, ...] = field(default=())

    def taking(self, common: Common, place: Place) -> Inherited:
        """The same with what a node says of itself on top."""
        if not _says_something(common):
            return self
        environment = self.environment
        if common.environment:
            environment = (*environment, (common.environment, place / "environment"))
        return replace(
            self,
            layers=self.with_vars(common.vars, place / "vars").layers,
            become=self.become if common.become is None else common.become,
            become_user=common.become_user or self.become_user,
            environment=environment,
            delegate_to=common.delegate_to or self.delegate_to,
            no_log=common.no_log or self.no_log,
            ignore_errors=common.ignore_errors or self.ignore_errors,
            run_once=common.run_once or self.run_once,
            timeout=common.timeout or self.timeout,
        )

    def with_vars(self, values: Mapping[str, Any], place: Place) -> Inherited:
        """The same with more variables, which may be templates."""
        if not values:
            return self
        layer = Layer(values, templates=True, place_of=lambda name: place / name)
        return replace(self, layers=(*self.layers, layer))

    def with_data(self, **values: Any) -> Inherited:
        """The same with plain data on top."""
        return replace(self, layers=(*self.layers, Layer(values)))

    def within(self, number: str, role: Role | None = None) -> Inherited:
        """The same for what stands in the node of that number, or runs because of it in another role."""
        return replace(self, parent=number, role=role or self.role)


def _says_something(common: Common) -> bool:
    """Most steps have nothing of all this."""
    return bool(
        common.vars
        or common.environment
        or common.become is not None
        or common.become_user
        or common.delegate_to
        or common.no_log
        or common.ignore_errors
        or common.run_once
        or common.timeout
    )
