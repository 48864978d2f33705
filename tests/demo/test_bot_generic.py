"""The application of the reference runbook is real: its fault, its repair, and both variants."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from demo.run import Demo
from runbook.testing.processes import wait_until
from tests.lab.redis import Redis

from .edits import Edit, edits

Query = Callable[[Demo, str], Any]
ROOT = Path(__file__).parents[2]
RECENT = "SELECT count(*) FROM usage_records WHERE created_at > now() - interval '1 minute'"
UPDATED = "SELECT count(*) FROM billing_accounts WHERE updated_at > now() - interval '10 minutes'"


def apply(demo: Demo, *wanted: Edit) -> None:
    """Each edit once; a second time finds nothing to do; what comes out is Python."""
    assert wanted
    for edit in wanted:
        assert edit.apply(demo.app_dir), f"{edit.path} had the edit already"
    for edit in wanted:
        assert not edit.apply(demo.app_dir)
        compiled = demo.app.python("-m", "py_compile", edit.path)
        assert compiled.returncode == 0, compiled.stderr


def invoke(demo: Demo, token: str, agent: str = "echo") -> Any:
    reply = demo.app.request("POST", f"/agents/{agent}/invoke", {"input": "one two three"}, token)
    assert reply.status == 200, reply.text
    return reply.json


def test_swagger_ui_and_health_are_served(untouched: Demo) -> None:
    assert "swagger-ui" in untouched.app.request("GET", "/docs").text
    assert untouched.app.request("GET", "/health").json == {"status": "ok", "database": "ok"}


def test_a_user_logs_in_and_is_known(untouched: Demo) -> None:
    me = untouched.app.request("GET", "/auth/me", token=untouched.app.log_in())
    assert (me.status, me.json["email"], me.json["is_admin"]) == (200, "admin@example.com", True)


@pytest.mark.parametrize("token", ["", "rubbish", "a.b", "eyJzdWIiOiAxfQ.AAAA", "ü.ü"])
def test_nobody_else_is_known(untouched: Demo, token: str) -> None:
    sent = token.encode().decode("latin-1")
    assert untouched.app.request("GET", "/auth/me", token=sent).status == 401
    wrong = {"email": "admin@example.com", "password": "wrong"}
    assert untouched.app.request("POST", "/auth/login", wrong).status == 401


def test_only_administrators_see_the_limits(untouched: Demo) -> None:
    user = untouched.app.log_in("user@example.com", "user123")
    assert untouched.app.request("GET", "/admin/limits", token=user).status == 403
    limits = untouched.app.request("GET", "/admin/limits", token=untouched.app.log_in()).json
    assert (limits["backend"], limits["limit_per_minute"]) == ("memory", 120)


def test_agents_answer_and_say_their_tokens(untouched: Demo) -> None:
    token = untouched.app.log_in()
    reply = invoke(untouched, token)
    assert reply["text"] == "one two three"
    assert reply["usage"]["total_tokens"] == reply["usage"]["prompt_tokens"] + reply["usage"]["completion_tokens"] > 0
    assert untouched.app.request("POST", "/agents/none/invoke", {}, token).status == 404
    listed = untouched.app.request("GET", "/agents", token=token).json
    assert [agent["id"] for agent in listed] == ["echo", "summary", "count"]


def test_with_the_fault_there_are_old_records_and_no_new_ones(untouched: Demo, value: Query) -> None:
    for _ in range(3):
        untouched.app.request("GET", "/auth/me", token=untouched.app.log_in())
    assert value(untouched, "SELECT count(*) FROM usage_records") == 120
    assert value(untouched, "SELECT count(*) FROM usage_records WHERE created_at > now() - interval '2 hours'") == 0
    assert value(untouched, "SELECT count(*) FROM usage_records WHERE status_code >= 400") > 0
    assert value(untouched, "SELECT count(DISTINCT user_id) FROM usage_records") == 2
    assert value(untouched, UPDATED) == 0


def test_the_probes_of_the_runbook(untouched: Demo) -> None:
    main = (untouched.app_dir / "app" / "main.py").read_text()
    assert "\nif not settings.debug:\n    app.add_middleware(UsageMiddleware)\n" in main
    assert main.count("settings.debug:") == main.count("add_middleware") == 1
    debug = untouched.app.python("-c", "from app.core.config import settings; print(settings.debug)")
    assert debug.stdout == "True\n"
    seen = untouched.app.python("-c", "from app.main import app; print(app.user_middleware)")
    assert seen.stdout.splitlines()[-1] == "[]"
    checked = untouched.app.python("scripts/check_db.py")
    assert checked.returncode == 0
    assert "usage_records: 120 rows" in checked.stdout


def test_seeding_again_changes_nothing(untouched: Demo, value: Query) -> None:
    everything = "SELECT json_agg(t ORDER BY id)::text FROM (SELECT id, password_hash FROM users) AS t"
    before = value(untouched, everything)
    assert untouched.app.python("-m", "app.db", "init").returncode == 0
    assert value(untouched, everything) == before
    assert value(untouched, "SELECT count(*) FROM usage_records") == 120


class Cells(HTMLParser):
    """The text of all table cells."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag in ("td", "tr"):
            self._inside = tag == "td"
            if self._inside:
                self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


def test_removing_the_guard_and_a_restart_bring_records_back(demo: Demo, value: Query) -> None:
    apply(demo, *edits("Repair"))
    demo.app.request("GET", "/agents")
    assert value(demo, RECENT) == 0, "the running process still has the fault"
    demo.app.restart()
    seen = demo.app.python("-c", "from app.main import app; print(app.user_middleware)")
    assert "Middleware(UsageMiddleware)" in seen.stdout

    used = value(demo, "SELECT free_requests_used FROM billing_accounts")
    token = demo.app.log_in()
    assert demo.app.request("GET", "/auth/me", token=token).status == 200
    assert demo.app.request("GET", "/auth/me").status == 401
    assert demo.app.request("GET", "/%00%F0%9F%90%8D<b>").status == 404
    for uncounted in ("/docs", "/openapi.json", "/health", "/dashboard", "/login"):
        demo.app.request("GET", uncounted)
    recent = "SELECT json_agg(json_build_array(user_id, method, endpoint, status_code) ORDER BY id) FROM usage_records "
    assert value(demo, recent + "WHERE created_at > now() - interval '1 minute'") == [
        [None, "POST", "/auth/login", 200],
        [1, "GET", "/auth/me", 200],
        [None, "GET", "/auth/me", 401],
        [None, "GET", "/\N{REPLACEMENT CHARACTER}🐍<b>", 404],
    ]
    assert value(demo, UPDATED) == 1
    assert value(demo, "SELECT free_requests_used FROM billing_accounts") == used + 1

    page = demo.app.request("GET", "/dashboard", token=token).text
    cells = Cells()
    cells.feed(page)
    assert "Activity Log" in page
    assert "GET /\N{REPLACEMENT CHARACTER}🐍<b>" in cells.texts
    assert "No request was recorded" not in page
    assert "ERROR" not in demo.app.log_file.read_text()


def test_variant_a_records_tokens_and_cost(demo: Demo, value: Query) -> None:
    apply(demo, *edits("Repair"), *edits("A"))
    demo.app.restart()
    usage = invoke(demo, demo.app.log_in(), "summary")["usage"]
    rows = "SELECT json_agg(json_build_array(user_id, total_tokens, cost > 0, age(now(), created_at) < '1 minute'))"
    where = " FROM usage_records WHERE created_at > now() - interval '1 minute' AND endpoint = '/agents/summary/invoke'"
    assert sorted(value(demo, rows + where), key=lambda row: row[1]) == [
        [1, 0, False, True],  # the middleware's
        [1, usage["total_tokens"], True, True],
    ]


def test_variant_b_counts_in_redis(demo: Demo, redis: Redis) -> None:
    from redis import Redis as Client

    with Client.from_url(redis.url) as client:
        client.flushdb()
        with (demo.app_dir / ".env").open("a") as env:
            env.write(f"RATE_LIMIT_PER_MINUTE=3\nREDIS_URL={redis.url}\nRATE_LIMITER_BACKEND=redis  # or memory\n")
        apply(demo, *edits("B"))
        demo.app.restart()
        token = demo.app.log_in()
        assert demo.app.request("GET", "/admin/limits", token=token).json["backend"] == "redis"
        invoke(demo, token)
        keys: Any = client.keys("rate:1:*")
        assert [client.get(key) for key in keys] == [b"1"]
        assert 0 < int(str(client.ttl(keys[0]))) <= 120
        demo.app.restart()  # the count outlives the process
        wait_until(
            lambda: demo.app.request("POST", "/agents/echo/invoke", {}, token).status == 429,
            "the limit of three calls in a minute is kept",
            every=0.2,
        )


def test_variant_b_with_backend_memory_stays_in_memory(demo: Demo) -> None:
    apply(demo, *edits("B"))
    demo.app.restart()
    token = demo.app.log_in()
    invoke(demo, token)
    limits = demo.app.request("GET", "/admin/limits", token=token).json
    assert limits["backend"] == "memory"


def test_a_database_that_goes_and_comes_back(demo: Demo, value: Query) -> None:
    apply(demo, *edits("Repair"))
    demo.app.restart()
    token = demo.app.log_in()
    demo.server.stop()
    assert demo.app.request("GET", "/auth/me", token=token).status == 503
    assert demo.app.request("GET", "/health").status == 503
    assert "usage of GET /auth/me was not recorded: connection failed" in demo.app.log_file.read_text()
    checked = demo.app.python("scripts/check_db.py")
    assert checked.returncode == 1
    assert "the database is unreachable" in checked.stderr

    demo.app.restart()  # /docs is served all the same
    assert "ERROR [main] the database is unreachable" in demo.app.log_file.read_text()
    demo.server.start()
    assert demo.app.request("GET", "/auth/me", token=token).status == 200
    assert value(demo, RECENT) > 0


def test_a_suspended_account_calls_no_agent(demo: Demo) -> None:
    import psycopg

    with psycopg.connect(demo.database_url) as connection:
        connection.execute("UPDATE billing_accounts SET status = 'suspended'")
    assert demo.app.request("POST", "/agents/echo/invoke", {}, demo.app.log_in()).status == 402


def test_a_start_that_cannot_be_says_why(untouched: Demo) -> None:
    without = ("-S", "-c", "import app.main")  # without site-packages nothing is installed
    missing = untouched.app.python(*without)
    assert (missing.returncode, "not installed: fastapi, psycopg, pydantic" in missing.stderr) == (1, True)
    wrong = "import os; os.environ['DEBUG'] = 'perhaps'; import app.core.config"
    refused = untouched.app.python("-c", wrong)
    assert refused.returncode == 1
    assert "wrong settings (.env): DEBUG: Input should be a valid boolean" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_lines_are_logged_once(demo: Demo) -> None:
    """The manager sends stdout to the log file, which the application writes too."""
    assert demo.app.log_file.read_text().count("bot-generic starts") == 1
    demo.app.stop()
    other = demo.app_dir / "elsewhere.log"
    log = demo.app_dir / "logs" / "own.log"
    code = f"import os; os.environ['LOG_FILE'] = {str(log)!r}; import app.main, logging; logging.warning('seen twice')"
    done = demo.app.python("-c", code)
    other.write_text(done.stdout)
    assert other.read_text().count("seen twice") == log.read_text().count("seen twice") == 1


def test_the_readme_has_every_edit() -> None:
    assert [len(edits(prefix)) for prefix in ("Repair", "A", "B")] == [1, 1, 4]
    for edit in edits("A") + edits("B"):
        assert edit.before not in edit.text or edit.path.endswith("config.py")


def test_what_the_application_requires_comes_with_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    installed = [
        *project["dependencies"],
        *project["optional-dependencies"]["demo"],
        *project["optional-dependencies"]["dev"],
    ]
    known = {re.split("[>=]", requirement)[0] for requirement in installed}
    listed = (ROOT / "demo" / "bot_generic" / "requirements.txt").read_text().splitlines()
    needed = {re.split("[>=]", requirement)[0] for requirement in listed}
    assert needed - known == {"pydantic"}, "pydantic comes with fastapi"
