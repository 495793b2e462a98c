"""A citation names its place as people do, and its strokes lie on the characters themselves."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from conftest import document_of
from scoqa import terminal
from scoqa.places import Marks
from scoqa.regions import PAGE_SIZE, find_regions
from scoqa.split import split
from scoqa.types import Citation, Document, Mark, Parser, Span
from scoqa.ui.words.wording import place_words, start_words

PAGES = "Cover.\n\nOne two three.\n\nFour five."
ONE, FOUR = PAGES.index("One"), PAGES.index("Four")


def marked(text: str, *marks: tuple[int, int, str, str]) -> Document:
    made = tuple(Mark(start, end, kind, label) for start, end, kind, label in marks)  # type: ignore[arg-type]
    return replace(document_of(text), marks=made)


def place(document: Document, quote: str) -> str:
    start = document.text.index(quote)
    return Citation.from_span(document, Span(document.id, start, start + len(quote), 0.0)).place


# -- in words --------------------------------------------------------------------------------------


def test_a_page_goes_by_its_printed_label_and_by_its_number_where_they_differ() -> None:
    paged = marked(
        PAGES,
        (0, ONE, "page", "i"),
        (ONE, ONE, "page", "ii"),  # a blank page
        (ONE, FOUR, "page", "1"),
        (FOUR, len(PAGES), "page", "4"),
    )
    assert "p. i (page 1 of 4)" == place(paged, "Cover")
    assert "p. 1 (page 3 of 4)" == place(paged, "two")
    assert "p. 4" == place(paged, "five")
    assert "pp. 1–4 (page 3 of 4)" == place(paged, "three.\n\nFour")
    start = PAGES.index("two")
    assert "1" == Citation.from_span(paged, Span(paged.id, start, start + 3, 0.0)).page


def test_slides_sheets_rows_and_messages_are_named() -> None:
    text = "Name\tAge\nAda\t36\nGrace\t85"
    ada, grace = text.index("Ada"), text.index("Grace")
    sheet = marked(
        text,
        (0, len(text), "sheet", "Sheet 2"),
        (0, ada - 1, "row", "1"),
        (ada, grace - 1, "row", "40"),
        (grace, len(text), "row", "41"),
    )
    assert "Sheet 2, row 40" == place(sheet, "36")
    assert "Sheet 2, rows 40–41" == place(sheet, "36\nGrace")
    boxed = marked(
        text + "\n\nA box.", (0, len(text) + 8, "sheet", "S"), (0, len(text), "row", "1")
    )
    assert ("S, row 1", "S") == (place(boxed, "85"), place(boxed, "A box."))
    assert "S, row 1" == place(boxed, "85\n\nA box.")
    assert "slide 7" == place(marked("Aims", (0, 4, "slide", "7")), "Aims")
    mail = marked("Dear all", (0, 8, "message", "from Ada Lund, 3 May 2024"))
    assert "from Ada Lund, 3 May 2024" == place(mail, "all")
    assert "" == place(document_of("Plain."), "Plain")


def test_an_attached_message_stands_under_no_heading_of_the_one_before() -> None:
    text = "Agenda\n\nFirst\n\nSecond"
    second = text.index("Second")
    mail = marked(
        text,
        (0, second, "message", "from Ada Lund"),
        (0, 6, "heading", "Agenda"),
        (second, len(text), "message", "from Carl"),
    )
    for words, heading in (("First", "Agenda"), ("Second", None)):
        start = text.index(words)
        assert heading == Citation.from_span(mail, Span(mail.id, start, start + 5, 0.0)).heading


def test_a_line_is_named_only_where_the_file_has_it() -> None:
    text = "One\n\nTwo"
    word = replace(
        marked(text, (0, 3, "heading", "One")), parser=Parser("docx", "1"), path="plan.docx"
    )
    citation = Citation.from_span(word, Span(word.id, 5, 8, 0.0))
    assert "plan.docx, under “One”, characters 5:8" == terminal.describe_place(citation)
    assert "under “One”" == place_words(citation)
    titled = replace(word, title="One")  # it stands beside these words
    assert "" == place_words(Citation.from_span(titled, Span(titled.id, 5, 8, 0.0)))
    below = replace(titled, marks=(Mark(0, 3, "heading", "One > Two"),))
    assert "under “Two”" == place_words(Citation.from_span(below, Span(below.id, 5, 8, 0.0)))
    plain = Citation.from_span(document_of(text), Span(document_of(text).id, 5, 8, 0.0))
    assert "line 3, characters 5:8" in terminal.describe_place(plain)
    assert "line 3" == place_words(plain)
    bare = replace(word, marks=())
    citation = Citation.from_span(bare, Span(bare.id, 5, 8, 0.0))
    assert "plan.docx, characters 5:8" == terminal.describe_place(citation)
    assert "" == place_words(citation)


def test_the_column_of_a_quoted_cell_is_named() -> None:
    text = "Town\tLength\n\n\t412\tGood\nVarn\t690"
    table = marked(text, (0, len(text), "table", "Town\tLength"), (0, 11, "head", ""))

    def place(words: str, *, row: bool = False) -> str:
        marks = (*table.marks, Mark(13, 22, "row", "2")) if row else table.marks
        start = text.index(words)
        document = replace(table, marks=marks, parser=Parser("docx", "1"))
        span = Span(document.id, start, start + len(words), 0.0)
        return place_words(Citation.from_span(document, span), with_column=True)

    assert "column Length" == place("412")
    assert "row 2, Length" == place("412", row=True)
    assert "column Town" == place("Varn")
    assert "" == place("Good")  # no name
    assert "" == place("412\tGood")


# -- on the page -----------------------------------------------------------------------------------


def boxes(*rows: tuple[int, int, int, int]) -> bytes:
    return array("H", [number for row in rows for number in row]).tobytes()


def line(text: str, top: int, left: int = 1000) -> list[tuple[int, int, int, int]]:
    """Return boxes of 100 by 200 for each character, none for a line's end."""
    return [
        (0, 0, 0, 0) if each == "\n" else (left + 100 * at, top, left + 100 * at + 100, top + 200)
        for at, each in enumerate(text)
    ]


def strokes(document: Document, start: int, end: int, pages: dict[int, bytes]) -> list[object]:
    found = find_regions(document, start, end, pages.__getitem__)
    return [
        (region.page, [tuple(round(share * PAGE_SIZE) for share in box) for box in region.boxes])
        for region in found
    ]


def test_each_line_of_a_quote_has_one_stroke_on_its_own_page() -> None:
    text = "One two\nthree\nFour"
    document = marked(text, (0, 14, "page", "1"), (14, 18, "page", "2"))
    pages = {
        1: boxes(*line("One two\n", 500), *line("three\n", 750)),
        2: boxes(*line("Four", 100)),
    }
    assert [(1, [(1400, 500, 1700, 700)])] == strokes(document, 4, 7, pages)
    assert [(1, [(1400, 500, 1700, 700), (1000, 750, 1500, 950)])] == strokes(
        document, 4, 14, pages
    )
    assert [(1, [(1000, 750, 1500, 950)]), (2, [(1000, 100, 1200, 300)])] == strokes(
        document, 8, 16, pages
    )


def test_a_column_begins_a_stroke_of_its_own_and_a_wide_space_does_not() -> None:
    text = "abcdef"
    document = marked(text, (0, 6, "page", "1"))
    pages = {
        1: boxes(
            (100, 500, 200, 700), (200, 500, 300, 700),
            (500, 500, 600, 700),  # a wide space away
            (30000, 500, 30100, 700), (30100, 500, 30200, 700), (30200, 500, 30300, 700),
        )
    }  # fmt: skip
    assert [(1, [(100, 500, 600, 700), (30000, 500, 30300, 700)])] == strokes(document, 0, 6, pages)


def test_a_line_under_another_has_a_stroke_of_its_own() -> None:
    """A stroke that took in the next line lit words that were no part of the quote."""
    document = marked("abc def", (0, 7, "page", "1"))
    above, below = line("abc", 500), line("def", 720)
    for between in ((0, 0, 0, 0), (1300, 500, 1400, 700)):  # a line's end; a space at its end
        pages = {1: boxes(*above, between, *below)}
        right = 1300 if not any(between) else 1400
        assert [(1, [(1000, 500, right, 700), (1000, 720, 1300, 920)])] == strokes(
            document, 0, 7, pages
        )
    wide = {1: boxes((1000, 500, 1100, 700), *[(1100, 500, 9000, 700)] * 3, *line("def", 720))}
    assert 2 == len(strokes(document, 0, 7, wide)[0][1])  # type: ignore[index, arg-type]


def test_letters_of_several_heights_and_turned_text_stay_one_stroke() -> None:
    document = marked("abc", (0, 3, "page", "1"))
    mixed = {1: boxes((100, 500, 200, 700), (200, 450, 300, 700), (300, 640, 350, 700))}
    assert [(1, [(100, 450, 350, 700)])] == strokes(document, 0, 3, mixed)
    upwards = {1: boxes((500, 900, 700, 1000), (500, 800, 700, 900), (500, 700, 700, 800))}
    assert [(1, [(500, 700, 700, 1000)])] == strokes(document, 0, 3, upwards)


def test_text_without_pages_has_no_strokes() -> None:
    assert [] == find_regions(document_of("Plain."), 0, 5, lambda page: b"")


# -- in passages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [False, True])
def test_what_stands_aside_is_in_no_passage_and_all_else_is(nested: bool) -> None:
    text = "Home News Contact\n\nThe tower fell.\n\nAll rights reserved.\n\nIt was built anew."
    asides = [(0, text.index("The")), (text.index("All"), text.index("It was"))]
    if nested:
        asides.insert(1, (5, 9))
    document = marked(text, *((start, end, "aside", "") for start, end in asides))
    passages = split(
        document, passage_tokens=200, count_tokens=lambda texts: [len(t.split()) for t in texts]
    )
    assert ["The tower fell.", "It was built anew."] == [each.text for each in passages]


def test_a_passage_knows_its_sheet_and_never_runs_on_into_the_next() -> None:
    text = "Ada\t36\n\nGrace\t85"
    half = text.index("Grace")
    document = marked(text, (0, half, "sheet", "Pilots"), (half, len(text), "sheet", "Cooks"))
    passages = split(
        document, passage_tokens=200, count_tokens=lambda texts: [len(t.split()) for t in texts]
    )
    assert ["Ada\t36", "Grace\t85"] == [each.text for each in passages]
    assert ["Pilots", "Cooks"] == [each.heading.split(" > ")[-1] for each in passages]


def test_a_part_of_a_message_by_another_author_is_quoted() -> None:
    text = "Yes.\n> Open?\nBye."
    document = marked(
        text,
        (0, len(text), "message", "from Nora"),
        (5, 12, "message", "from Tom"),
        (13, 17, "message", "from Nora"),
    )
    marks = Marks(document.marks)
    assert [False, True, False] == [marks.is_quoted(at) for at in (0, 8, 14)]
    assert ["from Nora", "from Tom", "from Nora"] == [
        place(document, word) for word in ("Yes", "Open", "Bye")
    ]
    assert not Marks(()).is_quoted(0)
    assert "Message from Tom" == start_words(document.marks[1])
    quoted = Mark(5, 12, "message", "quoted in a message from Nora")
    assert "Quoted in a message from Nora" == start_words(quoted)


def test_the_date_of_a_mail_is_not_that_of_the_mail_that_it_quotes() -> None:
    text = "Yes.\n> Open?\nBye."
    document = marked(
        text,
        (0, len(text), "message", "from Nora, 17 May 2024"),
        (0, 3, "date", "17 May 2024"),
        (5, 12, "message", "from Tom, 16 May 2024"),
        (13, 17, "message", "from Nora, 17 May 2024"),
    )
    headings = [
        passage.heading
        for passage in split(document, passage_tokens=100, count_tokens=lambda t: [1 for _ in t])
    ]
    title = document.title
    nora = f"{title} > 17 May 2024 > from Nora, 17 May 2024"
    assert [nora, f"{title} > from Tom, 16 May 2024", nora] == headings
