"""The chat in a real Chromium: ask, click the number, see exactly the characters cited."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Chat
from playwright.sync_api import Page
from scenes import HOSTILE, PASSWORD, REPEATED, SILENT_QUESTION, TOWER

BEACON = "Who lit the beacon of Orl in 1887?"
HARBOUR = "What is the password of the harbour?"

# What stands in the source viewer, in code units of the DOM itself.
SEEN = """() => {
    const area = document.querySelector('.source-text');
    const marks = area.querySelectorAll('mark');
    const mark = marks[0];
    const before = document.createRange();
    before.setStart(area, 0);
    before.setEndBefore(mark);
    const box = mark.getBoundingClientRect();
    const view = document.querySelector('.source-scroll').getBoundingClientRect();
    return {
        marks: marks.length,
        quote: mark.textContent,
        before: before.toString(),
        text: area.textContent,
        inView: box.height > 0 && box.top >= view.top && box.bottom <= view.bottom
            && box.top >= 0 && box.bottom <= innerHeight && box.left >= 0
            && box.right <= innerWidth,
        focused: document.activeElement === mark,
        title: document.querySelector('.source-title').textContent,
        where: document.querySelector('.source-where').textContent,
    };
}"""


def ask(page: Page, question: str, *, expect: str = ".scoqa-answer") -> None:
    page.fill("#scoqa-box textarea", question)
    page.press("#scoqa-box textarea", "Enter")
    page.wait_for_selector(expect, timeout=60_000)


def cited(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every place of an Answer, in the order of the numbers."""
    return [place for first in answer["citations"] for place in (first, *first["also_in"])]


def open_source(page: Page, number: int) -> dict[str, Any]:
    """Click `number` in the list of sources and return what is seen."""
    before = page.evaluate("window.opened = document.querySelector('.source-text mark')")
    page.click(f".scoqa-source:nth-child({number}) .scoqa-number")
    page.wait_for_function(
        "() => { const mark = document.querySelector('.source-text mark');"
        " return mark && mark !== window.opened; }"
    )
    assert before is None or number > 1
    seen: dict[str, Any] = page.evaluate(SEEN)
    return seen


def test_every_number_opens_its_source_at_exactly_the_characters_cited(
    page: Page, chat: Chat
) -> None:
    places = cited(chat.ask(BEACON))
    text = (chat.documents / TOWER).read_bytes().decode()
    starts = [place["start"] for place in places if REPEATED in place["sentence"]]
    assert len(starts) == text.count(REPEATED) == 3  # the first is not the only right one
    ask(page, BEACON)
    for number, place in enumerate(places, 1):
        text = (chat.documents / place["path"]).read_bytes().decode()
        seen = open_source(page, number)
        assert seen["quote"] == place["quote"]
        assert seen["before"] == text[: place["start"]]
        assert seen["text"] == text
        assert (seen["marks"], seen["inView"], seen["focused"]) == (1, True, True)
        assert seen["title"] == place["title"]
        assert seen["where"].startswith(place["path"])
        assert f"line {place['line']}" in seen["where"]


def test_numbers_in_the_text_equal_those_in_the_list_of_sources(page: Page) -> None:
    ask(page, BEACON)
    numbers = "elements => elements.map(each => [each.lastChild.textContent, each.hash])"
    in_text = page.eval_on_selector_all(".scoqa-snippet .scoqa-number", numbers)
    in_list = page.eval_on_selector_all(".scoqa-sources .scoqa-number", numbers)
    assert in_text == in_list
    assert [number for number, _ in in_list] == [str(n + 1) for n in range(len(in_list))]


def test_hostile_text_and_names_are_shown_and_nothing_runs(page: Page, chat: Chat) -> None:
    place = cited(chat.ask(HARBOUR))[0]
    assert place["path"] == HOSTILE
    ask(page, HARBOUR)
    assert PASSWORD in page.text_content(".scoqa-snippet")
    assert page.text_content(".scoqa-source-place bdi") == HOSTILE
    assert page.locator("#scoqa-talk :is(img, script, em, code, strong, .katex)").count() == 0
    assert page.locator("#scoqa-talk a:not(.scoqa-number)").count() == 0
    seen = open_source(page, 1)
    assert seen["quote"] == place["quote"]
    assert seen["text"] == (chat.documents / HOSTILE).read_bytes().decode()
    assert seen["title"] == place["title"]
    # And what the reader types is no more than text.
    ask(page, f"{PASSWORD} {HARBOUR}", expect=".scoqa-question >> nth=1")
    assert page.text_content(".scoqa-question >> nth=1") == f"{PASSWORD} {HARBOUR}"


def test_a_question_without_an_answer_gets_a_silence_that_says_why(page: Page, chat: Chat) -> None:
    answer = chat.ask(SILENT_QUESTION)
    assert not answer["answered"]
    ask(page, SILENT_QUESTION, expect=".scoqa-silence")
    assert page.text_content(".scoqa-silence-title") == "Your documents do not answer this"
    assert page.locator(".scoqa-near").count() == len(answer["near_misses"])
    assert page.locator("#scoqa-talk mark").count() == 0


def test_everything_works_from_the_keyboard(page: Page) -> None:
    ask(page, BEACON)
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('.scoqa-snippet .scoqa-number')"):
            break
    name = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.wait_for_selector(".source-text mark:focus")
    page.keyboard.press("Escape")
    page.wait_for_selector(".source-sheet", state="hidden")
    assert page.evaluate("document.activeElement.textContent") == name


@pytest.mark.parametrize("width", [360, 3840])
def test_nothing_is_cut_off_from_a_small_phone_to_4k(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 640 if width < 1000 else 2160})
    ask(page, HARBOUR)
    assert open_source(page, 1)["inView"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(
        "[...document.querySelectorAll('.scoqa-answer, .source-sheet, #scoqa-ask')]"
        ".every(each => each.scrollWidth <= each.clientWidth)"
    )
