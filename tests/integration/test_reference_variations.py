"""Other faults than the planted one: what the reference playbook says of each, and what it does about it.

The table stands in docs/restore-logging.md, row for row.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runbook.testing.processes import wait_until
from tests.integration.sites import ROOT, Site, faulty
from tests.lab.postgres import Database
from tests.lab.tools import answers

FAULT = "if not settings.debug:\n    app.add_middleware(UsageMiddleware)\n"
LINE = "app.add_middleware(UsageMiddleware)\n"
FILE_AND_PROCESS = ("1.1", "1.2")
"""The steps that a repair of the file makes good: the file itself, and the process that has not read it."""


@dataclass(frozen=True)
class Variation:
    """A fault, and what comes of it."""

    provoke: Callable[[Site], object]
    verdict: str
    cause: str = ""
    """Part of a likely cause; none is asked for where it is empty."""
    remediated: tuple[str, ...] = ()
    failed: str = ""
    """The step that fails in the end."""
    never: tuple[str, ...] = ()
    """What is not to be said."""


def main_has(lines: str, *, restart: bool = False) -> Callable[[Site], object]:
    """Other lines in the place of the fault."""

    def provoke(site: Site) -> None:
        site.edit("app/main.py", FAULT, lines)
        if restart:
            site.app.restart()

    return provoke


def variables(**values: str) -> Callable[[Site], object]:
    """A healthy application, and an inventory that says something wrong."""

    def provoke(site: Site) -> None:
        main_has(LINE, restart=True)(site)
        site.variables |= values

    return provoke


def _own_database_away(site: Site) -> None:
    main_has(LINE)(site)
    site.edit(".env", str(site.database.port), "1")
    site.app.restart()


def _stopped(site: Site) -> None:
    main_has(LINE)(site)
    site.app.stop()


def _port_taken(site: Site) -> None:
    _stopped(site)
    site.variables["start_timeout"] = 5
    argv = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(site.app.port)]
    site.stranger = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: answers(site.app.port), "somebody else serves")


DATABASE_SAID = "База недоступна"
VARIATIONS = {
    "guarded": Variation(main_has(FAULT), "remediated", "при условии «not settings.debug»", FILE_AND_PROCESS),
    "guarded, other spelling": Variation(
        main_has("if not (settings.debug):\n\tapp.add_middleware(UsageMiddleware)\n"),
        "remediated",
        "при условии «not (settings.debug)»",
        FILE_AND_PROCESS,
    ),
    "commented out": Variation(
        main_has(f"# {LINE}"), "remediated", "закомментировано", FILE_AND_PROCESS, never=("условии",)
    ),
    "registered twice": Variation(
        main_has(LINE + LINE), "remediated", "больше одного раза (строки 38, 39)", FILE_AND_PROCESS
    ),
    "missing": Variation(main_has(""), "failed", "нет подключения UsageMiddleware", failed="1.1", never=("условии",)),
    "guarded, does not fit": Variation(
        main_has(f"{FAULT}else:\n    print('debug')\n"), "failed", "при условии", failed="1.1"
    ),
    "healthy, like the fault": Variation(
        main_has(f"# if not settings.debug:\n{LINE}if not settings.debug:\n    print('prod')\n", restart=True), "passed"
    ),
    "no Python": Variation(
        main_has(f"{LINE}def broken(:\n"), "failed", "не читается как Python: строка 39", failed="1.1"
    ),
    "registered again elsewhere": Variation(
        main_has(f"{LINE}for each in [UsageMiddleware]:\n    app.add_middleware(each)\n", restart=True),
        "failed",
        "больше одного раза: ищите второе подключение",
        failed="2.4",
    ),
    "not running": Variation(
        _stopped, "remediated", "Приложение не запущено", ("1.2",), never=("работает прежний код",)
    ),
    "port taken": Variation(_port_taken, "failed", "-m http.server", never=("прежний код",)),
    "wrong password of the administrator": Variation(
        variables(admin_password="wrong"), "failed", "дело не в логировании", failed="2.4", never=(DATABASE_SAID,)
    ),
    "wrong user of the database": Variation(
        variables(db_user="nobody_of_that_name"),
        "failed",
        "Приложение подключается к базе, а плейбук – нет",
        failed="2.1",
        never=(DATABASE_SAID,),
    ),
    "the application's own database": Variation(
        _own_database_away, "failed", "Приложение отвечает 503", failed="2.4", never=(DATABASE_SAID,)
    ),
}


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    made = faulty(tmp_path, database)
    yield made
    if made.stranger is not None:
        made.stranger.kill()
        made.stranger.wait()
    made.app.stop()


@pytest.mark.parametrize("name", VARIATIONS)
def test_verdict_cause_and_repair(site: Site, name: str) -> None:
    wanted = VARIATIONS[name]
    wanted.provoke(site)
    before, pid = (site.app.folder / "app/main.py").read_text(), site.app.pid

    run = site.play()

    told = "\n".join([*run.causes, run.output])
    assert (run.code, run.verdict) == (1 if wanted.verdict == "failed" else 0, wanted.verdict), told
    assert any(wanted.cause in cause for cause in run.causes) or not wanted.cause, told
    repaired = tuple(number for number in FILE_AND_PROCESS if run.was(number, "remediated"))
    assert repaired == wanted.remediated or name == "port taken", told  # a start may outlive the look at it
    assert not wanted.failed or run.status(wanted.failed) == "failed", told
    assert not [word for word in wanted.never if any(word in cause for cause in run.causes)], told
    if "1.1" not in wanted.remediated:
        assert (site.app.folder / "app/main.py").read_text() == before, "nobody has touched the file"
    if wanted.failed == "2.4" and "password" in name:
        assert site.app.pid == pid, "nothing was restarted for a wrong password"
    if wanted.verdict == "remediated":
        assert site.play().verdict == "passed"


def test_the_page_has_every_variation() -> None:
    page = (ROOT / "docs" / "restore-logging.md").read_text(encoding="utf-8")
    table = page.partition("## Every variation")[2]
    rows = re.findall(r"^\| ([^|`]+?) \| `(\w+)` \|", table, re.MULTILINE)
    assert rows == [(name, variation.verdict) for name, variation in VARIATIONS.items()]
