"""Markdown, read again by a parser of CommonMark with tables."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from runbook.reports import json
from runbook.reports.markdown import render
from runbook.runs.events import Evidence
from runbook.runs.record import fold
from runbook.runs.store import find, keep, load
from runbook.testing.run_events import EventWriter, outcome, table
from tests.reports import sample

NASTY = [
    "| a | b |",
    "<script>alert(1)</script>",
    "[x](javascript:1)",
    "`` ` ``",
    "# heading",
    "- list",
    "1. list",
    "---",
    "===",
    "&lt;b&gt;",
    "*bold* _it_ ~~gone~~",
    "back\\slash|",
    "line\nline\n\npara",
    "\x1b[31mred\x1b[0m\x07",
]


def _html(text: str) -> str:
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))


def _one(text: str, status: str = "failed") -> str:
    log = EventWriter(("web1", text or "b"), playbook=text, labels={"note": text})
    with log.stage("1", text), log.on("web1", "1", text, outcome=outcome(status, text)):
        evidence = table((text, "n"), (text, 1), title=text)
        log.step(
            "web1",
            "1.1",
            text,
            "shell",
            outcome(status, text, evidence=evidence, diff=text),
            causes=(text,),
            excerpt=text,
        )
    return render(fold(log.end()))


def _harmless(html: str) -> None:
    assert set(re.findall(r"<(\w+)", html)) <= {
        "h1", "h2", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "code", "pre",
        "details", "summary", "br",
    }  # fmt: skip
    assert "href" not in html


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("status", ["failed", "passed"])
def test_what_hosts_say_is_shown_and_never_markup(text: str, status: str) -> None:
    html = _html(_one(text, status))
    _harmless(html)
    assert "\x1b" not in html
    for each in re.findall(r"<table>.*?</table>", html, re.S):
        rows_of_it = re.findall(r"<tr>.*?</tr>", each, re.S)
        assert len({len(re.findall("<t[hd]", row)) for row in rows_of_it}) == 1, (
            "every row has as many cells as the head"
        )


@given(st.text())
def test_any_text_stays_text(text: str) -> None:
    _harmless(_html(_one(text)))


def test_it_reads_as_an_incident() -> None:
    html = _html(render(fold(sample.events())))
    headings = re.findall(r"<h2>(.*?)</h2>", html)
    assert headings == ["Likely causes", "What happened", "Evidence"]
    assert html.index("<strong>✗ FAILED</strong>") < html.index("Likely causes")
    assert "12:00:10" in html
    assert "<td>a|b c</td>" in html
    assert '<code class="language-diff">' in html


def test_hashes_tie_it_to_what_was_kept(tmp_path: Path) -> None:
    lines = "".join(f"line {number}\n" for number in range(200))
    log = EventWriter()
    with log.stage("1", "One"), log.on("web1", "1", "One", outcome=outcome("failed")):
        log.step("web1", "1.1", "Look", "shell", outcome("failed", "no", evidence=(Evidence("log", lines),)))
    run = fold(log.end())
    text = render(run)

    record = hashlib.sha256(json.render(run).encode()).hexdigest()
    assert f"| Record | JSON report, sha256 {record} |" in text
    assert f"Shortened; the whole has sha256 {hashlib.sha256(lines.encode()).hexdigest()}." in text
    keep(run, tmp_path)
    assert json.render(load(find("last", tmp_path))) == json.render(run), "the same, from whatever it is made"


def test_what_failed_stands_before_what_passed() -> None:
    text = render(fold(sample.events()))
    evidence = text[text.index("## Evidence") :]
    order = [evidence.index(part) for part in ("✗ 5.4 ", "! 2.2 ", "✓ 2.1 ", "✗ 2.2.d1 ")]
    assert order == sorted(order)


def test_of_a_long_run_what_passed_is_counted_and_what_failed_is_told() -> None:
    hosts = tuple(f"web{number}" for number in range(200))
    log = EventWriter(hosts)
    with log.stage("1", "Many"):
        for host in hosts:
            bad = host == "web77"
            with log.on(host, "1", "Many", outcome=outcome("failed" if bad else "passed")):
                log.step(host, "1.1", "Look", "sql", outcome("passed", evidence=table(("n",), (1,))))
                log.step(host, "1.2", "Check", "shell", outcome("failed" if bad else "passed", "no" if bad else ""))
    text = render(fold(log.end()))
    assert "399 more passed or were skipped." in text
    assert "| web77 | **1.2** Check | ✗ failed | no |" in text
    assert len(text) < 65_000
