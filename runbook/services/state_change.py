"""Bring a service to a state, and prove that it got there.

A manager's word is not believed. After a restart the main process must be new, must run, must stay up for a while as
the same process, and must be newer than the files that it is said to have read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from runbook.common.frozen import Frozen
from runbook.services.base import Manager, Service, ServiceError, ServiceState, Shell
from runbook.services.process_table import file_times

LOOK = 0.5
"""Seconds between looks at a service that starts, stops, or has to stay up."""

ACTIONS = {"restarted": "restart", "started": "start", "stopped": "stop", "reloaded": "reload"}


class WantedState(Frozen):
    """What is asked for: `state` as the step says it; all times in seconds."""

    state: str
    settle: float = 2.0
    wait: float = 30.0
    stop_wait: float | None = None
    newer_than: tuple[str, ...] = ()


class Result(Frozen):
    """What came of it: `problem` says in one sentence what is not as asked, and is empty when all is."""

    before: ServiceState
    after: ServiceState
    changed: bool
    problem: str = ""


class ManagedService(Frozen):
    """What it is done with: the manager, the service, the host's shell, and a pause that ends when the run does."""

    manager: Manager
    service: Service
    shell: Shell
    pause: Callable[[float], None]

    def state(self) -> ServiceState:
        return self.manager.state(self.service, self.shell)

    def act(self, action: str) -> None:
        self.manager.act(self.service, action, self.shell)


def is_already(wanted: str, now: ServiceState) -> bool:
    """Is it as asked for, so that nothing has to be done?"""
    if wanted == "started":
        return now.running or now.phase == "finished"
    return wanted == "stopped" and _down(now)


def change_state(wanted: WantedState, managed: ManagedService) -> Result:
    """Do what it takes, and no more. Raises ServiceError when the manager cannot say how the service is."""
    before = managed.state()
    if wanted.state == "stopped" and is_already(wanted.state, before):
        return Result(before, before, False)
    if wanted.state == "running" or is_already(wanted.state, before):
        return _looked_at(wanted, before, managed)
    if wanted.state == "reloaded" and not before.running:
        return Result(before, before, False, f"there is nothing to reload: {_not_running(before)}")
    try:
        _act(wanted, managed)
        after, problem = _gone(wanted, managed) if wanted.state == "stopped" else _stays(wanted, managed)
    except ServiceError as error:
        return Result(before, managed.state(), True, str(error))
    return Result(before, after, True, problem or _unproved(wanted, before, after, managed))


def _looked_at(wanted: WantedState, before: ServiceState, managed: ManagedService) -> Result:
    """Nothing is done to it. One that came up just now is watched for a while: it may be in a crash loop."""
    if not before.running:
        done = wanted.state == "started" and before.phase == "finished"
        return Result(before, before, False, "" if done else _not_running(before))
    young = wanted.settle - before.uptime if before.uptime is not None else 0.0
    after, problem = _watch(before, young, wanted, managed)
    return Result(before, after, False, problem or _too_old(wanted, after, managed))


def _act(wanted: WantedState, managed: ManagedService) -> None:
    if wanted.state == "restarted" and wanted.stop_wait is not None:
        managed.act("stop")
        managed.pause(wanted.stop_wait)
        managed.act("start")
    else:
        managed.act(ACTIONS[wanted.state])


def _unproved(wanted: WantedState, before: ServiceState, after: ServiceState, managed: ManagedService) -> str:
    """Why what the manager did is not what was asked for."""
    if wanted.state == "stopped":
        return ""
    if wanted.state == "restarted":
        remained = set(before.identity.split()) & set(after.identity.split())
        if remained:
            which = f"pid {after.pid}, started {moment(after.started)}" if after.pid else after.detail
            return f"the manager reports success, but it was not restarted: the same process still runs ({which})"
        if not after.identity:
            return "the manager does not say which process runs, so the restart cannot be proved"
    return _too_old(wanted, after, managed)


def _gone(wanted: WantedState, managed: ManagedService) -> tuple[ServiceState, str]:
    """Look until it is down. Gives the last state, and what is wrong with it.

    One in a crash loop is told again: podman's `stop` misses a container that is between two lives.
    """
    deadline = time.monotonic() + wanted.wait
    while True:
        now = managed.state()
        if _down(now):
            return now, ""
        if time.monotonic() > deadline:
            return now, f"the manager reports success, but after {wanted.wait:g} s it is not down: {now.detail}"
        managed.pause(LOOK)
        if now.running or now.phase == "retrying":
            managed.act("stop")


def _stays(wanted: WantedState, managed: ManagedService) -> tuple[ServiceState, str]:
    """Look until it runs, and then whether it stays up as the same process."""
    first = _comes(wanted, managed)
    if not first.running:
        done = wanted.state == "started" and first.phase == "finished"
        return first, "" if done else _not_running(first)
    return _watch(first, wanted.settle, wanted, managed)


def _watch(
    first: ServiceState, seconds: float, wanted: WantedState, managed: ManagedService
) -> tuple[ServiceState, str]:
    """Does it stay up, as the same process?"""
    now, until = first, time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        managed.pause(min(LOOK, left))
        now = managed.state()
        if not now.running:
            return now, f"it came up, but did not stay up for {wanted.settle:g} s: {now.detail}"
        if now.identity != first.identity:
            return (
                now,
                f"it came up, ended and was started again within {wanted.settle:g} s: a crash loop ({now.detail})",
            )
    return now, ""


def _comes(wanted: WantedState, managed: ManagedService) -> ServiceState:
    deadline = time.monotonic() + wanted.wait
    while True:
        now = managed.state()
        if now.running or now.phase != "starting" or time.monotonic() > deadline:
            return now
        managed.pause(LOOK)


def _down(state: ServiceState) -> bool:
    return not state.running and not state.phase


def _not_running(state: ServiceState) -> str:
    return "" if state.running else f"it is not running: {state.detail or 'the manager says no more'}"


def _too_old(wanted: WantedState, state: ServiceState, managed: ManagedService) -> str:
    """Which of the files were written after the process was started. Raises ServiceError for one that is not there."""
    if not wanted.newer_than:
        return ""
    if state.started is None:
        return "it has no process with a known start, so it cannot be compared with the files in newer_than"
    files = file_times(wanted.newer_than, managed.shell)
    absent = [path for path, written in files.times.items() if written is None]
    if absent:
        raise ServiceError(f"newer_than: there is no file {absent[0]} on the host")
    newer = {path: at for path, at in files.times.items() if at is not None and at > state.started + files.grain}
    if not newer:
        return ""
    path = max(newer, key=newer.__getitem__)
    others = f" (and {len(newer) - 1} more)" if len(newer) > 1 else ""
    return (
        f"it runs, but was started {moment(state.started)}, before {path}{others} was written, "
        f"{moment(newer[path])}: it was not restarted since"
    )


def moment(at: float | None) -> str:
    """A time for people, in UTC."""
    if at is None:
        return "at an unknown time"
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-5] + "Z"


def detected(names: Sequence[str], service: Service, shell: Shell, managers: dict[str, Manager]) -> str:
    """The first of some managers that runs the service; empty when none does."""
    return next((name for name in names if managers[name].detect(service, shell)), "")
