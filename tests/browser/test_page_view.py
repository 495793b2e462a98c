"""The page view, in a real Chromium: strokes lie on the ink of the quote; texts stay themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import document_of, quick_workspace
from papers import FIRST, LIT, SECOND, TURNED, write_report
from scoqa.parse import document_id
from scoqa.types import Citation, Document, Mark, Span
from scoqa.ui.source.viewer import citation_link, utf16_offset
from served import DESKTOP, PHONE, Browser, Chat, Page, assert_accessible, opened, serving

pytest_plugins = ("served",)  # its fixture: browser

TABLE, LARGE, SHEET = "table.txt", "large.txt", "members.csv"
MEMBERS = "State,Joined,Capital\nIran,2023,Tehran\nKazakhstan,2001,Astana\nIndia,2017,New Delhi\n"
LARGE_ROWS = 100_000
HOSTILE = "<img src=x onerror=hacked=1>"
SIZES = [
    pytest.param({"viewport": DESKTOP}, id="desktop"),
    pytest.param({"viewport": PHONE, "device_scale_factor": 2}, id="phone"),
]

STROKES = """() => [...document.querySelectorAll('.source-stroke')].map((each) => {
    const box = each.getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];
})"""
# A page that is drawn as sharp as it will be: its image is there, and no further one is on its way.
SHARP = """() => {
    const image = document.querySelector('.source-paper img');
    const widths = [600, 900, 1200, 1800, 2400];
    const wanted = image.clientWidth * devicePixelRatio;
    return document.querySelector('.source-drawn') && image.complete && image.naturalWidth
        === (widths.find((each) => each >= wanted) ?? 2400);
}"""
# What is said at each start, and how many characters, as JavaScript counts, stand before it.
STARTS = """() => [...document.querySelectorAll('.source-start, .source-row')].map((each) => {
    const before = document.createRange();
    before.setStart(document.querySelector('.source-text'), 0);
    before.setEndBefore(each);
    return [before.toString().length, each.dataset.label];
})"""
# Where each cell of each row but the header begins, in pixels from the left.
CELLS = """() => {
    const area = document.querySelector('.source-text');
    const walker = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
    const rows = [[]];
    let begins = true;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        for (let i = 0; i < node.length; i += 1) {
            if (node.data[i] === '\\n') rows.push([]);
            else if (begins) {
                const range = document.createRange();
                range.setStart(node, i);
                range.setEnd(node, i + 1);
                rows.at(-1).push(Math.round(range.getBoundingClientRect().left));
            }
            begins = '\\n\\t'.includes(node.data[i]);
        }
    }
    return rows.slice(1).filter((row) => row.length);
}"""
SELECTED = """() => {
    getSelection().selectAllChildren(document.querySelector('.source-text'));
    return String(getSelection());
}"""


class Room:
    """A chat over a PDF, the same to be changed, and texts with marks no file here has."""

    def __init__(self, root: Path) -> None:
        write_report(root / "docs" / "report.pdf")
        # Of other bytes: an image of the same file may be kept.
        changing = root / "docs" / "changing.pdf"
        changing.write_bytes((root / "docs" / "report.pdf").read_bytes() + b"%")
        (root / "docs" / TABLE).write_text(table().text, encoding="utf-8", newline="")
        (root / "docs" / LARGE).write_text("The rows are put in its place.", encoding="utf-8")
        (root / "docs" / SHEET).write_text(MEMBERS, encoding="utf-8")
        self.workspace: Any = quick_workspace(root)
        self.workspace.sync()
        self.marked = {document_id(path): marks for path, marks in ((TABLE, table), (LARGE, large))}
        through = self.workspace.find

        def find(asked: str, digest: str) -> Document | None:
            document = through(asked, digest)
            if document is None or asked not in self.marked:
                return document  # type: ignore[no-any-return]
            shown = self.marked[asked]()
            return replace(document, text=shown.text, marks=shown.marks, text_digest=digest)

        self.workspace.find = find

    def link(self, path: str, first: str, last: str | None = None) -> str:
        """Return the link to the place from `first` to `last`."""
        document = self.workspace.find(document_id(path), "0" * 64)
        start = document.text.index(first)
        end = document.text.index(last or first, start) + len(last or first)
        return "/" + citation_link(Citation.from_span(document, Span(document.id, start, end, 1.0)))


def written(*parts: tuple[str, str, str]) -> Document:
    """Return a document of `parts`: kind and label of a mark (kind "": none), and the text."""
    text, marks = "", []
    for kind, label, words in parts:
        if kind:
            marks.append(Mark(len(text), len(text) + len(words.rstrip("\n")), kind, label))  # type: ignore[arg-type]
        text += words
    return replace(document_of(text), marks=tuple(marks))


def table() -> Document:
    return written(
        ("aside", "", "Home 🏠  About us\n\n"),
        ("heading", "The towers", "The towers\n\n"),
        ("sheet", HOSTILE, "Tower\tHeight\n"),
        ("row", "7", "Orl\t41\n"),
        ("row", "8", f"Varn\t{HOSTILE}\n\n"),
        ("slide", "3", "The beacon 🔥 was lit.\n\n"),
        ("heading", "The towers > Their keepers", "Their keepers\n\n"),
        ("message", "from Anna Li, 3 May 2024", "Ada keeps the light."),
    )


def large() -> Document:
    line = "Stone 🧱\tlaid on a Monday\tinto the wall of the tower\n"
    text = line * LARGE_ROWS
    marks = [
        Mark(row * len(line), (row + 1) * len(line) - 1, "row", str(row + 1))
        for row in range(LARGE_ROWS)
    ]
    return replace(document_of(text), marks=tuple(marks))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return Room(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def chat(room: Room) -> Iterator[Chat]:
    with serving(room.workspace) as chat:
        yield chat


def pixels(page: Page) -> np.ndarray[Any, Any]:
    """Return what is on the screen, without the strokes, a pixel of CSS each."""
    style = page.add_style_tag(content=".source-strokes { visibility: hidden !important }")
    shot = page.screenshot(scale="css")
    style.evaluate("each => each.remove()")
    return np.asarray(Image.open(BytesIO(shot)).convert("RGB"), dtype=int)


def assert_on_the_ink(page: Page, *, strokes: int = 1) -> None:
    """Assert that the strokes hold all ink of the quote's colour, and little more than it."""
    page.wait_for_function(SHARP)
    boxes = np.array(page.evaluate(STROKES))
    assert len(boxes) == strokes
    seen = pixels(page)
    ink = (seen[..., 0] > seen[..., 1] + 60) & (seen[..., 2] > seen[..., 1] + 60)
    rows, columns = np.nonzero(ink)
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    assert len(rows) > 40, "the quote is in view"
    inked = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert left - 1 <= inked[0], (inked, boxes)
    assert top - 1 <= inked[1], (inked, boxes)
    assert right + 1 >= inked[2], (inked, boxes)
    assert bottom + 1 >= inked[3], (inked, boxes)
    # Along the line as tight as a stroke is wide; across it there is room for other letters.
    thick = min(right - left, bottom - top)
    along = 2 + 0.15 * thick
    room = (along, 0.5 * thick) if right - left > bottom - top else (0.5 * thick, along)
    assert inked[0] - left <= 2 + room[0] and right - inked[2] <= 2 + room[0], (inked, boxes)
    assert inked[1] - top <= 2 + room[1] and bottom - inked[3] <= 2 + room[1], (inked, boxes)


def fits(page: Page) -> bool:
    """Return whether the page of the browser is no wider than its window."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth === innerWidth")
    return wide


# -- pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", SIZES)
def test_strokes_lie_on_the_words_in_every_size(
    browser: Browser, room: Room, chat: Chat, options: dict[str, Any]
) -> None:
    link = chat.url + room.link("report.pdf", LIT)
    with opened(browser, link, ready=".source-drawn", **options) as page:
        assert_on_the_ink(page)
        assert page.text_content(".source-page-number") == "p. ii (2 of 5)"
        page.keyboard.press("+")
        page.keyboard.press("=")
        assert_on_the_ink(page)  # 1.5
        assert fits(page)
        page.click(".source-larger")
        page.click(".source-larger")
        assert_on_the_ink(page)  # 3
        assert fits(page)
        page.keyboard.press("0")
        page.click(".source-smaller")
        assert_on_the_ink(page)  # 0.75
        page.keyboard.press("0")
        assert_accessible(page, "page view")
        assert page.get_attribute(".source-paper img", "alt") == "p. ii (2 of 5) of report"
        assert page.text_content(".source-quoted") == f"Marked on this page: “{LIT}”"
        page.set_viewport_size({**options["viewport"], "width": options["viewport"]["width"] - 40})
        assert_on_the_ink(page)
        page.goto(chat.url + room.link("report.pdf", TURNED))  # a page that is turned
        page.wait_for_selector(".source-drawn")
        assert_on_the_ink(page)


def test_pages_are_turned_and_a_quote_over_two_is_marked_on_both(
    browser: Browser, room: Room, chat: Chat
) -> None:
    link = chat.url + room.link("report.pdf", FIRST, SECOND)
    with opened(browser, link, ready=".source-drawn") as page:
        number = page.locator(".source-page-number")

        def shows(words: str, strokes: int) -> None:
            page.wait_for_function(
                "words => document.querySelector('.source-page-number').textContent === words",
                arg=words,
            )
            page.wait_for_selector(".source-drawn")
            assert page.locator(".source-stroke").count() == strokes

        place = page.text_content(".source-place") or ""
        assert "2–3" in place and "line" not in place
        shows("p. 2 (4 of 5)", 1)
        for key in "][":  # away and back before anything is drawn
            page.keyboard.press(key)
        shows("p. 2 (4 of 5)", 1)
        page.keyboard.press("]")
        shows("p. 3 (5 of 5)", 1)
        assert page.get_attribute(".source-page-next", "aria-disabled") == "true"
        page.keyboard.press("]")  # there is none
        shows("p. 3 (5 of 5)", 1)
        assert not page.is_visible(".source-to-quote")
        page.keyboard.press("[")
        page.click(".source-page-previous")
        shows("p. 1 (3 of 5)", 0)
        page.wait_for_selector(".scoqa-said >> text=p. 1 (3 of 5)")
        assert page.text_content(".source-quoted") == ""
        page.click(".source-to-quote")
        shows("p. 2 (4 of 5)", 1)
        page.locator(".source-scroll").focus()
        page.keyboard.press("End")
        page.wait_for_function(
            "() => { const each = document.querySelector('.source-scroll');"
            " return each.scrollTop + each.clientHeight >= each.scrollHeight - 1; }"
        )
        page.keyboard.press("PageDown")
        shows("p. 3 (5 of 5)", 1)
        # The text of the same place, and back to the page.
        page.keyboard.press("v")
        page.wait_for_selector(".source-text mark:focus")
        quote = page.text_content(".source-text mark") or ""
        assert quote.startswith(FIRST) and quote.endswith(SECOND)
        assert not page.is_visible(".source-paper")
        assert page.locator(".source-text mark .source-start").get_attribute("data-label") == (
            "Page 3"
        )
        page.click("[data-look=page]")
        shows("p. 2 (4 of 5)", 1)
        assert page.get_attribute("[data-look=page]", "aria-pressed") == "true"
        page.keyboard.press("Escape")
        page.wait_for_selector(".source-sheet", state="hidden")
        assert number.is_hidden()


def test_a_page_that_cannot_be_drawn_is_shown_as_text_and_says_why(
    browser: Browser, room: Room, chat: Chat
) -> None:
    link = chat.url + room.link("changing.pdf", LIT)
    file = room.workspace.root / "docs" / "changing.pdf"
    file.write_bytes(file.read_bytes() + b"%")
    refused = ("the server responded with a status of 409",)
    with opened(browser, link, ready=".source-text mark:focus", forgiven=refused) as page:
        assert page.text_content(".source-text mark") == LIT
        said = page.text_content(".source-problem") or ""
        assert said == (
            "The page cannot be shown, so here is the text:"
            " changing.pdf has changed since it was indexed."
        )
        assert page.get_attribute("[data-look=text]", "aria-pressed") == "true"


# -- what a text is made of ---------------------------------------------------------------------


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_text_is_dressed_without_a_character_more_or_less(
    browser: Browser, room: Room, chat: Chat, viewport: dict[str, int]
) -> None:
    text = table().text
    link = chat.url + room.link(TABLE, "41\nVarn", "beacon")  # over rows and a start
    with opened(browser, link, ready=".source-text mark:focus", viewport=viewport) as page:
        assert page.text_content(".source-text") == text
        assert (
            page.text_content(".source-text mark")
            == text[text.index("41\nVarn") : text.index("beacon") + len("beacon")]
        )
        assert page.evaluate(SELECTED) == text
        page.evaluate("getSelection().removeAllRanges()")
        said = {
            "Home": "Not searched", "Tower\t": f"Sheet {HOSTILE}", "Orl": "7", "Varn": "8",
            "The beacon": "Slide 3", "Ada": "Message from Anna Li, 3 May 2024",
        }  # fmt: skip
        assert page.evaluate(STARTS) == [
            [utf16_offset(text, text.index(words)), label] for words, label in said.items()
        ]
        for level, words in ((3, "The towers"), (4, "Their keepers")):
            heading = page.get_by_role("heading", name=words, level=level, exact=True)
            assert heading.count() == 1
        assert page.get_attribute(".source-aside", "title") == "Not searched"
        assert not page.is_visible(".source-paging")
        assert_accessible(page, "structured text")
        assert fits(page)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_cells_of_rows_stand_in_columns(
    browser: Browser, room: Room, chat: Chat, viewport: dict[str, int]
) -> None:
    link = chat.url + room.link(SHEET, "2023")
    with opened(browser, link, ready=".source-text mark:focus", viewport=viewport) as page:
        rows = page.evaluate(CELLS)
        assert [3, 3, 3] == [len(row) for row in rows]
        for column in zip(*rows, strict=True):
            assert len(set(column)) == 1, rows


def test_of_a_large_table_only_what_is_near_is_dressed(
    browser: Browser, room: Room, chat: Chat
) -> None:
    text = large().text
    document = room.workspace.find(document_id(LARGE), "0" * 64)
    middle = text.index("laid", len(text) // 2)
    span = Span(document.id, middle, middle + 4, 1.0)
    link = chat.url + "/" + citation_link(Citation.from_span(document, span))
    with opened(browser, link, ready=".source-text mark:focus") as page:
        page.wait_for_timeout(300)
        rows = page.locator(".source-row")
        assert 10 < rows.count() < LARGE_ROWS / 50
        assert page.evaluate("document.querySelector('.source-text').textContent.length") == (
            len(text) + text.count("🧱")
        )
        number = page.evaluate(
            "() => { const mark = document.querySelector('.source-text mark');"
            " return [...document.querySelectorAll('.source-row')].filter((each) =>"
            " each.compareDocumentPosition(mark) & 4).at(-1).dataset.label; }"
        )
        assert int(number) == text.count("\n", 0, middle) + 1
        page.evaluate(
            "() => { const each = document.querySelector('.source-scroll');"
            " each.scrollTop = each.scrollHeight; }"
        )
        page.wait_for_selector(f".source-row[data-label='{LARGE_ROWS}']", state="attached")
