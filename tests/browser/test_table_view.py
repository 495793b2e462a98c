"""Tables in the source viewer, in a real Chromium: cells in columns, the lit one in view."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from conftest import quick_workspace
from docxfiles import docx, paragraph, run
from docxfiles import table as word_table
from scoqa.parse import document_id
from scoqa.types import Citation, Document, Span
from scoqa.ui.source.viewer import citation_link
from served import PHONE, SIZES, Browser, Chat, Page, ask, assert_accessible, opened, serving

pytest_plugins = ("served",)  # its fixture: browser

HOSTILE = "<img src=x onerror=hacked=1>"
LONG_ROWS = 6_000
LOANS = "loans.csv", "2024-11-27", "Returned"
VISITORS = "visitors.xlsx", "1270", "2023 / Children"
WALL = "wall.docx", "Loose stones near the mill 🧱", "Condition"
LINES = "lines.html", "+00 55 1207", "Telephone"
# The cells of each row: text, left and right side, whether it is part of a head.
ROWS = """() => [...document.querySelectorAll('.source-tr')].map((row) =>
    [...row.querySelectorAll('.source-cell')].map((cell) => {
        const { left, right } = cell.getBoundingClientRect();
        return { left: Math.round(left), right: Math.round(right), text: cell.textContent,
            isHead: cell.getAttribute('role') === 'columnheader',
            columns: Number(cell.getAttribute('aria-colspan') ?? 1) };
    }))"""
# Whether the mark is in view, and whether nothing is drawn over its lines.
IN_VIEW = """() => {
    const mark = document.querySelector('.source-text mark');
    const [box, view] = [mark.getBoundingClientRect(),
        document.querySelector('.source-scroll').getBoundingClientRect()];
    const drawn = [...mark.getClientRects()].flatMap(({ left, width, top, height }) =>
        [0.02, 0.5, 0.98].map((share) => document.elementFromPoint(
            left + share * width, top + height / 2)));
    return { whole: box.left >= view.left && box.right <= view.right && box.top >= view.top
        && box.bottom <= view.bottom, uncovered: drawn.every((each) => each === mark) };
}"""
# The words at the top of the text, in the column of the mark.
ABOVE = """() => {
    const [box, view] = ['mark', '.source-scroll'].map((name) =>
        document.querySelector('.source-sheet ' + name).getBoundingClientRect());
    const cells = document.elementsFromPoint(box.left + 2, view.top + 8)
        .map((each) => each.closest('.source-thead .source-cell')).filter(Boolean);
    return [...new Set(cells)].map((cell) =>
        cell.firstElementChild?.dataset.label ?? cell.textContent);
}"""
SELECTED = """() => {
    getSelection().selectAllChildren(document.querySelector('.source-text'));
    const words = String(getSelection());
    getSelection().removeAllRanges();
    return words;
}"""


def write_loans(path: Path) -> None:
    rows = ["Loan,Title,Branch,Borrower,Borrowed,Returned,Fee (EUR),Remarks"]
    for number in range(60):
        title = HOSTILE if number == 35 else f"A history of the gates of Orl {number}"
        remark = "the cover came off and was glued back on" if number % 5 == 0 else ""
        returned = "" if number % 7 == 3 else f"2024-1{number % 3}-{10 + number % 20}"
        rows.append(
            f"{4100 + number},{title},Varn,Ines Okafor,2024-0{1 + number % 9}-11,{returned},"
            f"{number / 4:.2f},{remark}"
        )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_visitors(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Tower", "2022", None, None, "2023", None, None])
    sheet.append([None, "Adults", "Children", "Groups", "Adults", "Children", "Groups"])
    for cells in ("A1:A2", "B1:D1", "E1:G1"):
        sheet.merge_cells(cells)
    for number in range(40):
        sheet.append([f"Tower {number}", *range(20 * number, 20 * number + 4), 1240 + number, 7])
    book.save(path)


def write_wall(path: Path) -> None:
    words = "The wall of Orl is kept by four towns, and each of them sends masons in spring. "
    path.write_bytes(
        docx(
            paragraph(run(words * 9))
            + word_table(
                ["Part", "Town", "Length", "Condition"],
                ["North gate", "Orl", "412 m", "Good; the hinges were renewed in spring"],
                ["East wall", "Varn", "1,180 m", "Loose stones near the mill 🧱"],
                ["River wall", "Hesp", "690 m", "Under water twice a year"],
            )
            + paragraph(run("The towns meet each autumn in Hesp."))
        )
    )


def write_lines(path: Path) -> None:
    names = ("Line", "From", "To", "First", "Last", "Every", "Operator", "Telephone")
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(
        f"<tr><td>{number}</td><td>Orl</td><td>Upper Tellmark</td><td>05:10</td><td>22:40</td>"
        f"<td>{number} min</td><td>Orl Ferries</td><td>+00 55 12{number:02}</td></tr>"
        for number in range(1, 15)
    )
    path.write_text(
        "<title>Bus lines</title><h1>Bus lines</h1><p>Lines run every day.</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table><p>None at night.</p>",
        encoding="utf-8",
    )


def write_stones(path: Path) -> None:
    out = io.StringIO()
    out.write("Stone,Laid,Mason,Weight (kg)\n")
    for number in range(LONG_ROWS):
        out.write(f"{number},{1850 + number % 50},Tom Reed,{number % 90}\n")
    path.write_text(out.getvalue(), encoding="utf-8")


class Room:
    """A chat over files with tables."""

    def __init__(self, root: Path) -> None:
        folder = root / "docs"
        folder.mkdir()
        write_loans(folder / "loans.csv")
        write_visitors(folder / "visitors.xlsx")
        write_wall(folder / "wall.docx")
        write_lines(folder / "lines.html")
        write_stones(folder / "stones.csv")
        self.workspace: Any = quick_workspace(root, threshold=0.0)
        self.workspace.sync()

    def document(self, path: str) -> Document:
        with self.workspace.store.view() as view:
            found: Document = view.document(document_id(path))
        return found

    def link(self, path: str, first: str, last: str | None = None) -> str:
        """Return the link to the place from `first` to `last`."""
        document = self.document(path)
        start = document.text.index(first)
        end = document.text.index(last or first, start) + len(last or first)
        return "/" + citation_link(Citation.from_span(document, Span(document.id, start, end, 1.0)))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return Room(tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def chat(room: Room) -> Iterator[Chat]:
    with serving(room.workspace) as chat:
        yield chat


def assert_in_view(page: Page) -> None:
    page.wait_for_timeout(100)  # two frames: it is centred twice
    assert page.evaluate(IN_VIEW) == {"whole": True, "uncovered": True}


@pytest.mark.parametrize("viewport", SIZES)
@pytest.mark.parametrize(("path", "quote", "column"), [LOANS, VISITORS, WALL, LINES])
def test_a_cell_is_lit_in_its_column_under_its_name(
    browser: Browser,
    room: Room,
    chat: Chat,
    viewport: dict[str, int],
    path: str,
    quote: str,
    column: str,
) -> None:
    link = chat.url + room.link(path, quote)
    with opened(browser, link, ready=".source-text mark:focus", viewport=viewport) as page:
        assert_in_view(page)
        text = room.document(path).text
        assert page.text_content(".source-text") == text
        assert page.evaluate(SELECTED) == text
        assert page.locator(".source-text mark").all_text_contents() == [quote]
        assert column in (page.text_content(".source-place") or "")
        rows = [row for row in page.evaluate(ROWS) if all(cell["columns"] == 1 for cell in row)]
        head, *body = rows
        assert all(cell["isHead"] for cell in head) and head[-1]["text"] in text
        assert not any(cell["isHead"] for row in body for cell in row)
        (lit,) = [cell for row in body for cell in row if cell["text"] == quote]
        (name,) = [cell for cell in head if cell["left"] == lit["left"]]
        assert column.endswith(name["text"])
        assert len(body) > 2
        for row in body:  # empty cells at the end are left out
            for cell, above in zip(row, head, strict=False):
                assert (cell["left"], cell["right"]) == (above["left"], above["right"])
        assert page.evaluate("document.documentElement.scrollWidth === innerWidth")
        assert_accessible(page, f"table of {path}")


def test_a_cell_of_a_head_covers_the_columns_it_names(
    browser: Browser, room: Room, chat: Chat
) -> None:
    with opened(browser, chat.url + room.link(*VISITORS[:2]), ready=".source-text mark") as page:
        first, second, *_ = page.evaluate(ROWS)
        assert [(cell["text"], cell["columns"]) for cell in first] == [
            ("Tower", 1), ("2022", 3), ("2023", 3),
        ]  # fmt: skip
        assert (first[2]["left"], first[2]["right"]) == (second[4]["left"], second[6]["right"])


def test_the_names_of_columns_stay_in_view(browser: Browser, room: Room, chat: Chat) -> None:
    for path, quote, column in (LOANS, VISITORS):
        link = chat.url + room.link(path, quote)
        with opened(browser, link, ready=".source-text mark:focus") as page:
            assert_in_view(page)
            (name,) = page.evaluate(ABOVE)
            assert name in column


def test_on_a_low_screen_the_lit_row_has_the_names(
    browser: Browser, room: Room, chat: Chat
) -> None:
    low = {"width": 740, "height": 360}
    link = chat.url + room.link(*LOANS[:2])
    with opened(browser, link, ready=".source-text mark:focus", viewport=low) as page:
        assert_in_view(page)
        shown = page.evaluate(
            "() => [...document.querySelectorAll('.source-lit .source-cell')].map((each) =>"
            " getComputedStyle(each, '::before').content)"
        )
        assert shown[5] == '"Returned"' and len(shown) == 7
        assert page.text_content(".source-text") == room.document("loans.csv").text


def test_prose_stays_while_a_table_is_scrolled(browser: Browser, room: Room, chat: Chat) -> None:
    link = chat.url + room.link(*WALL[:2])
    with opened(browser, link, ready=".source-text mark", viewport=PHONE) as page:
        assert_in_view(page)
        assert page.evaluate("document.querySelector('.source-scroll').scrollLeft") > 0
        box, view = (page.locator(each).first.bounding_box() for each in (
            ".source-prose", ".source-scroll"))  # fmt: skip
        assert box and view
        assert view["x"] <= box["x"] and box["x"] + box["width"] <= view["x"] + view["width"]


def test_a_quote_over_several_cells_and_rows_is_lit_in_each(
    browser: Browser, room: Room, chat: Chat
) -> None:
    text = room.document("loans.csv").text
    link = room.link("loans.csv", "Okafor\t2024-01-11", "4101\tA history")
    with opened(browser, chat.url + link, ready=".source-text mark:focus") as page:
        start = text.index("Okafor\t2024-01-11")
        quote = text[start : text.index("4101\tA history") + len("4101\tA history")]
        lit = page.locator(".source-text mark").all_text_contents()
        assert lit == [cell for line in quote.split("\n") for cell in line.split("\t") if cell]
        assert page.text_content(".source-text") == text
        assert page.evaluate(SELECTED) == text
        assert page.locator(".source-lit").count() == 2


@pytest.mark.parametrize("viewport", SIZES)
def test_a_long_sheet_has_its_names_everywhere(
    browser: Browser, room: Room, chat: Chat, viewport: dict[str, int]
) -> None:
    document = room.document("stones.csv")
    middle = document.text.index("\n4321\t") + len("\n4321\t1871\t")
    span = Span(document.id, middle, middle + len("Tom Reed"), 1.0)
    link = f"{chat.url}/{citation_link(Citation.from_span(document, span))}"
    with opened(browser, link, ready=".source-text mark:focus", viewport=viewport) as page:
        assert_in_view(page)
        assert page.text_content(".source-place") == "row 4323, Mason"
        assert page.evaluate(ABOVE) == ["Mason"]
        assert page.text_content(".source-text") == page.evaluate(SELECTED) == document.text
        cells = page.locator(".source-cell")
        assert 100 < cells.count() < LONG_ROWS / 4
        assert_accessible(page, "long sheet")
        page.evaluate(
            "() => { const each = document.querySelector('.source-scroll');"
            " each.scrollTop = each.scrollHeight; }"
        )
        last = page.locator(f".source-row[data-label='{LONG_ROWS + 1}']")
        last.wait_for(state="attached")
        last.evaluate("each => each.closest('.source-tr').scrollIntoView({ block: 'end' })")
        page.wait_for_function(f"() => ({ABOVE})()[0] === 'Mason'")
        assert cells.count() < LONG_ROWS / 4


@pytest.mark.parametrize("viewport", SIZES)
def test_a_quoted_row_is_shown_under_or_beside_the_names_of_its_columns(
    browser: Browser, chat: Chat, viewport: dict[str, int]
) -> None:
    with opened(browser, chat.url, viewport=viewport) as page:
        asked = {4: "Which town keeps the east wall?", 8: "Which line has 1207?"}
        for columns, question in asked.items():
            ask(page, question, expect=f".scoqa-table:has(th:nth-child({columns}))")
            boxes = page.evaluate(
                "(question) => { const table = [...document.querySelectorAll('.scoqa-table')]"
                ".at(-1); const boxes = (name) => [...table.querySelectorAll(name)].map((each) => {"
                " const { left, top } = each.getBoundingClientRect(); return [left, top]; });"
                " return { names: boxes('th'), values: boxes('td'),"
                " fits: table.scrollWidth <= table.clientWidth }; }"
            )
            assert boxes["fits"]
            beside = viewport is PHONE or columns > 5
            for name, value in zip(boxes["names"], boxes["values"], strict=True):
                assert name[1 if beside else 0] == value[1 if beside else 0]
                assert name[0 if beside else 1] < value[0 if beside else 1]
        assert_accessible(page, "quoted rows")
