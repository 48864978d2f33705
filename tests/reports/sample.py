"""A run as the reference runbook makes it, with everything in it that a report has to show.

Two hosts: `web1` is repaired, warns and fails in the end; `web2` stops answering.
"""

from __future__ import annotations

from runbook.runs.events import Condition, Event, Evidence, Outcome, Role, Status
from runbook.testing.run_events import EventWriter, outcome, table

DIFF = """\
--- /opt/bot-generic/app/main.py
+++ /opt/bot-generic/app/main.py
@@ -39,4 +39,3 @@
 app = FastAPI(title=settings.app_name)
-if not settings.debug:
-    app.add_middleware(UsageMiddleware)
+app.add_middleware(UsageMiddleware)
 app.include_router(auth.router)
"""
EXCERPT = """\
266 |       - name: Все API endpoints работают правильно
267 |         loop: [/docs, /openapi.json, /health, /auth/me, /agents]
268 |         http:
    |         ^^^^
269 |           url: "{{ app_url }}{{ item }}"
"""
TRACE = """\
2026-06-10 12:00:41,120 INFO  uvicorn.access 10.0.0.7 GET /agents
2026-06-10 12:00:41,133 ERROR app.agents.router \x1b[31mKeyError: 'model'\x1b[0m
Traceback (most recent call last):
  File "/opt/bot-generic/app/agents/router.py", line 57, in list_agents
    agents = [agent["model"] for agent in registry if agent["name"] <> "старый & бот"]
KeyError: 'model'
"""
ENDPOINTS = ("/docs", "/openapi.json", "/health", "/auth/me", "/agents")


def events() -> list[Event]:
    """The whole run."""
    log = EventWriter(
        ("web1", "web2"),
        playbook="План действий по восстановлению логирования",
        path="playbooks/restore-logging.yml",
        labels={"риск": "минимальный (только перезагрузка)", "время": "около 30 минут"},
        description="bot-generic перестал писать журнал обращений usage_records. Плейбук вносит исправление, "
        "перезапускает приложение и убеждается, что новые записи появляются.",
        user="оля",
        version="0.1.0",
    )
    _immediate(log)
    _logging(log)
    _diagnostics(log)
    _extras(log)
    _final(log)
    return log.end()


def _immediate(log: EventWriter) -> None:
    guarded = "app/main.py исправлен – middleware без условия settings.debug"
    with log.stage("1", "Немедленные действия"):
        with log.on("web2", "1", "Немедленные действия"):
            log.step("web2", "1.1", guarded, "file", outcome("passed", "is as it should be"), 0.04)
            log.step(
                "web2", "1.2", "Перезапустить bot-generic", "service", outcome("skipped", "when: needs_restart"), 0
            )
        with log.on("web1", "1", "Немедленные действия", outcome=outcome("remediated")):
            _guard(log, guarded)
            log.step(
                "web1",
                "1.2",
                "Перезапустить bot-generic",
                "service",
                outcome("changed", "restarted: main process 4711 is new", data={"pid": 4711}),
                3.42,
                action="restart bot-generic by systemd",
            )
            with log.holding("web1", "1.3", "Swagger UI отвечает", "wait", "1", attempts=1, action="GET /docs"):
                log.wait(5.2)
                log.say("web1", "1.3", "connection refused")
                log.wait(1.1)


def _guard(log: EventWriter, name: str) -> None:
    with log.holding(
        "web1",
        "1.1",
        name,
        "file",
        "1",
        outcome=outcome("remediated", "remediated by снять условие if not settings.debug"),
        causes=("В app/main.py стоит «if not settings.debug»: исправления не применены",),
        action="look at /opt/bot-generic/app/main.py",
        place="playbooks/restore-logging.yml:68:9",
    ):
        log.wait(0.06)
        log.say("web1", "1.1", "matches what it must not: 'if not settings\\.debug' (line 40)", "failed")
        with log.holding("web1", "1.1.f1", "снять условие if not settings.debug", "remediation", "1.1", Role.REMEDIATE):
            log.step(
                "web1",
                "1.1.f1.1",
                "Снять условие в app/main.py",
                "edit",
                outcome("changed", "1 edit", diff=DIFF),
                0.31,
                role=Role.REMEDIATE,
                parent="1.1.f1",
                action="edit /opt/bot-generic/app/main.py",
            )


LATEST = table(
    ("id", "endpoint", "method", "status_code", "created_at"),
    (90412, "/auth/me", "GET", 200, "2026-06-10 11:41:02.118+00"),
    (90411, "/agents/поиск/invoke", "POST", 429, "2026-06-10 11:40:57.004+00"),
    (90410, "/docs", "GET", None, "2026-06-10 11:40:12.731+00"),
    total=90412,
)


def _logging(log: EventWriter) -> None:
    with log.stage("2", "Проверка логирования"):
        with log.on("web1", "2", "Проверка логирования", outcome=outcome("remediated")):
            action = "app: SELECT id, endpoint, method, status_code, created_at FROM usage_records …"
            latest = outcome("passed", "3 rows", evidence=LATEST)
            log.step("web1", "2.1", "Последние записи usage_records", "sql", latest, 0.02, action=action)
            _recent(log)
            _request(log)
        with log.on("web2", "2", "Проверка логирования", outcome=outcome("unreachable", "Connection timed out")):
            log.step(
                "web2",
                "2.1",
                "Последние записи usage_records",
                "sql",
                outcome("unreachable", "web2: no answer from 10.0.0.12 port 22 within 10 s: Connection timed out"),
                10.0,
                place="playbooks/restore-logging.yml:106:9",
            )


def _recent(log: EventWriter) -> None:
    cause = "Записи есть, но новых нет уже 10 минут: до исправления запросы не записывались"
    with log.holding(
        "web1",
        "2.2",
        "Среди них есть новые",
        "sql",
        "2",
        outcome=outcome("warned", "expected recent > 0", evidence=table(("recent",), (0,))),
        conditions=(Condition("recent > 0", False, (("recent", "0"),)),),
        causes=(cause,),
    ):
        log.wait(0.02)
        log.say("web1", "2.2", "expected recent > 0", "failed")
        log.step(
            "web1",
            "2.2.d1",
            "Когда записи прекратились",
            "sql",
            outcome(
                "failed", "expected age_seconds < 600", evidence=table(("last_record", "age_seconds"), ("11:41", 1139))
            ),
            role=Role.DIAGNOSE,
            parent="2.2",
            conditions=(Condition("age_seconds < 600", False, (("age_seconds", "1139"),)),),
            causes=(cause,),
        )


def _request(log: EventWriter) -> None:
    """A block that is run again after its remediation."""
    name = "Тестовый запрос оставляет запись"
    with log.holding("web1", "2.3", name, "block", "2", outcome=outcome("remediated", "remediated by перезапуск")):
        log.step("web1", "2.3.1", "Получить токен", "http", outcome("passed", "200"), 0.21)
        unmet = Condition("rowcount > 0", False, (("rowcount", "0"),))
        missing = outcome("failed", "expected rowcount > 0", evidence=table(("id", "endpoint")))
        log.step("web1", "2.3.2", "Новые записи появились", "sql", missing, 5.1, attempts=6, conditions=(unmet,))
        log.say("web1", "2.3", "expected rowcount > 0", "failed")
        with log.holding("web1", "2.3.f1", "перезапуск", "remediation", "2.3", Role.REMEDIATE):
            restart = outcome("changed", "restarted: main process 4802 is new")
            log.step("web1", "2.3.f1.1", "Перезапустить", "service", restart, 3.0, role=Role.REMEDIATE)
        log.step("web1", "2.3.1", "Получить токен", "http", outcome("passed", "200"), 0.2)
        found = outcome("passed", "1 row", evidence=table(("id", "endpoint"), (90413, "/auth/me")))
        log.step("web1", "2.3.2", "Новые записи появились", "sql", found, 1.1, attempts=2)


def _diagnostics(log: EventWriter) -> None:
    metrics = table(("metric", "value"), ("Всего записей", 90413), ("Среднее, мс", 12.5), ("说明 <b>&", "a|b\nc"))
    slow = table(
        ("endpoint", "method", "call_count", "avg_ms", "max_ms"), ("/agents/поиск/invoke", "POST", 7, 812, 2260)
    )
    with (
        log.stage("3", "Полная диагностика", "web1"),
        log.on("web1", "3", "Полная диагностика", outcome=outcome("warned")),
    ):
        log.step(
            "web1", "3.1", "Usage Records – пять показателей", "sql", outcome("passed", "3 rows", evidence=metrics)
        )
        log.step(
            "web1",
            "3.2",
            "Самые медленные запросы за час",
            "sql",
            outcome("warned", "expected rows | selectattr('max_ms', 'gt', 1000) | list | length == 0", evidence=slow),
        )


def _extras(log: EventWriter) -> None:
    with (
        log.stage("4", "Решение дополнительных проблем", "web1"),
        log.on("web1", "4", "Решение дополнительных проблем"),
    ):
        chosen = outcome("passed", "variant = leave", data={"chosen": "leave"})
        with log.holding("web1", "4.1", "Выбранный вариант", "choose", "4", outcome=chosen):
            note = outcome(
                "passed", "Rate limiter в памяти – нормально; токены не логируются – нормально для разработки"
            )
            log.step("web1", "4.1.1", "Оставлено как есть", "note", note, 0)


def _final(log: EventWriter) -> None:
    name = "Финальная проверка"
    message = "1 of 5 items failed: /agents: expected status == 200"
    with log.stage("5", name, "web1"), log.on("web1", "5", name, outcome=outcome("failed", message)):
        log.step("web1", "5.1", "Dashboard показывает Activity Log", "confirm", outcome("passed", "yes, by оля"), 14.0)
        log.step("web1", "5.2", "Отправить отчёт", "command", outcome("skipped", "when: send_report"), 0)
        log.step("web1", "5.3", "Убрать временные файлы", "command", outcome("skipped", "when: clean_up"), 0)
        _endpoints(log, message)


def _endpoints(log: EventWriter, message: str) -> None:
    items = [(path, outcome("passed", "200")) for path in ENDPOINTS[:-1]]
    items.append((ENDPOINTS[-1], outcome("failed", "expected status == 200")))
    body = Evidence("body", '{"detail": "Internal Server Error"}', language="json")
    cause = "Обработчик /agents падает: в реестре есть агент без model"
    with log.holding(
        "web1",
        "5.4",
        "Все API endpoints работают правильно",
        "http",
        "5",
        outcome=Outcome(Status.FAILED, message, {}, (body,)),
        conditions=(Condition("status == 200", False, (("status", "500"),)), Condition("elapsed < 2", True, ())),
        causes=(cause,),
        place="playbooks/restore-logging.yml:268:9",
        excerpt=EXCERPT,
        items=tuple(items),
    ):
        log.wait(0.9)
        log.say("web1", "5.4", message, "failed")
        log.step(
            "web1",
            "5.4.d1",
            "Последние ошибки приложения",
            "log",
            outcome("failed", "expected count == 0", evidence=(Evidence("matching lines", TRACE, language="log"),)),
            role=Role.DIAGNOSE,
            parent="5.4",
            causes=(cause,),
        )
