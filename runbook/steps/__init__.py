"""The kinds of step: one file each, one row here each."""

from __future__ import annotations

import runbook.steps.assert_ as assert_
import runbook.steps.command as command
import runbook.steps.confirm as confirm
import runbook.steps.copy as copy
import runbook.steps.edit as edit
import runbook.steps.file as file
import runbook.steps.http as http
import runbook.steps.log as log
import runbook.steps.mark as mark
import runbook.steps.note as note
import runbook.steps.port as port
import runbook.steps.process as process
import runbook.steps.script as script
import runbook.steps.service as service
import runbook.steps.set as set
import runbook.steps.shell as shell
import runbook.steps.sql as sql
import runbook.steps.template as template
import runbook.steps.wait as wait
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
