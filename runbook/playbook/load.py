"""From a document to a `Playbook`: all problems of all its files at once, or the whole model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runbook.inventory.files import read_document
from runbook.inventory.vault import Vault
from runbook.model import Block, Input, Playbook, Stage
from runbook.playbook.check import check
from runbook.playbook.names import unknown_databases, wrong_schedule
from runbook.playbook.nodes import Builder
from runbook.playbook.schema import BLOCK_ONLY, SHARED, loading
from runbook.source import Document, Place, Problem, Problems
from runbook.yaml_source import read_yaml

_Places = dict[str, list[Place]]
"""Every place that sets a variable, the winner last."""
_STAGE_AS_BLOCK = {*SHARED, *BLOCK_ONLY, "remediate"}


def load_playbook(path: Path, root: Path | None = None, vault: Vault | None = None) -> Playbook:
    """Read a playbook and all that it includes. `root` is the project's folder (the playbook's own when not said).

    `vault` has the passwords of what is encrypted with ansible-vault. Raises Problems with everything that is wrong.
    """
    vault = vault or Vault()
    return playbook_from(read_document(path, vault), root or project_of(path), vault)


def playbook_from_text(text: str, file: str = "playbook.yml") -> Playbook:
    """The same from text that is in no file; for tests and editors."""
    return playbook_from(read_yaml(text, file), Path(file).absolute().parent)


def project_of(path: Path) -> Path:
    """The project's folder: the nearest one upwards with a runbook.toml, else the playbook's, or its parent when
    the playbook stands in a folder called `playbooks`."""
    folder = path.absolute().parent
    for candidate in (folder, *folder.parents):
        if (candidate / "runbook.toml").is_file():
            return candidate
    return folder.parent if folder.name == "playbooks" else folder


def playbook_from(document: Document, root: Path, vault: Vault | None = None) -> Playbook:
    place = Place(document)
    builder = Builder(root, vault or Vault(), documents=[document])
    data = document.data
    if not isinstance(data, Mapping):
        what = "is empty" if data is None else "must be one mapping with `name` and `stages`"
        hint = "in this language a play is a stage: put the list under `stages:`" if isinstance(data, list) else ""
        raise Problems([place.problem(f"the playbook {what}", hint)], {document.file: document.text})
    builder.problems += check(loading("playbook"), data, place)
    builder.defaults = _mapping(data.get("defaults"))
    builder.remediations = {
        str(name): (value, place / "remediations" / name) for name, value in _mapping(data.get("remediations")).items()
    }
    playbook = _build(builder, data, place)
    _check_remediations(builder)
    builder.problems += [*unknown_databases(playbook), *wrong_schedule(playbook)]
    if builder.problems:
        raise Problems(builder.problems, {doc.file: doc.text for doc in builder.documents})
    return playbook


def _build(builder: Builder, data: Mapping[str, Any], place: Place) -> Playbook:
    variables, places = _variables(builder, data, place)
    return Playbook(
        name=str(data.get("name", "")),
        place=place,
        stages=_stages(builder, data.get("stages"), place / "stages", _mapping(data.get("environment"))),
        hosts=str(data.get("hosts", "all")),
        description=str(data.get("description", "")),
        labels={str(k): str(v) for k, v in _mapping(data.get("labels")).items()},
        inputs=_inputs(builder, data.get("inputs"), place / "inputs"),
        vars=variables,
        vars_places={name: found[-1] for name, found in places.items()},
        vars_origins={name: tuple(found) for name, found in places.items()},
        databases=_databases(builder, data.get("databases"), place / "databases"),
        documents=tuple(builder.documents),
        schedule=_mapping(data.get("schedule")),
    )


def _stages(builder: Builder, data: Any, place: Place, environment: Mapping[str, Any]) -> tuple[Stage, ...]:
    out = []
    for index, item in enumerate(data if isinstance(data, list) else []):
        here = place / index
        if not isinstance(item, Mapping):
            builder.add(here.problem("a stage is a mapping with `name` and `steps`"))
            continue
        builder.problems += check(loading("stage"), item, here)
        out.append(_stage(builder, item, here, str(index + 1), environment))
    return tuple(out)


def _stage(
    builder: Builder, data: Mapping[str, Any], place: Place, number: str, environment: Mapping[str, Any]
) -> Stage:
    inside = {key: value for key, value in data.items() if key in _STAGE_AS_BLOCK}
    if environment:
        inside["environment"] = {**environment, **_mapping(data.get("environment"))}
    block = Block(
        number=number,
        common=builder.common(inside, place, number, defaults=False),
        place=place,
        steps=builder.nodes(data.get("steps"), place / "steps", f"{number}."),
        rescue=builder.nodes(data.get("rescue"), place / "rescue", f"{number}.r"),
        always=builder.nodes(data.get("always"), place / "always", f"{number}.a"),
    )
    serial = data.get("serial")
    return Stage(
        number=number,
        name=str(data.get("name") or f"Stage {number}"),
        block=block,
        place=place,
        hosts=str(data.get("hosts", "")),
        serial=tuple(serial) if isinstance(serial, list) else (() if serial is None else (serial,)),
        max_fail_percentage=data.get("max_fail_percentage"),
        any_errors_fatal=data.get("any_errors_fatal") is True,
        order=str(data.get("order", "inventory")),
        confirm=str(data.get("confirm", "")),
    )


def _inputs(builder: Builder, data: Any, place: Place) -> dict[str, Input]:
    out = {}
    for name, raw in _mapping(data).items():
        here = place / name
        if not isinstance(raw, Mapping):
            builder.add(here.problem("an input is a mapping", f"such as `{name}: {{type: string, default: x}}`"))
            continue
        builder.problems += check(loading("input"), raw, here)
        schema = {k: v for k, v in raw.items() if k not in ("default", "description", "secret", "env", "required")}
        out[str(name)] = Input(
            name=str(name),
            schema=schema,
            place=here,
            default=raw.get("default"),
            has_default="default" in raw,
            description=str(raw.get("description", "")),
            secret=raw.get("secret") is True,
            env=str(raw.get("env", "")),
            required=raw.get("required") is not False,
        )
        if "default" in raw and not builder.problems:
            builder.problems += check(schema, raw["default"], here / "default")
    return out


def _databases(builder: Builder, data: Any, place: Place) -> dict[str, Mapping[str, Any]]:
    out = {}
    for name, raw in _mapping(data).items():
        here = place / name
        if not isinstance(raw, Mapping):
            builder.add(here.problem("a database is a mapping", "such as `{host: localhost, dbname: app}`"))
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
        path = Path(place.document.file).absolute().parent / str(name)
        if not path.is_file():
            builder.add((place / "vars_files" / index).problem(f"there is no file {name!r} beside the playbook"))
            continue
        try:
            document = read_document(path, builder.vault)
        except Problems as error:
            builder.problems += error.problems
            continue
        builder.documents.append(document)
        _take(builder, document.data, Place(document), values, places)
    _take(builder, data.get("vars"), place / "vars", values, places)
    return values, places


def _take(builder: Builder, data: Any, place: Place, values: dict[str, Any], places: _Places) -> None:
    if data is not None and not isinstance(data, Mapping):
        builder.add(place.problem("variables are a mapping of names to values"))
        return
    builder.templates(data, place)
    for name, value in _mapping(data).items():
        values[str(name)] = value
        places.setdefault(str(name), []).append(place / name)


def _check_remediations(builder: Builder) -> None:
    """Look into every named remediation, also those that no step refers to."""
    seen: list[Problem] = list(builder.problems)
    for name, (data, place) in builder.remediations.items():
        if isinstance(data, Mapping):
            builder.remediation(data, place, "f", name)
        else:
            builder.add(place.problem("a remediation is a mapping with `steps`"))
    builder.problems = list(dict.fromkeys([*seen, *builder.problems]))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
