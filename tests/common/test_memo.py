"""`@shared`: made once, whoever asks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runbook.common.memo import shared


def test_many_threads_that_ask_at_once_get_what_one_of_them_made() -> None:
    made: list[str] = []
    together = threading.Barrier(8)

    @shared(4)
    def load(name: str) -> list[str]:
        made.append(name)
        time.sleep(0.05)
        return [name]

    def ask(_number: int) -> list[str]:
        together.wait(10)
        return load("key")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))

    assert made == ["key"]
    assert all(one is found[0] for one in found)


def test_the_oldest_is_forgotten() -> None:
    made: list[int] = []

    @shared(2)
    def load(number: int) -> int:
        made.append(number)
        return -number

    assert [load(1), load(2), load(1), load(3), load(2), load(1)] == [-1, -2, -1, -3, -2, -1]
    assert made == [1, 2, 3, 1]


def test_an_error_is_raised_each_time_and_not_kept() -> None:
    fails = [True, True, False]

    @shared(2)
    def load(name: str) -> str:
        if fails.pop(0):
            raise ValueError(name)
        return name

    for _ in range(2):
        with pytest.raises(ValueError, match="key"):
            load("key")
    assert load("key") == "key"
