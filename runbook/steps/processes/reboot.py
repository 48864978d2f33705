"""Restarts the host, and waits until it is up again.

Proved by the kernel's boot id, which is another after each start: a host that answers as before has not restarted. The
way to it is opened anew; while it is away it is asked again until `timeout` is over. Then `test` must succeed.

Outcome: `elapsed` (seconds until it was up again), `boot_id`, `previous_boot_id`, `away` (looks for which it could not
be reached).

```yaml
- name: The new kernel is taken into use
  reboot:
    timeout: 10m
    test: systemctl is-system-running --wait
  become: true
```
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from typing import Any

from runbook.common.durations import seconds, show
from runbook.common.frozen import Frozen
from runbook.runs.events import Outcome, Status, changed, failed
from runbook.steps.base import Args, Context, StepError
from runbook.steps.traits import Fields
from runbook.transports.base import CommandTimeout, Unreachable

EVERY = 1.0
"""Seconds between two looks."""
LOOK = 10.0
"""Seconds that a look has."""
_BOOT_ID = "cat /proc/sys/kernel/random/boot_id"

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A restart of the host.",
    "additionalProperties": False,
    "properties": {
        "command": {
            "type": "string",
            "minLength": 1,
            "default": "systemctl reboot || shutdown -r now || reboot",
            "description": "Shell text that restarts it.",
        },
        "test": {
            "type": "string",
            "minLength": 1,
            "default": "true",
            "description": "Shell text that must succeed when it is up again.",
        },
        "timeout": {"type": ["number", "string"], "default": 600, "description": "How long it may take altogether."},
    },
}
SHORT = ""
PATIENT = True
FIELDS = Fields(frozenset({"elapsed", "boot_id", "previous_boot_id", "away"}))
CHECKED_BY = ("test",)


def changes(_args: Args) -> bool:
    return True


def plan(args: Args) -> str:
    test = f", until `{args['test']}` succeeds" if args.get("test", "true") != "true" else ""
    limit = args.get("timeout", 600)
    return f"restart the host and wait up to {limit}{'' if isinstance(limit, str) else ' s'}{test}"


def run(args: Args, context: Context) -> Outcome:
    if context.transport.local:
        raise StepError("this is the machine that the run itself is on: it would end with it")
    limit = _limit(args)
    before = _boot_id(context)
    # It answers first, and then goes: else nobody could tell a refusal from a host that is on its way down.
    script = f"({args['command']}) >/dev/null 2>&1"
    begun = context.command(f"{_ALLOWED}\nnohup sh -c {shlex.quote('sleep 1; ' + script)} >/dev/null 2>&1 &")
    if not begun.ok:
        return failed(f"it was not restarted: {begun.err or f'exit code {begun.exit_code}'}", boot_id=before)
    return _up_again(before, args["test"], limit, context)


def preview(args: Args, context: Context) -> Outcome:
    """Could it be restarted? Its boot id must be readable, and the user must be root."""
    if context.transport.local:
        raise StepError("this is the machine that the run itself is on: it would end with it")
    _limit(args)
    before = _boot_id(context)
    may = context.command(_ALLOWED)
    return changed("the host would be restarted", boot_id=before) if may.ok else failed(may.err, boot_id=before)


_ALLOWED = '[ "$(id -u)" = 0 ] || { echo "only root restarts a host: write `become: true`" >&2; exit 1; }'


def _limit(args: Args) -> float:
    try:
        return seconds(args["timeout"])
    except ValueError as error:
        raise StepError(f"timeout: {error}") from None


def _boot_id(context: Context) -> str:
    result = context.command(_BOOT_ID, timeout=LOOK)
    if not result.ok or not result.out.strip():
        raise StepError(f"the host has no boot id to prove a restart by: {result.err or 'it is empty'}")
    return result.out.strip()


class _Seen(Frozen):
    """What one look saw: the boot id, and what `test` said against it; empty where it was away."""

    boot_id: str = ""
    why: str = ""
    away: bool = False


def _up_again(before: str, test: str, limit: float, context: Context) -> Outcome:
    started, away = time.monotonic(), 0
    while True:
        seen = _look(before, test, context)
        away += seen.away
        elapsed = time.monotonic() - started
        data: dict[str, Any] = {
            "elapsed": round(elapsed, 3),
            "boot_id": seen.boot_id,
            "previous_boot_id": before,
            "away": away,
        }
        if not seen.why:
            return changed(f"restarted, and up again after {show(elapsed)}", **data)
        if elapsed >= limit:
            status = Status.UNREACHABLE if seen.away else Status.FAILED
            return Outcome(status, f"not up again within {show(limit)}: {seen.why}", data)
        context.note(f"waiting for the host: {seen.why}, {show(elapsed)}")
        context.pause(min(EVERY, max(0.0, limit - elapsed)))


def _look(before: str, test: str, context: Context) -> _Seen:
    try:
        boot_id = _boot_id(context)
        if boot_id == before:
            return _Seen(boot_id, "it has not gone down yet: its boot id is the same")
        tried = context.command(test, timeout=LOOK if context.timeout is None else context.timeout)
    except Unreachable as error:
        return _Seen(why=str(error), away=True)
    except (CommandTimeout, StepError) as error:
        return _Seen(why=str(error))
    return _Seen(boot_id, "" if tried.ok else f"`{test}`: {tried.err or tried.out or f'exit code {tried.exit_code}'}")
