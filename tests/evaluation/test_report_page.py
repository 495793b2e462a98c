"""The report as a page: the same bytes, no text that acts, nothing asked of a network."""

from __future__ import annotations

import io
import re
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scoqa
from reports import record, report_of
from scoqa.evaluation.error_attribution import BLAMES
from scoqa.evaluation.report import plots
from scoqa.evaluation.report.cards import MOST_CHARACTERS, build_card
from scoqa.evaluation.report.compare import compare
from scoqa.evaluation.report.labels import GROUP, HEADLINE, MAIN, MEASURE
from scoqa.evaluation.report.report_page import write_html
from scoqa.evaluation.report.summary import ABOUT, NAMES
from scoqa.types import Report

HOSTILE = (
    "</script></style><script>window.hacked=1</script><img src=x onerror=hacked()>\"'{{ 7*7 }}"
)
PACKAGE = Path(scoqa.__file__).parent


class Seen(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]


def page_of(report: Report, **options: Any) -> str:
    file = io.StringIO()
    write_html(file, report, **options)
    return file.getvalue()


def some(count: int = 12) -> list[dict[str, Any]]:
    """Return records of every outcome: each blame, and right ones."""
    blames = (*BLAMES, None)
    return [
        record(n, blame=blames[n % len(blames)], kind=("who", "when")[n % 2]) for n in range(count)
    ]


# -- the same bytes -------------------------------------------------------------------------------


def test_two_runs_with_the_same_outcome_give_the_same_bytes_but_for_the_incidental() -> None:
    first = report_of(some(), started="2020-01-01T00:00:00", seconds=0.1)
    second = report_of(some(), started="2021-01-01T00:00:00", seconds=0.7)
    assert page_of(first, incidental=False) == page_of(second, incidental=False)
    one, other = page_of(first), page_of(second)
    assert one != other
    section = re.compile(r'<section id="incidental".*?</section>\n', re.DOTALL)
    assert section.sub("", one) == section.sub("", other)
    assert page_of(first, incidental=False).count("incidental") == page_of(
        first, incidental=False
    ).count("#incidental")  # the style sheet's, and no more


def test_folders_of_a_set_are_not_on_the_page() -> None:
    report = report_of(some())
    for name in ("/home/somebody/questions/set.jsonl", "C:\\Users\\somebody\\set.jsonl"):
        moved = replace(report, incidental={**report.incidental, "set": name})
        assert "somebody" not in page_of(moved, incidental=False)


# -- texts are hostile --------------------------------------------------------------------------


def test_no_text_of_a_set_or_document_becomes_markup() -> None:
    records = [
        record(n, text=HOSTILE, kind=HOSTILE, identity=f"{n}{HOSTILE}", blame=blame)
        for n, blame in enumerate(("read", None, "unanswerable", HOSTILE))
    ]
    report = replace(
        report_of(records, name=HOSTILE),
        fingerprint={HOSTILE: HOSTILE},
    )
    changed = [{**each, "blame": None if each["blame"] else "read"} for each in records]
    comparison = compare(changed, records, fingerprints=({}, {HOSTILE: HOSTILE}))
    tame = replace(
        report_of([record(n, blame=b) for n, b in enumerate(("read", None, "unanswerable", "x"))])
    )
    hostile, harmless = Seen(page_of(report, comparison=comparison)), Seen(page_of(tame))
    for name in ("script", "img", "style"):
        count = [sum(tag == name for tag, _ in page.elements) for page in (hostile, harmless)]
        assert count[0] == count[1], name
    for tag, attributes in hostile.elements:
        assert not [key for key in attributes if key.startswith("on") or key == "style"], tag
    assert HOSTILE in "".join(hostile.text)


def test_a_lone_surrogate_does_not_keep_a_report_from_being_written(tmp_path: Path) -> None:
    report = report_of([record(1, text="half a \ud83d", blame="read")])
    with (tmp_path / "report.html").open("w", encoding="utf-8") as file:
        write_html(file, report)
    assert "half a ?" in (tmp_path / "report.html").read_text(encoding="utf-8")


# -- no network ---------------------------------------------------------------------------------


def test_the_page_names_no_address_and_allows_itself_nothing() -> None:
    page = page_of(report_of(some()), comparison=compare(some(), some()))
    assert re.findall(r"https?:|//\w+\.|url\(|@import|srcset", page) == []
    for tag, attributes in Seen(page).elements:
        for key in ("src", "href", "action", "data"):
            assert (attributes.get(key) or "#").startswith("#"), tag
    policy = next(a["content"] for t, a in Seen(page).elements if "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


# -- numbers ------------------------------------------------------------------------------------


def test_what_does_not_exist_is_a_dash_and_never_0() -> None:
    page = page_of(report_of([record(1, blame="unanswerable")]))
    row = re.search(r'<th scope="row">Success@1<.*?</tr>', page, re.DOTALL)
    assert row is not None
    assert "–" in row[0]
    assert "missing" in row[0]
    assert "<svg" not in row[0]
    assert not re.search(r"\b0\.000", row[0])


def test_an_empty_report_is_a_page_as_well() -> None:
    assert "Nothing went wrong." in page_of(report_of([]))


def test_every_measure_has_its_words() -> None:
    assert set(MEASURE) == set(NAMES)
    assert set(GROUP) == set(HEADLINE) == set(ABOUT)
    assert {*HEADLINE.values(), *MAIN} <= set(NAMES)


def test_the_comparison_links_what_was_won_and_lost() -> None:
    before, after = some(), some()
    before[0]["blame"], after[0]["blame"] = "read", None  # won
    before[6]["blame"], after[6]["blame"] = None, "read"  # lost
    comparison = compare(before, after, fingerprints=({"reader": "one"}, {"reader": "two"}))
    page = page_of(report_of(after), comparison=comparison)
    assert '<a href="#q-1"><bdi>q-0</bdi></a>' in page
    assert '<a href="#q-7"><bdi>q-6</bdi></a>' in page
    assert page.count("went right before") == 1
    assert '<th scope="row" dir="auto">reader</th>' in page


def test_ids_on_the_page_are_its_own() -> None:
    ids = Seen(page_of(report_of(some(30)), comparison=compare(some(), some()))).ids()
    assert len(ids) == len(set(ids))


# -- length -------------------------------------------------------------------------------------


class Watched(dict[str, Any]):
    """A record of which one can tell whether anybody holds it."""

    __hash__ = object.__hash__  # type: ignore[assignment]


class Lazy(Sequence[Any]):
    """Records that are made when they are asked for, and counted while anybody holds them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.alive: weakref.WeakSet[Any] = weakref.WeakSet()
        self.most = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError
        made = Watched(record(index, blame="read" if index % 2 else None))
        self.alive.add(made)
        self.most = max(self.most, len(self.alive))
        return made


class Pieces(io.StringIO):
    """A file that keeps nothing but the longest piece it was given."""

    longest = 0

    def write(self, text: str) -> int:
        self.longest = max(self.longest, len(text))
        return len(text)


def test_ten_times_the_questions_hold_no_more_records() -> None:
    held = []
    report = report_of(some())
    for count in (60, 600):
        rows, file = Lazy(count), Pieces()
        write_html(file, replace(report, rows=rows))
        held.append((rows.most, file.longest))
    assert held[0][0] == held[1][0] <= 3
    assert held[1][1] < 200_000


# -- a question ---------------------------------------------------------------------------------


def test_items_that_stand_together_are_lit_in_one_place() -> None:
    text = "six states – China, Russia, and in the end Uzbekistan – signed a declaration"
    made = record(1, blame="read") | {"all_required": True, "gold": []}
    for item, word in enumerate(("China", "Russia", "Uzbekistan"), start=1):
        start = text.index(word)
        made["gold"].append(
            {
                "document": "a.txt",
                "start": start,
                "end": start + len(word),
                "item": item,
                "text": word,
                "before": text[:start],
                "after": text[start + len(word) :],
            }
        )
    (place,) = build_card(1, made).wanted
    assert "".join(piece for piece, _ in place.pieces).startswith("six states – China, Russia, and")
    assert [piece for piece, lit in place.pieces if lit] == ["China", "Russia", "Uzbekistan"]


def test_a_long_place_is_cut_and_says_by_how_much() -> None:
    made = record(1, blame="read", text="word " * 1000)
    (place,) = build_card(1, made).shown
    assert place.cut == 5000 - MOST_CHARACTERS
    assert f"{place.cut:,} more characters" in page_of(report_of([made]))


# -- plots --------------------------------------------------------------------------------------


def numbers(drawing: str, name: str, attribute: str) -> list[float]:
    tags: Iterator[str] = re.finditer(rf'<\w+ class="{name}"[^>]*>', drawing)  # type: ignore[assignment]
    return [float(re.search(rf' {attribute}="([^"]+)"', tag[0])[1]) for tag in tags]  # type: ignore[index]


def test_a_whisker_stands_where_its_numbers_are() -> None:
    drawn = plots.whisker(0.5, 0.25, 0.75)
    assert numbers(drawn, "dot", "cx") == [60]  # of 120
    assert numbers(drawn, "interval", "x") == [32.5]
    assert numbers(drawn, "interval", "width") == [55]
    assert "interval" not in plots.whisker(0.5, None, None)


def test_a_change_of_nothing_stands_in_the_middle() -> None:
    drawn = plots.change(0.0, -0.1, 0.1, 0.1)
    assert numbers(drawn, "dot", "cx") == numbers(drawn, "end", "x1") == [60]
    assert numbers(drawn, "interval", "width") == [110]


def test_the_curve_goes_through_its_points() -> None:
    drawn = plots.risk_coverage(np.array([0.0, 0.5, 0.2, 0.4]), (0.5, 0.6))
    line = re.search(r'class="curve" points="([^"]+)"', drawn)
    assert line is not None
    # From 48 to 388 across and, for 0 to 60 %, from 250 to 14 down.
    assert line[1] == "133,250 218,53.33 303,171.33 388,92.67"
    assert (numbers(drawn, "ring", "cx"), numbers(drawn, "ring", "cy")) == ([218], [14])


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    drawn = plots.risk_coverage(np.linspace(0, 1, 10_000), None)
    points = re.search(r'class="curve" points="([^"]+)"', drawn)[1].split()  # type: ignore[index]
    assert len(points) == plots.MOST_POINTS
    assert (points[0], points[-1]) == ("48.03,250", "388,14")


def test_a_dot_of_the_reliability_is_as_large_as_its_group() -> None:
    drawn = plots.reliability([(0.0, 0.0, 4), (1.0, 0.5, 1)])
    assert (numbers(drawn, "dot", "cx"), numbers(drawn, "dot", "cy")) == ([48, 388], [250, 132])
    assert numbers(drawn, "dot", "r") == [7, 3.5]


def test_bars_of_ranks_are_as_high_as_their_counts() -> None:
    drawn = plots.ranks({"1": 4, "2": 2, "not found": 1})
    heights = numbers(drawn, "fill", "height") + numbers(drawn, "lost", "height")
    assert heights == pytest.approx([217.12, 108.56, 54.28])


def test_a_plot_says_what_it_shows() -> None:
    drawn = plots.times({"read<": {"median": 0.1, "95th percentile": 0.2}})
    assert '<title id="times-title">' in drawn
    assert "read&lt; 100 ms" in drawn
    assert 'aria-labelledby="times-title times-desc"' in drawn


def test_numbers_are_short() -> None:
    drawn = plots.element("line", x1=1 / 3, x2=-0.001, y1=100.0, y2=None)
    assert drawn == '<line x1="0.33" x2="0" y1="100"></line>'


# -- looks --------------------------------------------------------------------------------------


def test_the_report_has_the_colours_of_the_chat() -> None:
    wanted = re.findall(
        r"--[\w-]+: #\w+", (PACKAGE / "ui/assets/page/tokens.css").read_text(encoding="utf-8")
    )
    found = re.findall(
        r"--[\w-]+: #\w+",
        (PACKAGE / "evaluation/report/assets/page.css").read_text(encoding="utf-8"),
    )
    assert found == wanted
