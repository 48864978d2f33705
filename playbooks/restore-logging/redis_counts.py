"""The calls of a user that the rate limiter has counted in Redis; and by how much they have grown since.

    python redis_counts.py redis://localhost:6379 USER [BEFORE]

Prints `{"counts": {key: calls}, "grown": …}`. BEFORE is what an earlier call printed; without it `grown` is null.
Counts of minutes that are over may go meanwhile, so each key is compared with itself. It needs the package redis.
"""

from __future__ import annotations

import json
import sys


def main(url: str, user: str, before: str = "") -> None:
    import redis

    with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
        keys = sorted(key.decode() for key in client.scan_iter(f"rate:{user}:*"))
        counts = {key: int(client.get(key) or 0) for key in keys}
    old = json.loads(before)["counts"] if before else {}
    grown = sum(count - old.get(key, 0) for key, count in counts.items()) if before else None
    print(json.dumps({"counts": counts, "grown": grown}))


if __name__ == "__main__":
    main(*sys.argv[1:])
