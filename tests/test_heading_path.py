"""The headings above a place: the same text to the byte, however it is taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT
from scoqa.heading_path import HeadingPath

TEXTS = st.text(alphabet="a >\n\u00a0", max_size=12)


@given(TEXTS)
def test_a_path_is_the_same_text_again(text: str) -> None:
    assert text == str(HeadingPath.parse(text))


@given(TEXTS, TEXTS)
def test_a_path_below_a_title_is_the_text_without_it(text: str, title: str) -> None:
    expected = "" if text == title else text.removeprefix(f"{title} > ")
    assert expected == str(HeadingPath.parse(text).below(title))


@pytest.mark.parametrize(
    ("text", "headings", "last"),
    [
        ("", (), ""),
        ("Charter", ("Charter",), "Charter"),
        ("Charter > Article 4", ("Charter", "Article 4"), "Article 4"),
        ("Input>output > a > b", ("Input>output", "a", "b"), "b"),
    ],
)
def test_a_text_is_taken_apart_at_its_separators(
    text: str, headings: tuple[str, ...], last: str
) -> None:
    path = HeadingPath.parse(text)
    assert (headings, last) == (path.headings, path.last)


def test_a_path_above_its_last_heading_lacks_that_one_only() -> None:
    path = HeadingPath(("Charter", "Article 4", "stock 2024"))
    assert HeadingPath(("Charter", "Article 4")) == path.above("stock 2024")
    assert path == path.above("Article 4") == path.above("")


def test_only_one_module_knows_the_separator() -> None:
    quoted = ('" > "', "' > '", ' > "', "{title} > ")
    found = [
        file.name
        for file in (ROOT / "src" / "scoqa").rglob("*.py")
        if file.name != "markdown_escaping.py"  # its ">" begins a quoted paragraph
        and any(each in file.read_text(encoding="utf-8") for each in quoted)
    ]
    assert ["heading_path.py"] == found
