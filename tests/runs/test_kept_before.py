"""A run that version 0.1.0 kept, in its first form: it is still read and shown. Never make `kept/` anew.

`kept/everything.yml` is what was run, and `kept/shown.md` what `runbook show` of that version said of it.
"""

from __future__ import annotations

import gzip
import re
from html import unescape
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from runbook.reports.markdown import render
from runbook.runs.events import Role, Status
from runbook.runs.store import kept, load, load_head

KEPT = Path(__file__).parent / "kept"


def test_a_run_of_the_first_form_is_read() -> None:
    (found,) = kept(KEPT)
    run, head = load(found), load_head(found)

    assert (head.run_id, head.verdict, head.labels) == (run.run_id, "failed", {"team": "ops", "year": "2026"})
    assert (
        head.counts
        == run.counts
        == {"passed": 6, "changed": 9, "remediated": 1, "warned": 2, "skipped": 2}
        | {
            "failed": 3,
            "unreachable": 1,
        }
    )
    assert [cause.text for cause in run.causes] == ["The folder is missing"]
    results = {(result.host, result.number): result for result in run.results()}
    assert {Role.DIAGNOSE, Role.REMEDIATE, Role.RESCUE, Role.ALWAYS} <= {result.role for result in results.values()}
    assert [label for label, _ in results["good", "1.3"].items] == ["one", "two", "три"]
    assert results["good", "1.5"].outcome.data["variables"]["big"] == 12345678901234567890123
    assert (table := results["good", "1.6"].outcome.evidence[0].table)
    assert table.rows[0][-1] == "sleep 299"
    assert results["good", "2.1"].status is Status.REMEDIATED
    assert results["far", "1.1"].status is Status.UNREACHABLE


def test_it_is_shown_as_it_was() -> None:
    (found,) = kept(KEPT)
    shown, before = render(load(found)), (KEPT / "shown.md").read_text()
    assert _headings(shown) == _headings(before)
    # Counts stood in the table of facts, and the items of a loop in a table of their own.
    assert _words(before) - _words(shown) == {"Steps", "Item"}


def _headings(text: str) -> list[str]:
    found = (line.replace("\\", "") for line in text.splitlines() if line.startswith(("#", "<details")))
    return [line for line in found if line]


def _words(text: str) -> set[str]:
    """What is read of it."""
    html = str(MarkdownIt("commonmark").enable("table").render(text))
    return {word.strip(":,") for word in unescape(re.sub("<[^>]*>", " ", html)).split()}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (b'"attempts": 1', b'"attempts": "1"', r"stages\[0\].results\[0\].*attempts: expected `int`, got `str`"),
        (b'"status": "changed"', b'"status": "great"', r"stages\[0\].*outcome.status: invalid enum value 'great'"),
        (b'"columns": [', b'"columns": [1, ', r"table.columns\[0\]: expected `str`, got `int`"),
        (b'"stages": [', b'"stages": [[', "malformed|stages"),
    ],
)
def test_what_is_damaged_is_told_with_its_place(tmp_path: Path, before: bytes, after: bytes, said: str) -> None:
    (found,) = kept(KEPT)
    text = gzip.decompress(found.path.read_bytes())
    assert before in text
    (tmp_path / found.path.name).write_bytes(gzip.compress(text.replace(before, after, 1)))
    (damaged,) = kept(tmp_path)
    with pytest.raises(ValueError, match=f"damaged.*{said}"):
        load(damaged)
