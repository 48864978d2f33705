"""What every frozen class gives: it stays as it was made, and is equal to its like."""

from __future__ import annotations

import copy
import pickle
from typing import Any, ClassVar

import pytest

from runbook.common.frozen import Frozen, asdict, field, replace, repr_without


class Login(Frozen):
    KIND: ClassVar[str] = "login"

    __repr__ = repr_without("password")

    name: str
    size: int = 3
    tags: list[str] = field(default_factory=list)
    password: str | None = None


class Key(Frozen):
    host: str
    port: int = 22

    def __post_init__(self) -> None:
        if self.port < 0:
            raise ValueError("port")


class More(Key):
    user: str = "root"


def test_it_is_made_of_its_fields() -> None:
    assert asdict(Login("a")) == {"name": "a", "size": 3, "tags": [], "password": None}
    assert Login("a", 1, ["x"], password="s") == Login(name="a", size=1, tags=["x"], password="s")
    assert Login("a").tags is not Login("a").tags
    match Login("b", 5):
        case Login(name, 5):
            assert name == "b"


def test_what_is_missing_or_too_much_is_refused() -> None:
    unfit: Any = Login
    with pytest.raises(TypeError, match="name"):
        unfit()
    with pytest.raises(TypeError, match="colour"):
        unfit("a", colour="red")
    with pytest.raises(ValueError, match="port"):
        Key("a", -1)


def test_equality_and_hash() -> None:
    assert Login("a") == Login("a")
    assert Login("a") != Login("b")
    assert Login("a") != "a"
    assert Key("a") != More("a")
    assert {Key("a"): 1}[Key("a", 22)] == 1
    with pytest.raises(TypeError):
        hash(Login("a"))  # it holds a list


def test_nothing_changes() -> None:
    key: Any = Key("a")
    for name in ("host", "other"):
        with pytest.raises(AttributeError):
            setattr(key, name, "b")
    with pytest.raises(AttributeError):
        del key.host
    more = More("a", user="me")
    assert replace(more, port=2) == More("a", 2, "me")
    assert more == More("a", 22, "me")
    with pytest.raises(TypeError, match="colour"):
        replace(more, colour="red")
    with pytest.raises(ValueError, match="port"):
        replace(more, port=-1)


def test_a_password_is_not_shown() -> None:
    assert repr(Login("a", password="s3cret")) == "Login(name='a', size=3, tags=[])"
    assert repr(Key("a")) == "Key(host='a', port=22)"


def test_a_copy_is_equal() -> None:
    more = More("a", user="me")
    assert copy.deepcopy(more) == pickle.loads(pickle.dumps(more)) == more
