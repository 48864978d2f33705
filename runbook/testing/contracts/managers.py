"""The contract of a service manager: it starts, stops and restarts a real service, and a restart is proved.

```python
class TestOurs(ForeignManagerContract):         # ManagerContract where nobody stands between us and the process
    @pytest.fixture
    def rig(self) -> Iterator[ServiceRig]: ...  # a service under the manager, of which nothing is left afterwards
```
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from runbook.runs.events import Outcome, Status
from runbook.steps.base import Context
from runbook.testing.processes import wait_until
from runbook.testing.steps import run_step

STEADY = "echo I am up; exec sleep 600"
BROKEN = "echo boom: no such table; exit 3"
SHORT_LIVED = "echo I am up; sleep 1; echo boom: out of memory; exit 3"


@dataclass
class ServiceRig:
    """One service under one manager, on one host. `define` gives it the sh text that it runs; it is not started."""

    manager: str
    name: str
    context: Context
    folder: Path
    """A folder of the host, as the test sees it."""
    define: Callable[[str], None]
    options: dict[str, Any] = field(default_factory=dict)
    there: str = ""
    """The same folder as the host sees it, where that is not the same."""
    liar: ServiceRig | None = None
    """The same with a manager that says that it restarted the service, and did not."""

    def step(self, state: str, **options: Any) -> Outcome:
        """The `service` step, with these options over the rig's own. Settling is short: tests are many."""
        args = {"name": self.name, "manager": self.manager, "settle": 0.4, **self.options, **options, "state": state}
        return run_step("service", args, context=self.context)

    def path(self, name: str) -> str:
        """A file in the folder, as the host sees it."""
        return f"{self.there or self.folder}/{name}"

    def but(self, **changes: Any) -> ServiceRig:
        """The same with other fields."""
        return replace(self, **changes)


class ManagerContract:
    """What every manager keeps."""

    def test_it_is_started_once(self, rig: ServiceRig) -> None:
        rig.define(STEADY)
        began = time.time()
        first = rig.step("started", settle=1)
        assert first.status is Status.CHANGED, (first.message, evidence(first))
        assert first.data["running"] is True
        assert first.data["manager"] == rig.manager
        assert began - 0.1 <= first.data["started"] <= time.time()
        assert 1.0 <= first.data["uptime"] <= time.time() - began + 0.1
        again = rig.step("started")
        assert again.status is Status.PASSED, again.message
        assert again.data["pid"] == first.data["pid"] == again.data["previous_pid"]
        looked = rig.step("running")
        assert (looked.status, looked.data["pid"]) == (Status.PASSED, first.data["pid"])
        assert rig.context.command(f"kill -0 {first.data['pid']}").ok

    def test_a_restart_gives_a_new_process(self, rig: ServiceRig) -> None:
        rig.define(STEADY)
        first = rig.step("started", settle=0)
        second = rig.step("restarted")
        assert second.status is Status.CHANGED, (second.message, evidence(second))
        assert second.data["previous_pid"] == first.data["pid"] != second.data["pid"]
        assert second.data["started"] > first.data["started"]

    def test_a_restart_starts_what_was_down(self, rig: ServiceRig) -> None:
        rig.define(STEADY)
        outcome = rig.step("restarted")
        assert outcome.status is Status.CHANGED, (outcome.message, evidence(outcome))
        assert (outcome.data["running"], outcome.data["previous_pid"]) == (True, None)

    def test_a_restart_in_two_halves(self, rig: ServiceRig) -> None:
        rig.define(STEADY)
        first = rig.step("started", settle=0)
        second = rig.step("restarted", stop_wait=0.2)
        assert second.status is Status.CHANGED, (second.message, evidence(second))
        assert second.data["pid"] != first.data["pid"]

    def test_it_is_stopped_once(self, rig: ServiceRig) -> None:
        rig.define(STEADY)
        rig.step("started", settle=0)
        first = rig.step("stopped")
        assert (first.status, first.data["running"], first.data["pid"]) == (Status.CHANGED, False, None), first.message
        assert rig.step("stopped").status is Status.PASSED
        looked = rig.step("running")
        assert looked.status is Status.FAILED
        assert "not running" in looked.message
        assert looked.evidence[0].title == f"{rig.name}: status"

    @pytest.mark.parametrize("state", ["started", "restarted"])
    def test_one_that_dies_at_once_fails_with_its_log(self, rig: ServiceRig, state: str) -> None:
        rig.define(BROKEN)
        outcome = rig.step(state, wait=8)
        assert outcome.status is Status.FAILED
        assert "boom: no such table" in evidence(outcome)
        assert rig.step("running").status is Status.FAILED

    def test_one_that_does_not_stay_up_fails(self, rig: ServiceRig) -> None:
        rig.define(SHORT_LIVED)
        outcome = rig.step("started", settle=3)
        assert outcome.status is Status.FAILED, outcome.message
        seen = ("within 3 s", "for 3 s", "it is not running: ")  # the last where it is gone before the first look
        assert any(words in outcome.message for words in seen), outcome.message
        assert "boom: out of memory" in evidence(outcome)
        assert rig.step("running", settle=3).status is Status.FAILED, "a crash loop is not taken for a running service"
        assert rig.step("stopped").data["running"] is False

    def test_a_process_older_than_its_files_is_noticed_and_restarted(self, rig: ServiceRig) -> None:
        name = "main näh.py"
        file, there = rig.folder / name, rig.path(name)
        rig.define(STEADY)
        file.write_text("old\n")
        assert rig.step("started", newer_than=there).status is Status.CHANGED
        assert rig.step("running", newer_than=[there]).status is Status.PASSED
        before = file.stat().st_mtime

        def edit() -> bool:
            file.write_text("new\n")
            return file.stat().st_mtime > before + 0.2

        wait_until(edit, "the file is newer")
        stale = rig.step("running", newer_than=there)
        assert stale.status is Status.FAILED
        assert f"before {there} was written" in stale.message
        fresh = rig.step("restarted", newer_than=there)
        assert fresh.status is Status.CHANGED, fresh.message
        gone = rig.step("running", newer_than=f"{there}.gone")
        assert "there is no file" in gone.message

    def test_the_manager_is_found_by_asking(self, rig: ServiceRig) -> None:
        rig.define(STEADY)
        rig.step("started", settle=0)
        outcome = rig.step("running", manager="auto")
        assert (outcome.status, outcome.data["manager"]) == (Status.PASSED, rig.manager), outcome.message


class ForeignManagerContract(ManagerContract):
    """And one that is not ours: it may be wrong, or say what is not so."""

    def test_a_manager_that_only_says_so_is_not_believed(self, rig: ServiceRig) -> None:
        assert rig.liar is not None
        rig.define(STEADY)
        first = rig.step("started", settle=0)
        outcome = rig.liar.step("restarted")
        assert outcome.status is Status.FAILED
        assert "reports success, but it was not restarted" in outcome.message
        assert outcome.data["pid"] == first.data["pid"]

    def test_an_unknown_name_is_told_apart_from_a_stopped_one(self, rig: ServiceRig) -> None:
        rig.define(STEADY)
        for state in ("started", "restarted", "stopped", "running"):
            outcome = rig.step(state, name=f"{rig.name}x")
            assert outcome.status is Status.FAILED
            assert f"did you mean {rig.name}" in outcome.message


def evidence(outcome: Outcome) -> str:
    return "\n".join(item.text for item in outcome.evidence)
