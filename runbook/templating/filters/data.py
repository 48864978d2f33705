"""Filters between texts and data: JSON, YAML, Base64."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2.utils import htmlsafe_json_dumps

from runbook.templating.sandbox.limits import MAX_DEPTH, measure, text_of

if TYPE_CHECKING:
    import yaml

_WIDEST = 100
"""Blanks that a level may be moved to the right."""


def to_json(value: Any, **options: Any) -> str:
    """The value as JSON on one line. Options: `indent`, `sort_keys`, `ensure_ascii`, `separators`.

    `{'a': [1, none]} | to_json` → `"{\\"a\\": [1, null]}"`
    """
    _bounded(value, options.get("indent"))
    return json.dumps(value, default=_plain, **options)


def to_nice_json(value: Any, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:
    """The value as JSON over several lines, keys in order. Options as those of `to_json`.

    `{'b': 1, 'a': 2} | to_nice_json(indent=1)` → `"{\\n \\"a\\": 2,\\n \\"b\\": 1\\n}"`
    """
    options.pop("separators", None)
    return to_json(value, indent=indent, sort_keys=sort_keys, separators=(",", ": "), **options)


def from_json(value: Any, **options: Any) -> Any:
    """The value that a text in JSON says.

    `'{"a": 1}' | from_json` → `{"a": 1}`
    """
    try:
        return json.loads(value, **options)
    except ValueError as error:
        raise ValueError(f"from_json: this is no JSON: {error}") from None


def to_yaml(value: Any, default_flow_style: bool | None = None, **options: Any) -> str:
    """The value as YAML, inner lists and mappings on one line.

    `{'a': [1, 2]} | to_yaml` → `"a: [1, 2]\\n"`
    """
    import yaml

    _bounded(value, options.get("indent"))
    options = {"allow_unicode": True, "default_flow_style": default_flow_style, **options}
    return str(yaml.dump(value, Dumper=_dumper(), **options))


def to_nice_yaml(value: Any, indent: int = 4, default_flow_style: bool = False, **options: Any) -> str:
    """The value as YAML over several lines. Options: `indent`, `width`, `sort_keys`, `explicit_start`.

    `{'a': {'b': 1}} | to_nice_yaml` → `"a:\\n    b: 1\\n"`
    """
    return to_yaml(value, default_flow_style, indent=indent, **options)


def from_yaml(value: Any) -> Any:
    """The value that a text in YAML says.

    `'a: [1, 2]' | from_yaml` → `{"a": [1, 2]}`
    """
    return _loaded(value)[0] if isinstance(value, str) else value


def from_yaml_all(value: Any) -> Any:
    """The values of all documents of a text in YAML.

    `'[1, 2]' | from_yaml_all` → `[[1, 2]]`
    """
    return [] if value is None else _loaded(value, every=True) if isinstance(value, str) else value


def _loaded(text: str, *, every: bool = False) -> list[Any]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _shallow(text, loader)
        found = list(yaml.load_all(text, loader)) if every else [yaml.load(text, loader)]  # noqa: S506 - the safe one
    except yaml.YAMLError as error:
        raise ValueError(f"from_yaml: this is no YAML: {' '.join(str(error).split())}") from None
    measure(found)
    return found


def _shallow(text: str, loader: Any) -> None:
    """Raises ValueError for what is nested too deeply: libyaml would end the whole program by it."""
    import yaml

    if len(text) <= 2 * MAX_DEPTH:
        return
    depth = 0
    for event in yaml.parse(text, loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ValueError(f"from_yaml: more than {MAX_DEPTH} lists or mappings stand inside each other")


def b64encode(value: Any, encoding: str = "utf-8", urlsafe: bool = False) -> str:
    """The text in Base64.

    `'door' | b64encode` → `"ZG9vcg=="`
    """
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    return encode(text_of(value).encode(encoding)).decode()


def b64decode(value: Any, encoding: str = "utf-8", urlsafe: bool = False) -> str:
    """The text that a text in Base64 says; what is no text in it becomes U+FFFD.

    `'ZG9vcg==' | b64decode` → `"door"`
    """
    decode = base64.urlsafe_b64decode if urlsafe else base64.b64decode
    return decode(text_of(value).encode()).decode(encoding, "replace")


def tojson(value: Any, indent: int | None = None) -> str:
    """The value as JSON that can stand in a page of the web."""
    _bounded(value, indent)
    return str(htmlsafe_json_dumps(value, default=_plain, sort_keys=True, indent=indent))


def _bounded(value: Any, indent: Any) -> None:
    measure(value)
    width = indent if isinstance(indent, int) else len(indent or "")
    if width > _WIDEST:
        raise ValueError(f"an indent of {width} is too wide; {_WIDEST} is the most")


def _plain(value: Any) -> Any:
    """What JSON has no form for."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)


@lru_cache(maxsize=1)
def _dumper() -> type[yaml.SafeDumper]:
    """PyYAML's safe one, that writes our own mappings as mappings and what else there may be as text."""
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    dumper: Any = type("Dumper", (base,), {})
    dumper.add_multi_representer(Mapping, lambda self, value: self.represent_dict(dict(value)))
    dumper.add_multi_representer(object, lambda self, value: self.represent_str(str(value)))
    dumper.add_representer(tuple, base.represent_list)
    return dumper  # type: ignore[no-any-return]  # made here
