"""Edits of a text, without a host: what each does, and what holds for all of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.steps.files.text_edits import EditProblem, apply_edits
from runbook.steps.files.unified_diff import LINES, of_bytes, unified

Edit = dict[str, Any]


def once(text: str, **edit: Any) -> str:
    """The text after one edit (`with_` stands for `with`), which a second run leaves alone."""
    edits = [{key.rstrip("_"): value for key, value in edit.items()}]
    after = apply_edits(text, edits)
    again = apply_edits(after.text, edits)
    assert (again.text, again.applied) == (after.text, (False,))
    assert after.applied == (after.text != text,)
    return after.text


def refusal(text: str, *edits: Edit) -> str:
    with pytest.raises(EditProblem) as caught:
        apply_edits(text, edits)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "edit", "after"),
    [
        ("a\nb\nc\n", {"replace": "b", "with_": "x"}, "a\nx\nc\n"),
        ("a\nb\nc", {"replace": "c", "with_": "x"}, "a\nb\nx"),
        ("ab\n", {"replace": "a", "with_": "aa"}, "aab\n"),
        ("if x:\n  f()\ng()\n", {"replace": "if x:\n  f()\n", "with_": "f()\n"}, "f()\ng()\n"),
        ("a b a\n", {"replace": "a", "with_": "x", "count": 2}, "x b x\n"),
        ("a b a\n", {"replace": "a", "with_": "x", "count": "any"}, "x b x\n"),
        ("a.b axb\n", {"replace": "a.b", "with_": "\\1 $&"}, "\\1 $& axb\n"),
        ("keep drop\n", {"replace": " drop", "with_": ""}, "keep\n"),
        ("p = 1\nq = 1\n", {"replace": r"^p = \d+$", "with_": "p = 2", "regex": True}, "p = 2\nq = 1\n"),
        (
            "level=low old\n",
            {"replace": r"level=(\w+) old", "with_": r"level=\1 new", "regex": True},
            "level=low new\n",
        ),
        ("a-b\n", {"replace": r"(?P<x>a)-(?P<y>b)", "with_": r"\g<y>+\g<x>", "regex": True}, "b+a\n"),
        ("keep drop\n", {"replace": r" dr\w+", "with_": "", "regex": True}, "keep\n"),
        ("a\n", {"replace": "a", "with_": r"x\ny\\", "regex": True}, "x\ny\\\n"),
    ],
)
def test_replace(text: str, edit: Edit, after: str) -> None:
    assert once(text, **edit) == after


@pytest.mark.parametrize(
    ("text", "edit", "after"),
    [
        ("a\nb\n", {"insert": "x", "after": "a"}, "a\nx\nb\n"),
        ("a\nb\n", {"insert": "x\ny\n", "before": "b"}, "a\nx\ny\nb\n"),
        ("a\nb", {"insert": "x", "after": "b"}, "a\nb\nx\n"),
        ("a\nb", {"insert": "b2", "after": "b"}, "a\nb\nb2\n"),
        ("import os\n", {"insert": "import os.path", "after": "import os"}, "import os\nimport os.path\n"),
        ("end\n", {"insert": "the end\n", "before": "end"}, "the end\nend\n"),
        ("xa\na\n", {"insert": "a", "before": r"^a$", "regex": True, "count": 1}, "xa\na\na\n"),
        ("a\nb\na\n", {"insert": "x", "after": "a", "count": 2}, "a\nx\nb\na\nx\n"),
        ("a\na\n", {"insert": "x", "before": "a", "count": "any"}, "x\na\nx\na\n"),
        ("f(\n  1,\n)\n", {"insert": "g()", "after": "f(\n  1,\n)"}, "f(\n  1,\n)\ng()\n"),
        ("a\n", {"insert": "\n", "after": "a"}, "a\n\n"),
        ("a = 1\nb\n", {"insert": "x", "after": r"^a = \d", "regex": True}, "a = 1\nx\nb\n"),
    ],
)
def test_insert(text: str, edit: Edit, after: str) -> None:
    assert once(text, **edit) == after


@pytest.mark.parametrize(
    ("text", "edit", "after"),
    [
        ("a\n", {"line": "x"}, "a\nx\n"),
        ("a", {"line": "x"}, "a\nx\n"),
        ("", {"line": "x"}, "x\n"),
        ("x\na\n", {"line": "x"}, "x\na\n"),
        ("a\nx", {"line": "x\n"}, "a\nx"),
        ("p 1\nq\n", {"line": "p 2", "regexp": "^p "}, "p 2\nq\n"),
        ("#p 1\np 1", {"line": "p 2", "regexp": "^p "}, "#p 1\np 2"),
        ("p 1\nq\n", {"line": "r 2", "regexp": "^p "}, "r 2\nq\n"),
        ("q\n", {"line": "p 2", "regexp": "^p "}, "q\np 2\n"),
        ("a\nb\n", {"line": "x", "after": "a"}, "a\nx\nb\n"),
        ("a\nb\n", {"line": "x", "regexp": "^x", "before": "b"}, "a\nx\nb\n"),
        ("b\na\x0cx\u2028b\x85\n", {"line": "c", "regexp": "^b"}, "c\na\x0cx\u2028b\x85\n"),
    ],
)
def test_line(text: str, edit: Edit, after: str) -> None:
    assert once(text, **edit) == after


BLOCK = "# BEGIN runbook\nx\ny\n# END runbook\n"


@pytest.mark.parametrize(
    ("text", "edit", "after"),
    [
        ("a\n", {"block": "x\ny"}, "a\n" + BLOCK),
        ("a", {"block": "x\ny\n"}, "a\n" + BLOCK),
        ("", {"block": "x\ny"}, BLOCK),
        ("a\n# BEGIN runbook\nold\n# END runbook\nb\n", {"block": "x\ny"}, f"a\n{BLOCK}b\n"),
        ("a\n# BEGIN runbook\n# END runbook", {"block": "x\ny"}, f"a\n{BLOCK}"),
        ("a\nb\n", {"block": "x\ny", "after": "a"}, f"a\n{BLOCK}b\n"),
        ("a\nb\n", {"block": "x\ny", "before": "a"}, f"{BLOCK}a\nb\n"),
        ("a\n", {"block": "x", "marker": "; {mark}"}, "a\n; BEGIN\nx\n; END\n"),
        (f"a\n{BLOCK}b\n", {"block": ""}, "a\nb\n"),
        ("a\n", {"block": ""}, "a\n"),
    ],
)
def test_block(text: str, edit: Edit, after: str) -> None:
    assert once(text, **edit) == after


@pytest.mark.parametrize(
    ("text", "edit", "after"),
    [
        ("a\ndebug 1\nb\ndebug 2", {"absent": "debug"}, "a\nb\n"),
        ("a\n", {"absent": "x"}, "a\n"),
        ("a\n\nb\n\n", {"absent": "^$", "regex": True}, "a\nb\n"),
        ("a.c\nabc\n", {"absent": "a.c", "count": 1}, "abc\n"),
        ("x\na\nb\nc\n", {"absent": "a\nb"}, "x\nc\n"),
    ],
)
def test_absent(text: str, edit: Edit, after: str) -> None:
    assert once(text, **edit) == after


@pytest.mark.parametrize(
    ("text", "edit", "said"),
    [
        (
            "port = 80\n",
            {"replace": "prot = 80", "with": "x"},
            "'prot = 80' is not in the file; the nearest line is 'port",
        ),
        ("a\nb\na\n", {"replace": "a", "with": "x"}, "'a' is in 2 places (lines 1, 3), not 1"),
        ("a\na\n", {"insert": "x", "after": "a"}, "'a' is in 2 places (lines 1, 2), not 1"),
        ("a\n", {"insert": "x", "after": "b"}, "'b' is not in the file"),
        ("a\na\n", {"absent": "a", "count": 1}, "'a' is in 2 places"),
        ("a\n", {"replace": "(", "with": "x", "regex": True}, "'(' is not a regular expression"),
        ("a\n", {"replace": "a", "with": r"\1", "regex": True}, "cannot be used: invalid group reference"),
        ("a\n", {"line": "a\nb"}, "`line` is one line"),
        ("# BEGIN runbook\n", {"block": "x"}, "only one of the marker lines"),
        ("# END runbook\n# BEGIN runbook\n", {"block": "x"}, "stands before"),
        ("a\n", {"block": "x", "marker": "#"}, "`marker` needs {mark}"),
        ("ab\n", {"replace": "b", "with": "ab", "regex": True}, "changed again by a second run"),
        ("a\n", {"block": "# END runbook"}, "changed again by a second run"),
        ("a b\n", {"replace": r"(a) b", "with": r"\1", "regex": True}, "a second run would fail"),
        ("a\n", {"insert": "x", "after": "a", "before": "b"}, "either `after` or `before`"),
        ("a\n", {"line": "a", "block": "b"}, "this one has line and block"),
        ("a\n", {}, "this one has none"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, edit: Edit, said: str) -> None:
    assert said in refusal(text, edit)


def test_all_or_none_and_the_number_of_the_one_that_does_not_fit() -> None:
    edits = [{"line": "x"}, {"replace": "none", "with": "y"}]
    assert refusal("a\n", *edits).startswith("edit 2: 'none' is not in the file")


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([{"replace": "a", "with": "b"}, {"replace": "b", "with": "c"}], "edit 1 would fail in a second run"),
        ([{"line": "x"}, {"absent": "x"}, {"line": "x"}, {"absent": "y"}], ""),
        ([{"line": "p 1", "regexp": "^p"}, {"line": "p 2", "regexp": "^p"}], ""),
        ([{"absent": "x"}, {"line": "x"}], ""),
    ],
)
def test_edits_that_undo_one_another(edits: list[Edit], said: str) -> None:
    """They are refused, unless the end is the same after every run."""
    if said:
        assert said in refusal("a\n", *edits)
    else:
        end = apply_edits("a\n", edits).text
        assert apply_edits(end, edits).text == end


@pytest.mark.parametrize(
    "edit",
    [
        {"replace": "a\nb\n", "with": "x\ny\n"},
        {"replace": "a\r\nb\r\n", "with": "x\r\ny\r\n"},
        {"replace": "^a$\n^b$", "with": "x\ny", "regex": True},
    ],
)
def test_line_ends_and_a_byte_order_mark_stay(edit: Edit) -> None:
    assert apply_edits("\ufeffa\r\nb\r\nc\r\n", [edit]).text == "\ufeffx\r\ny\r\nc\r\n"


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert apply_edits("\ufeffa\nb\n", [{"line": "a"}]).applied == (False,)
    assert apply_edits("\ufeffa\nb\n", [{"line": "x", "regexp": "^a"}]).text == "\ufeffx\nb\n"
    assert apply_edits("\ufeffa\n", [{"insert": "x", "before": "a"}]).text == "\ufeffx\na\n"


def test_mixed_line_ends_are_left_as_they_are() -> None:
    assert apply_edits("a\r\nb\nc\r\n", [{"replace": "b", "with": "x"}]).text == "a\r\nx\nc\r\n"


# --- what holds for any text and any edit ------------------------------------------------------------------

words = st.text(st.sampled_from("ab \t.\\x\u2028é"), min_size=1, max_size=4)
texts = st.lists(words | st.just(""), max_size=7).map("\n".join) | st.lists(words, max_size=5).map(
    lambda lines: "".join(f"{line}\r\n" for line in lines)
)
passages = words | st.lists(words, min_size=1, max_size=3).map("\n".join)
counts = st.sampled_from([1, 2, "any"])
places = st.fixed_dictionaries({"after": words}) | st.fixed_dictionaries({"before": words})
edits = st.one_of(
    st.fixed_dictionaries({"replace": passages, "with": passages | st.just(""), "count": counts}),
    st.builds(lambda a, b: {**a, **b}, st.fixed_dictionaries({"insert": passages, "count": counts}), places),
    st.fixed_dictionaries({"line": words}, optional={"regexp": words.map(re.escape)}),
    st.builds(lambda a, b: {**a, **b}, st.fixed_dictionaries({"line": words}), places),
    st.fixed_dictionaries({"block": passages | st.just("")}),
    st.fixed_dictionaries({"absent": words}),
)


def lines_of(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


@settings(max_examples=250, deadline=None)
@given(texts, st.lists(edits, min_size=1, max_size=3))
def test_twice_is_as_good_as_once(text: str, several: list[Edit]) -> None:
    try:
        first = apply_edits(text, several)
    except EditProblem:  # the edit does not fit this text
        return
    second = apply_edits(first.text, several)
    assert second.text == first.text
    assert len(several) > 1 or second.applied == (False,)


@settings(max_examples=250, deadline=None)
@given(texts, edits)
def test_other_lines_are_untouched(text: str, edit: Edit) -> None:
    """What is left when an edit's own lines are taken away stood there before, in the same order."""
    try:
        after = apply_edits(text, [edit]).text
    except EditProblem:  # the edit does not fit this text
        return
    before = lines_of(text)
    if "absent" in edit:
        kept = [line for line in before if line and edit["absent"] not in line]
        assert [line for line in lines_of(after) if line] == kept
    elif "replace" in edit:
        old, new = edit["replace"], edit["with"]
        if after != text and old not in new:
            assert "\n".join(lines_of(after)) == "\n".join(before).replace(old, new)
    else:
        own = {line for key in ("insert", "line", "block") for line in edit.get(key, "").split("\n")}
        rest = iter(before)
        assert all(
            line in rest for line in lines_of(after) if line not in {*own, "# BEGIN runbook", "# END runbook", ""}
        )
        gone = len(before) - len([line for line in lines_of(after) if line in before])
        assert gone <= (1 if "regexp" in edit else 0)


@settings(max_examples=100, deadline=None)
@given(texts, texts)
def test_a_diff_adds_up(before: str, after: str) -> None:
    told = unified(before, after, "f").split("\n")[2:]
    gone, come = (sum(line.startswith(sign) for line in told) for sign in "-+")
    assert (told == []) == (before == after)
    assert come - gone == len(re.findall(r"[^\n]*\n|[^\n]+$", after)) - len(re.findall(r"[^\n]*\n|[^\n]+$", before))


def test_a_diff_speaks_of_the_newline_at_the_end() -> None:
    assert unified("a\nb", "a\nb\n", "f") == (
        "--- f (before)\n+++ f (after)\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"
    )
    assert "No newline" not in unified("a\x0cb\u2028c\n", "a\x0cb\u2028d\n", "f")


def test_a_diff_of_what_nobody_reads() -> None:
    assert of_bytes(b"\xff", b"ab", "f") == "binary files differ: f, 1 bytes before, 2 after\n"
    assert of_bytes(None, b"ab", "f") == "too large to be shown: f, 2 bytes after\n"
    assert of_bytes(b"a", b"a", "f") == ""
    told = unified("", "x\n" * 5000, "f").splitlines()
    assert len(told) == LINES + 1
    assert told[-1] == f"… and {5003 - LINES} more lines"


def test_a_name_with_a_newline_breaks_no_diff() -> None:
    assert unified("", "x\n", "a\nb").startswith("--- a\\nb (before)\n+++ a\\nb (after)\n")
