"""Asking, in a real Chromium: what is seen from the question to its answer, and afterwards."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from scenes import (
    BEACON,
    COPY,
    HARBOUR,
    HOSTILE,
    HOSTILE_FOLDER,
    PASSWORD,
    REPEATED,
    SILENT_QUESTION,
    TIMES,
    TOWER,
    documents,
)
from scoqa import silence_wording
from scoqa.normalization import fold
from scoqa.suggest import FRAMES
from scoqa.ui.chat import answer_markup
from scoqa.ui.words import wording
from scoqa.ui.work.ask_stream import AskQueue
from served import (
    Browser,
    Chat,
    Page,
    ask,
    cited,
    open_source,
    opened,
    serving,
)

pytest_plugins = ("served",)  # its fixtures: browser, chat, page, workspace


class Gate:
    """Holds an ask at each of its stages until it is let through."""

    def __init__(self, workspace: Any) -> None:
        self.reached = threading.Semaphore(0)
        self.passed = threading.Semaphore(0)
        self.finished: list[str] = []
        self._ask = workspace.ask
        workspace.ask = self.ask
        workspace.suggestions = tuple  # they are found by asking

    def ask(self, question: str, *, progress: Any = None, **options: Any) -> Any:
        def held(stage: str) -> None:
            if progress is not None:
                progress(stage)
            self.reached.release()
            assert self.passed.acquire(timeout=30)
            if progress is not None:
                progress(stage)  # as the next stage would: here a stopped ask ends

        answer = self._ask(question, progress=held, **options)
        self.finished.append(question)
        return answer


# -- while it is worked on ----------------------------------------------------------------------


def test_each_stage_of_the_work_is_seen(browser: Browser, workspace: Any) -> None:
    gate = Gate(workspace)
    with serving(workspace) as chat, opened(browser, chat.url) as page:
        ask(page, BEACON, expect=f"text={answer_markup.STEPS['find']}")
        assert page.text_content(".scoqa-question") == BEACON
        assert page.input_value("#scoqa-box textarea") == ""
        assert page.is_visible("#scoqa-stop") and not page.is_visible("#scoqa-button")
        gate.passed.release()
        page.wait_for_selector(f"text={answer_markup.STEPS['read']}")
        gate.passed.release()
        page.wait_for_selector(".scoqa-answer")
        assert page.is_visible("#scoqa-button") and not page.is_visible("#scoqa-stop")


@pytest.mark.parametrize("by", ["button", "Escape"])
def test_an_ask_can_be_stopped(browser: Browser, workspace: Any, by: str) -> None:
    gate = Gate(workspace)
    with serving(workspace) as chat, opened(browser, chat.url) as page:
        ask(page, BEACON, expect=f"text={answer_markup.STEPS['find']}")
        page.click("#scoqa-stop") if by == "button" else page.keyboard.press("Escape")
        page.wait_for_selector(f"text={answer_markup.STOPPED}")
        assert page.input_value("#scoqa-box textarea") == BEACON  # to be asked otherwise
        assert page.is_visible("#scoqa-button") and not page.is_visible("#scoqa-stop")
        gate.passed.release(4)
        ask(page, HARBOUR)
        assert gate.finished == [HARBOUR]  # the stopped one was not worked on to its end
        assert page.locator(".scoqa-answer").count() == 1


def test_a_stop_at_any_moment_leaves_nothing_waiting(browser: Browser, workspace: Any) -> None:
    through, workspace.suggestions = workspace.ask, tuple

    def slow(question: str, *, progress: Any, **options: Any) -> Any:
        def told(stage: str) -> None:
            progress(stage)
            time.sleep(0.1)

        return through(question, progress=told, **options)

    workspace.ask = slow
    with serving(workspace) as chat, opened(browser, chat.url) as page:
        for number, delay in enumerate((0, 20, 40, 60, 80, 100, 120, 160, 200, 240, 300), 1):
            page.fill("#scoqa-box textarea", f"{BEACON} {number}")
            page.press("#scoqa-box textarea", "Enter")
            page.wait_for_timeout(delay)
            page.keyboard.press("Escape")
            page.wait_for_function(
                "n => document.querySelectorAll('.scoqa-question').length === n"
                " && !document.querySelector('.scoqa-pending')",
                arg=number,
                timeout=10_000,
            )
            page.wait_for_selector("#scoqa-button", state="visible")


def test_who_waits_behind_others_sees_it_and_may_leave(browser: Browser, workspace: Any) -> None:
    gate = Gate(workspace)
    with serving(workspace) as chat:
        others = [threading.Thread(target=chat.ask, args=(BEACON,)) for _ in range(2)]
        for other in others:
            other.start()
            assert gate.reached.acquire(timeout=30)
        with opened(browser, chat.url) as page:
            ask(page, HARBOUR, expect=f"text={answer_markup.STEPS['wait']}")
            page.click("#scoqa-stop")
            page.wait_for_selector(f"text={answer_markup.STOPPED}")
        gate.passed.release(8)
        for other in others:
            other.join(30)
        assert gate.finished == [BEACON, BEACON]


def test_a_second_question_stays_in_the_box_while_one_is_answered(
    browser: Browser, workspace: Any
) -> None:
    gate = Gate(workspace)
    with serving(workspace) as chat, opened(browser, chat.url) as page:
        ask(page, BEACON, expect=f"text={answer_markup.STEPS['find']}")
        with page.expect_response("**/run/predict"):  # else the answer might come before it
            ask(page, HARBOUR, expect=".scoqa-pending")
        gate.passed.release(2)
        page.wait_for_selector(".scoqa-answer")
        assert page.locator(".scoqa-question").count() == 1
        assert page.input_value("#scoqa-box textarea") == HARBOUR


# -- the answer ---------------------------------------------------------------------------------


def test_the_answer_is_the_sentence_with_the_words_lit_in_it(page: Page, chat: Chat) -> None:
    answer = chat.ask(BEACON)
    ask(page, BEACON)
    assert len(answer["citations"]) > 1
    snippets = page.locator(".scoqa-snippet").all()
    assert len(snippets) == len({(c["document_id"], c["sentence"]) for c in answer["citations"]})
    first = answer["citations"][0]
    assert snippets[0].locator("mark").first.text_content() == first["quote"]
    assert snippets[0].locator(".scoqa-words").text_content() == first["sentence"]
    said = next(words for least, words in wording.CONFIDENCE if answer["confidence"] >= least)
    assert page.text_content(".scoqa-confidence") == said


def test_the_shortest_words_are_lit_in_their_sentence_and_marked_in_the_source(
    browser: Browser, sco: Any
) -> None:
    question = "Who sponsored the First SCO Defence and Security Forum?"
    first = sco.ask(question).citations[0]
    assert "international college of defence studies" in fold(first.quote)
    assert len(first.quote) < len(first.sentence)
    with serving(sco) as chat, opened(browser, chat.url) as page:
        ask(page, question)
        snippet = page.locator(".scoqa-snippet").first
        assert snippet.locator("mark").first.text_content() == first.quote
        assert snippet.locator(".scoqa-words").text_content() == first.sentence
        assert open_source(page, 1)["quote"] == first.quote


def test_numbers_in_the_text_equal_those_in_the_list_of_sources(page: Page) -> None:
    ask(page, BEACON)
    numbers = "elements => elements.map(each => [each.textContent, each.search])"
    in_text = page.eval_on_selector_all(".scoqa-snippet .scoqa-number", numbers)
    in_list = page.eval_on_selector_all(".scoqa-sources .scoqa-number", numbers)
    assert sorted(in_text) == sorted(in_list)  # only what is cited is listed
    assert page.get_by_role("link", name="Source 1", exact=True).count() == 2
    assert [number for number, _ in in_list] == [str(n + 1) for n in range(len(in_list))]


def test_the_same_fact_in_several_places_is_one_line_with_several_numbers(page: Page) -> None:
    ask(page, BEACON)
    lines = page.locator(".scoqa-snippet").filter(has_text=REPEATED).all()
    assert len(lines) == 1
    numbers = lines[0].locator(".scoqa-number").all_text_contents()
    assert len(numbers) == TIMES + 1
    paths = [
        page.locator(f".scoqa-source:nth-child({number}) bdi").first.text_content()
        for number in numbers
    ]
    assert sorted(paths) == sorted([TOWER] * TIMES + [COPY])


def test_a_question_without_an_answer_gets_a_silence_that_says_why(page: Page, chat: Chat) -> None:
    answer = chat.ask(SILENT_QUESTION)
    assert not answer["answered"]
    ask(page, SILENT_QUESTION, expect=".scoqa-silence")
    assert page.text_content(".scoqa-silence-title") == "Your documents do not answer this"
    assert page.text_content(".scoqa-reason") == silence_wording.REASONS[answer["reason"]]
    assert page.locator(".scoqa-near").count() == len(answer["near_misses"]) > 0
    assert page.text_content(".scoqa-near-title") == "Nearest passages, which do not answer it"
    assert page.locator("#scoqa-talk mark, .scoqa-confidence").count() == 0
    open_source(page, 1)  # a near miss can be checked too


def test_hostile_text_and_names_are_shown_and_nothing_runs(page: Page, chat: Chat) -> None:
    place = cited(chat.ask(HARBOUR))[0]
    assert place["path"] == HOSTILE
    page.wait_for_function("document.querySelectorAll('#scoqa-collection option').length > 2")
    assert HOSTILE_FOLDER in page.locator("#scoqa-collection option").all_text_contents()
    page.select_option("#scoqa-collection", f"/{HOSTILE_FOLDER}")
    ask(page, HARBOUR)
    assert page.text_content(".scoqa-within") == f"Asked in {HOSTILE_FOLDER}"
    assert PASSWORD in (page.text_content(".scoqa-snippet") or "")
    assert page.text_content(".scoqa-source-place bdi") == HOSTILE
    assert page.locator("#scoqa-talk :is(img, script, em, code, strong, b, .katex)").count() == 0
    assert page.locator("#scoqa-talk a:not(.scoqa-number)").count() == 0
    source = open_source(page, 1)
    assert source["quote"] == place["quote"]
    assert source["text"] == chat.text(HOSTILE)
    assert source["title"] == place["title"]
    assert source["path"] == HOSTILE
    assert page.locator("#scoqa-source :is(img[src], script, a)").count() == 0
    # And what the reader types is no more than text.
    ask(page, f"{PASSWORD} {HARBOUR}", expect=".scoqa-question >> nth=1")
    assert page.text_content(".scoqa-question >> nth=1") == f"{PASSWORD} {HARBOUR}"


def test_a_question_that_cannot_be_asked_gets_a_sentence(page: Page) -> None:
    ask(page, "x" * 2_001, expect=".scoqa-problem")
    assert "2,001 characters" in (page.text_content(".scoqa-problem") or "")
    ask(page, "?!", expect=".scoqa-problem >> nth=1")
    assert "empty" in (page.text_content(".scoqa-problem >> nth=1") or "")
    assert page.input_value("#scoqa-box textarea") == "?!"  # to be asked otherwise
    page.fill("#scoqa-box textarea", "")
    page.press("#scoqa-box textarea", "Enter")
    page.wait_for_timeout(300)
    assert page.locator(".scoqa-question").count() == 2  # an empty box asks nothing


# -- around the conversation --------------------------------------------------------------------


def test_the_first_questions_are_made_of_the_documents_and_can_be_asked(
    page: Page, chat: Chat
) -> None:
    page.wait_for_selector(".scoqa-suggestion", timeout=20_000)
    questions = page.locator(".scoqa-suggestion").all_text_contents()
    whole = " ".join(" ".join(text.split()) for text in documents().values())
    frames = [re.escape(frame).replace(re.escape("{}"), "(.+)") for frame in FRAMES]
    for question in questions:
        subjects = [m[1] for m in (re.fullmatch(frame, question) for frame in frames) if m]
        assert any(subject in whole for subject in subjects), question
    page.click(".scoqa-suggestion >> nth=0")
    page.wait_for_selector(".scoqa-answer", timeout=60_000)
    assert page.text_content(".scoqa-question") == questions[0]
    assert not page.is_visible("#scoqa-welcome")


def test_a_collection_is_asked_alone(page: Page) -> None:
    page.wait_for_function("document.querySelectorAll('#scoqa-collection option').length > 2")
    options = page.locator("#scoqa-collection option").all_text_contents()
    assert options == ["all documents", "files outside folders", HOSTILE_FOLDER, "letters"]
    for value, words, folder in (
        ("/letters", "Asked in letters", "letters"),
        ("/", "Asked in files outside folders", ""),
    ):
        page.select_option("#scoqa-collection", value)
        ask(page, BEACON, expect=f".scoqa-within >> text={words}")
        page.wait_for_selector("#scoqa-button", state="visible")
        listed = page.locator("#scoqa-talk .bot-row").last.locator(".scoqa-source-place")
        paths = [place.locator("bdi").first.text_content() or "" for place in listed.all()]
        assert {path.rpartition("/")[0] for path in paths} == {folder}


def test_a_new_conversation_begins_empty(page: Page) -> None:
    ask(page, BEACON)
    open_source(page, 1)
    page.get_by_role("button", name="New conversation").click()
    page.wait_for_selector(".scoqa-question", state="detached")
    assert page.is_visible("#scoqa-welcome") and not page.is_visible(".source-sheet")
    assert page.evaluate("location.search") == ""
    ask(page, SILENT_QUESTION, expect=".scoqa-silence")
    assert page.locator(".scoqa-question").count() == 1


def test_a_conversation_that_the_server_forgot_is_kept_on_the_page(page: Page) -> None:
    ask(page, TOWER)
    page.evaluate(  # one question more than the server knows of
        "document.querySelector('.scoqa-question').after("
        "document.querySelector('.scoqa-question').cloneNode(true))"
    )
    page.fill("#scoqa-box textarea", BEACON)
    page.press("#scoqa-box textarea", "Enter")
    page.wait_for_selector(".scoqa-state >> text=no longer has this conversation")
    assert page.locator(".scoqa-answer").count() == 1
    assert page.input_value("#scoqa-box textarea") == BEACON
    page.click("[data-does='anew']")
    page.wait_for_selector(".welcome-holds")
    ask(page, BEACON)


def test_the_conversation_is_saved_with_its_citations(page: Page, chat: Chat) -> None:
    for question, expect in ((BEACON, ".scoqa-answer"), (SILENT_QUESTION, ".scoqa-silence")):
        ask(page, question, expect=expect)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save conversation as Markdown").click()
    assert re.fullmatch(r"chat\d+-[\d-]+\.md", download.value.suggested_filename)
    text = Path(download.value.path()).read_text(encoding="utf-8")
    first = cited(chat.ask(BEACON))[0]
    for words in (
        BEACON,
        REPEATED,
        TOWER,
        first["digest"],
        SILENT_QUESTION,
        silence_wording.SILENCE,
    ):
        assert words in text
    page.goto(re.findall(r"\(<(http[^>]+)>\)", text)[0])
    page.wait_for_selector(".source-text mark")
    assert page.text_content(".source-text mark") == first["quote"]


def test_paper_shows_the_conversation_and_every_place_whole(page: Page, chat: Chat) -> None:
    for question in (BEACON, HARBOUR):
        ask(page, question)
        page.wait_for_selector("#scoqa-button", state="visible")
    page.emulate_media(media="print")
    places = cited(chat.ask(BEACON)) + cited(chat.ask(HARBOUR))
    proofs = page.locator(".scoqa-source-proof").all()
    assert len(proofs) == len(places)
    for proof, place in zip(proofs, places, strict=True):
        assert proof.is_visible()
        assert proof.text_content() == (
            f"characters {place['start']}–{place['end']} · sha256 {place['digest']}"
        )
    for name in ("#scoqa-ask", ".scoqa-tools", "#scoqa-source", "#scoqa-welcome"):
        assert not page.is_visible(name)
    # Nothing scrolls on paper: all of it is laid out.
    assert page.evaluate(
        "[...document.querySelectorAll('body, .gradio-container, #scoqa-talk, #scoqa-talk *')]"
        ".every(each => each.scrollHeight <= each.clientHeight + 1"
        " || !['auto', 'scroll', 'hidden'].includes(getComputedStyle(each).overflowY))"
    )
    assert page.pdf().startswith(b"%PDF")


def test_two_people_see_nothing_of_each_other(browser: Browser, page: Page, chat: Chat) -> None:
    with opened(browser, chat.url) as other:
        ask(page, BEACON)
        ask(other, HARBOUR)
        ask(page, SILENT_QUESTION, expect=".scoqa-silence")
        assert page.locator(".scoqa-question").all_text_contents() == [BEACON, SILENT_QUESTION]
        assert other.locator(".scoqa-question").all_text_contents() == [HARBOUR]
        other.get_by_role("button", name="New conversation").click()
        other.wait_for_selector(".scoqa-question", state="detached")
        assert page.locator(".scoqa-question").count() == 2


# -- when it does not work ----------------------------------------------------------------------


def test_a_question_that_finds_no_place_in_line_is_told_so(
    browser: Browser, workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoqa.ui.chat.components.AskQueue", lambda: AskQueue(most_waiting=1))
    gate = Gate(workspace)
    with serving(workspace) as chat:
        others = [threading.Thread(target=chat.ask, args=(BEACON,)) for _ in range(3)]
        for other in others[:2]:
            other.start()
            assert gate.reached.acquire(timeout=30)
        others[2].start()
        with opened(browser, chat.url) as page:
            page.wait_for_timeout(300)  # the third waits
            ask(page, HARBOUR, expect=".scoqa-problem")
            assert "Too many people" in (page.text_content(".scoqa-problem") or "")
            page.wait_for_selector("#scoqa-button", state="visible")
            gate.passed.release(20)
            for other in others:
                other.join(30)
            page.fill("#scoqa-box textarea", HARBOUR)
            page.press("#scoqa-box textarea", "Enter")
            page.wait_for_selector(".scoqa-answer")


def test_a_flood_is_refused_and_stays_in_the_box(browser: Browser, chat: Chat) -> None:
    with opened(browser, chat.url, forgiven=("413",)) as page:
        page.fill("#scoqa-box textarea", "x" * 300_000)
        page.press("#scoqa-box textarea", "Enter")
        page.wait_for_selector(".scoqa-state >> text=too long for a question")
        assert len(page.input_value("#scoqa-box textarea")) == 300_000
        ask(page, BEACON)
