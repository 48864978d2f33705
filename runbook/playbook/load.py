"""From a document to a `Playbook`: all problems of all its files at once, or the whole model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runbook.common.frozen import Frozen
from runbook.model import Block, Playbook, Remediation, Stage
from runbook.playbook.inputs import inputs
from runbook.playbook.nodes import Builder
from runbook.playbook.other_tools import better
from runbook.playbook.references import unknown_databases, wrong_schedule
from runbook.playbook.schema import BLOCK_ONLY, SHARED, loading
from runbook.playbook.schema_check import check
from runbook.source.document import Document, Place, Problem, Problems
from runbook.source.yaml import read_yaml
from runbook.vault.documents import read_document, redacted_problems
from runbook.vault.format import Vault

_Places = dict[str, list[Place]]
"""Every place that sets a variable, the winner last."""
_STAGE_AS_BLOCK = {*SHARED, *BLOCK_ONLY, "remediate"}


def load_playbook(path: Path, root: Path | None = None, vault: Vault | None = None) -> Playbook:
    """Read a playbook and all that it includes. `root` is the project's folder (the playbook's own when not said).

    `vault` has the passwords of what is encrypted with ansible-vault. Raises Problems with everything that is wrong.
    """
    return read_playbook(path, root, vault).whole()


def playbook_from_text(text: str, file: str = "playbook.yml") -> Playbook:
    """The same from text that is in no file; for tests and editors."""
    return playbook_from(read_yaml(text, file), Path(file).absolute().parent).whole()


class Loaded(Frozen):
    """What could be read of a playbook: the parts of it that are right, and all problems of the others."""

    playbook: Playbook
    problems: tuple[Problem, ...] = ()

    @property
    def texts(self) -> dict[str, str]:
        """The text of each of its files."""
        return {document.file: document.text for document in self.playbook.documents}

    def whole(self) -> Playbook:
        """The playbook. Raises Problems where not all of it is right."""
        if self.problems:
            raise Problems(self.problems, self.texts)
        return self.playbook


def read_playbook(path: Path, root: Path | None = None, vault: Vault | None = None) -> Loaded:
    """As `load_playbook`, with the problems beside what could be read. Raises Problems where that is nothing at all."""
    vault = vault or Vault()
    return playbook_from(read_document(path, vault), root or project_of(path), vault)


def project_of(path: Path) -> Path:
    """The project's folder: the nearest one upwards with a runbook.toml, else the playbook's, or its parent when
    the playbook stands in a folder called `playbooks`."""
    folder = path.absolute().parent
    for candidate in (folder, *folder.parents):
        if (candidate / "runbook.toml").is_file():
            return candidate
    return folder.parent if folder.name == "playbooks" else folder


def playbook_from(document: Document, root: Path, vault: Vault | None = None) -> Loaded:
    place = Place(document)
    builder = Builder(root, vault or Vault(), documents=[document])
    data = document.data
    if not isinstance(data, Mapping):
        what = "is empty" if data is None else "must be one mapping with `name` and `stages`"
        hint = "in this language a play is a stage: put the list under `stages:`" if isinstance(data, list) else ""
        raise Problems([place.problem(f"the playbook {what}", hint, "type")], {document.file: document.text})
    builder.problems += map(better, check(loading("playbook"), data, place))
    builder.defaults = _mapping(data.get("defaults"))
    builder.remediations = {
        str(name): (value, place / "remediations" / name) for name, value in _mapping(data.get("remediations")).items()
    }
    playbook = _build(builder, data, place)
    problems = (*builder.problems, *_no_hosts(data, place), *unknown_databases(playbook), *wrong_schedule(playbook))
    return Loaded(playbook, tuple(redacted_problems(problems, builder.documents)))


def _build(builder: Builder, data: Mapping[str, Any], place: Place) -> Playbook:
    variables, places = _variables(builder, data, place)
    stages = _stages(builder, data.get("stages"), place / "stages", _mapping(data.get("environment")))
    return Playbook(
        name=str(data.get("name", "")),
        place=place,
        stages=stages,
        hosts=_pattern(data.get("hosts")),
        description=str(data.get("description", "")),
        labels={str(k): str(v) for k, v in _mapping(data.get("labels")).items()},
        inputs=inputs(builder, data.get("inputs"), place / "inputs"),
        vars=variables,
        vars_places={name: found[-1] for name, found in places.items()},
        vars_origins={name: tuple(found) for name, found in places.items()},
        databases=_databases(builder, data.get("databases"), place / "databases"),
        remediations=_remediations(builder),
        documents=tuple(builder.documents),
        schedule=_mapping(data.get("schedule")),
    )


def _stages(builder: Builder, data: Any, place: Place, environment: Mapping[str, Any]) -> tuple[Stage, ...]:
    out = []
    for index, item in enumerate(data if isinstance(data, list) else []):
        here = place / index
        if not isinstance(item, Mapping):
            builder.add(here.problem("a stage is a mapping with `name` and `steps`", rule="type"))
            continue
        builder.problems += map(better, check(loading("stage"), item, here))
        out.append(_stage(builder, item, here, str(index + 1), environment))
    return tuple(out)


def _stage(
    builder: Builder, data: Mapping[str, Any], place: Place, number: str, environment: Mapping[str, Any]
) -> Stage:
    inside = {key: value for key, value in data.items() if key in _STAGE_AS_BLOCK}
    if environment:
        inside["environment"] = {**environment, **_mapping(data.get("environment"))}
    builder.rescue_keys(data, place)
    block = Block(
        number=number,
        common=builder.common(inside, place, number, defaults=False),
        place=place,
        steps=builder.nodes(data.get("steps"), place / "steps", f"{number}."),
        rescue=builder.nodes(data.get("rescue"), place / "rescue", f"{number}.r"),
        always=builder.nodes(data.get("always"), place / "always", f"{number}.a"),
        recheck=data.get("recheck") is True,
        accepted=data.get("rescued") == "accept",
    )
    serial = data.get("serial")
    return Stage(
        number=number,
        name=str(data.get("name") or f"Stage {number}"),
        block=block,
        place=place,
        hosts=_pattern(data.get("hosts")),
        serial=tuple(serial) if isinstance(serial, list) else (() if serial is None else (serial,)),
        max_fail_percentage=data.get("max_fail_percentage"),
        any_errors_fatal=data.get("any_errors_fatal") is True,
        order=str(data.get("order", "inventory")),
        confirm=str(data.get("confirm", "")),
    )


def _no_hosts(data: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    """A problem where nobody said on which hosts: every host is meant only where that is written."""
    stages = data.get("stages")
    each = [stage for stage in stages if isinstance(stage, Mapping)] if isinstance(stages, list) else []
    without = [stage for stage in each if "hosts" not in stage]
    if not without or "hosts" in data:
        return
    hint = "write `hosts: all` where every host is meant, or a group's name: on the playbook, or on each stage"
    if len(without) == len(each):
        yield (place / "name").problem("the playbook has no `hosts`, and none of its stages has", hint, "missing-key")
        return
    for index, stage in enumerate(stages if isinstance(stages, list) else []):
        if stage in without:
            at = place / "stages" / index / "name"
            yield at.problem("this stage has no `hosts`, and the playbook has none", hint, "missing-key")


def _pattern(hosts: Any) -> str:
    return ",".join(map(str, hosts)) if isinstance(hosts, list) else str(hosts if hosts is not None else "")


def _databases(builder: Builder, data: Any, place: Place) -> dict[str, Mapping[str, Any]]:
    out = {}
    for name, raw in _mapping(data).items():
        here = place / name
        if not isinstance(raw, Mapping):
            builder.add(here.problem("a database is a mapping", "such as `{host: localhost, dbname: app}`", "type"))
            continue
        builder.problems += check(loading("database"), raw, here)
        builder.templates(raw, here)
        out[str(name)] = raw
    return out


def _variables(builder: Builder, data: Mapping[str, Any], place: Place) -> tuple[dict[str, Any], _Places]:
    """`vars_files` in order, then `vars`, the later winning."""
    values: dict[str, Any] = {}
    places: _Places = {}
    files = data.get("vars_files")
    for index, name in enumerate(files if isinstance(files, list) else []):
        at = place / "vars_files" / index
        path = builder.files.beside(str(name), at, "vars-file")
        document = builder.files.document(path) if path else None
        if document is None:
            continue
        _take(builder, document.data, Place(document), values, places)
    _take(builder, data.get("vars"), place / "vars", values, places)
    return values, places


def _take(builder: Builder, data: Any, place: Place, values: dict[str, Any], places: _Places) -> None:
    if data is not None and not isinstance(data, Mapping):
        builder.add(place.problem("variables are a mapping of names to values", rule="type"))
        return
    builder.templates(data, place)
    for name, value in _mapping(data).items():
        values[str(name)] = value
        places.setdefault(str(name), []).append(place / name)


def _remediations(builder: Builder) -> dict[str, Remediation]:
    """Every named remediation, also those that no step refers to."""
    found = {}
    for name, (data, place) in builder.remediations.items():
        if not isinstance(data, Mapping):
            builder.add(place.problem("a remediation is a mapping with `steps`", rule="type"))
        elif branch := builder.remediation(data, place, "f", name):
            found[name] = branch
    builder.problems[:] = dict.fromkeys(builder.problems)
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
