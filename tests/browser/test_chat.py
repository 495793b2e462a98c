"""The chat in a real Chromium: ask, click the number, see exactly the characters cited.

Needs Chromium and playwright, and says so aloud when it has to skip. One `scoqa chat` serves all.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import OFFLINE, offline
from scenes import HOSTILE, PASSWORD, REPEATED, SILENT_QUESTION, TOWER, write_documents

try:
    from playwright.sync_api import Browser, Page, sync_playwright
except ImportError:
    pytest.skip(
        "The browser tests need playwright: pip install 'scoqa[test]'", allow_module_level=True
    )

SOURCE = Path(__file__).parent.parent.parent / "src"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


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


@dataclass(frozen=True)
class Chat:
    """A running chat: where it answers, and the documents it was given."""

    url: str
    documents: Path

    def ask(self, question: str) -> dict[str, Any]:
        """Return the Answer that the API gives."""
        request = urllib.request.Request(
            f"{self.url}/gradio_api/call/ask",
            data=json.dumps({"data": [question, None]}).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as reply:
            event = json.load(reply)["event_id"]
        with urllib.request.urlopen(f"{self.url}/gradio_api/call/ask/{event}") as reply:
            last = reply.read().decode().strip().splitlines()[-1]
        answer: dict[str, Any] = json.loads(last.removeprefix("data: "))[0]
        return answer


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("The browser tests need Chromium: apt install chromium, or brew install it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    root = tmp_path_factory.mktemp("chat")
    write_documents(root / "docs")
    # Whether an answer is sure enough is tested elsewhere; here every one is shown.
    (root / "scoqa.toml").write_text("threshold = 0.0\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = os.pathsep.join(filter(None, (str(OFFLINE), str(SOURCE), os.environ.get("PYTHONPATH"))))
    tried = root / "tried"
    command = [sys.executable, "-m", "scoqa", "chat", "--workspace", str(root), "--port", str(port)]
    with (
        (root / "log").open("w") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "PYTHONPATH": path, offline.TRIED_FILE: str(tried)},
        ) as process,
    ):
        assert process.stdout is not None
        try:
            ready = next((line for line in process.stdout if "ready: " in line), "")
            assert ready, (root / "log").read_text()
            yield Chat(ready.split("ready: ")[1].strip(), root / "docs")
        finally:
            process.terminate()
            process.wait(10)
    assert process.returncode == 0
    assert not tried.exists(), "the served chat opens no connection to anywhere else"


@pytest.fixture
def page(browser: Browser, chat: Chat) -> Iterator[Page]:
    """Return the open page. Afterwards: it asked nobody else, and nothing ran or failed in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    requests: list[str] = []
    trouble: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("dialog", lambda dialog: trouble.append(f"dialog: {dialog.message}"))
    page.on(
        "console",
        lambda message: trouble.append(message.text) if message.type == "error" else None,
    )
    page.goto(chat.url)
    page.wait_for_selector("#scoqa-box textarea")
    yield page
    assert page.evaluate("window.hacked") is None
    context.close()
    assert [url for url in requests if not url.startswith((chat.url + "/", "data:", "blob:"))] == []
    assert trouble == []


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
    numbers = "elements => elements.map(each => [each.textContent, each.hash])"
    in_text = page.eval_on_selector_all(".scoqa-snippet .scoqa-number", numbers)
    in_list = page.eval_on_selector_all(".scoqa-sources .scoqa-number", numbers)
    assert in_text == in_list
    assert page.get_by_role("link", name="Source 1", exact=True).count() == 2
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
