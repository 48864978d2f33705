"""The application: `python -m uvicorn app.main:app`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app import admin, auth, dashboard
from app.agents.router import router as agents_router
from app.core.config import settings
from app.core.logging import setup_logging
from app.db import connect
from app.middleware import UsageMiddleware

setup_logging(settings.log_file, settings.log_level)
log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Starts without a database too: what needs none, as /docs, is served."""
    log.info("bot-generic starts, DEBUG=%s", settings.debug)
    try:
        connect().close()
    except psycopg.Error as error:
        log.error("the database is unreachable: %s", error)  # noqa: TRY400  # the sentence is enough
    yield
    log.info("bot-generic stops")


app = FastAPI(title="bot-generic", description="Agents, usage and billing", version="1.4.2", lifespan=lifespan)

if not settings.debug:
    app.add_middleware(UsageMiddleware)

app.include_router(auth.router)
app.include_router(agents_router)
app.include_router(admin.router)
app.include_router(dashboard.router)


@app.exception_handler(psycopg.OperationalError)
def database_unreachable(request: Request, error: psycopg.OperationalError) -> JSONResponse:
    """A request that needs the database gets 503 while it is away."""
    log.error("%s %s: the database is unreachable: %s", request.method, request.url.path, error)
    return JSONResponse({"detail": "the database is unreachable"}, status_code=503)
