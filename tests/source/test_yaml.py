"""YAML with a place for everything."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.source.document import Problems, Span
from runbook.source.yaml import MAX_BYTES, decode, read_yaml, read_yaml_file


def problems(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(Problems) as caught:
        read_yaml(text, "f.yml")
    return [(p.span.line, p.span.column, p.message) for p in caught.value.problems]


def test_every_key_and_value_knows_its_place() -> None:
    document = read_yaml("имя: План\nlist:\n  - a: 1\n    b: {c: x}\n", "f.yml")

    assert document.data == {"имя": "План", "list": [{"a": 1, "b": {"c": "x"}}]}
    assert document.keys["list", 0, "b", "c"] == Span("f.yml", 4, 9, 1)
    assert document.values["имя",] == Span("f.yml", 1, 6, 4)
    assert document.values["list", 0, "a"] == Span("f.yml", 3, 8, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1, "the key 'a' stands twice")),
        ("a: {{ x }}\n", (1, 5, "a key must be plain text")),
        ("a:\n\t- b\n", (2, 1, "not valid YAML: found character that cannot start any token")),
        ("x: !!python/object:os.system 1\n", (1, 4, "the tag !!python/object:os.system is not allowed here")),
        ("a: \x00\n", (1, 4, "a character that YAML does not allow: U+0000")),
        ("x: 1\ny: \x07\n", (2, 4, "a character that YAML does not allow: U+0007")),
        ("a: b: c\n", (1, 5, "not valid YAML: mapping values are not allowed in this context")),
        ("a: {<<: 3}\n", (1, 9, "`<<` takes a mapping, or a list of them")),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, expected: tuple[int, int, str]) -> None:
    assert problems(text) == [expected]


def test_several_problems_come_at_once() -> None:
    assert [line for line, _, _ in problems("a: 1\na: 2\nb: !x 1\nb: 3\n")] == [2, 3, 4]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12:30", "12:30"),
        ("2020-01-01", "2020-01-01"),
        ("yes", True),
        ("'yes'", "yes"),
        ("0644", 0o644),
        ("~", None),
        ("1.5", 1.5),
        ("=", "="),
    ],
)
def test_scalars_are_what_people_mean(text: str, value: object) -> None:
    assert read_yaml(f"k: {text}", "f").data == {"k": value}


def test_merged_keys_keep_their_place_and_do_not_win() -> None:
    document = read_yaml("a: &a {p: 1, q: 2}\nb:\n  q: 3\n  <<: *a\n", "f")

    assert document.data["b"] == {"p": 1, "q": 3}
    assert document.values["b", "q"].line == 3
    assert document.values["b", "p"].line == 1


def test_aliases_that_multiply_are_refused() -> None:
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{c}: &{c} [{', '.join([f'*{p}'] * 10)}]" for p, c in itertools.pairwise(names)]

    assert problems("\n".join(lines))[0][2] == "too large once its aliases are followed"


def test_deep_nesting_is_refused() -> None:
    assert problems("[" * 500 + "]" * 500)[0][2] == "nested too deeply"
    assert "YAML" in problems("[" * 20_000)[0][2]


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    cases = {
        "utf16.yml": ("a: 1".encode("utf-16"), "UTF-16"),
        "latin.yml": ("a: 1\nb: \xe9".encode("latin-1"), "not UTF-8"),
        "large.yml": (b"x" * (MAX_BYTES + 1), "larger than"),
    }
    for name, (raw, said) in cases.items():
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(Problems, match=said):
            read_yaml_file(tmp_path / name)
    with pytest.raises(Problems, match="No such file"):
        read_yaml_file(tmp_path / "none.yml")


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    assert read_yaml(decode("a: 1\r\nb: |\r\n  x\r\n".encode("utf-8-sig"), "f"), "f").data == {"a": 1, "b": "x\n"}


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
@settings(max_examples=300)
def test_any_text_is_read_or_refused_with_problems(text: str) -> None:
    try:
        spans = list(read_yaml(text, "f").values.values())
    except Problems as error:
        spans = [problem.span for problem in error.problems]

    assert spans
    assert all(span.file == "f" and span.line >= 1 and span.column >= 1 for span in spans)


@pytest.mark.parametrize(
    "value", ["!!python/object/apply:os.system [id]", "!x {a: b}", "!x text", "!!python/name:os.system x"]
)
def test_tags_that_make_objects_are_refused(value: str) -> None:
    with pytest.raises(Problems, match="is not allowed here"):
        read_yaml(f"vars: {{a: {value}}}", "p.yml")
