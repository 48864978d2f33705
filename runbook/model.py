"""What a playbook and an inventory say, as frozen data. Nothing here does anything.

Templates are kept as the user wrote them; `Expression` is a bare one (`when`, `expect` …). Everything knows its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook.common.frozen import Frozen, field
from runbook.source.document import Place, Problem, Span

VARIABLE_NAME = r"^[^\x00-@\[-^`{-\xa0\u2000-\u206f][^\x00-/:-@\[-^`{-\xa0\u2000-\u206f]*$"
"""What a variable may be called, in any script. Without \\w, which some of the engines that read it take for ASCII."""

NAMES_A_HOST = r"[^\s,:]"
"""What a host pattern has, so that it names something: one without would reach every host."""

# --- inventory ---------------------------------------------------------------------------------------------


class Variable(Frozen):
    """A variable as the inventory sets it: its value (strings may be templates) and where it was written."""

    value: Any
    span: Span | None = None
    level: str = ""
    """`group:NAME` or `host:NAME`, with where it came from."""


class Host(Frozen):
    """A managed host. `variables` are merged from its groups and itself, the nearest winning."""

    name: str
    variables: Mapping[str, Variable] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    """Every group it is in, directly or not, sorted; without `all`."""
    origins: Mapping[str, tuple[Variable, ...]] = field(default_factory=dict)
    """Every place that sets a variable, the winner last."""

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a variable as written, or the default."""
        variable = self.variables.get(name)
        return default if variable is None else variable.value


class Group(Frozen):
    name: str
    hosts: tuple[str, ...] = ()
    """Hosts named in it directly, in the order of the file."""
    children: tuple[str, ...] = ()
    variables: Mapping[str, Variable] = field(default_factory=dict)
    depth: int = 0
    """The length of the longest way down to it from `all`."""


class Inventory(Frozen):
    """Hosts in the order of the files, and groups by name (`all` and `ungrouped` are always there)."""

    hosts: Mapping[str, Host]
    groups: Mapping[str, Group]
    sources: tuple[str, ...] = ()
    """The files it was read from, as a user would type them."""
    localhost: Host | None = None
    """What the pattern `localhost` means when no host of the sources has that name; it is in no group."""
    warnings: tuple[Problem, ...] = ()
    """What is odd in the sources and yet no error."""


# --- playbook ----------------------------------------------------------------------------------------------


class Expression(Frozen):
    """A bare Jinja expression and its place."""

    text: str
    place: Place


class Input(Frozen):
    name: str
    schema: Mapping[str, Any]
    """JSON Schema fragment: type, enum, minimum, pattern …"""
    place: Place
    default: Any = None
    has_default: bool = False
    description: str = ""
    secret: bool = False
    env: str = ""
    required: bool = True


class Common(Frozen):
    """The keys that every step, block, choice and include may have."""

    name: str = ""
    when: tuple[Expression, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    become: Any = None
    """True, False, a template, or None (as what is around it)."""
    become_user: str | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    delegate_to: str | None = None
    run_once: bool = False
    throttle: int | None = None
    """How many hosts may be in it at a time; None for all."""
    ignore_errors: Any = False
    no_log: Any = False
    timeout: Any = None
    retries: Any = None
    delay: Any = None
    until: tuple[Expression, ...] = ()
    severity: str = "fail"
    remediate: tuple[Remediation, ...] = ()
    diagnose: tuple[Node, ...] = ()


class Cause(Frozen):
    """What is probably wrong when a step does not pass, and `when` holds."""

    text: str
    place: Place
    when: tuple[Expression, ...] = ()


class Step(Frozen):
    """One step of a kind. `args` is as written (a bare value is put under the kind's SHORT option)."""

    number: str
    kind: str
    args: Any
    common: Common
    place: Place
    args_place: Place
    loop: Any = None
    loop_var: str = "item"
    loop_label: str = ""
    register: str = ""
    changed_when: tuple[Expression, ...] = ()
    failed_when: tuple[Expression, ...] = ()
    expect: tuple[Expression, ...] = ()
    changes: bool | None = None
    causes: tuple[Cause, ...] = ()
    secrets: tuple[str, ...] = ()


class Block(Frozen):
    """Steps that stop at the first failure, with `rescue` and `always`. An include is a block read from a file."""

    number: str
    common: Common
    place: Place
    steps: tuple[Node, ...]
    rescue: tuple[Node, ...] = ()
    always: tuple[Node, ...] = ()
    recheck: bool = False
    """After its rescue it is run again."""
    accepted: bool = False
    """That it was rescued is only a warning."""
    included: str = ""
    """The file, when it is an include."""


class Option(Frozen):
    name: str
    description: str
    steps: tuple[Node, ...]
    place: Place


class Choose(Frozen):
    number: str
    common: Common
    place: Place
    by: Expression
    options: tuple[Option, ...]


Node = Step | Block | Choose


class Remediation(Frozen):
    """A branch that is tried when a step failed. Named ones stand in `Playbook.remediations`."""

    name: str
    steps: tuple[Node, ...]
    place: Place
    description: str = ""
    when: tuple[Expression, ...] = ()
    recheck: bool = True
    vars: Mapping[str, Any] = field(default_factory=dict)


class Stage(Frozen):
    number: str
    name: str
    block: Block
    place: Place
    hosts: str = ""
    """A pattern; empty for the playbook's."""
    serial: tuple[Any, ...] = ()
    max_fail_percentage: float | None = None
    any_errors_fatal: bool = False
    order: str = "inventory"
    confirm: str = ""


class Playbook(Frozen):
    name: str
    place: Place
    stages: tuple[Stage, ...]
    hosts: str = ""
    """A pattern; empty where each stage has its own."""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    vars_places: Mapping[str, Place] = field(default_factory=dict)
    vars_origins: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    """Every place in `vars_files` and `vars` that sets a variable, the winner last."""
    databases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remediations: Mapping[str, Remediation] = field(default_factory=dict)
    """The named ones. The steps that refer to one have it too, each numbered as that step's."""
    documents: tuple[Any, ...] = ()
    """Every Document that was read for it, the playbook first."""
    schedule: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> str:
        return self.place.document.file


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Every node with all that is inside it: blocks, options, diagnosis and remediation too."""
    for node in nodes:
        yield node
        yield from walk(node.common.diagnose)
        for branch in node.common.remediate:
            yield from walk(branch.steps)
        yield from _inside(node)


def _inside(node: Node) -> Iterator[Node]:
    if isinstance(node, Block):
        for part in (node.steps, node.rescue, node.always):
            yield from walk(part)
    elif isinstance(node, Choose):
        for option in node.options:
            yield from walk(option.steps)
