"""Question sets in a real browser: sent, run, watched, stopped, read, compared, asked again."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from conftest import quick_workspace
from scenes import BEACON, HARBOUR, REPEATED, TOWER, write_documents
from scoqa.ui.evaluation import question_sets
from scoqa.ui.source.viewer import citation_link
from served import (
    PHONE,
    SIZES,
    Browser,
    Chat,
    Page,
    ask,
    assert_accessible,
    opened,
    seen,
    serving,
)

pytest_plugins = ("served",)  # its fixtures: browser, chat, page, workspace

HOSTILE_NAME = "<img src=x onerror=hacked=1>.csv"
SHOWN_NAME = "-img src-x onerror-hacked-1-.csv"
QUESTIONS = (
    "question,answer,document\n"
    f"{BEACON},Ada Nu\u0301n\u0303ez,tower.txt\n"
    "How long is the term of the warden?,seven,charter.md\n"
    "<img src=x onerror=hacked=1> Who is Osric?,Osric,lamp.txt\n"
    "Who lit the beacon for the first time?,Nobody at all,charter.md\n"
    f"{HARBOUR},,\n"
    "What does the great lamp of Quill burn?,clear oil,lamp.txt\n"
)
FIRST, RUN = ".sets [data-does=start]", ".sets li:nth-child({}) [data-does=start]"
# What Chromium says of an answer that is no 200; the page says why.
SAID_NO = ("status of 400", "status of 404", "status of 409")
# What Gradio says when its page is left while it listens for more.
LEFT = (
    "AbortError: signal is aborted",
    "AbortError: BodyStreamBuffer was aborted",
    "Connection errored out",
)


class Held:
    """Holds the answers of a workspace at one question until it is let go."""

    def __init__(self, workspace: Any, number: int) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []
        through = workspace.explain

        def explain(question: str, **options: Any) -> Any:
            self.asked.append(question)
            if len(self.asked) == number:
                assert self.go.wait(60)
            return through(question, **options)

        workspace.explain = explain


def evaluation(browser: Browser, chat: Chat, **options: Any) -> Any:
    """Open the page for question sets."""
    return opened(
        browser,
        f"{chat.url}/evaluate",
        ready=".no-runs, .runs li",
        forgiven=(*SAID_NO, *LEFT),
        **options,
    )


def send(page: Page, name: str = "orl.csv", text: str = QUESTIONS) -> None:
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": text.encode()})


def put(workspace: Any, name: str = "orl.csv", text: str = QUESTIONS) -> None:
    folder = workspace.root / "questions"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)


def is_done(page: Page, runs: int) -> None:
    """Wait until nothing runs and so many runs are shown with their measures."""
    page.locator(".now a").wait_for()
    page.locator(".runs dl").nth(runs - 1).wait_for()


def shows(page: Page, words: str) -> None:
    """Wait until `words` are on the page, beside what is told to screen readers alone."""
    found = page.locator("p:not(.said), h1, h2, li, a, summary, .source-count")
    found.filter(has_text=words).first.wait_for(timeout=30_000)


@pytest.mark.parametrize("size", SIZES)
def test_a_set_is_sent_run_stopped_gone_on_with_read_and_compared(
    browser: Browser, workspace: Any, size: dict[str, int]
) -> None:
    held = Held(workspace, 3)

    def looks(page: Page, state: str) -> None:
        assert_accessible(page, state)
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"], state

    options: dict[str, Any] = {"viewport": size}
    with serving(workspace) as chat, evaluation(browser, chat, **options) as page:
        shows(page, "There are none yet.")
        assert page.text_content(".folder") == str(workspace.root / "questions")
        looks(page, "empty")

        send(page, "orl.csv", "question,answer\nWho?,Ada\n")
        shows(page, "orl.csv, line 1: the header lacks document.")
        assert page.get_by_text("There are none yet.").is_visible()
        looks(page, "malformed")

        send(page, HOSTILE_NAME)
        shows(page, f"{SHOWN_NAME} was added: 6 questions.")
        put(workspace, "broken.jsonl", "{}\n")
        page.locator(".sets .wrong").wait_for(timeout=20_000)
        looks(page, "sets")

        page.locator(RUN.format(2)).click()
        shows(page, "2 of 6 questions")
        bar = page.locator("progress")
        assert (bar.get_attribute("max"), bar.get_attribute("value")) == ("6", "2")
        assert page.evaluate("document.activeElement.id") == "now-title"
        assert page.locator(FIRST).first.is_disabled()
        page.get_by_text("1 answer does not stand where the set says").click()
        shows(page, "Line 5: “Nobody at all” does not occur in letters/charter.md.")
        looks(page, "running")

        page.get_by_role("button", name="Stop").click()
        shows(page, "stopping after this one")
        looks(page, "stopping")
        held.go.set()
        shows(page, f"{SHOWN_NAME} was stopped")
        shows(page, "3 of 6 questions are answered, and kept.")
        shows(page, "Report so far")
        looks(page, "stopped")

        page.locator(".now").get_by_role("button", name="Go on").click()
        is_done(page, 1)
        assert len(held.asked) == 6  # none was asked twice
        shows(page, "6 questions asked.")
        looks(page, "done")

        page.locator(RUN.format(2)).click()
        is_done(page, 2)
        compare = page.get_by_role("button", name="Compare")
        assert compare.is_disabled()
        for number in (0, 1):
            page.locator(".runs input").nth(number).check()
        looks(page, "two runs")
        compare.click()
        page.locator("#comparison").wait_for()
        assert_accessible(page, "compared")
        page.get_by_role("link", name="All sets and runs").click()

        page.locator(".runs li").first.get_by_role("link", name=re.compile("^Report:")).click()
        page.locator("#questions").wait_for()
        assert page.title().startswith(SHOWN_NAME)
        assert_accessible(page, "report")
        page.goto(f"{chat.url}/evaluate/runs/none")
        shows(page, "There is no such run.")
        looks(page, "no such run")


@pytest.mark.parametrize("size", SIZES)
def test_a_question_is_asked_again_and_its_gold_opens_at_its_characters(
    browser: Browser, workspace: Any, size: dict[str, int]
) -> None:
    put(workspace)
    options: dict[str, Any] = {"viewport": size}
    with serving(workspace) as chat, evaluation(browser, chat, **options) as page:
        page.locator(FIRST).click()
        is_done(page, 1)
        page.locator(".now a").click()
        page.locator("#also").check()
        page.get_by_role("link", name="Ask this: question 1", exact=True).click()
        page.locator(".scoqa-answer").wait_for()  # by itself
        assert page.locator(".scoqa-question").all_text_contents() == [BEACON]
        golds = page.locator(".expected-words")
        assert golds.all_text_contents() == ["Ada Nu\u0301n\u0303ez"] * 5
        assert_accessible(page, "asked again")
        golds.nth(2).click()
        shown = seen(page)
        text = chat.text(TOWER)
        places = [found.start() for found in re.finditer(re.escape(REPEATED), text)]
        start = places[2] + REPEATED.index("Ada")
        assert shown["quote"] == "Ada Nu\u0301n\u0303ez"
        assert len(shown["before"].encode("utf-16-le")) == len(text[:start].encode("utf-16-le"))
        assert (shown["inView"], shown["focused"]) == (True, True)
        assert page.text_content(".source-count") == "3 of 5"
        assert golds.nth(2).get_attribute("aria-current") == "true"
        assert_accessible(page, "gold in its place")
        page.keyboard.press("n")
        shows(page, "4 of 5")
        page.keyboard.press("Escape")
        page.locator(".source-sheet").wait_for(state="hidden")
        assert page.evaluate("document.activeElement.className") == "expected-words"

        ask(page, HARBOUR)
        page.locator(".scoqa-question").nth(1).wait_for()
        page.locator(".expected").wait_for(state="hidden")  # it was another question's
        assert "question=" not in page.url

        page.go_back()
        page.locator("#also").wait_for()
        page.get_by_role("link", name="Ask this: question 5", exact=True).click()
        shows(page, "The documents do not answer this.")
        page.get_by_role("button", name="New conversation").click()
        page.locator(".expected").wait_for(state="hidden")
        page.reload()
        page.wait_for_selector("#scoqa-box textarea")
        assert page.input_value("#scoqa-box textarea") == ""


def test_a_question_from_elsewhere_waits_for_the_person(browser: Browser, workspace: Any) -> None:
    first = workspace.ask(BEACON).citations[0]
    place = dict(each.split("=") for each in citation_link(first)[1:].split("&"))
    gold = f"{place['document']}:{place['start']}:{place['end']}:"
    asked: list[str] = []
    through = workspace.ask

    def noted(question: str, **options: Any) -> Any:
        asked.append(question)
        return through(question, **options)

    workspace.suggestions = tuple
    workspace.ask = noted
    forged = "&gold=".join((
        f"{gold}{place['digest']}",
        f"{gold}{'0' * 64}",
        f"{place['document']}:0:999999999:{place['digest']}",
        "none<img src=x onerror=hacked=1>",
        "x:<b>:1:<img src=x onerror=hacked=1>",
        *["x"] * 100,
    ))  # fmt: skip
    question = "<img src=x onerror=hacked=1> Who lit it?"
    with (
        serving(workspace) as chat,
        opened(browser, f"{chat.url}/?question={quote(question)}&gold={forged}") as page,
    ):
        page.locator(".expected-words").wait_for()
        assert page.locator(".expected-words").all_text_contents() == [first.quote]
        assert page.locator(".expected li").count() == 12
        assert "has changed" in str(page.locator(".expected li").nth(1).text_content())
        page.wait_for_timeout(500)
        assert page.input_value("#scoqa-box textarea") == question
        assert page.locator(".scoqa-question").count() == 0
        assert asked == []
        assert_accessible(page, "a question that waits")
        page.press("#scoqa-box textarea", "Enter")
        page.locator(".scoqa-question").wait_for()
        page.locator(".scoqa-answer, .scoqa-silence").first.wait_for()
        assert page.locator(".expected").is_visible()  # it is still this question's
        page.reload()
        page.locator(".expected-words").wait_for()
        page.wait_for_timeout(500)
        assert asked == [question]


def test_it_works_from_the_keyboard_and_says_what_goes_on(browser: Browser, workspace: Any) -> None:
    put(workspace)
    held = Held(workspace, 4)
    with serving(workspace) as chat, evaluation(browser, chat) as page:
        page.locator(FIRST).wait_for()
        page.evaluate(
            "() => { window.told = []; new MutationObserver(() => window.told.push("
            "document.querySelector('.said').textContent)).observe("
            "document.querySelector('.said'), { childList: true, characterData: true }); }"
        )
        page.locator(FIRST).focus()
        page.keyboard.press("Enter")
        shows(page, "3 of 6 questions")
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.nodeName") == "SUMMARY":
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "stop"
        page.keyboard.press("Enter")
        shows(page, "stopping after this one")
        held.go.set()
        shows(page, "orl.csv was stopped")
        assert page.evaluate("document.activeElement.id") == "now-title"  # Stop has gone
        told = page.evaluate("window.told")
        assert told[0] == "orl.csv." or told[0].startswith("Asking")
        assert "Asking orl.csv: 50 percent." in told
        assert told[-1].startswith("orl.csv was stopped. 4 of 6")
        assert len(told) == len(set(told))
        small = page.evaluate(
            "[...document.querySelectorAll('a, button, summary, label')]"
            ".filter(each => each.offsetParent).map(each => [each.outerHTML.slice(0, 80),"
            " each.getBoundingClientRect()]).filter(([, box]) => box.width < 24 || box.height < 24)"
        )
        assert small == []


def test_a_conversation_is_not_lost_on_the_way_to_the_sets(
    browser: Browser, workspace: Any
) -> None:
    with serving(workspace) as chat, opened(browser, chat.url) as page:
        page.get_by_role("link", name="Evaluate").click()
        page.locator(".no-runs").wait_for()
        page.get_by_role("link", name="Ask").click()
        ask(page, BEACON)
        with page.context.expect_page() as other:
            page.get_by_role("link", name="Evaluate").click()
        other.value.locator(".no-runs").wait_for()
        assert page.locator(".scoqa-answer").count() == 1
        page.set_viewport_size(PHONE)
        assert not page.get_by_role("link", name="Evaluate").is_visible()


@pytest.mark.parametrize("size", SIZES)
def test_what_is_in_the_way_is_said(
    browser: Browser, tmp_path: Path, size: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (tmp_path / "docs").mkdir()
    workspace: Any = quick_workspace(tmp_path)
    workspace.sync()
    put(workspace)
    options: dict[str, Any] = {"viewport": size}
    url = ""
    context = browser.new_context(**options)
    page = context.new_page()
    with serving(workspace) as chat:
        url = f"{chat.url}/evaluate"
        page.goto(url)
        shows(page, "There are no documents in the index.")
        assert_accessible(page, "no documents")
        page.locator(FIRST).click()
        shows(page, "orl.csv could not be asked")
        shows(page, "should name one document: none in the index.")
        assert_accessible(page, "could not be asked")
        write_documents(tmp_path / "docs")
        workspace.sync()
        monkeypatch.setattr(type(workspace.store), "writable", False)
        page.reload()
        shows(page, question_sets.explain_unwritable(workspace))
        assert page.locator(FIRST).is_disabled()
        assert page.locator("#file").is_disabled()
        assert_accessible(page, "not writable")
    shows(page, "scoqa does not answer")
    assert_accessible(page, "offline")
    context.close()
