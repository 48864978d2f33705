"""Runs a plan stage by stage and yields events in the caller's thread.

Stages are barriers. Inside a stage the hosts of a batch go at their own pace, `forks` of them at a time.
"""

from __future__ import annotations

import getpass
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from queue import Empty

from runbook import __version__
from runbook.engine.fleet.stage_question import question_of, refusal
from runbook.engine.host import HostRun
from runbook.engine.mode import Mode
from runbook.engine.session import Session, Tools
from runbook.model import Host, Stage
from runbook.plan.make.plan import Plan, PlannedStage
from runbook.plan.make.secrets import secrets_of
from runbook.runs.events import (
    OUT,
    Event,
    Outcome,
    Role,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    Status,
    StepFinished,
)
from runbook.transports.base import Stopped

SIGNAL_LOOK = 0.2
"""Seconds after which a signal that was missed is seen at the latest."""


def execute(plan: Plan, tools: Tools) -> Iterator[Event]:
    """Run it. An interrupt (Ctrl-C) or `tools.stop` stops every host, and the events of what had run still come.

    Closing the iterator stops the run as well. What is our own fault is raised at the end.
    """
    session = Session(plan, tools)
    for secret in secrets_of(plan.playbook, plan.variables, plan.hosts):
        session.masker.add(secret)
    stages = _Stages(session)
    thread = threading.Thread(target=stages.run, name="stages", daemon=True)
    thread.start()
    try:
        yield from _drain(session, stages)
    finally:
        session.stop.set()
        thread.join(timeout=10)
        session.close()
    if stages.fault is not None:
        raise stages.fault


def _drain(session: Session, stages: _Stages) -> Iterator[Event]:
    while True:
        try:
            # Not for ever: a signal that comes just before the wait begins is handled only once it is over.
            event = session.queue.get(timeout=SIGNAL_LOOK)
        except Empty:
            continue
        except KeyboardInterrupt:
            stages.interrupted = True
            session.stop.set()
            continue
        if event is None:
            return
        yield session.masker.mask(event)


class _Stages:
    """Leads the hosts through the stages, in a thread of its own."""

    def __init__(self, session: Session) -> None:
        self.session, self.plan = session, session.plan
        self.hosts = {host.name: HostRun(session, host) for host in self.plan.hosts}
        self.interrupted = False
        self.fault: BaseException | None = None
        self.halted = ""

    def run(self) -> None:
        try:
            self.session.emit(self._started())
            for planned in self.plan.stages:
                if self.halted or self.session.stop.is_set():
                    break
                self._stage(planned)
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread, once the events are out
            self.fault = error
        finally:
            stopped = self.interrupted or self.session.stop.is_set()
            note = "a fault of the program" if self.fault else self.halted
            self.session.emit(RunFinished(time.time(), stopped, note))
            self.session.queue.put(None)

    def _started(self) -> RunStarted:
        playbook = self.plan.playbook
        return RunStarted(
            at=self.session.started,
            run_id=self.session.tools.run_id,
            playbook=playbook.name,
            path=playbook.file,
            inventory=self.plan.inventory.sources,
            hosts=tuple(host.name for host in self.plan.hosts),
            stages=tuple((planned.stage.number, planned.stage.name) for planned in self.plan.stages),
            labels=playbook.labels,
            description=playbook.description,
            mode=str(self.session.mode),
            user=_user(),
            version=__version__,
        )

    def _stage(self, planned: PlannedStage) -> None:
        stage = planned.stage
        going = [host for host in planned.hosts if self.hosts[host.name].status not in OUT]
        if not going:
            return
        self.session.emit(StageStarted(time.time(), stage.number, stage.name, tuple(host.name for host in going)))
        self._ask(planned, going)
        for batch in planned.batches:
            self._batch(planned, batch)
            if self.halted or self.session.stop.is_set():
                break
        self.session.emit(StageFinished(time.time(), stage.number, stage.name))

    def _ask(self, planned: PlannedStage, going: list[Host]) -> None:
        """Ask the stage's question, if it has one. Where nobody says yes, the hosts that it is about go no further."""
        stage = planned.stage
        if not stage.confirm or self.session.mode is not Mode.RUN:
            return
        asked = [self.hosts[host.name].question(stage) for host in going]
        for one in asked:
            if one.why:
                self._refused(stage, one.host, Status.FAILED, one.why)
        question = question_of(stage.number, asked)
        if question is None:
            return
        answer = self.session.ask(question)
        if answer is not None and answer.value == "yes":
            return
        status = Status.WAITING if answer is None else Status.FAILED
        for one in asked:
            if one.text:
                self._refused(stage, one.host, status, refusal(stage.number, one.text, answer))

    def _refused(self, stage: Stage, host: str, status: Status, why: str) -> None:
        now = time.time()
        self.hosts[host].status = status
        outcome = Outcome(status, why)
        self.session.emit(StepFinished(now, host, stage.number, stage.name, "stage", "", Role.STEP, now, outcome))

    def _batch(self, planned: PlannedStage, batch: tuple[Host, ...]) -> None:
        going = tuple(host for host in batch if self.hosts[host.name].status not in OUT)
        if not going:
            return
        with ThreadPoolExecutor(max_workers=min(self.session.tools.forks, len(going))) as pool:
            first = [self.hosts[host.name] for host in going[: self.session.tools.forks]]
            futures = [pool.submit(host.connect, planned.stage) for _ in range(2) for host in first]
            futures += [pool.submit(self._host, planned, host, going) for host in going]
            wait(futures)
        for future in futures:
            future.result()
        self._halt_after_failures(planned, going)

    def _host(self, planned: PlannedStage, host: Host, batch: tuple[Host, ...]) -> None:
        try:
            self.hosts[host.name].stage(planned.stage, batch)
        except Stopped:
            self.hosts[host.name].status = Status.FAILED
        except BaseException:
            self.session.stop.set()
            raise

    def _halt_after_failures(self, planned: PlannedStage, batch: tuple[Host, ...]) -> None:
        """Do so many hosts of a batch fail that the run ends?"""
        stage = planned.stage
        failed = [host.name for host in batch if self.hosts[host.name].status in OUT]
        if not failed:
            return
        share = 100 * len(failed) / len(batch)
        if stage.any_errors_fatal:
            self.halted = f"stopped: {', '.join(failed[:5])} failed, and any_errors_fatal is set"
        elif stage.max_fail_percentage is not None and share > stage.max_fail_percentage:
            self.halted = f"stopped: {share:.0f} % of the batch failed, more than {stage.max_fail_percentage:g} %"
        elif len(failed) == len(batch) and len(planned.batches) > 1:
            self.halted = "stopped: every host of the batch failed"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
