"""reStructuredText: the text stays as it is, and its headings are marked where they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoqa.parse import parse_file
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.text import rst

GUIDE = """\
=======
Harbour
=======

12 December 2017

It freezes in *January*.

Depth and ``fees``
==================

Twelve fathoms::

    No heading
    ==========

At the quay
-----------

=====  =====
Ship   Tons
=====  =====
Erna   41
=====  =====

----

>>> quay
----

上海港口
========

See :ref:`the map <map>`
------------------------
"""
HEADINGS = [
    ("Harbour", "=======\nHarbour\n=======\n"),
    ("Harbour > Depth and fees", "Depth and ``fees``\n==================\n"),
    ("Harbour > Depth and fees > At the quay", "At the quay\n-----------\n"),
    ("Harbour > 上海港口", "上海港口\n========\n"),
    ("Harbour > 上海港口 > See the map", "See :ref:`the map <map>`\n------------------------\n"),
]


def read(text: str) -> Parsed:
    return rst.read(text.encode("utf-8"), "guide.rst")


def headings(text: str) -> list[tuple[str, str]]:
    parsed = read(text)
    return [(m.label, parsed.text[m.start : m.end]) for m in parsed.marks if m.kind == "heading"]


def test_the_text_is_unchanged_and_headings_are_marked_with_their_path() -> None:
    parsed = read(GUIDE)
    assert (GUIDE, "Harbour", ()) == (parsed.text, parsed.title, parsed.warnings)
    assert HEADINGS == headings(GUIDE)
    assert ["12 December 2017"] == [m.label for m in parsed.marks if m.kind == "date"]
    assert sorted(mark.start for mark in parsed.marks) == [mark.start for mark in parsed.marks]


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_offsets_hold_whatever_ends_the_lines(ending: str) -> None:
    wanted = [(label, text.replace("\n", ending)) for label, text in HEADINGS]
    assert wanted == headings(GUIDE.replace("\n", ending))


def test_a_guide_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "guide.rst"
    file.write_text(GUIDE, encoding="utf-8", newline="")
    document = parse_file(file, "guide.rst")[0]
    assert (GUIDE, "Harbour", "text/x-rst") == (document.text, document.title, document.media_type)
    assert read(GUIDE).marks == document.marks


def test_lines_are_counted_as_docutils_counts_them() -> None:
    text = "a\fb\vc\n\nTitle\n=====\n\nd\u2028e\x85f\n\nNext\n====\n"
    assert [("Title", "Title\n=====\n"), ("Next", "Next\n====\n")] == headings(text)


def test_other_files_are_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.rst"
    secret.write_text("Secret\n======\n", encoding="utf-8")
    text = (
        f".. include:: {secret}\n\n.. raw:: html\n   :file: {secret}\n\n"
        f".. csv-table::\n   :file: {secret}\n\n.. literalinclude:: {secret}\n\nReal\n====\n"
    )
    assert [("Real", "Real\n====\n")] == headings(text)


def test_a_file_tells_the_next_one_nothing() -> None:
    title = "The :quay:`north` one\n=====================\n"
    before = headings(title)
    headings(f".. role:: quay(literal)\n.. default-role:: quay\n\n{title}")
    assert [("The north one", title)] == before == headings(title)


def test_broken_markup_costs_only_itself(capfd: pytest.CaptureFixture[str]) -> None:
    text = "One\n===\n\n*open\n\n.. nothing::\n   :x\n\nTwo\n~~~\n\nSix\n===\n\n`a`_ |b| [1]_\n"
    assert ["One", "One > Two", "Six"] == [label for label, _ in headings(text)]
    assert ("", "") == capfd.readouterr()


def test_what_nests_without_end_keeps_its_text() -> None:
    text = "".join(f"{'  ' * n}- x\n\n" for n in range(400))
    parsed = read(text)
    assert text == parsed.text
    assert ("is nested too deeply; its headings are not marked.",) == parsed.warnings


def test_a_huge_file_keeps_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rst, "MOST_CHARACTERS", 10)
    parsed = read("Title\n=====\n")
    assert ("Title\n=====\n", None, ()) == (parsed.text, parsed.title, parsed.marks)
    assert ("has over 10 characters; its headings are not marked.",) == parsed.warnings


LINES = st.sampled_from(
    ["Title", "=====", "-----", "", "::", "    x", "- item", "==  ==", ".. note::", "\fx", "~~~~~~"]
)


@given(st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r", "\u2028"])), max_size=15))
def test_every_heading_slices_whole_lines_in_order(parts: list[tuple[str, str]]) -> None:
    text = "".join(line + end for line, end in parts)
    parsed = read(text)
    assert text == parsed.text
    place = 0
    for mark in parsed.marks:
        lines = text[mark.start : mark.end].replace("\f", " ").splitlines()
        assert place <= mark.start < mark.end <= len(text)
        assert len(lines) in (2, 3)
        assert mark.label.split(" > ")[-1].split() == lines[-2].split()
        place = mark.end
