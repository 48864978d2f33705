"""Steps, blocks, choices and includes from a document: each mapping checked, numbered, and given its place.

All problems are collected in one `Builder`; what is wrong is left out of the result, and the rest is still looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from runbook.common.spelling import nearest
from runbook.model import Block, Cause, Choose, Common, Expression, Node, Option, Remediation, Step
from runbook.playbook.other_tools import better, no_mapping
from runbook.playbook.project_files import Files
from runbook.playbook.schema import loading
from runbook.playbook.schema_check import check
from runbook.playbook.step_shape import no_single_shape, shapes
from runbook.playbook.template_syntax import as_expression, wrong_expressions, wrong_templates
from runbook.source.document import Document, Place, Problem, Problems
from runbook.steps import KINDS
from runbook.steps.traits import OptionPath, traits
from runbook.templating.render import is_template
from runbook.vault.format import Vault

MAX_STEPS = 50_000
"""Steps of a playbook, those that several includes or remediations share counted for each."""
MAX_DEPTH = 50
"""Blocks, branches, diagnoses, options and includes within each other. All that reads a playbook or a run calls itself
for each of them, and ends well with so many: `tests/cli/test_depth.py` proves it."""
_TEMPLATED = (
    *("name", "vars", "environment", "delegate_to", "become", "become_user", "timeout"),
    *("retries", "delay", "ignore_errors", "no_log", "cause", "loop_control"),
)
"""Keys whose values may be templates."""


class Builder(Struct, dict=True):
    """Builds nodes from one file and the files that it includes."""

    root: Path
    """Folder that included files must stand in."""
    vault: Vault = field(default_factory=Vault)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    remediations: Mapping[str, tuple[Any, Place]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    _built: int = 0
    _depth: int = 0
    _including: list[Path] = field(default_factory=list)
    _fixing: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = Files(self.root, self.vault, self.problems, self.documents)

    # --- nodes -------------------------------------------------------------------------------------------

    def nodes(self, data: Any, place: Place, prefix: str, asked: Place | None = None) -> tuple[Node, ...]:
        """The steps of a list; `prefix` is `2.` or `2.3.d`. `asked`: where one is asked for that stands elsewhere."""
        if not isinstance(data, list):
            return ()
        if self._depth > MAX_DEPTH:
            self.add(_too_deep(asked or place, at_key=asked is None))
            return ()
        self._depth += 1
        built = [self.node(item, place / index, f"{prefix}{index + 1}") for index, item in enumerate(data)]
        self._depth -= 1
        return tuple(node for node in built if node is not None)

    def node(self, data: Any, place: Place, number: str) -> Node | None:
        if not isinstance(data, Mapping):
            self.add(place.problem("a step is a mapping", "such as `- command: uptime`", "type"))
            return None
        self._built += 1
        if self._built > MAX_STEPS:
            raise Problems([*self.problems, _too_many(place)], {doc.file: doc.text for doc in self.documents})
        if (shape := self._shape(data, place)) is None:
            return None
        if shape == "steps":
            return self.block(data, place, number)
        if shape == "choose":
            return self._choose(data, place, number)
        if shape == "include":
            return self._include(data, place, number)
        return self._step(shape, data, place, number)

    def _shape(self, data: Mapping[str, Any], place: Place) -> str | None:
        """The one kind or structure key of a step."""
        found = shapes(data)
        if len(found) == 1:
            return found[0]
        self.problems += no_single_shape(data, place, found)
        return None

    def _step(self, kind: str, data: Mapping[str, Any], place: Place, number: str) -> Step:
        own = {key: value for key, value in data.items() if key != kind}
        self._check_keys("step", own, place, kind)
        args_place = place / kind
        args = self.args(kind, data[kind], data, args_place)
        control = data.get("loop_control") if isinstance(data.get("loop_control"), Mapping) else {}
        self.templates(data.get("loop"), place / "loop")
        return Step(
            number=number,
            kind=kind,
            args=args,
            common=self.common(data, place, number),
            place=place,
            args_place=args_place,
            loop=data.get("loop"),
            loop_var=str(control.get("loop_var", "item")) if control else "item",
            loop_label=str(control.get("label", "")) if control else "",
            register=str(data.get("register", "")),
            changed_when=self.expressions(data, place, "changed_when"),
            failed_when=self.expressions(data, place, "failed_when"),
            expect=self.expressions(data, place, "expect"),
            changes=data["changes"] if isinstance(data.get("changes"), bool) else None,
            causes=self._causes(data.get("cause"), place / "cause"),
            secrets=tuple(map(str, data.get("secrets") or ())),
        )

    def _causes(self, raw: Any, place: Place) -> tuple[Cause, ...]:
        """A text, or a list of texts that have a `when` each."""
        if not isinstance(raw, list):
            return (Cause(str(raw), place),) if raw else ()
        items = [(item, place / index) for index, item in enumerate(raw) if isinstance(item, Mapping)]
        return tuple(
            Cause(str(item.get("text", "")), at / "text", self.expressions(item, at, "when")) for item, at in items
        )

    def args(self, kind: str, raw: Any, data: Mapping[str, Any], place: Place) -> Any:
        """A kind's options as a mapping, checked as far as templates allow."""
        module = KINDS[kind]
        properties = module.SCHEMA.get("properties", {})
        if module.SHORT and not (isinstance(raw, Mapping) and (set(raw) & set(properties) or "type" not in properties)):
            args: dict[str, Any] = {module.SHORT: raw}
            short = place.document
            # The bare value stands where the option would: its spans are those of the kind's key.
            self.problems += [
                Problem(p.message, p.span, p.hint, p.rule) for p in check(loading(kind), args, Place(short, place.path))
            ]
        elif raw is None and not module.SCHEMA.get("required"):
            args = {}
        else:
            found = check(loading(kind), raw, place)
            self.problems += found if isinstance(raw, Mapping) else [no_mapping(problem, kind) for problem in found]
            args = dict(raw) if isinstance(raw, Mapping) else {}
        if "changes" in properties and isinstance(data.get("changes"), bool):
            args.setdefault("changes", data["changes"])
        bare = {one.at for one in traits(kind).conditions(args)}
        for key, value in args.items():
            self._option(value, place / key if isinstance(raw, Mapping) else place, (key,), bare)
        return args

    def _option(self, value: Any, place: Place, at: OptionPath, bare: set[OptionPath]) -> None:
        """Look at the syntax of an option's value: of bare expressions where the kind says so, else of templates."""
        if at in bare:
            self._bare(value, place)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                self._option(item, place / key, (*at, key), bare)
        else:
            self.templates(value, place)

    def block(self, data: Mapping[str, Any], place: Place, number: str) -> Block:
        self._check_keys("block", data, place)
        self.rescue_keys(data, place)
        return Block(
            number=number,
            common=self.common(data, place, number),
            place=place,
            steps=self.nodes(data.get("steps"), place / "steps", f"{number}."),
            rescue=self.nodes(data.get("rescue"), place / "rescue", f"{number}.r"),
            always=self.nodes(data.get("always"), place / "always", f"{number}.a"),
            recheck=data.get("recheck") is True,
            accepted=data.get("rescued") == "accept",
        )

    def rescue_keys(self, data: Mapping[str, Any], place: Place) -> None:
        """What is said of a rescue needs one."""
        for key in ("recheck", "rescued"):
            if key in data and not data.get("rescue"):
                message = f"`{key}` speaks of a `rescue`, and there is none here"
                self.add((place / key).problem(message, rule="missing-key", at_key=True))

    def _choose(self, data: Mapping[str, Any], place: Place, number: str) -> Choose | None:
        found = self._check_keys("choose", data, place)
        if found:
            return None
        inner, at = data["choose"], place / "choose"
        options = []
        for name, option in inner["options"].items():
            here = at / "options" / name
            steps = self.nodes((option or {}).get("steps"), here / "steps", f"{number}.{name}.")
            options.append(Option(str(name), str((option or {}).get("description", "")), steps, here))
        by = Expression(str(inner["by"]), at / "by")
        self._bare(by.text, by.place)
        return Choose(number, self.common(data, place, number), place, by, tuple(options))

    def _include(self, data: Mapping[str, Any], place: Place, number: str) -> Block | None:
        if self._check_keys("include", data, place):
            return None
        at = place / "include"
        path = self._included_path(str(data["include"]), at)
        document = self.files.document(path) if path else None
        if path is None or document is None:
            return None
        self._including.append(path)
        try:
            if not isinstance(document.data, list):
                self.add(Place(document).problem("an included file holds a list of steps", rule="include"))
            steps = self.nodes(document.data, Place(document), f"{number}.", at)
            return Block(number, self.common(data, place, number), place, steps, included=document.file)
        finally:
            self._including.pop()

    def _included_path(self, name: str, at: Place) -> Path | None:
        if is_template(name):
            self.add(
                at.problem(
                    "an include is read before the run: no template can stand here",
                    "use `choose` or `when` to pick what runs",
                    "include",
                )
            )
            return None
        path = self.files.beside(name, at, "include")
        if path is not None and (path in self._including or path == Path(at.document.file).resolve()):
            self.add(at.problem("the file includes itself, in a circle", rule="cycle"))
            return None
        return path

    # --- what they share ---------------------------------------------------------------------------------

    def common(self, data: Mapping[str, Any], place: Place, number: str, *, defaults: bool = True) -> Common:
        values: dict[str, Any] = {**(self.defaults if defaults else {}), **data}
        for key in _TEMPLATED:
            if key in data:
                self.templates(data[key], place / key)
        return Common(
            name=str(values.get("name") or ""),
            when=self.expressions(data, place, "when"),
            vars=_mapping(values.get("vars")),
            tags=_tags(values.get("tags")),
            become=values.get("become"),
            become_user=values.get("become_user"),
            environment=_mapping(values.get("environment")),
            delegate_to=values.get("delegate_to"),
            run_once=values.get("run_once") is True,
            throttle=values.get("throttle"),
            ignore_errors=values.get("ignore_errors", False),
            no_log=values.get("no_log", False),
            timeout=values.get("timeout"),
            retries=values.get("retries"),
            delay=values.get("delay"),
            until=self.expressions(data, place, "until"),
            severity=str(values.get("severity", "fail")),
            remediate=self._branches(data.get("remediate"), place / "remediate", number),
            diagnose=self.nodes(data.get("diagnose"), place / "diagnose", f"{number}.d"),
        )

    def _branches(self, data: Any, place: Place, number: str) -> tuple[Remediation, ...]:
        if data is None:
            return ()
        items = data if isinstance(data, list) else [data]
        out = []
        for index, item in enumerate(items):
            at = place / index if isinstance(data, list) else place
            branch = (
                self._named(item, at, f"{number}.f{index + 1}")
                if isinstance(item, str)
                else (self.remediation(item, at, f"{number}.f{index + 1}", ""))
            )
            out += [branch] if branch else []
        return tuple(out)

    def _named(self, name: str, at: Place, number: str) -> Remediation | None:
        if name not in self.remediations:
            hint = nearest(name, self.remediations) or f"known: {', '.join(self.remediations) or 'none'}"
            self.add(at.problem(f"no remediation is called {name!r}", hint, "unknown-remediation"))
            return None
        if name in self._fixing:
            self.add(at.problem(f"the remediation {name!r} leads to itself", rule="cycle"))
            return None
        data, place = self.remediations[name]
        self._fixing.append(name)
        try:
            return self.remediation(data, place, number, name, at)
        finally:
            self._fixing.pop()

    def remediation(
        self, data: Any, place: Place, number: str, name: str, asked: Place | None = None
    ) -> Remediation | None:
        if self._check_keys("remediation", data, place):
            return None
        for key in ("name", "description", "vars"):
            self.templates(data.get(key), place / key)
        return Remediation(
            name=str(data.get("name") or name or data.get("description") or "remediation"),
            steps=self.nodes(data.get("steps"), place / "steps", f"{number}.", asked),
            place=place,
            description=str(data.get("description", "")),
            when=self.expressions(data, place, "when"),
            recheck=data.get("recheck", True) is not False,
            vars=_mapping(data.get("vars")),
        )

    def expressions(self, data: Mapping[str, Any], place: Place, key: str) -> tuple[Expression, ...]:
        raw = data.get(key)
        if raw is None:
            return ()
        at = place / key
        items = [(item, at / i) for i, item in enumerate(raw)] if isinstance(raw, list) else [(raw, at)]
        for item, where in items:
            self._bare(item, where)
        return tuple(Expression(as_expression(item), where) for item, where in items)

    def _bare(self, value: Any, place: Place) -> None:
        self.problems += wrong_expressions(value, place)

    def templates(self, value: Any, place: Place) -> None:
        """Look at the syntax of every template in a value."""
        self.problems += wrong_templates(value, place)

    def _check_keys(self, name: str, data: Mapping[str, Any], place: Place, kind: str = "") -> list[Problem]:
        found = [better(problem, kind) for problem in check(loading(name), data, place)]
        self.problems += found
        return found

    def add(self, problem: Problem) -> None:
        self.problems.append(problem)


def _too_many(place: Place) -> Problem:
    hint = "includes or remediations that lead to others multiply: let them run once"
    return place.problem(f"more than {MAX_STEPS} steps, once all includes and remediations are followed", hint, "size")


def _too_deep(place: Place, *, at_key: bool) -> Problem:
    message = f"nested too deeply: more than {MAX_DEPTH} blocks, branches, diagnoses or includes within each other"
    hint = "move what stands deepest out, before or behind what is around it"
    return place.problem(message, hint, "size", at_key=at_key)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _tags(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(tag.strip() for tag in value.split(",") if tag.strip())
    return tuple(map(str, value)) if isinstance(value, list) else ()
