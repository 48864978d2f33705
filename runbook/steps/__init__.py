"""The kinds of step: one file each, one row here each."""

from __future__ import annotations

from runbook.steps import (
    assert_,
    command,
    confirm,
    copy,
    edit,
    file,
    http,
    log,
    mark,
    note,
    port,
    process,
    script,
    service,
    set,
    shell,
    sql,
    template,
    wait,
)
from runbook.steps.base import Kind

KINDS: dict[str, Kind] = {
    "assert": assert_,
    "command": command,
    "confirm": confirm,
    "copy": copy,
    "edit": edit,
    "file": file,
    "http": http,
    "log": log,
    "mark": mark,
    "note": note,
    "port": port,
    "process": process,
    "script": script,
    "service": service,
    "set": set,
    "shell": shell,
    "sql": sql,
    "template": template,
    "wait": wait,
}
