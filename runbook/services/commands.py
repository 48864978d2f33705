"""What every manager needs: run a command and believe its exit code, plain text, the nearest names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runbook.services.base import ServiceError
from runbook.transports.base import CommandResult

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r")


def must(result: CommandResult, what: str, hint: str = "") -> CommandResult:
    """The result of a command that must succeed. Raises ServiceError with what it printed."""
    if result.ok:
        return result
    said = said_by(result) or "it printed nothing"
    raise ServiceError(f"{what} failed (exit code {result.exit_code}): {said}{f'; {hint}' if hint else ''}")


def said_by(result: CommandResult) -> str:
    """What a command said, its errors before its output, in at most a few lines."""
    text = "\n".join(filter(None, (plain(result.err).strip(), plain(result.out).strip())))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-6:])


def plain(text: str) -> str:
    """Text without the escapes that colour it on a terminal."""
    return _ESCAPES.sub("", text)


def near(name: str, known: Iterable[str]) -> str:
    """`did you mean X?`, else the names that there are, in brackets for the end of a sentence."""
    from runbook.common.spelling import nearest

    names = sorted(set(known))
    if not names:
        return "there are none"
    shown = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
    return nearest(name, names) or f"known: {shown}"
