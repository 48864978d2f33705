"""/agents: which there are, and calling one."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, HTTPException, status
from pydantic import BaseModel

from app.agents.pricing import calculate_cost
from app.agents.runtime import AGENTS, Agent, agent_runtime
from app.deps import CurrentUser, Db
from app.models import Session, User
from app.policy import policy_engine
from app.policy.engine import current_interval

router = APIRouter(prefix="/agents", tags=["agents"])


class AgentInfo(BaseModel):
    id: str
    description: str


class InvokeReply(BaseModel):
    agent: str
    text: str
    usage: dict[str, int]
    cost: Decimal
    elapsed_ms: int
    answered_at: datetime


@router.get("")
def list_agents(_user: CurrentUser) -> list[AgentInfo]:
    """The agents that can be called."""
    return [AgentInfo(id=agent.id, description=agent.description) for agent in AGENTS.values()]


@router.post("/{agent_id}/invoke")
async def invoke(agent_id: str, params: dict[str, Any], current_user: CurrentUser, db: Db) -> InvokeReply:
    """Calls an agent with `{"input": "text"}`. 402 account suspended, 404 no such agent, 429 too many calls."""
    request_start = time.time()
    agent = _find(agent_id)
    _ensure_account_open(db, current_user)
    if not policy_engine.check_usage_limits(current_user.id, current_interval()):
        raise HTTPException(status.HTTP_429_TOO_MANY_REQUESTS, f"more than {policy_engine.limit} calls in a minute")

    response = await agent_runtime.invoke(agent, params)
    policy_engine.increment_usage(current_user.id, response.get('usage', {}))

    return InvokeReply(
        agent=agent.id,
        text=response['text'],
        usage=response['usage'],
        cost=calculate_cost(response['usage']),
        elapsed_ms=int((time.time() - request_start) * 1000),
        answered_at=datetime.now(UTC),
    )


def _find(agent_id: str) -> Agent:
    try:
        return AGENTS[agent_id]
    except KeyError:
        known = ", ".join(AGENTS)
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no agent {agent_id!r}; there are: {known}") from None


def _ensure_account_open(db: Session, user: User) -> None:
    account = db.billing_account(user.organization_id)
    if account is None or account.status != "active":
        raise HTTPException(status.HTTP_402_PAYMENT_REQUIRED, "the billing account of your organisation is not active")
