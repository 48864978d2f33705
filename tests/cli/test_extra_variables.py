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


def test_a_mapping_that_is_nested_without_end() -> None:
    most = '{"a": ' * 100 + "1" + "}" * 100

    assert list(parse_extra([most], {}.__getitem__)) == ["a"]
    with pytest.raises(ValueError, match="more than 100 levels"):
        parse_extra([f'{{"a": {most}}}'], {}.__getitem__)
