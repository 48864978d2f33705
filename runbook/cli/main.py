"""The command line: the group of commands, imported when they are used, and what happens to errors."""

from __future__ import annotations

import importlib
import os
import sys
import time
from typing import NoReturn

import click

from runbook import __version__
from runbook.cli.exit_codes import FAILED, FAULT, INTERRUPTED, OK, WRONG
from runbook.cli.problem_output import show_problems
from runbook.source.document import Problems

COMMANDS = {
    "completion": ("runbook.cli.completion", "Print the completion script of a shell."),
    "doc": ("runbook.cli.writing.doc", "Show the reference of a kind of step."),
    "explain": ("runbook.cli.inventories.explain", "Show where a variable's value comes from."),
    "fmt": ("runbook.cli.writing.fmt", "Lay out playbooks: order of keys, indentation."),
    "history": ("runbook.cli.records.history", "List the runs that are kept."),
    "init": ("runbook.cli.writing.init", "Make a project: a playbook, an inventory, editor settings."),
    "inventory": ("runbook.cli.inventories.inventory", "Show hosts, groups and variables."),
    "plan": ("runbook.cli.planning.plan", "Show what a run would do; touches no host."),
    "report": ("runbook.cli.records.report", "Write reports of a kept run."),
    "run": ("runbook.cli.running.run", "Run a playbook."),
    "schedule": ("runbook.cli.writing.schedule", "Export a playbook's timer for systemd, cron, or a CI service."),
    "schema": ("runbook.cli.writing.schema", "Print a JSON Schema, for editors."),
    "verify": ("runbook.cli.running.verify", "Run a playbook's checks only; changes nothing."),
    "show": ("runbook.cli.records.show", "Print a kept run."),
    "vault": ("runbook.cli.inventories.vault", "Encrypt and decrypt files and values, as ansible-vault does."),
    "validate": ("runbook.cli.writing.validate", "Look for mistakes in playbooks; touches no host."),
}
"""Name → module with a `command`, and its line in the help."""


class Commands(click.Group):
    """Imports a command's module when it is asked for, so that `--version` and completion are quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else f" Commands: {', '.join(sorted(COMMANDS))}."
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(COMMANDS.items())])


EPILOG = """\b
Examples:
  runbook init my-runbooks
  runbook validate playbooks/
  runbook plan playbooks/restore.yml -i prod
  runbook run playbooks/restore.yml -i prod --report html

\b
Exit codes:
  0 passed or remediated    1 failed or rescued        2 what you wrote is wrong
  3 a host unreachable      4 waiting       5 the plan given is not that of today
  7 with --check --detailed-exitcode: something would change, or may
  70 a fault of runbook itself              130 interrupted
"""


@click.command(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="runbook %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Runs runbooks: checks, repairs and verifies hosts as a playbook says, and reports what was seen."""
    from runbook.cli.project_file import defaults

    ctx.default_map = defaults()


def entry(args: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code, at once: taking the interpreter apart costs 25 ms."""
    code = _guarded(args)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):  # nobody reads any more
        pass
    except OSError as error:
        os.write(2, f"runbook: the output is not complete: {error}\n".encode())
        code = code or FAILED
    os._exit(code)


def _guarded(args: list[str] | None) -> int:
    try:
        result = cli.main(args=args, prog_name="runbook", standalone_mode=False)
    except Problems as error:
        show_problems(error)
        return WRONG
    except click.ClickException as error:
        error.show()
        return WRONG
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return OK
    except Exception as error:  # noqa: BLE001 - the one place where a fault of ours ends: a log, and its own exit code
        return _fault(error)
    return result if isinstance(result, int) else OK


def _fault(error: Exception) -> int:
    """Our own fault: the traceback goes to a log, and the user is told where it is."""
    import traceback

    from platformdirs import user_log_path

    details = "".join(traceback.format_exception(error))
    where = ""
    try:
        folder = user_log_path("runbook", ensure_exists=True)
        log = folder / f"fault-{time.strftime('%Y%m%d-%H%M%S')}.log"
        log.write_text(f"runbook {__version__}\n{_arguments()}\n{details}", encoding="utf-8")
        where = f"The details are in {log}; please report them."
    except OSError:
        where = details
    click.echo(f"runbook: a fault of the program itself: {type(error).__name__}: {error}\n{where}", err=True)
    return FAULT


def _arguments() -> str:
    """The command line without the values given with -e: they may hold secrets."""
    hidden: list[str] = []
    skip = False
    for word in sys.argv:
        hidden.append("(hidden)" if skip else word)
        skip = word in ("-e", "--extra-vars")
    return " ".join(hidden)
