"""From a plan to an exit code: what `run` and `verify` share. The run is shown, recorded, kept and reported."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from runbook.cli.exit_codes import exit_code
from runbook.cli.options.connection import ConnectionOptions
from runbook.cli.options.output import OutputOptions
from runbook.cli.records.report_files import parse, writable, writable_folder, write
from runbook.cli.running.ask import Operator
from runbook.common.frozen import Frozen
from runbook.runs.start import RunStart, starting_now

if TYPE_CHECKING:
    from runbook.engine.session import Tools
    from runbook.plan.make.plan import Plan
    from runbook.reports.console.progress_view import View
    from runbook.runs.events import Event
    from runbook.runs.record import Recorder
    from runbook.runs.results import Run
    from runbook.transports.base import Transport
    from runbook.transports.ssh.jumps import Jumps


class RunOptions(Frozen):
    """How a plan is run."""

    connection: ConnectionOptions
    output: OutputOptions
    mode: str = "run"
    """run, check or verify."""
    answers: tuple[str, ...] = ()
    """To `confirm` steps, as typed."""
    detailed: bool = False
    """Has a check that would change something an exit code of its own?"""


def run_to_end(
    plan_for: Callable[[RunStart], Plan], options: RunOptions, before: Callable[[Plan], None] = lambda _plan: None
) -> int:
    """Plan, run, show, report; gives the exit code. `before` may refuse the plan."""
    reports = [writable(parse(text)) for text in options.output.reports]
    if options.output.output_dir:
        writable_folder(options.output.output_dir)
    start = starting_now(options.mode)
    plan = plan_for(start)
    before(plan)
    stream = sys.stderr if any(report.to_stdout for report in reports) else sys.stdout
    view = _view(options.output, stream)
    stop = threading.Event()
    operator = Operator(options.answers, view, stop)
    operator.check(plan.playbook)
    tools = _tools(options, start, operator, stop)
    with stopped_by_signals(stop):
        run = _follow(plan, tools, view, stream)
    _keep(run)
    for report in reports:
        try:
            if line := write(report, run):
                click.echo(line, err=stream is sys.stderr)
        except click.ClickException as error:
            error.show()
    return exit_code(run, detailed=options.detailed)


def _view(output: OutputOptions, stream: TextIO) -> View:
    from runbook.reports.console.terminal import choose

    return choose(stream, verbosity=output.verbosity, color=output.color, diff=output.diff)


def _keep(run: Run) -> None:
    """For `history` and `report`. A run that cannot be kept is no failed run."""
    from runbook.runs.store import folder, keep

    try:
        keep(run, folder())
    except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home
        click.echo(f"this run is not in the history: {error}", err=True)


def _tools(options: RunOptions, start: RunStart, operator: Operator, stop: threading.Event) -> Tools:
    from runbook.engine.mode import Mode
    from runbook.engine.session import Tools
    from runbook.transports.connect import transport_for

    given = options.connection
    flags = {"ansible_user": given.user, "ansible_ssh_private_key_file": given.private_key}
    over = {name: value for name, value in flags.items() if value}

    def connect(name: str, variables: Mapping[str, Any], *, stop: threading.Event, jumps: Jumps) -> Transport:
        return transport_for(name, {**variables, **over}, stop=stop, jumps=jumps)

    password = click.prompt("sudo password", hide_input=True, err=True) if given.ask_become_pass else None
    return Tools(
        transport_for=connect,
        ask=operator.ask,
        forks=given.forks,
        run_id=start.id,
        mode=Mode(start.mode),
        output_dir=options.output.output_dir,
        become=given.become,
        become_user=given.become_user,
        become_password=password,
        stop=stop,
    )


def _follow(plan: Plan, tools: Tools, view: View, stream: TextIO) -> Run:
    """Shows and records a run to its end, or to a second Ctrl-C: what had happened until then is kept."""
    from runbook.engine.run import execute
    from runbook.runs.record import Recorder

    recorder = Recorder()
    shown = True
    try:
        for event in execute(plan, tools):
            recorder.add(event)
            shown = shown and _shown(partial(_show, event, recorder, view), stream)
    except KeyboardInterrupt:
        click.echo("interrupted again: not waiting any longer for what is still running", err=True)
    finally:
        _shown(view.close, stream)
    return recorder.run


def _show(event: Event, recorder: Recorder, view: View) -> None:
    from runbook.runs.events import RunFinished

    view.handle(event)
    if isinstance(event, RunFinished):
        view.show_run(recorder.run)


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
