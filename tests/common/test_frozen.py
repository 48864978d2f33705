"""`@frozen` gives what `@dataclass(frozen=True)` gives."""

from __future__ import annotations

import dataclasses
from dataclasses import FrozenInstanceError, dataclass, field, fields
from typing import Any

import pytest

from runbook.common.frozen import frozen, replace


@frozen
class Ours:
    name: str
    size: int = 3
    tags: list[str] = field(default_factory=list)
    password: str | None = field(default=None, repr=False)
    seen: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Theirs:
    name: str
    size: int = 3
    tags: list[str] = field(default_factory=list)
    password: str | None = field(default=None, repr=False)
    seen: float = field(default=0.0, compare=False)


@frozen
class Key:
    host: str
    port: int = 22

    def __post_init__(self) -> None:
        if self.port < 0:
            raise ValueError("port")


@frozen
class More(Key):
    user: str = "root"


def test_it_is_made_as_the_standard_one() -> None:
    for given in ({"name": "a"}, {"name": "b", "size": 1, "tags": ["x"], "password": "s", "seen": 2.0}):
        ours, theirs = Ours(**given), Theirs(**given)  # type: ignore[arg-type]  # the same for both

        assert vars(ours) == vars(theirs)
        assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert [one.name for one in fields(Ours)] == [one.name for one in fields(Theirs)]
    assert Ours("a").tags is not Ours("a").tags
    assert Ours.__match_args__ == Theirs.__match_args__  # type: ignore[attr-defined]  # both have it


def test_what_is_missing_or_too_much_is_refused() -> None:
    unfit: Any = Ours
    with pytest.raises(TypeError, match="name"):
        unfit()
    with pytest.raises(TypeError, match="colour"):
        unfit("a", colour="red")
    with pytest.raises(ValueError, match="port"):
        Key("a", -1)


def test_equality_and_hash() -> None:
    assert Ours("a", seen=1.0) == Ours("a", seen=2.0)
    assert Ours("a") != Ours("b")
    assert Ours("a") != "a"
    assert Key("a") != More("a")
    assert {Key("a"): 1}[Key("a", 22)] == 1
    with pytest.raises(TypeError):
        hash(Ours("a"))  # it holds a list


def test_nothing_changes() -> None:
    key: Any = Key("a")
    for name in ("host", "other"):
        with pytest.raises(FrozenInstanceError):
            setattr(key, name, "b")
    with pytest.raises(FrozenInstanceError):
        del key.host
    more = More("a", user="me")
    assert replace(more, port=2) == dataclasses.replace(more, port=2) == More("a", 2, "me")
    assert more == More("a", 22, "me")
    with pytest.raises(TypeError, match="no field colour"):
        replace(more, colour="red")
    with pytest.raises(ValueError, match="port"):
        replace(more, port=-1)
