"""Variables as a plan may show them: without secrets, and without what only the machine that runs can tell.

A secret reads as `(secret NAME)`, the environment as `(env NAME)`, and `run`, `controller`, `playbook_dir` likewise.
That one of them was read is noted, for a condition over such a text would only be a guess. Which of a host's own
variables were read is noted too: hosts that have the same ones need not be described again.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

from runbook.common.frozen import replace
from runbook.model import Host
from runbook.plan.make.variables import HostVars, Inputs, Variables
from runbook.templating.controller import Controller
from runbook.templating.errors import OMIT
from runbook.templating.render import is_template
from runbook.templating.scope import Layer, Scope
from runbook.vault.format import Secret

SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|(?:api|access|private|secret)[_-]?key)$"
    r"|^authorization$|^proxy-authorization$|^(?:set-)?cookie$|bearer$|password$",
    re.IGNORECASE,
)
"""What a variable, an option or a header with this name holds is a secret, wherever it was written."""
CHANCE = re.compile(r"\|\s*(?:random|shuffle)\b")
"""What is drawn in the run cannot be told before."""
PLACES = ("inventory_dir", "inventory_file")
"""Variables of every host that are paths of this machine."""
_OWN = ("inventory_hostname", "inventory_hostname_short", "host", "group_names")
"""Of the special variables those that differ from host to host."""


class RedactedVariables(Variables):
    """The variables of a plan. `read` and `started` tell what has been read since they were last cleared."""

    def __init__(self, variables: Variables) -> None:
        super().__init__(variables.playbook, variables.inventory, variables.given)
        self.controller = replace(self.controller, shown=True)
        self.read: set[str] = set()
        """Names of a host's own variables, there or not."""
        self.started: set[str] = set()
        """What is known when a run starts, as it is shown: `(secret pw)`."""
        self.secrets = {item.name for item in self.playbook.inputs.values() if item.secret}
        given = self.given.extra
        self.secrets |= {
            name for name, value in given.items() if holds_secret("" if name in self.playbook.inputs else name, value)
        }
        self._given = (Layer(given), Layer(NamedPlaceholders(dict.fromkeys(self.secrets, "secret"), self.started)))
        self._of_playbook: Layer | None = None
        self._keys: dict[tuple[str, str], Any] = {}

    @property
    def top(self) -> tuple[Layer, ...]:
        """The layers over all others."""
        return self._given

    def scope(self, host: Host, controller: Controller | None = None) -> Scope:  # noqa: ARG002 - a plan never runs
        return Scope((*self.below(host), *self._given), self.controller)

    def key(self, host: Host, name: str) -> Any:
        """Equal for hosts for which this name means the same."""
        at = (host.name, name)
        if at not in self._keys:
            special: Any = None
            if name in _OWN:
                special = host.groups if name == "group_names" else host.name
            known = host.variables.get(name)
            self._keys[at] = (special, None if known is None else _hashable(known.value))
        return self._keys[at]

    def _layers(self, host: Host) -> tuple[Layer, ...]:
        special, defaults, playbook, own = super()._layers(host)
        if self._of_playbook is None:
            self._of_playbook = Layer(self._unshown(self.playbook.vars))
        hidden = self._unshown({name: variable.value for name, variable in host.variables.items()})
        return (
            Layer(_ReadsNoted(special.values, self.read)),
            Layer(NamedPlaceholders({"playbook_dir": ""}, self.started)),
            defaults,
            playbook,
            self._of_playbook,
            Layer(_ReadsNoted(own.values, self.read), templates=True, place_of=own.place_of),
            Layer(_ReadsNoted(hidden, self.read)),
        )

    def _unshown(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Those that no plan can show: secrets, what is drawn anew each time, paths of this machine."""
        words: dict[str, str] = {}
        partly: dict[str, Any] = {}
        for name, value in values.items():
            if name in PLACES:
                words[name] = ""
            elif isinstance(value, str) and CHANCE.search(value):
                words[name] = "random"
            elif is_secret(name, value):
                words[name] = "secret"
            elif holds_secret(name, value):
                redacted = _PartlySecret(value, name, self.started) if isinstance(value, Mapping) else None
                if redacted is None or redacted.templated:
                    words[name] = "secret"
                else:
                    partly[name] = redacted
        told = NamedPlaceholders(words, self.started)
        return ChainMap(partly, told) if partly else told  # type: ignore[arg-type] # read only

    def _specials(self, host: Host) -> dict[str, Any]:
        return {
            "omit": OMIT,
            "env": NamedPlaceholders(None, self.started, "env"),
            "inventory_hostname": host.name,
            "inventory_hostname_short": host.name.split(".")[0],
            "host": {"name": host.name, "groups": list(host.groups)},
            "group_names": list(host.groups),
            "groups": self.groups,
            "hostvars": HostVars(self),
            "inputs": Inputs(self, host),
            "run": NamedPlaceholders(dict.fromkeys(("id", "started", "mode"), "run"), self.started),
            "controller": NamedPlaceholders(dict.fromkeys(("user", "cwd"), "controller"), self.started),
        }


def is_secret(name: str, value: Any) -> bool:
    """By its name, or because it was encrypted."""
    if isinstance(value, Secret):
        return True
    return bool(SECRET_NAME.search(name)) and value not in (None, "") and not isinstance(value, bool)


def holds_secret(name: str, value: Any) -> bool:
    """Is it one, or is one somewhere in it?"""
    if is_secret(name, value):
        return True
    if isinstance(value, Mapping):
        return any(holds_secret(str(key), item) for key, item in value.items())
    return isinstance(value, list) and any(holds_secret("", item) for item in value)


class _PartlySecret(Mapping[str, Any]):
    """A mapping of which some values are secrets, that notes when one of those is read."""

    def __init__(self, values: Mapping[str, Any], path: str, started: set[str]) -> None:
        self._values, self._path, self._started = values, path, started

    @property
    def templated(self) -> bool:
        """Is there a template in what is no secret?"""
        return any(_has_template(item) for key, item in self._values.items() if not holds_secret(str(key), item))

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        if not holds_secret(str(key), value):
            return value
        if isinstance(value, Mapping) and not is_secret(str(key), value):
            return _PartlySecret(value, f"{self._path}.{key}", self._started)
        shown = f"(secret {self._path}.{key})"
        self._started.add(shown)
        return shown

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __str__(self) -> str:
        return str(dict(self))


def _has_template(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_template(item) for item in value.values())
    return any(map(_has_template, value)) if isinstance(value, list) else is_template(value)


class NamedPlaceholders(Mapping[str, Any]):
    """A mapping of names to `(WORD NAME)`, that notes what was read.

    `words` has the word for each name, empty for none; without `words`, every name that is asked for is there, under
    the word `every`.
    """

    def __init__(self, words: Mapping[str, str] | None, started: set[str], every: str = "") -> None:
        self._words, self._started, self._every = words, started, every

    def __contains__(self, name: object) -> bool:
        return self._words is None or name in self._words

    def __getitem__(self, name: str) -> str:
        word = self._every if self._words is None else self._words[name]
        shown = f"({word} {name})" if word else f"({name})"
        self._started.add(shown)
        return shown

    def __iter__(self) -> Iterator[str]:
        if self._words is None:
            self._started.add(f"({self._every})")
        return iter(self._words or ())

    def __len__(self) -> int:
        return len(self._words or ())


class _ReadsNoted(Mapping[str, Any]):
    """Notes the names that are asked for."""

    def __init__(self, values: Mapping[str, Any], read: set[str]) -> None:
        self._values, self._read = values, read

    def __contains__(self, name: object) -> bool:
        self._read.add(str(name))
        return name in self._values

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _hashable(value: Any) -> Any:
    if isinstance(value, str | int | float | bool) or value is None:
        return (type(value).__name__, str(value))
    return repr(value)
