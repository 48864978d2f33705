"""A new part of a report is one function and one row, whoever writes it; it stands in every form, and is harmless."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import pytest

from runbook.documents.model import Badge, Block, Bullets, Item, Paragraph, Section, said
from runbook.reports import html, markdown, parts
from runbook.reports.console.plain import Plain
from runbook.reports.parts import step
from runbook.reports.parts.forms import Form, Reported
from runbook.reports.parts.step import Ended, Need, StepPart
from runbook.runs.record import fold
from tests.reports import sample
from tests.reports.golden import watch

EVIL = "<script>alert(1)</script> \x1b[2J [x](http://x) @everyone"


def _written() -> dict[str, str]:
    run = fold(sample.events())
    stream = io.StringIO()
    watch(Plain(stream, still=0), sample.events())
    return {"page": html.render(run), "markdown": markdown.render(run), "text": stream.getvalue()}


def _checklist(report: Reported) -> Iterator[Block]:
    items = tuple(Item(said(f"tried {host} {EVIL}"), Badge("passed", "✓", "done"), EVIL) for host in report.run.hosts)
    yield Section("checklist", "Checklist", (Bullets(items),))


def test_a_part_of_the_run_is_one_function_and_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _written()
    monkeypatch.setattr(parts, "PARTS", (*parts.PARTS, parts.Part(_checklist)))
    after = _written()
    for form, text in after.items():
        assert "Checklist" not in before[form]
        assert text.index("Likely causes") < text.index("Checklist")
        assert text.count("tried web1") == text.count("tried web2") == 1
        _is_harmless(form, text)


def _first_outcome(ended: Ended, form: Form) -> Iterable[Block]:
    return (Paragraph(said(f"first outcome, as {form} tells it: {EVIL}")),) if ended.causes else ()


def test_a_part_of_a_step_is_one_function_and_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "STEP_PARTS", (StepPart(_first_outcome, Need.ALWAYS), *step.STEP_PARTS))
    for form, text in _written().items():
        assert f"first outcome, as {form} tells it" in text
        _is_harmless(form, text)


def test_a_part_may_be_told_in_some_forms_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    row = parts.Part(_checklist, frozenset({Form.MARKDOWN}))
    monkeypatch.setattr(parts, "PARTS", (*parts.PARTS, row))
    assert {form for form, text in _written().items() if "Checklist" in text} == {"markdown"}


def _is_harmless(form: str, text: str) -> None:
    assert "\x1b" not in text
    if form == "page":
        assert "<script>alert" not in text
    if form == "markdown":
        assert "<script>" not in text
        assert "](http" not in text.replace("\\]", "")
        assert "@everyone" not in text
