"""What the browser tests share: a real Chromium, a running chat, what is seen in it.

Needs Chromium and playwright, and says so aloud when it has to skip. One `scoqa chat` serves
the tests of what is asked and checked; `serving` serves what a test prepares, in its own process.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import conftest
from conftest import OFFLINE, ROOT, free_port, offline
from scenes import write_documents

try:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

    assert expect  # for the tests that import it from here, and skip with the rest
except ImportError:
    pytest.skip(
        "The browser tests need playwright and axe: pip install 'scoqa[test]'",
        allow_module_level=True,
    )

SOURCE = ROOT / "src"
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
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
# Every success criterion of level A and AA that axe-core can test, and its best practices.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Those of them that look at colours. Nothing else is other by night.
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
SIZES = [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")]

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
    const text = (name) => document.querySelector('.source-' + name).textContent;
    return {
        marks: marks.length,
        quote: mark.textContent,
        before: before.toString(),
        text: area.textContent,
        // Whole, or from its top where it is longer than the view.
        inView: box.height > 0 && box.top >= view.top - 1 && box.top >= 0
            && Math.min(box.bottom, box.top + view.height) <= view.bottom + 1
            && view.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth,
        focused: document.activeElement === mark,
        title: text('title'),
        path: text('path'),
        place: text('place'),
        date: text('date'),
        fresh: text('fresh'),
        details: text('details'),
        problem: text('problem'),
        direction: getComputedStyle(mark).direction,
    };
}"""


@dataclass(frozen=True)
class Chat:
    """A running chat: where it answers, and the workspace it was given."""

    url: str
    root: Path

    @property
    def documents(self) -> Path:
        return self.root / "docs"

    def text(self, path: str) -> str:
        """Return the text of a document as it stands on disk."""
        return (self.documents / path).read_bytes().decode()

    def ask(self, question: str, collection: str | None = None) -> dict[str, Any]:
        """Return the Answer that the API gives."""
        request = urllib.request.Request(
            f"{self.url}/gradio_api/call/ask",
            data=json.dumps({"data": [question, collection]}).encode(),
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
    # Whether an answer is sure enough, and which words it is, is tested elsewhere; here every one
    # is shown, and a whole sentence is quoted wherever it stands: five times, over two passages.
    (root / "scoqa.toml").write_text('threshold = 0.0\nreader = "sentence"\n')
    path = os.pathsep.join(filter(None, (str(OFFLINE), str(SOURCE), os.environ.get("PYTHONPATH"))))
    tried = root / "tried"
    port = free_port()
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
            yield Chat(ready.split("ready: ")[1].strip(), root)
        finally:
            process.terminate()
            process.wait(10)
    assert process.returncode == 0
    assert not tried.exists(), "the served chat opens no connection to anywhere else"


@contextmanager
def serving(workspace: Any, **options: Any) -> Iterator[Chat]:
    """Serve `workspace` from this process until the block ends."""
    with conftest.serving(workspace, **options) as url:
        yield Chat(url, workspace.root)


@pytest.fixture
def workspace(tmp_path: Path) -> Any:
    """Return a workspace over the scenes that needs no model, and answers whatever it finds."""
    write_documents(tmp_path / "docs")
    workspace = conftest.quick_workspace(tmp_path, threshold=0.0)
    workspace.sync()
    return workspace


@contextmanager
def opened(
    browser: Browser,
    url: str,
    *,
    forgiven: tuple[str, ...] = (),
    ready: str = "#scoqa-box textarea",
    **options: Any,
) -> Iterator[Page]:
    """Open `url`. Afterwards: it asked nobody else, and nothing ran or failed in it.

    forgiven: what the console may say, beside nothing. ready: what is there once it is drawn.
    """
    context: BrowserContext = browser.new_context(**{"viewport": DESKTOP, **options})
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
    page.goto(url)
    page.wait_for_selector(ready)
    yield page
    assert page.evaluate("window.hacked") is None
    context.close()
    origin = "/".join(url.split("/")[:3])
    own = (f"{origin}/", f"blob:{origin}/", "data:")
    assert [each for each in requests if not each.startswith(own)] == []
    assert [each for each in trouble if not any(words in each for words in forgiven)] == []


@pytest.fixture
def page(browser: Browser, chat: Chat) -> Iterator[Page]:
    with opened(browser, chat.url) as page:
        yield page


def assert_accessible(page: Page, state: str) -> None:
    """Assert that axe-core finds nothing wrong with the page as it stands, by day and by night."""
    colours = set()
    for scheme, rules in (("dark", COLOURS), ("light", RULES)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(100)
        colours.add(page.evaluate("getComputedStyle(document.body).color"))
        result = Axe().run(page, options={"runOnly": rules})
        assert result.response["passes"], "axe looked at something"
        found = [
            (violation["id"], [node["html"][:200] for node in violation["nodes"]])
            for violation in result.response["violations"]
        ]
        assert found == [], (state, scheme)
    assert 2 == len(colours), "the page follows the scheme"


def ask(page: Page, question: str, *, expect: str = ".scoqa-answer") -> None:
    page.fill("#scoqa-box textarea", question)
    page.press("#scoqa-box textarea", "Enter")
    page.wait_for_selector(expect, timeout=60_000)


def cited(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every place of an Answer, in the order of the numbers."""
    return [place for first in answer["citations"] for place in (first, *first["also_in"])]


def seen(page: Page) -> dict[str, Any]:
    """Return what stands in the source viewer once it has opened at a mark."""
    page.wait_for_function(
        "() => { const mark = document.querySelector('.source-text mark');"
        " return mark && mark !== window.opened; }"
    )
    page.wait_for_timeout(50)  # two frames: it is centred twice
    page.evaluate("window.opened = document.querySelector('.source-text mark')")
    found: dict[str, Any] = page.evaluate(SEEN)
    return found


def open_source(page: Page, number: int) -> dict[str, Any]:
    """Click `number` in the list of sources and return what is seen."""
    page.click(f".scoqa-source:nth-child({number}) .scoqa-number")
    return seen(page)
