"""Commands run inside the process of the test, which is a hundred times as quick as starting the program."""

from __future__ import annotations

from dataclasses import dataclass

import click
from click.testing import CliRunner

from runbook.cli.exit_codes import OK, WRONG
from runbook.cli.main import cli
from runbook.source.document import Problems


@dataclass(frozen=True)
class Done:
    code: int
    stdout: str
    stderr: str


def run_within(*argv: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Done:
    """`runbook ARGV` in the working directory, without a terminal. A fault of the program is raised."""
    done = CliRunner().invoke(cli, argv, input=stdin, env=env, prog_name="runbook", standalone_mode=False)
    if isinstance(done.exception, Problems):
        return Done(WRONG, done.stdout, str(done.exception))
    if isinstance(done.exception, click.ClickException):
        return Done(WRONG, done.stdout, done.stderr + done.exception.format_message())
    if done.exception:
        raise done.exception
    return Done(done.return_value if isinstance(done.return_value, int) else OK, done.stdout, done.stderr)
