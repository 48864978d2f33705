"""What a template gave, made what the schema asks for: `"{{ env.PORT }}"` is text, and a port is a number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runbook.templating.render import is_template

Schema = Mapping[str, Any]

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def coerced(schema: Schema, written: Any, rendered: Any) -> Any:
    """The rendered value; where the user wrote a template, numbers and truths are taken from text, and text from
    numbers. What was written plainly stays what it is: there a wrong type is a mistake."""
    if isinstance(written, str):
        return _scalar(_kinds(schema), rendered) if is_template(written) else rendered
    if isinstance(written, Mapping) and isinstance(rendered, Mapping):
        inner, others = schema.get("properties", {}), schema.get("additionalProperties")
        rest: Schema = others if isinstance(others, Mapping) else {}
        return {key: coerced(inner.get(key, rest), written.get(key), value) for key, value in rendered.items()}
    if isinstance(written, list) and isinstance(rendered, list) and len(written) == len(rendered):
        items = schema.get("items")
        each: Schema = items if isinstance(items, Mapping) else {}
        return [coerced(each, old, new) for old, new in zip(written, rendered, strict=True)]
    return rendered


def _kinds(schema: Schema) -> frozenset[str]:
    """The JSON types that a schema takes; none where it does not say."""
    found = {"string"} if any(key in schema for key in ("enum", "pattern")) else set()
    kinds = schema.get("type")
    found |= {kinds} if isinstance(kinds, str) else set(kinds or ())
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= _kinds(branch)
    return frozenset(found)


def _scalar(kinds: frozenset[str], value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        fits = "number" in kinds or ("integer" in kinds and float(value).is_integer())
        return str(value) if "string" in kinds and not fits else value
    if not isinstance(value, str) or "string" in kinds:
        return value
    text = value.strip()
    if kinds & {"integer", "number"} and re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if "number" in kinds and re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+)", text):
        return float(text)
    return _TRUTH.get(text.lower(), value) if "boolean" in kinds else value
