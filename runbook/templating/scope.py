"""Variables in scope: layers, the last one winning, rendered when they are read.

What the user wrote (playbook, inventory) may hold templates and is rendered, each value in the scope itself; what was
registered, set or given with -e is data and never is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runbook.common.frozen import Frozen
from runbook.source.document import Place, Span
from runbook.templating.controller import Controller
from runbook.templating.errors import TemplateError
from runbook.templating.render import render
from runbook.templating.sandbox.limits import measure

PlaceOf = Callable[[str], Place | Span | None]


class Layer(Frozen):
    """Variables of one level. `templates` says that the user wrote them, so that texts in them are rendered."""

    values: Mapping[str, Any]
    templates: bool = False
    place_of: PlaceOf = lambda _name: None


class Scope(Mapping[str, Any]):
    """A mapping over layers. Values are rendered at first read and kept, so a scope serves one step, one thread."""

    def __init__(self, layers: tuple[Layer, ...], controller: Controller = Controller()) -> None:  # noqa: B008 - frozen
        self.layers, self.controller = layers, controller
        self.asked: set[str] = set()
        """Every name that was looked for, whether it is there or not."""
        self._done: dict[str, Any] = {}
        self._doing: list[str] = []

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        if name in self._done:
            return self._done[name]
        for layer in reversed(self.layers):
            if name in layer.values:
                value = self._render(name, layer) if layer.templates else layer.values[name]
                self._done[name] = value
                return value
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return any(name in layer.values for layer in self.layers)

    def __iter__(self) -> Iterator[str]:
        seen: set[str] = set()
        for layer in self.layers:
            for name in layer.values:
                if name not in seen:
                    seen.add(name)
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return "(variables)"

    def plus(self, *layers: Layer) -> Scope:
        """A scope with more layers on top."""
        return Scope((*self.layers, *layers), self.controller)

    def with_data(self, **values: Any) -> Scope:
        """A scope with more plain data on top."""
        return self.plus(Layer(values))

    def _render(self, name: str, layer: Layer) -> Any:
        place = layer.place_of(name)
        span = place.value if isinstance(place, Place) else place
        if name in self._doing:
            circle = " → ".join([*self._doing[self._doing.index(name) :], name])
            raise TemplateError(f"the variable {name!r} refers to itself: {circle}", span)
        self._doing.append(name)
        try:
            value = render(layer.values[name], self, place)
            measure(value)  # of lists that hold others, each twice, there may be few, and endlessly much in them
            return value
        except TemplateError as error:
            where = f"in the variable {name!r}: " if "the variable " not in error.message else ""
            raise TemplateError(where + error.message, error.span or span, error.hint, error.name) from None
        finally:
            self._doing.pop()
