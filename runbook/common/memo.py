"""`@shared`: what a function gave is kept, for all threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def shared(most: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`functools.lru_cache`, but that whoever asks for what is just being made waits for it instead of making it too.

    Fifty hosts begin at the same moment, and want the same key and the same template. Positional arguments only, each
    hashable; the oldest of more than `most` results is forgotten. What is raised is not kept.
    """

    def decorate(make: Callable[P, R]) -> Callable[P, R]:
        kept: dict[object, R] = {}
        lock = threading.RLock()

        @wraps(make)
        def get(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return kept[args]
            except KeyError:
                pass
            with lock:
                if args not in kept:
                    value = make(*args, **kwargs)
                    if len(kept) >= most:
                        del kept[next(iter(kept))]
                    kept[args] = value
                return kept[args]

        return get

    return decorate
