"""Everybody can use it: axe-core on every state, the keyboard, screen readers, sizes, schemes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from conftest import quick_workspace
from scenes import BEACON, HARBOUR, SILENT_QUESTION, write_documents
from scoqa.ui.auth import passwords
from scoqa.ui.chat import answer_markup
from scoqa.ui.source.viewer import citation_link
from served import (
    SIZES,
    Browser,
    Page,
    ask,
    assert_accessible,
    open_source,
    opened,
    serving,
)

pytest_plugins = ("served",)  # its fixtures: browser, chat, page, workspace

# What Chromium itself says when nobody answers.
GONE = ("ERR_CONNECTION_REFUSED", "Failed to fetch", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE",
        "ERR_INCOMPLETE_CHUNKED_ENCODING", "NetworkError", "Connection errored out")  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_wrong_while_one_asks_and_checks(
    browser: Browser, workspace: Any, size: dict[str, int]
) -> None:
    held = threading.Event()
    through = workspace.ask

    def slow(question: str, **options: Any) -> Any:
        assert held.wait(30)
        return through(question, **options)

    with (
        serving(workspace) as chat,
        opened(browser, chat.url, viewport=size) as page,
    ):
        page.wait_for_selector(".scoqa-suggestion")
        assert_accessible(page, "welcome")
        page.get_by_role("button", name="Keys").click()
        assert_accessible(page, "keys")
        page.keyboard.press("Escape")
        workspace.ask = slow
        ask(page, BEACON, expect=".scoqa-pending")
        assert_accessible(page, "pending")
        page.click("#scoqa-stop")
        page.wait_for_selector(".scoqa-problem")
        assert_accessible(page, "stopped")
        held.set()
        ask(page, BEACON)
        assert_accessible(page, "answer")
        open_source(page, 2)
        assert_accessible(page, "source")
        page.click(".source-details summary")
        assert_accessible(page, "proof")
        page.keyboard.press("Escape")
        page.wait_for_selector(".source-sheet", state="hidden")
        ask(page, SILENT_QUESTION, expect=".scoqa-silence")
        assert_accessible(page, "silence")
        page.goto(f"{chat.url}/?document=x&start=1&end=2&digest=x")
        page.wait_for_selector(".source-problem:not(:empty)")
        assert_accessible(page, "unknown source")


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_wrong_before_and_after(
    browser: Browser, tmp_path: Path, size: dict[str, int]
) -> None:
    (tmp_path / "docs").mkdir()
    workspace: Any = quick_workspace(tmp_path)
    workspace.sync()
    embedder = workspace.models.embedder
    embedder.loaded = False
    held = threading.Event()

    def load() -> None:
        assert held.wait(30)
        embedder.loaded = True

    embedder.load = load
    through = workspace.sync

    def sync(*, progress: Callable[[Any], None]) -> Any:
        report = through(progress=progress)
        assert held.wait(30)
        return report

    workspace.sync = sync
    options: dict[str, Any] = {"viewport": size, "forgiven": GONE}
    with serving(workspace) as chat, opened(browser, chat.url, **options) as page:
        page.wait_for_selector("text=There are no documents here yet")
        assert page.text_content(".welcome-folder") == str(workspace.documents)
        assert_accessible(page, "empty")
        write_documents(tmp_path / "docs")
        page.click(".welcome-look")
        page.wait_for_selector(".welcome-indexing progress")
        assert_accessible(page, "indexing")
        page.wait_for_selector(".scoqa-state >> text=Loading the model…")
        assert_accessible(page, "loading")
        held.set()
        page.wait_for_selector(".scoqa-suggestion")
        ask(page, BEACON)
    # The server has ended, the page is still there.
    with serving(workspace) as chat:
        context = browser.new_context(viewport=size)
        page = context.new_page()
        page.goto(chat.url)
        ask(page, BEACON)
    page.wait_for_selector(".scoqa-state >> text=scoqa does not answer", timeout=30_000)
    with serving(workspace, port=int(chat.url.rpartition(":")[2])):
        page.wait_for_selector(".scoqa-state >> text=started again", timeout=30_000)
        page.fill("#scoqa-box textarea", HARBOUR)
        page.press("#scoqa-box textarea", "Enter")
        page.wait_for_timeout(500)
        assert page.locator(".scoqa-question").all_text_contents() == [BEACON]  # nothing is lost
    page.wait_for_selector(".scoqa-state >> text=scoqa does not answer", timeout=30_000)
    assert_accessible(page, "offline")
    assert page.locator(".scoqa-answer").count() == 1  # what was found stays readable
    context.close()


# -- the keyboard -------------------------------------------------------------------------------


def test_everything_works_from_the_keyboard(page: Page) -> None:
    ask(page, BEACON)
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('.scoqa-snippet .scoqa-number')"):
            break
    name = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.wait_for_selector(".source-text mark:focus")
    reached = set()
    for _ in range(8):
        page.keyboard.press("Shift+Tab")
        reached.add(page.evaluate("document.activeElement.className"))
    assert {"source-button source-next", "source-button source-close"} <= reached
    page.keyboard.press("Escape")
    page.wait_for_selector(".source-sheet", state="hidden")
    assert page.evaluate("document.activeElement.textContent") == name
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.matches('#scoqa-box textarea')")
    page.keyboard.type("a/n?")  # in the box keys are letters
    assert page.input_value("#scoqa-box textarea") == "a/n?"


def test_the_keys_are_listed_and_can_be_turned_off(page: Page) -> None:
    page.wait_for_selector(".scoqa-tools")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    keys = page.locator(".scoqa-keys")
    keys.wait_for(state="visible")
    listed = keys.locator("kbd").all_text_contents()
    assert listed == [
        "Enter", "Shift", "Enter", "Esc", "/", "n", "p", "c", "m", "l",
        "v", "[", "]", "+", "-", "0", "?",
    ]  # fmt: skip
    page.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    keys.wait_for(state="hidden")
    page.reload()
    page.wait_for_selector(".scoqa-tools")
    page.wait_for_selector("#scoqa-box textarea")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.wait_for_timeout(200)
    assert not keys.is_visible()
    page.get_by_role("button", name="Keys").click()  # the way back
    page.get_by_role("checkbox").check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    keys.wait_for(state="visible")


# -- screen readers -----------------------------------------------------------------------------


def test_what_happens_is_announced_once_and_in_short(page: Page) -> None:
    page.evaluate(
        "() => { window.said = []; new MutationObserver(() => {"
        " const now = document.querySelector('.scoqa-said').textContent;"
        " if (now) window.said.push(now); }).observe(document.querySelector('.scoqa-said'),"
        " { childList: true }); }"
    )
    ask(page, BEACON)
    page.wait_for_function("window.said.some(each => each.endsWith('sources.'))")
    ask(page, SILENT_QUESTION, expect=".scoqa-silence")
    page.wait_for_function("window.said.some(each => each.startsWith('Your documents do not'))")
    said = page.evaluate("window.said")
    assert all(one != next_ for one, next_ in pairwise(said))
    steps = set(answer_markup.STEPS.values())
    answer, silence = [each for each in said if each not in steps]
    assert page.text_content(".scoqa-snippet mark") in answer
    assert page.text_content(".scoqa-confidence") in answer
    assert page.text_content(".scoqa-reason") in silence
    log = page.locator("#scoqa-talk [role=log]")
    assert log.get_attribute("aria-live") == "off"
    assert page.locator("#scoqa-talk [data-testid][aria-label]").count() == 0


def test_roles_and_names_tell_what_everything_is(page: Page) -> None:
    ask(page, BEACON)
    open_source(page, 1)
    for role, name in (
        ("heading", "scoqa"),
        ("textbox", "Your question"),
        ("combobox", "Ask in"),
        ("button", "Ask"),
        ("button", "New conversation"),
        ("button", "Close the source"),
        ("button", "Next citation"),
        ("button", "Copy link to this place"),
    ):
        assert page.get_by_role(role, name=name, exact=True).count() == 1, name  # type: ignore[arg-type]
    title = page.text_content(".source-title")
    assert page.get_by_role("region", name=title).count() == 1


# -- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [360, 768, 3840])
def test_nothing_is_cut_off_from_a_small_phone_to_4k(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 640 if width < 1000 else 2160})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ask(page, HARBOUR)
    assert open_source(page, 1)["inView"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for name in (".scoqa-answer", ".source-sheet", ".source-tools", "#scoqa-ask", "header"):
        assert page.evaluate(
            "name => [...document.querySelectorAll(name)]"
            ".every(each => each.scrollWidth <= each.clientWidth)",
            name,
        ), name
    # Every control is large enough to be hit (WCAG 2.5.8: 24 by 24 pixels).
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, summary, .scoqa-number')]"
        ".filter(each => each.offsetParent).map(each => [each.outerHTML.slice(0, 80),"
        " each.getBoundingClientRect()]).filter(([, box]) => box.width < 24 || box.height < 24)"
    )
    assert small == []


# -- the login ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_one_logs_in_follows_a_link_and_logs_out(
    browser: Browser, workspace: Any, size: dict[str, int]
) -> None:
    password = "a long way to the harbour"
    logins = passwords.find_logins(workspace, {"SCOQA_PASSWORD": password})
    first = workspace.ask(BEACON).citations[0]
    options: dict[str, Any] = {"viewport": size}
    with serving(workspace, logins=logins) as chat:
        context = browser.new_context(**options)
        page = context.new_page()
        page.goto(f"{chat.url}/{citation_link(first)}")
        page.wait_for_selector("input[name=password]")
        assert_accessible(page, "login")
        page.fill("input[name=username]", "scoqa")
        page.fill("input[name=password]", "not this one")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        assert_accessible(page, "login refused")
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_selector(".source-text mark")  # where the link led
        assert page.text_content(".source-text mark") == first.quote
        page.keyboard.press("Escape")
        ask(page, BEACON)
        assert_accessible(page, "logged in")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_selector("input[name=password]")
        page.goto(chat.url)
        page.wait_for_selector("input[name=password]")
        context.close()
