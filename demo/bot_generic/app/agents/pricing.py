"""What tokens cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

PROMPT_TOKEN, COMPLETION_TOKEN = Decimal("0.0000015"), Decimal("0.000002")


def calculate_cost(usage: Mapping[str, int]) -> Decimal:
    """US dollars for one call."""
    return PROMPT_TOKEN * usage.get("prompt_tokens", 0) + COMPLETION_TOKEN * usage.get("completion_tokens", 0)
