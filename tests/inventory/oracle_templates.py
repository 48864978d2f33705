"""What Ansible's own templar makes of templates; see `oracle_server.py`.

A question: {"templates": [text, …], "variables": {…}}. The answer: {"results": [{"value"} or {"error"}, …]}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template


def answer_templates(question: dict[str, Any]) -> dict[str, Any]:
    templar = Templar(loader=DataLoader(), variables=question["variables"])
    return {"results": [_result(text, templar) for text in question["templates"]]}


def _result(text: str, templar: Templar) -> dict[str, Any]:
    try:
        value = plain(templar.template(trust_as_template(text)))
        json.dumps(value)
    except Exception as error:  # noqa: BLE001 - a refusal is an answer, whatever its type
        return {"error": f"{type(error).__name__}: {error}"}
    return {"value": value}


def plain(value: Any) -> Any:
    """The value without Ansible's own types. What is not JSON is told as {"is": type, "text": its text}."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date | datetime | complex | bytes | set):
        return {"is": "other", "text": str(value)}
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value
