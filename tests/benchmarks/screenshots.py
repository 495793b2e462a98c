"""Pictures of every page and state, wide and narrow, light and dark, to be looked at.

Receives a folder for them (default: docs/guide/images); hands on
FOLDER/<state>-<wide or narrow>-<light or dark>.png. Serves the bundled texts itself, with the real
models, and holds what goes by too quickly to be seen.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from scoqa import Workspace
from scoqa.ui import serve
from scoqa.ui.auth import passwords

ROOT = Path(__file__).parent.parent.parent
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
SCHEMES = ("light", "dark")
QUESTION = "Who sponsored the First SCO Defence and Security Forum?"
SILENT = 'Who spoke of "the purple walrus" in Beijing?'
MEMBER = "When did Iran join?"
MEMBERS = (
    "State,Joined,Capital\nKazakhstan,2001,Astana\nUzbekistan,2001,Tashkent\nIndia,2017,New Delhi\n"
    "Iran,2023,Tehran\nBelarus,2024,Minsk\n"
)
SIDES = ("top", "right", "bottom", "left")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SETTLED_MS = 500  # fonts, scrolling
COLOURS = 128  # a page has few: a third of the bytes, and no difference to the eye


class Shots:
    """Takes pictures of one page."""

    def __init__(self, page: Page, folder: Path, name: str) -> None:
        self.page = page
        self._folder = folder
        self._name = name

    def take(self, state: str, waits_for: str, **options: Any) -> None:
        """Write the picture of `state`, once `waits_for` is there."""
        self.page.wait_for_selector(waits_for, timeout=120_000)
        self.page.wait_for_timeout(SETTLED_MS)
        path = self._folder / f"{state}-{self._name}.png"
        self.page.screenshot(path=path, **options)
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
        print(path)

    def ask(self, question: str) -> None:
        """Send `question`."""
        self.page.fill("#scoqa-box textarea", question)
        self.page.press("#scoqa-box textarea", "Enter")


@contextmanager
def served(workspace: Workspace, port: int, **options: Any) -> Iterator[str]:
    """Serve `workspace` and return the address."""
    stop, ready, urls = threading.Event(), threading.Event(), []

    def on_ready(url: str) -> None:
        urls.append(url)
        ready.set()

    thread = threading.Thread(
        target=serve,
        args=(workspace,),
        kwargs={"port": port, "on_ready": on_ready, "stop": stop, **options},
    )
    thread.start()
    try:
        ready.wait(60)
        yield urls[0]
    finally:
        stop.set()
        thread.join()


def held(call: Callable[..., Any], gate: threading.Event, *, first: bool) -> Callable[..., Any]:
    """Return `call` with a wait for `gate` before it, or after it."""

    def wrapped(*positional: Any, **named: Any) -> Any:
        if first:
            gate.wait(60)
        result = call(*positional, **named)
        if not first:
            gate.wait(60)
        return result

    return wrapped


def slowed(ask: Callable[..., Any], gate: threading.Event) -> Callable[..., Any]:
    """Return `ask` with a wait for `gate` at each of its stages."""

    def wrapped(question: str, *, progress: Any = None, **named: Any) -> Any:
        def told(stage: str) -> None:
            if progress is not None:
                progress(stage)
                gate.wait(60)

        return ask(question, progress=told, **named)

    return wrapped


def before(shots: Shots, folder: Path) -> None:
    """Take what is seen before the first question, from an empty folder on, and after the last."""
    documents = folder / "docs"
    documents.mkdir(parents=True)
    workspace: Any = Workspace(folder)
    workspace.sync()
    gate = threading.Event()
    workspace.sync = held(workspace.sync, gate, first=False)
    workspace.load = held(workspace.load, gate, first=True)
    with served(workspace, 7870) as url:
        shots.page.goto(url)
        shots.page.wait_for_selector(".welcome-add:not([hidden])")
        shots.page.evaluate(  # where the pictures are taken is nobody's concern
            "(scratch) => { const shown = document.querySelector('.welcome-folder');"
            " shown.textContent = shown.textContent.replace(scratch, '~'); }",
            str(folder.parent),
        )
        shots.take("empty", ".welcome-add:not([hidden])")
        shutil.copytree(ROOT / "docs" / "sco", documents / "sco")
        shots.page.click(".welcome-look")
        shots.take("indexing", ".welcome-indexing progress[value]")
        gate.set()
        shots.page.wait_for_selector(".scoqa-suggestion", timeout=120_000)
        shots.ask(QUESTION)
        shots.page.wait_for_selector(".scoqa-answer", timeout=60_000)
    shots.take("offline", ".scoqa-offline")


def during(shots: Shots, workspace: Any) -> None:
    """Take what is seen while one asks and checks."""
    page, gate = shots.page, threading.Event()
    through = workspace.ask
    with served(workspace, 7880) as url:
        page.goto(url)
        shots.take("welcome", ".scoqa-suggestion")
        workspace.ask = slowed(through, gate)
        shots.ask(QUESTION)
        shots.take("pending", ".scoqa-pending >> text=Finding")
        gate.set()
        shots.take("answer", ".scoqa-answer")
        page.click(".scoqa-number >> nth=0")
        shots.take("source", ".source-text mark")
        address = page.url
        page.keyboard.press("?")
        shots.take("keys", ".scoqa-keys[open]")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.wait_for_selector(".source-sheet", state="hidden")
        shots.ask(SILENT)
        shots.take("silence", ".scoqa-silence")
        page.emulate_media(media="print")
        shots.take("print", ".scoqa-source-proof", full_page=True)
        page.emulate_media(media="screen")
        shots.ask("How? " * 500)
        shots.take("problem", ".scoqa-problem")
        page.goto(address.replace("digest=", "digest=0"))
        shots.take("changed", ".source-problem:not(:empty)")
    workspace.ask = through


def printed(browser: Browser, folder: Path) -> Workspace:
    """Return a workspace over the bundled texts as PDFs, and one of their facts as a sheet."""
    documents = folder / "docs"
    documents.mkdir(parents=True)
    style = "body { font: 11pt/1.4 serif; columns: 2 } h1 { column-span: all }"
    page = browser.new_page()
    for text in sorted((ROOT / "docs" / "sco").glob("*.txt")):
        title, *lines = text.read_text(encoding="utf-8").splitlines()
        body = "".join(f"<p>{escape(line)}</p>" for line in lines if line.strip())
        page.set_content(f"<style>{style}</style><h1>{escape(title)}</h1>{body}")
        page.pdf(
            path=documents / f"{text.stem}.pdf", format="A4", margin=dict.fromkeys(SIDES, "2cm")
        )
    page.close()
    (documents / "members.csv").write_text(MEMBERS, encoding="utf-8")
    workspace = Workspace(folder)
    workspace.sync()
    return workspace


def on_paper(shots: Shots, workspace: Workspace) -> None:
    """Take a PDF's page with the quote lit on it, its text, and the row of a sheet."""
    page = shots.page
    with served(workspace, 7875) as url:
        page.goto(url)
        shots.ask(QUESTION)
        page.click(".scoqa-number >> nth=0", timeout=60_000)
        shots.take("paper", ".source-drawn .source-stroke")
        page.click(".source-sheet [data-look=text]")
        shots.take("paper-text", ".source-text mark")
        page.keyboard.press("Escape")
        page.wait_for_selector(".source-sheet", state="hidden")
        shots.ask(MEMBER)
        page.wait_for_selector(".scoqa-answer >> nth=1", timeout=60_000)
        page.click(".scoqa-answer >> nth=1 >> .scoqa-number >> nth=0")
        shots.take("row", ".source-row")


def measured(shots: Shots, workspace: Workspace) -> None:
    """Take what comes of a question set: its report, and one question opened again."""
    page = shots.page
    with served(workspace, 7885) as url:
        page.goto(f"{url}/evaluate")
        page.set_input_files("#file", ROOT / "tests" / "questions" / "sco.jsonl")
        page.click(".sets [data-does=start]", timeout=60_000)
        page.wait_for_selector(".now a", timeout=120_000)  # not taken: it names this folder
        page.click(".now a")
        shots.take("report", "#questions")
        page.locator("#questions").scroll_into_view_if_needed()
        shots.take("report-questions", "#questions .failed .ask")
        page.click("#questions .failed .ask >> nth=0")
        shots.take("expected", ".scoqa-answer, .scoqa-silence")


def door(shots: Shots, workspace: Workspace) -> None:
    """Take the page where one logs in."""
    logins = passwords.find_logins(workspace, {"SCOQA_PASSWORD": "a picture of a login page"})
    with served(workspace, 7890, logins=logins) as url:
        shots.page.goto(url)
        shots.take("login", "form")
        shots.page.fill("input[name=username]", "ada")
        shots.page.fill("input[name=password]", "not the right one")
        shots.page.click("button[type=submit], form button")
        shots.take("login-refused", "[role=alert]")


def take(browser: Browser, folder: Path, scratch: Path) -> None:
    """Write every picture into `folder`."""
    workspace = Workspace(ROOT, index=scratch / "index")
    workspace.sync()
    workspace.load()
    paper = printed(browser, scratch / "printed")
    for width, (across, down) in SIZES.items():
        for scheme in SCHEMES:
            with browser.new_context(
                viewport={"width": across, "height": down},
                color_scheme=scheme,  # type: ignore[arg-type]
            ) as context:
                shots = Shots(context.new_page(), folder, f"{width}-{scheme}")
                before(shots, scratch / f"{width}-{scheme}" / "handbook")
                during(shots, workspace)
                on_paper(shots, paper)
                measured(shots, workspace)
                door(shots, workspace)


def main(folder: str = str(ROOT / "docs" / "guide" / "images")) -> None:
    """Take the pictures and print where they are."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        sys.exit("Chromium is missing: apt install chromium, or brew install it.")
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    Path(folder).mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory())
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        take(browser, Path(folder), Path(scratch))
        browser.close()
    # What suggests questions may still be at it, and torch does not end in the middle of its work.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
