"""From a plan to a verdict: what `run` and `verify` share. The console shows it, reports are written."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from runbook.cli.options import Wanted, make_plan, stack
from runbook.cli.running.ask import Operator, input_prompt
from runbook.reports import REPORTS

if TYPE_CHECKING:
    from runbook.runs.results import Run

_CONNECTION = [
    click.option(
        "-f",
        "--forks",
        type=click.IntRange(1),
        default=10,
        envvar="RUNBOOK_FORKS",
        show_default=True,
        help="Hosts at a time.",
    ),
    click.option("-b", "--become", is_flag=True, envvar="RUNBOOK_BECOME", help="Run steps as another user, by sudo."),
    click.option("--become-user", default="", envvar="RUNBOOK_BECOME_USER", help="Which user; root when not said."),
    click.option("-K", "--ask-become-pass", is_flag=True, help="Ask for sudo's password."),
    click.option("-u", "--user", envvar="RUNBOOK_USER", help="Log in as this user."),
    click.option("--private-key", envvar="RUNBOOK_PRIVATE_KEY", type=click.Path(), help="Log in with this key."),
]
_OUTPUT = [
    click.option(
        "--report",
        "reports",
        multiple=True,
        envvar="RUNBOOK_REPORT",
        metavar="FORMAT[=PATH]",
        help=f"Write a report: {', '.join(REPORTS)}. May be repeated; `=-` writes to standard output.",
    ),
    click.option(
        "--output-dir",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="RUNBOOK_OUTPUT_DIR",
        help="Folder for the whole output of every command, in files under RUN/HOST/STEP.",
    ),
    click.option("-D", "--diff", is_flag=True, envvar="RUNBOOK_DIFF", help="Show what changes in files."),
    click.option("-v", "--verbose", count=True, help="Show commands and their output."),
    click.option("-q", "--quiet", is_flag=True, help="Show failures and the end only."),
    click.option("--color/--no-color", "color", default=None, help="Colours; by default when it is a terminal."),
]
connection_options = stack(_CONNECTION)
output_options = stack(_OUTPUT)


def play(
    wanted: Callable[[Mapping[str, Any]], Wanted],
    given: dict[str, Any],
    mode: str = "run",
    answers: tuple[str, ...] = (),
    before: Callable[[Any], None] = lambda _plan: None,
) -> int:
    """Plan, run, show, report; gives the exit code. `given` has the options' values.

    `wanted` says what to plan for a run with this id, start and mode; `before` may refuse the plan.
    """
    from runbook.cli.main import verdict_code
    from runbook.cli.running.reporting import parse, writable, writable_folder, write
    from runbook.reports.console import terminal

    wanted_reports = [writable(parse(text)) for text in given["reports"]]
    if given["output_dir"]:
        writable_folder(given["output_dir"])
    started = time.time()
    run_id = _run_id(started)
    plan = make_plan(wanted({"id": run_id, "started": started, "mode": mode}), input_prompt())
    before(plan)
    stream = sys.stderr if any(report.to_stdout for report in wanted_reports) else sys.stdout
    level = -1 if given["quiet"] else given["verbose"]
    view = terminal.choose(stream, verbosity=level, color=given["color"], diff=given["diff"])
    stop = threading.Event()
    operator = Operator(answers, view, stop)
    operator.check(plan.playbook)
    tools = _tools(given, run_id, mode, operator, stop)
    with stopped_by_signals(stop):
        _follow(plan, tools, view, stream)
    run = view.recorder.run
    _keep(run)
    for report in wanted_reports:
        try:
            if line := write(report, run):
                click.echo(line, err=stream is sys.stderr)
        except click.ClickException as error:
            error.show()
    return verdict_code(run.verdict, run.interrupted)


def _run_id(at: float) -> str:
    """Of a run that starts now: ids are in the order of the runs, also of two in one second, and no two are alike."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(at))}-{int(at % 1 * 4096):03x}{secrets.randbelow(4096):03x}"


def _keep(run: Run) -> None:
    """For `history` and `report`. A run that cannot be kept is no failed run."""
    from runbook.runs.store import folder, keep

    try:
        keep(run, folder())
    except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home
        click.echo(f"this run is not in the history: {error}", err=True)


def wanted_of(playbook: Path, given: dict[str, Any], run: Mapping[str, Any]) -> Wanted:
    """What the options of a command ask for."""
    names = ("inventory", "limit", "extra", "tags", "skip_tags", "start_at", "retry_failed", "vault")
    return Wanted(playbook, run=run, **{name: given[name] for name in names})


def _tools(given: dict[str, Any], run_id: str, mode: str, operator: Operator, stop: threading.Event) -> Any:
    from runbook.engine.mode import Mode
    from runbook.engine.session import Tools
    from runbook.transports.connect import transport_for

    flags = {"ansible_user": given["user"], "ansible_ssh_private_key_file": given["private_key"]}
    over = {name: value for name, value in flags.items() if value}

    def connect(name: str, variables: Any, **shared: Any) -> Any:
        return transport_for(name, {**variables, **over}, **shared)

    password = click.prompt("sudo password", hide_input=True, err=True) if given["ask_become_pass"] else None
    return Tools(
        transport_for=connect,
        ask=operator.ask,
        forks=given["forks"],
        run_id=run_id,
        mode=Mode(mode),
        output_dir=given["output_dir"],
        become=given["become"],
        become_user=given["become_user"],
        become_password=password,
        stop=stop,
    )


def _follow(plan: Any, tools: Any, view: Any, stream: TextIO) -> None:
    """Shows and records a run to its end, or to a second Ctrl-C: what had happened until then is kept."""
    from runbook.engine.run import execute

    shown = True
    try:
        for event in execute(plan, tools):
            if shown:
                shown = _shown(partial(view.handle, event), stream)
            else:
                view.recorder.add(event)
    except KeyboardInterrupt:
        click.echo("interrupted again: not waiting any longer for what is still running", err=True)
    finally:
        _shown(view.close, stream)


def _shown(draw: Callable[[], None], stream: TextIO) -> bool:
    """False when nobody can read any more what is shown (a closed pipe, a full disk): the run goes on without."""
    try:
        draw()
    except (OSError, SystemExit) as error:  # rich leaves so when its pipe is closed
        with suppress(OSError):
            click.echo(f"the output cannot be written any more ({error}); the run goes on", err=True)
        if stream is sys.stdout:
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the program lives
        return False
    return True


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP end a run in order: commands are ended, and reports written. A second one at once."""

    def handle(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    old = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
