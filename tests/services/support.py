"""A host's shell for managers: this machine's, or one that answers from a table."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runbook.transports.base import CommandResult

Answer = str | tuple[int, str] | CommandResult


def local_shell(environment: Mapping[str, str] | None = None, sh: str = "/bin/sh") -> Callable[[str], CommandResult]:
    """Runs sh text here, each in a session of its own as the transports do. `environment` replaces the whole."""

    def shell(script: str) -> CommandResult:
        done = subprocess.run(
            [sh, "-c", script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=dict(os.environ if environment is None else environment),
            start_new_session=True,
            timeout=60,
        )
        return CommandResult(script, done.returncode, done.stdout, done.stderr)

    return shell


@dataclass
class Scripted:
    """Answers each command by the first word of the table that stands in it, and remembers what was asked.

    An answer is what is printed, or (exit code, what is printed on standard error). What no row knows fails the test.
    """

    answers: list[tuple[str, Answer]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, script: str) -> CommandResult:
        self.asked.append(script)
        for word, answer in self.answers:
            if word in script:
                return _result(script, answer)
        raise AssertionError(f"nobody expected this command:\n{script}")


def _result(script: str, answer: Answer) -> CommandResult:
    if isinstance(answer, CommandResult):
        return answer
    if isinstance(answer, str):
        return CommandResult(script, 0, answer.encode())
    return CommandResult(script, answer[0], b"", answer[1].encode())
