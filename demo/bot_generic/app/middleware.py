"""UsageMiddleware: every API request becomes a row of usage_records and a count on a billing account."""

from __future__ import annotations

import logging
import time

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.deps import caller_id
from app.models import Session, UsageRecord

log = logging.getLogger(__name__)

# Pages, documentation and probes are not API requests.
NOT_COUNTED = ("/docs", "/redoc", "/openapi.json", "/health", "/static", "/dashboard", "/login", "/favicon.ico")


class UsageMiddleware:
    """Records a request when its answer begins, so that whoever has the answer finds the row."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_counted(scope["path"]):
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        answered = False

        async def send_and_record(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                await run_in_threadpool(record, scope, message["status"], started)
            await send(message)

        try:
            await self.app(scope, receive, send_and_record)
        except Exception:
            if not answered:  # the server answers 500 further out
                await run_in_threadpool(record, scope, 500, started)
            raise


def is_counted(path: str) -> bool:
    """Is a request to this path an API request?"""
    return not any(path == prefix or path.startswith(f"{prefix}/") for prefix in NOT_COUNTED)


def record(scope: Scope, status_code: int, started: float) -> None:
    """Writes the row and the counters. A failure is logged and never reaches the caller."""
    elapsed_ms = round((time.perf_counter() - started) * 1000)
    try:
        user_id = caller_id(Headers(scope=scope))
        usage = UsageRecord(user_id, scope["path"], scope["method"], status_code, elapsed_ms)
        with Session() as session:
            session.add(usage)
            if user_id is not None:
                session.count_request(user_id)
            session.commit()
    except Exception as error:  # noqa: BLE001  # whatever it is, the request must be answered
        log.error("usage of %s %s was not recorded: %s", scope["method"], scope["path"], error)  # noqa: TRY400  # the sentence is enough
