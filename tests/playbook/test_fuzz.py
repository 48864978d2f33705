"""Whatever a file holds, it is a playbook or has problems: the loader, the rules and the excerpts never break.

`corpus/` keeps what once broke something, or might; each file is tried as it is, and cut up and put together anew for a
bounded time. A case that a longer hunt finds (`--hypothesis-seed=random`, more examples) belongs there as a file.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.lint import lint
from runbook.lint.ignore_comments import silenced
from runbook.model import Inventory
from runbook.playbook.fmt import NotKept, formatted
from runbook.playbook.load import playbook_from
from runbook.source.document import Problem, Problems, in_order, render
from runbook.source.yaml import decode, read_yaml

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
NOWHERE = Path("/nonexistent")
TOKENS = [
    *(b"{{ ", b" }}", b"{% if x %}", b"'", b'"', b"\t", b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"# ", b": ", b"- "),
    *(b"? ", b"&a ", b"*a", b"<<: ", b"!!int ", b"!x ", b"|\n", b">-\n", b"---\n", b"[", b"]", b"{", b"}", b"~"),
    *(b"1e999", b"\\", b"when: ", b"loop: ", b"register: ", b"steps: ", b"remediate: ", b"include: ", b"choose: "),
    *(b"shell: ", b"name: ", "日本語 😀".encode()),
]


def problems_of(raw: bytes) -> list[Problem]:
    """Everything that `validate` would tell of a file with these bytes. Raises what a defect of ours raises."""
    try:
        text = decode(raw, "p.yml")
        loaded = playbook_from(read_yaml(text, "p.yml"), NOWHERE)
    except Problems as error:
        return list(error.problems)
    found = lint(loaded) + lint(loaded, Inventory({}, {}))
    return list(in_order(silenced(in_order(found), loaded.texts)))


def shown(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    for problem in problems_of(raw):
        said = render(problem, text)
        assert problem.message
        assert problem.rule
        assert problem.span.line >= 1
        assert problem.span.column >= 1
        assert all(character.isprintable() or character == "\n" for character in said)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_every_case_of_the_corpus(path: Path) -> None:
    shown(path.read_bytes())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_fmt_keeps_or_refuses_every_case(path: Path) -> None:
    try:
        text = decode(path.read_bytes(), path.name)
        before = read_yaml(text, path.name).data
        laid = formatted(text, path.name)
    except (Problems, NotKept):
        return
    assert repr(read_yaml(laid, path.name).data) == repr(before) or before == read_yaml(laid, path.name).data


@st.composite
def _mutants(draw: st.DrawFn) -> bytes:
    """Lines of one or two cases, with some of them twice, moved, left out, or with something put into them."""
    lines = draw(st.sampled_from(CORPUS)).read_bytes().splitlines(keepends=True)
    if draw(st.booleans()):
        lines += draw(st.sampled_from(CORPUS)).read_bytes().splitlines(keepends=True)
    for _ in range(draw(st.integers(0, 6))):
        if not lines:
            break
        here, there = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "copy", "swap", "cut", "put", "indent"])):
            case "drop":
                del lines[here]
            case "copy":
                lines.insert(there, lines[here])
            case "swap":
                lines[here], lines[there] = lines[there], lines[here]
            case "cut":
                lines[here] = lines[here][: draw(st.integers(0, len(lines[here])))]
            case "put":
                at = draw(st.integers(0, len(lines[here])))
                lines[here] = lines[here][:at] + draw(st.sampled_from(TOKENS)) + lines[here][at:]
            case "indent":
                lines[here] = b"  " + lines[here]
    return b"".join(lines)


@given(_mutants())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_made_of_the_corpus(raw: bytes) -> None:
    shown(raw)
