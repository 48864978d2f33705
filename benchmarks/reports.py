"""W7: reports of a large run: 50 steps on 1,000 hosts, made from events as the engine emits them.

Each report in a process of its own, as `runbook report` makes it: how long, how large, how much memory. And how soon a
browser has opened the page of 10,000 results.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Costs, Row, compare
from runbook.common.frozen import replace
from runbook.reports import REPORTS
from runbook.runs.events import (
    Condition,
    Event,
    Evidence,
    Outcome,
    Role,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    Status,
    StepFinished,
    Table,
)
from runbook.runs.record import Run, fold

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BEGAN = 1_781_092_800.0
STAGES = 5
RUN_ID = "20260610-120000-abc123"


def large(hosts: int, steps: int) -> Run:
    """A run of so many steps on so many hosts: most pass, a few change, are skipped, warn, or fail."""
    return fold(_events(tuple(f"web{number:04}" for number in range(hosts)), steps))


def _events(hosts: tuple[str, ...], steps: int) -> Iterator[Event]:
    stages = tuple((str(number), f"Stage {number}") for number in range(1, STAGES + 1))
    yield RunStarted(
        BEGAN, RUN_ID, "A large run", "playbooks/large.yml", ("inventories/prod.yml",), hosts, stages, version="1"
    )
    now = BEGAN
    for number, name in stages:
        yield StageStarted(now, number, name, hosts)
        for index, host in enumerate(hosts):
            yield from _on_host(host, index, number, name, steps // STAGES, now)
        now += 60
        yield StageFinished(now, number, name)
    yield RunFinished(now)


def _on_host(host: str, index: int, stage: str, name: str, steps: int, now: float) -> Iterator[Event]:
    worst = Status.PASSED
    for step in range(1, steps + 1):
        outcome = _outcome(index, step)
        worst = outcome.status if outcome.status is Status.FAILED else worst
        yield _finished(host, f"{stage}.{step}", f"Step {step} of stage {stage}", "shell", stage, now + step, outcome)
    yield _finished(host, stage, name, "stage", "", now + steps, Outcome(worst))


def _finished(host: str, number: str, name: str, kind: str, parent: str, at: float, outcome: Outcome) -> StepFinished:
    bad = outcome.status is Status.FAILED and kind != "stage"
    conditions = (Condition("rc == 0", False, (("rc", "1"),)),) if bad else ()
    place, excerpt = "playbooks/large.yml:12:9", "  12 |  shell: check\n     |  ^^^^^\n" if bad else ""
    action = "/opt/app/bin/check --all" if kind != "stage" else ""
    return StepFinished(
        at, host, number, name, kind, parent, Role.STEP, at - 0.4, outcome, 1, action, conditions, (), place, excerpt
    )


_LINES = [
    f"2026-06-10 12:00:{number:02} ok: unit {number} of the application is as it should be" for number in range(8)
]
_DATA = {"rc": 0, "stdout": "\n".join(_LINES), "stderr": "", "stdout_lines": _LINES, "cmd": "check", "elapsed": 0.4}
_TABLE = Evidence("", table=Table(("id", "name"), tuple((number, f"row {number}") for number in range(5)), 5))


def _outcome(host: int, step: int) -> Outcome:
    passed = Outcome(Status.PASSED, _LINES[-1], _DATA)
    match (host * 7 + step) % 50:
        case 0 if host % 20 == 0:
            return Outcome(Status.FAILED, "exit code 1", {**_DATA, "rc": 1}, (Evidence("stderr", "no\n" * 20),))
        case 1 | 2 | 3:
            return replace(passed, status=Status.CHANGED)
        case 4 | 5 | 6 | 7:
            return Outcome(Status.SKIPPED, "when: false")
        case 8:
            return Outcome(Status.WARNED, "expected rc == 0", _DATA)
        case 9 | 10:
            return replace(passed, evidence=(_TABLE,))
        case _:
            return passed


def section(folder: Path, python: Path, hosts: int, steps: int, rounds: int) -> str:
    """The table of W7. `python` is that of the installed program."""
    from runbook.runs.store import keep

    kept = keep(large(hosts, steps), folder / "runs")
    env = {"RUNBOOK_STATE_DIR": str(folder)}
    found = [
        Row(form, [str(python), "-m", "runbook", "report", "last", "--format", f"{form}={_file(folder, form)}"], env)
        for form in sorted(REPORTS)
    ]
    return f"{_table(compare(found, folder, rounds), folder, kept, hosts, steps)}\n{_page(folder, steps)}\n"


def _page(folder: Path, steps: int) -> str:
    """A sentence on the page of 10,000 results in Chromium."""
    from playwright.sync_api import sync_playwright

    from runbook.reports.html import render

    path = folder / "page.html"
    path.write_text(render(large(10_000 // steps, steps)), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        took = sorted(_opened(browser, path) for _ in range(3))[1]
        browser.close()
    size = path.stat().st_size / 2**20
    return (
        f"The page of 10,000 results has {size:.1f} MiB. Chromium shows something of it after {took[1]:.2f} s and has "
        f"opened it after {took[0]:.2f} s. Goal: 2 s."
    )


def _opened(browser: Browser, path: Path) -> tuple[float, float]:
    """Seconds until the page is drawn whole, and until it shows something."""
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    began = time.perf_counter()
    page.goto(path.as_uri())
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    took = time.perf_counter() - began
    first = float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")) / 1000
    page.close()
    return took, first


def _file(folder: Path, form: str) -> Path:
    return folder / f"report.{REPORTS[form].ending}"


def _table(found: list[Costs], folder: Path, kept: Path, hosts: int, steps: int) -> str:
    lines = [
        f"## W7: reports of {steps} steps on {hosts} hosts",
        "",
        "From the kept run to the file, in a process of its own. The kept run has "
        f"{kept.stat().st_size / 2**20:.1f} MiB.",
        "",
        "| | seconds | processor | memory | size |",
        "| --- | --: | --: | --: | --: |",
    ]
    for costs in found:
        if costs.failed:
            lines.append(f"| {costs.name} | failed | | | |")
            print(f"{costs.name}: {costs.failed}", file=sys.stderr)
            continue
        wall, cpu, memory = (costs.median(what) for what in ("wall", "cpu", "memory"))
        size = _file(folder, costs.name).stat().st_size / 2**20
        lines.append(f"| {costs.name} | {wall:.2f} | {cpu:.2f} s | {memory:.0f} MiB | {size:.1f} MiB |")
    return "\n".join(lines) + "\n"
