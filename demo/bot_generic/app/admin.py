"""/admin/limits and /health: how the service is doing."""

from __future__ import annotations

import logging

import psycopg
from fastapi import APIRouter, HTTPException, Response, status
from pydantic import BaseModel

from app.db import connect
from app.deps import CurrentUser
from app.policy import policy_engine
from app.policy.engine import current_interval

log = logging.getLogger(__name__)
router = APIRouter()


class Limits(BaseModel):
    """`backend` is where the rate limiter that runs keeps its counts, whatever the settings ask for."""

    backend: str
    limit_per_minute: int
    used_by_you: int


class Health(BaseModel):
    status: str
    database: str


@router.get("/admin/limits", tags=["admin"])
def limits(user: CurrentUser) -> Limits:
    """The limits of agent calls."""
    if not user.is_admin:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "for administrators only")
    return Limits(
        backend="redis" if getattr(policy_engine, "_use_redis", False) else "memory",
        limit_per_minute=policy_engine.limit,
        used_by_you=policy_engine.used(user.id, current_interval()),
    )


@router.get("/health", tags=["admin"])
def health(response: Response) -> Health:
    """200 when the database answers, 503 when it does not."""
    try:
        with connect() as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        log.warning("health: the database does not answer: %s", error)
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return Health(status="degraded", database="unreachable")
    return Health(status="ok", database="ok")
