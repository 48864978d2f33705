"""Usage limits: how many agent calls a user may make in a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from app.core.config import Settings

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 60


def current_interval() -> int:
    """The number of this minute; counters belong to one of these."""
    return int(time.time()) // INTERVAL_SECONDS


class PolicyEngine:
    """Counts agent calls of each user. In memory: the counts end with the process, and each process has its own."""

    def __init__(self, settings: Settings) -> None:
        self.limit = settings.rate_limit_per_minute
        self._rate: dict[tuple[int, int], int] = {}

    def check_usage_limits(self, user_id: int, interval_key: int) -> bool:
        """May the user make one more call in this interval?"""
        return self.used(user_id, interval_key) < self.limit

    def used(self, user_id: int, interval_key: int) -> int:
        """The calls of the user in this interval."""
        return self._rate.get((user_id, interval_key), 0)

    def increment_usage(self, user_id: int, usage: Mapping[str, int]) -> None:
        """Counts one call, in the interval that is now."""
        self._count(user_id, current_interval())
        log.info("user %s used %s tokens", user_id, usage.get("total_tokens", 0))

    def _count(self, user_id: int, interval_key: int) -> None:
        """Adds one call; what belongs to earlier intervals is forgotten."""
        self._rate = {key: count for key, count in self._rate.items() if key[1] >= interval_key}
        self._rate[user_id, interval_key] = self._rate.get((user_id, interval_key), 0) + 1
