"""Who may use how much."""

from app.core.config import settings
from app.policy.engine import PolicyEngine

policy_engine = PolicyEngine(settings)

__all__ = ["PolicyEngine", "policy_engine"]
