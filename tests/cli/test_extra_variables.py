"""What -e may be written as."""

from __future__ import annotations

import pytest

from runbook.cli.options.extra_variables import parse_extra


def test_extra_variables() -> None:
    read = {"f.yml": {"a": 1, "b": 2}, "list.yml": [1]}.__getitem__

    assert parse_extra(["a=1 b='x y' c=", "d=say what=ever", "e=well done"], read) == {
        **{"a": "1", "b": "x y", "c": ""},
        **{"d": "say", "what": "ever", "e": "well done"},
    }
    assert parse_extra(["a=x=y", "@f.yml", '{"b": [3]}', "c="], read) == {"a": 1, "b": [3], "c": ""}
    for text in ("novalue", "=x", "{broken", "@list.yml"):
        with pytest.raises(ValueError, match=r"."):
            parse_extra([text], read)
