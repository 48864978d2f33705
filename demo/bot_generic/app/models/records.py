"""Rows as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal


@dataclass(frozen=True)
class User:
    id: int
    organization_id: int
    email: str
    full_name: str
    is_admin: bool
    password_hash: str = field(repr=False)


@dataclass(frozen=True)
class BillingAccount:
    id: int
    organization_id: int
    status: str
    free_requests_limit: int
    free_requests_used: int
    requests_used_current_period: int
    updated_at: datetime


@dataclass(frozen=True)
class UsageRecord:
    """One request. `created_at` without a time zone is UTC."""

    user_id: int | None
    endpoint: str
    method: str
    status_code: int
    response_time_ms: int
    total_tokens: int = 0
    cost: Decimal = Decimal(0)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
