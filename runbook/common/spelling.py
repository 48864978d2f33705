"""Names that were meant: the nearest ones for a hint, and the one that was mistyped.

The second is strict, for two names that both are meant may look alike.

`db_host` and `db_port`, `host` and `hosts`, `web1` and `web2`, `role` and `rule` are different names; `tiemout` is
`timeout`, and `app_direcory` is `app_directory`.
"""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str:
    """`did you mean X?` with the nearest of the names, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(set(names)), n=2, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else ""


SHORTEST_SWAP = 4
SHORTEST = 6
"""Letters that a part of a name must have for a swap of two letters, or another slip, to be taken for one."""


def slip_of(name: str, names: Iterable[str]) -> str:
    """The one of the names that this one was meant to be; empty when there is none."""
    return next((other for other in sorted(names) if _slip(name, other)), "")


def _slip(name: str, other: str) -> bool:
    if name == other or abs(len(name) - len(other)) > 1:
        return False
    mine, theirs = name.split("_"), other.split("_")
    if len(mine) != len(theirs):
        return False
    different = [(a, b) for a, b in zip(mine, theirs, strict=True) if a != b]
    return len(different) == 1 and _part(*different[0])


def _part(mine: str, other: str) -> bool:
    if not (mine.isalpha() and other.isalpha()):
        return False
    if len(mine) == len(other):
        at = [index for index in range(len(mine)) if mine[index] != other[index]]
        if len(at) == 2 and at[1] == at[0] + 1 and mine[at[0]] == other[at[1]] and mine[at[1]] == other[at[0]]:
            return len(mine) >= SHORTEST_SWAP
        return len(at) == 1 and len(mine) >= SHORTEST
    short, long = sorted((mine, other), key=len)
    if len(long) < SHORTEST or long == short + "s":
        return False
    return any(long[:index] + long[index + 1 :] == short for index in range(len(long)))
