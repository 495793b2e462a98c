"""Pictures of the chat in every state, wide and narrow, light and dark, to be looked at.

Receives the address of a running chat and a folder: screenshots.py URL FOLDER [QUESTION [SILENT]]
Hands on FOLDER/<state>-<width>-<scheme>.png, sixteen of them.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

SIZES = ((1280, 800), (390, 844))
SCHEMES = ("light", "dark")
QUESTION = "Who sponsored the First SCO Defence and Security Forum?"
SILENT = 'Who spoke of "the purple walrus" in Beijing?'
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SETTLED_MS = 400  # fonts, scrolling


def take(
    browser: Browser, url: str, folder: Path, *, question: str = QUESTION, silent: str = SILENT
) -> list[Path]:
    """Return the pictures taken: the empty page, an answer, its source open, a silence."""
    taken = []
    for width, height in SIZES:
        for scheme in SCHEMES:
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
            )

            def shoot(state: str, waits_for: str) -> None:
                page.wait_for_selector(waits_for, timeout=120_000)  # noqa: B023
                page.wait_for_timeout(SETTLED_MS)  # noqa: B023
                path = folder / f"{state}-{width}-{scheme}.png"  # noqa: B023
                page.screenshot(path=path)  # noqa: B023
                taken.append(path)

            page.goto(url)
            shoot("empty", "#scoqa-box textarea")
            page.fill("#scoqa-box textarea", question)
            page.press("#scoqa-box textarea", "Enter")
            shoot("answer", ".scoqa-answer")
            page.click(".scoqa-number >> nth=0")
            shoot("source", ".source-text mark")
            page.keyboard.press("Escape")
            page.fill("#scoqa-box textarea", silent)
            page.press("#scoqa-box textarea", "Enter")
            shoot("silence", ".scoqa-silence")
            page.close()
    return taken


def main(url: str, folder: str, *questions: str) -> None:
    """Take the pictures and print where they are."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        sys.exit("Chromium is missing: apt install chromium, or brew install it.")
    Path(folder).mkdir(parents=True, exist_ok=True)
    named = dict(zip(("question", "silent"), questions, strict=False))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        for picture in take(browser, url, Path(folder), **named):
            print(picture)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
