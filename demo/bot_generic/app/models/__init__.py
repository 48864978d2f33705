"""What the application stores, and the session that stores it."""

from app.models.records import BillingAccount, UsageRecord, User
from app.models.session import Session

__all__ = ["BillingAccount", "Session", "UsageRecord", "User"]
