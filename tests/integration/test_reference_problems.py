"""What the reference runbook calls possible problems, each provoked for real; and its variants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.testing.processes import wait_until
from tests.integration.sites import GUARD, NOT_RESTARTED, Site, faulty
from tests.lab.postgres import Database, Postgres
from tests.lab.redis import Redis
from tests.lab.tools import free_port


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    made = faulty(tmp_path, database)
    yield made
    made.app.stop()


@pytest.fixture
def own_site(own_postgres: Postgres, tmp_path: Path) -> Iterator[Site]:
    """With a database server that the test may stop."""
    made = faulty(tmp_path, own_postgres.create())
    yield made
    made.app.stop()


def test_the_database_is_stopped(own_site: Site, own_postgres: Postgres) -> None:
    own_postgres.stop()

    run = own_site.play()

    assert (run.code, run.verdict) == (1, "failed"), run.output
    assert run.status("2.1") == "failed"
    where = f"{own_site.database.host}:{own_site.database.port}"
    assert run.causes == [
        f"PostgreSQL не слушает {where}: он не запущен",
        "База недоступна: приложение и плейбук не могут к ней подключиться",
        GUARD,
    ]
    assert own_site.database.password not in run.output + json.dumps(run.report, ensure_ascii=False)

    own_postgres.start()

    assert own_site.play().verdict == "passed"


def test_the_application_does_not_start(site: Site) -> None:
    """The file that is asked about is Python; one that it imports is not."""
    site.repair_the_file()
    main = site.app.folder / "app/core/config.py"
    main.write_text(f"{main.read_text()}\ndef broken(:\n")

    run = site.play()

    assert (run.code, run.verdict) == (1, "failed"), run.output
    assert run.status("1.2") == "failed"
    assert "Синтаксическая ошибка в коде приложения" in run.causes
    assert "SyntaxError" in json.dumps(run.report)
    assert "def broken(:" in main.read_text(), "nobody has touched the file"


def test_the_file_is_repaired_and_the_application_not_restarted(site: Site) -> None:
    site.repair_the_file()

    run = site.play()

    assert (run.code, run.verdict) == (0, "remediated"), run.output
    assert (run.status("1.1"), run.status("1.2")) == ("passed", "remediated")
    assert run.causes[-1] == NOT_RESTARTED, "what was repaired stands last"
    assert GUARD not in run.causes
    assert site.play().verdict == "passed"


def test_no_new_rows_and_the_guard_is_still_there(site: Site) -> None:
    run = site.play("--start-at", "Последние записи usage_records")

    assert (run.code, run.verdict) == (0, "remediated"), run.output
    assert run.status("2.4") == "remediated"
    assert [cause for cause in run.causes if cause in (GUARD, NOT_RESTARTED)] == [GUARD, NOT_RESTARTED]
    assert site.play().verdict == "passed"


def test_variant_a_records_tokens(site: Site) -> None:
    first = site.play("-e", "variant=tokens")

    assert (first.code, first.verdict) == (0, "remediated"), first.output
    token = site.app.log_in()
    before = _tokens(site)
    assert site.app.request("POST", "/agents/echo/invoke", {"input": "счёт токенов"}, token).status == 200
    assert wait_until(lambda: _tokens(site) > before, "tokens are recorded")

    second = site.play("-e", "variant=tokens")

    assert (second.code, second.verdict) == (0, "passed"), second.output
    assert second.with_status("changed", "remediated", "failed") == []


def test_variant_b_counts_in_redis(site: Site, redis: Redis) -> None:
    site.variables |= {"redis_host": "127.0.0.1", "redis_port": redis.port}
    forget(redis)  # what other tests counted

    first = site.play("-e", "variant=redis")

    assert (first.code, first.verdict) == (0, "remediated"), first.output
    assert redis_keys(redis)
    limits = site.app.request("GET", "/admin/limits", token=site.app.log_in()).json
    assert limits["backend"] == "redis"

    second = site.play("-e", "variant=redis")

    assert (second.code, second.verdict) == (0, "passed"), second.output
    assert second.with_status("changed", "remediated", "failed") == []


def test_variant_b_without_redis_fails_before_it_edits(site: Site) -> None:
    site.variables |= {"redis_host": "127.0.0.1", "redis_port": free_port()}
    before = (site.app.folder / "app/policy/engine.py").read_text()

    run = site.play("-e", "variant=redis")

    assert (run.code, run.verdict) == (1, "failed"), run.output
    assert (site.app.folder / "app/policy/engine.py").read_text() == before


def test_variant_c_edits_nothing_more(site: Site) -> None:
    files = [site.app.folder / name for name in ("app/policy/engine.py", "app/agents/router.py", ".env")]
    before = [file.read_text() for file in files]

    assert site.play("-e", "variant=leave").verdict == "remediated"
    assert [file.read_text() for file in files] == before


def test_somebody_has_to_look_at_the_dashboard(site: Site) -> None:
    """Without a terminal nobody can be asked: the step waits, and the run says so."""
    site.variables["dashboard_check"] = "manual"

    assert site.play().verdict == "waiting"

    answered = site.play("--answer", "5.5.manual.1=yes")

    assert (answered.code, answered.verdict) == (0, "passed"), answered.output
    assert site.play("--answer", "5.5.manual.1=no").verdict == "failed"


@pytest.mark.parametrize("command", [("verify",), ("run", "--check")])
def test_what_changes_nothing_finds_the_fault_and_leaves_it(site: Site, command: tuple[str, ...]) -> None:
    main = site.app.folder / "app/main.py"
    before, pid = main.read_text(), site.app.pid

    found = site.play(command=command)

    assert (found.code, found.verdict) == (1, "failed"), found.output
    assert found.causes == [GUARD]
    assert (main.read_text(), site.app.pid) == (before, pid)
    assert site.play().verdict == "remediated"

    again = site.play(command=command)

    assert (again.code, again.verdict) == (0, "passed"), again.output


def _tokens(site: Site) -> int:
    ((total,),) = site.database.execute("SELECT COALESCE(SUM(total_tokens), 0)::int FROM usage_records")
    assert isinstance(total, int)
    return total


def redis_keys(server: Redis) -> list[bytes]:
    """The counts that the application keeps there."""
    import redis

    with redis.Redis.from_url(server.url) as client:
        return list(client.scan_iter("rate:*"))


def forget(server: Redis) -> None:
    import redis

    with redis.Redis.from_url(server.url) as client:
        client.flushdb()
