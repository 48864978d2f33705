"""A development server that watches its files, as in the runbook: `python -m uvicorn app.main:app --reload`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.processes.port as port_kind
import runbook.steps.processes.service as service_kind
from runbook.runs.events import Outcome, Status
from runbook.testing import run_step
from runbook.testing.processes import alive, wait_until
from tests.lab.tools import answers, children, free_port

APP = """\
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"hello"})
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, Any]]:
    (tmp_path / "served.py").write_text(APP)
    port = free_port()
    made = {
        "name": "server",
        "manager": "process",
        "command": f"{shlex.quote(sys.executable)} -m uvicorn served:app --reload --port {port}",
        "chdir": str(tmp_path),
        "pid_file": f"{tmp_path}/server.pid",
        "newer_than": f"{tmp_path}/served.py",
        "settle": 0.5,
    }
    yield {"port": port, "options": made}
    run_step(service_kind, {**made, "state": "stopped"})


def test_it_is_restarted_with_all_its_children(server: dict[str, Any]) -> None:
    port = server["port"]

    def step(state: str) -> Outcome:
        return run_step(service_kind, {**server["options"], "state": state})

    def family() -> list[int]:
        """The processes of the server: the one that watches, and those that it has started."""
        main = step("running").data["pid"]
        return [main, *children(main)]

    assert step("started").status is Status.CHANGED
    wait_until(lambda: answers(port), "it serves")
    first = family()
    assert len(first) >= 2
    again = step("restarted")
    assert again.status is Status.CHANGED, again.message
    wait_until(lambda: answers(port), "it serves again")
    assert [pid for pid in first if alive(pid)] == []
    assert run_step(port_kind, {"port": port}).data["pid"] in family()
    assert step("stopped").status is Status.CHANGED
    assert run_step(port_kind, {"port": port, "state": "closed"}).status is Status.PASSED
