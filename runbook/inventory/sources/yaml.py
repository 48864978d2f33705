"""YAML inventories: groups of `hosts`, `children` and `vars`; JSON files of the same shape too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.inventory.addresses import AddressError, expand
from runbook.inventory.builder import InventoryBuilder
from runbook.source.document import Document, Place

_KEYS = ("hosts", "children", "vars")


def parse_yaml(document: Document, builder: InventoryBuilder) -> None:
    """Put what the document says into the builder, problems too. Its data must be a mapping."""
    reader = _Yaml(builder)
    place = Place(document)
    if document.data.get("plugin"):
        hint = f"keep what it finds: ansible-inventory -i {document.file} --list --export --yaml > inventories/NAME.yml"
        builder.add(place / "plugin", "inventory plugins of Ansible are not run", hint, at_key=True)
        return
    for name, data in document.data.items():
        reader.group(name, data, place / name)


class _Yaml:
    def __init__(self, builder: InventoryBuilder) -> None:
        self.builder = builder

    def group(self, name: Any, data: Any, place: Place) -> bool:
        """Is it a group? What is none is a problem."""
        if not isinstance(name, str) or not name:
            self.builder.add(place, "the name of a group must be text", "put it in quotes", at_key=True)
            return False
        if data is not None and not isinstance(data, Mapping):
            hint = "variables stand under `vars:` of a group, or in group_vars/all.yml"
            self.builder.add(place, f"the group {name!r} must hold `hosts`, `children` or `vars`", hint)
            return False
        self.builder.add_group(name)
        for key, value in (data or {}).items():
            self._part(name, key, value, place / key)
        return True

    def _part(self, group: str, key: Any, value: Any, place: Place) -> None:
        if key not in _KEYS:
            self._unknown(group, key, place)
            return
        if isinstance(value, str):
            value = {value: None}
        if value is not None and not isinstance(value, Mapping):
            example = "web1:" if key == "hosts" else "name:" if key == "children" else "name: value"
            self.builder.add(place, f"`{key}` must be a mapping", f"write each as a key, with a colon: `{example}`")
            return
        part = {"hosts": self._host, "children": self._child, "vars": self._variable}[key]
        for name, data in (value or {}).items():
            part(group, name, data, place / name)

    def _unknown(self, group: str, key: Any, place: Place) -> None:
        from runbook.common.spelling import nearest

        message = f"the group {group!r} has the key {key!r}, which has no meaning here"
        if hint := nearest(str(key), _KEYS):
            self.builder.add(place, message, hint, at_key=True)
        else:  # anchors are kept under such keys
            self.builder.warn(message, place.key, "a group holds `hosts`, `children` and `vars`")

    def _child(self, group: str, name: Any, data: Any, place: Place) -> None:
        if self.group(name, data, place):
            self.builder.add_child(group, name, place.key)

    def _variable(self, group: str, name: Any, value: Any, place: Place) -> None:
        self._set(group, name, value, place)

    def _set(self, entity: str, name: Any, value: Any, place: Place) -> None:
        if not isinstance(name, str):
            self.builder.add(place, "the name of a variable must be text", "begin it with a letter", at_key=True)
            return
        self.builder.set_variable(entity, name, value, place.value)

    def _host(self, group: str, name: Any, data: Any, place: Place) -> None:
        if not isinstance(name, str) or not name:
            self.builder.add(place, "the name of a host must be text", "put it in quotes", at_key=True)
            return
        if data and not isinstance(data, Mapping):
            self.builder.add(place, f"the host {name!r} must hold its variables", "write `name: value` below it")
            return
        try:
            hosts, port = expand(name)
        except AddressError as error:
            self.builder.add(place, str(error), at_key=True)
            return
        for host in hosts:
            self.builder.add_host(host, group, place.key, port)
            for variable, value in (data or {}).items():
                self._set(host, variable, value, place / variable)
