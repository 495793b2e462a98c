"""The report as a page, in a real Chromium: opened from a file, looked at, searched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reports import record, report_of
from scoqa.evaluation.error_attribution import BLAMES
from scoqa.evaluation.report.compare import compare
from scoqa.evaluation.report.report_page import write_html
from served import DESKTOP, PHONE, SIZES, Browser, Page, assert_accessible, expect

pytest_plugins = ("served",)  # its fixture: browser

HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
VISIBLE = "#list > li:visible"


def records() -> list[dict[str, Any]]:
    """Return 28 records: 4 of each blame, and 4 that went right."""
    blames = (*BLAMES, None)
    made = [record(n, blame=blames[n % 7], kind=("who", "when")[n % 2]) for n in range(28)]
    made[8] = record(8, blame="split", text=f"\u202eturned {HOSTILE}", kind="who")
    made[10] = record(10, blame="read", text="متى أضيئت المنارة", kind="who")
    return made


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report") / "report.html"
    after = records()
    before = [{**each, "measures": {**each["measures"], "F1": 0.5}} for each in after]
    before[0]["blame"], before[6]["blame"] = None, "read"  # the first is lost, the seventh won
    comparison = compare(before, after, fingerprints=({"reader": "1"}, {"reader": "2"}))
    with place.open("w", encoding="utf-8", newline="\n") as page:
        write_html(page, report_of(after, name=HOSTILE), comparison=comparison)
    return place


@contextmanager
def shown(browser: Browser, file: Path, fragment: str = "", **options: Any) -> Iterator[Page]:
    """Open the report, and assert at the end that nothing was asked for and nothing complained."""
    context = browser.new_context(**options)
    page = context.new_page()
    requests: list[str] = []
    trouble: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    url = file.as_uri()
    page.goto(url + fragment)
    yield page
    if options.get("java_script_enabled", True):
        assert page.evaluate("window.hacked") is None
    context.close()
    assert {each.partition("#")[0] for each in requests} == {url}
    assert trouble == []


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_wrong(browser: Browser, file: Path, size: dict[str, int]) -> None:
    options: dict[str, Any] = {"viewport": size}
    with shown(browser, file, **options) as page:
        assert_accessible(page, "as it opens")
        page.get_by_role("checkbox").check()
        for summary in page.locator("summary:visible").all():
            summary.click()
        assert_accessible(page, "everything open")


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_nothing_is_cut_off_from_a_small_phone_to_a_wide_screen(
    browser: Browser, file: Path, width: int
) -> None:
    with shown(browser, file, viewport={"width": width, "height": 800}) as page:
        page.get_by_role("checkbox").check()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        small = page.evaluate(
            "[...document.querySelectorAll('input, select, summary, .tags a')]"
            ".filter(each => each.checkVisibility()).map(each => [each.outerHTML.slice(0, 80),"
            " each.getBoundingClientRect()]).filter(([, box]) => box.width < 24 || box.height < 24)"
        )
        assert small == []


def test_questions_are_found_by_blame_kind_and_words(browser: Browser, file: Path) -> None:
    with shown(browser, file, viewport=DESKTOP) as page:
        items, status = page.locator(VISIBLE), page.get_by_role("status")
        assert (items.count(), status.text_content()) == (24, "24 of 24 questions")
        page.get_by_label("Lost at").select_option("split")
        expect(status).to_have_text("4 of 24 questions")
        page.locator("[name=kind]").select_option("who")
        expect(status).to_have_text("2 of 24 questions")
        assert [each.get_attribute("id") for each in items.all()] == ["q-9", "q-23"]
        page.get_by_label("Words").fill("TURNED")
        expect(status).to_have_text("1 of 24 questions")
        assert [each.get_attribute("id") for each in items.all()] == ["q-9"]


def test_questions_are_put_in_order(browser: Browser, file: Path) -> None:
    def confidences() -> list[float]:
        found: list[float] = page.locator(VISIBLE).evaluate_all(
            "items => items.map(item => Number(item.dataset.confidence))"
        )
        return found

    with shown(browser, file, viewport=DESKTOP) as page:
        in_set = confidences()
        order = page.get_by_label("Order")
        order.select_option("surest")
        page.wait_for_timeout(300)
        assert confidences() == sorted(in_set, reverse=True) != in_set
        order.select_option("near")
        page.wait_for_timeout(300)
        ranks = page.locator(VISIBLE).evaluate_all(
            "items => items.map(item => Number(item.dataset.rank ?? 1000))"
        )
        assert ranks == sorted(ranks)
        order.select_option("set")
        page.wait_for_timeout(300)
        assert confidences() == in_set


def test_those_that_went_right_show_when_asked_for(browser: Browser, file: Path) -> None:
    with shown(browser, file, viewport=DESKTOP) as page:
        page.get_by_role("checkbox").check()
        assert page.locator(VISIBLE).count() == 28
        assert page.get_by_role("status").text_content() == "28 of 28 questions"


def test_thousands_of_questions_are_laid_out_a_part_at_a_time(
    browser: Browser, tmp_path: Path
) -> None:
    # All at once, a filter over 10,000 questions held Chromium up for 40 seconds.
    many = [record(n, blame="read" if n % 2 else None) for n in range(2000)]
    place = tmp_path / "report.html"
    with place.open("w", encoding="utf-8") as file:
        write_html(file, report_of(many))
    with shown(browser, place, "#q-1500", viewport=DESKTOP) as page:
        assert page.locator(VISIBLE).count() == 201  # and the one that is linked to
        assert page.locator("#q-1500").is_visible()
        more = page.get_by_role("button", name="Show 200 more of 800")
        more.click()
        expect(page.locator(VISIBLE)).to_have_count(400)
        assert page.evaluate("document.activeElement.textContent") == "402"
        page.get_by_label("Words").fill("beacon 1501")
        expect(page.locator(VISIBLE)).to_have_count(1)


@pytest.mark.parametrize("number", [7, 9])
def test_a_link_leads_to_its_question(browser: Browser, file: Path, number: int) -> None:
    with shown(browser, file, f"#q-{number}", viewport=DESKTOP) as page:
        item = page.locator(f"#q-{number}")
        assert item.is_visible()
        top = item.evaluate("item => item.getBoundingClientRect().top")
        assert -1 <= top < DESKTOP["height"] / 2


def test_a_link_from_the_comparison_shows_what_a_filter_hid(browser: Browser, file: Path) -> None:
    with shown(browser, file, viewport=DESKTOP) as page:
        page.get_by_label("Lost at").select_option("read")
        page.wait_for_timeout(300)
        assert not page.locator("#q-1").is_visible()
        page.locator("#comparison a[href='#q-1']").click()
        page.locator("#q-1").wait_for(state="visible")


def test_without_javascript_the_failures_are_there_in_the_order_of_the_set(
    browser: Browser, file: Path
) -> None:
    with shown(browser, file, java_script_enabled=False, viewport=PHONE) as page:
        assert page.locator(VISIBLE).count() == 24
        assert not page.locator("#controls").is_visible()
        page.get_by_role("checkbox").check()
        assert page.locator(VISIBLE).count() == 28


def test_everything_can_be_reached_from_the_keyboard(browser: Browser, file: Path) -> None:
    with shown(browser, file, viewport=DESKTOP) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the questions"
        page.keyboard.press("Enter")
        reached = []
        for _ in range(6):
            page.keyboard.press("Tab")
            reached.append(
                page.evaluate("document.activeElement.name || document.activeElement.id")
            )
        assert reached[:5] == ["text", "blame", "kind", "order", "also"]


def test_text_that_turns_the_direction_stays_in_its_place(browser: Browser, file: Path) -> None:
    with shown(browser, file, viewport=DESKTOP) as page:
        directions = page.locator("#q-11 blockquote p, #q-9 blockquote p").evaluate_all(
            "all => all.map(each => getComputedStyle(each).direction)"
        )
        assert set(directions) == {"ltr"}
        footer = page.locator("#q-9 blockquote footer").first
        assert "characters 300" in str(footer.text_content())
        assert (
            page.locator("#q-11 h4").evaluate("it => getComputedStyle(it).unicodeBidi") == "isolate"
        )


def test_on_paper_there_are_no_controls_and_no_dark(browser: Browser, file: Path) -> None:
    with shown(browser, file, viewport=DESKTOP, color_scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert not page.locator(".controls").is_visible()
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)"
