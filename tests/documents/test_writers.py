"""What a document is made of is written as text, as Markdown and as a page; none of the three forgets a block."""

from __future__ import annotations

import typing

import pytest

from runbook.documents import model
from runbook.documents.html import as_page
from runbook.documents.markdown import as_markdown
from runbook.documents.model import (
    Badge,
    Bar,
    Block,
    Bullets,
    Change,
    Changes,
    Check,
    Checks,
    Code,
    Document,
    Entry,
    Field,
    Filters,
    Fold,
    Item,
    Lane,
    Lanes,
    Limits,
    Mark,
    Paragraph,
    Section,
    Settings,
    Span,
    Table,
    Verdict,
    said,
)
from runbook.documents.text import as_text

BAD = Badge("failed", "✗", "failed")
SEEN: dict[str, Block] = {
    "Paragraph": Paragraph((Span("seen ", "strong"), Span("here", "code"))),
    "Bullets": Bullets((Item(said("seen here"), BAD, "why"),), more=3),
    "Settings": Settings((("seen", "here"),)),
    "Code": Code("seen here\n", label="what"),
    "Table": Table(("id", "name"), ((1, "seen here"), (None, BAD)), 5, label="rows"),
    "Checks": Checks((Check("expect", "seen == here", False, (("seen", "0"),)), Check("expect", "it holds", True))),
    "Section": Section("part", "seen", (Paragraph(said("here")),), "1", BAD, "aside"),
    "Fold": Fold("host", "seen", (Paragraph(said("here")),), False, "1", BAD, "aside", "h0"),
    "Entry": Entry("1.1", "seen", BAD, "shell", "here", open=False, blocks=(Paragraph(said("x")),)),
    "Changes": Changes((Field("seen", "x", "here"),), (Change("+", "a step", "shell: ls"),)),
    "Lanes": Lanes((Mark(0, "1", "One"),), (Lane("web1", (Bar(1, 2, "failed", "seen here", "h0-1"),)),), ("0 s",)),
    "Filters": Filters((BAD,), ("seen", "here")),
}
PAGE_ALONE = ("Lanes", "Filters")
FORMS = {
    "text": lambda document: as_text(document, 80),
    "markdown": lambda document: as_markdown(document, Limits()),
    "page": lambda document: as_page(document, Limits()),
}


def test_every_block_is_tried() -> None:
    assert set(SEEN) == {kind.__name__ for kind in typing.get_args(model.Block)}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SEEN)
def test_every_block_is_written_in_every_form(form: str, name: str) -> None:
    text = FORMS[form](Document("Title", blocks=(SEEN[name],)))
    body = text[text.index("Title</h1>") :] if form == "page" else text
    shown = name not in PAGE_ALONE or form == "page"
    assert ("seen" in body, "here" in body) == (shown, shown)


def test_a_page_refuses_a_block_that_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="no template draws Verdict"):
        as_page(Document("Title", blocks=(Verdict(BAD, "x"),)), Limits())  # type: ignore[arg-type]  # it is no block


@pytest.mark.parametrize("form", FORMS)
def test_entries_may_stand_in_entries_as_deeply_as_they_like(form: str) -> None:
    entry = Entry("1.1", "the innermost", BAD, open=False)
    for number in range(3000):
        entry = Entry(f"{number}", "around", BAD, open=True, entries=(entry,))
    text = FORMS[form](Document("Title", blocks=(entry,)))
    assert "the innermost" in text
    assert text.count("around") == 3000


@pytest.mark.parametrize("form", FORMS)
def test_what_is_read_before_it_is_done_hides_no_character(form: str) -> None:
    hidden = "a\x1b[8mb\u202ec\u200bd"
    blocks = (
        Code(hidden),
        Paragraph(said(hidden)),
        Settings(((hidden, hidden),)),
        Entry(hidden, hidden, action=hidden),
    )
    text = FORMS[form](Document(hidden, lead=hidden, blocks=blocks, exact=True))
    assert "a\\x1b[8mb\\x202ec\\x200bd" in text.replace("\\[", "[").replace("\\\\", "\\")
    assert not {"\x1b", "\u202e", "\u200b"} & set(text)


def test_of_what_is_long_a_form_shows_as_much_as_it_is_told() -> None:
    blocks = (
        Code("".join(f"line {number}\n" for number in range(50)), ends=True),
        Table(("n",), tuple((number,) for number in range(50)), 50),
        Bullets(tuple(Item(said(f"item {number}")) for number in range(50))),
    )
    limits = Limits(lines=10, rows=20, items=30)
    for text in (as_markdown(Document("T", blocks=blocks), limits), as_page(Document("T", blocks=blocks), limits)):
        assert "… 40 lines before" in text
        assert "line 49" in text
        assert "… 30 more rows" in text
        assert "item 29" in text
        assert "item 30" not in text
        assert "and 20 more" in text
