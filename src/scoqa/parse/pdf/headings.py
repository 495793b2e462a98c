"""Find the headings of a PDF and their levels.

Input: the lines of all pages and the bookmarks of the file. Output: the headings, from the
bookmarks if any of them is found on its page, otherwise from the size and weight of the lines.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from scoqa.parse.common.lines import LONGEST_TITLE
from scoqa.parse.pdf.layout import Line

_MOST_BOOKMARKS = 20_000
_DEEPEST = 12
_MOST_LINES = 4  # per heading
_LARGER = 1.15  # at least, relative to the font size of the body
_LONGEST_BOLD = 120  # characters; longer bold lines are prose
# Text that may precede the words of a bookmark on the page: "3.1", "Chapter IV", "Annex B".
_NUMBERING = re.compile(r"(?:chapter|section|part|appendix|annex|article)?[\divxlc]{0,8}[a-z]?$")


@dataclass(frozen=True, slots=True, eq=False)
class Heading:
    """The lines of one heading. level: a smaller number is a higher level."""

    lines: tuple[Line, ...]
    level: float

    @property
    def words(self) -> str:
        return " ".join(" ".join(line.text for line in self.lines).split())


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the outline of a file. page: from 0. level: from 0."""

    words: str
    page: int
    level: int


def read_bookmarks(pdfium: Any, document: Any) -> list[Bookmark]:
    """Return the entries of the outline that refer to a page, in order."""
    bookmarks: list[Bookmark] = []
    seen: set[int] = set()

    def walk(parent: Any, level: int) -> Iterator[tuple[Any, int]]:
        entry = pdfium.FPDFBookmark_GetFirstChild(document, parent)
        while entry and len(seen) < _MOST_BOOKMARKS:
            address = ctypes.cast(entry, ctypes.c_void_p).value or 0
            if address in seen:  # the outline contains a loop
                return
            seen.add(address)
            yield entry, level
            if level < _DEEPEST:
                yield from walk(entry, level + 1)
            entry = pdfium.FPDFBookmark_GetNextSibling(document, entry)

    for entry, level in walk(None, 0):
        size = pdfium.FPDFBookmark_GetTitle(entry, None, 0)
        title = ctypes.create_string_buffer(max(2, size))
        pdfium.FPDFBookmark_GetTitle(entry, title, size)
        words = " ".join(title.raw[: max(0, size - 2)].decode("utf-16-le", "replace").split())
        target = pdfium.FPDFBookmark_GetDest(document, entry)
        page = pdfium.FPDFDest_GetDestPageIndex(document, target) if target else -1
        if page >= 0 and 0 < len(words) <= LONGEST_TITLE:
            bookmarks.append(Bookmark(words, page, level))
    return bookmarks


def find_headings(pages: Sequence[Sequence[Line]], bookmarks: Sequence[Bookmark]) -> list[Heading]:
    """Return the headings, in reading order."""
    return _match_bookmarks(pages, bookmarks) or find_headings_by_style(pages, *measure_body(pages))


def normalize_letters(text: str) -> str:
    """Return the letters and digits of `text`, case-folded."""
    return "".join(c for c in text.casefold() if c.isalnum())


def _match_bookmarks(
    pages: Sequence[Sequence[Line]], bookmarks: Sequence[Bookmark]
) -> list[Heading]:
    """Return the lines whose text matches a bookmark to their page, in reading order."""
    headings: list[Heading] = []
    taken: set[Line] = set()
    order = {line: n for n, line in enumerate(line for page in pages for line in page)}
    spelt: dict[int, list[str]] = {}
    for bookmark in bookmarks:
        if bookmark.page >= len(pages):
            continue
        lines = pages[bookmark.page]
        if bookmark.page not in spelt:
            spelt[bookmark.page] = [normalize_letters(line.text) for line in lines]
        span = _find_lines(normalize_letters(bookmark.words), spelt[bookmark.page], lines, taken)
        if span is not None:
            own = tuple(lines[span[0] : span[1]])
            taken.update(own)
            headings.append(Heading(own, bookmark.level))
    return sorted(headings, key=lambda heading: order[heading.lines[0]])


def _find_lines(
    wanted: str, spelt: Sequence[str], lines: Sequence[Line], taken: set[Line]
) -> tuple[int, int] | None:
    """Return the first lines (start, end) that together spell `wanted`, maybe after a number."""
    if not wanted:
        return None
    for start in range(len(lines)):
        text = ""
        for end in range(start, min(start + _MOST_LINES, len(lines))):
            if lines[end] in taken or len(text) > len(wanted) + 20:
                break
            text += spelt[end]
            if text.endswith(wanted) and _NUMBERING.match(text[: len(text) - len(wanted)]):
                return start, end + 1
    return None


def measure_body(pages: Sequence[Sequence[Line]]) -> tuple[float, bool]:
    """Return the font size of most characters, and whether most of these are bold.

    Sizes are rounded to half points. Of equally frequent sizes, the smallest is returned.
    """
    sizes: Counter[float] = Counter()
    bold: Counter[float] = Counter()
    for page in pages:
        for line in page:
            size = round(line.size * 2) / 2
            sizes[size] += len(line.text)
            bold[size] += len(line.text) * line.bold
    if not sizes:
        return 0.0, False
    size = max(sizes, key=lambda size: (sizes[size], -size))
    return size, 2 * bold[size] > sizes[size]


def find_headings_by_style(
    pages: Sequence[Sequence[Line]], body: float, is_bold: bool
) -> list[Heading]:
    """Return the lines that are clearly larger than the body, or bold if the body is not bold."""
    headings: list[Heading] = []
    for page in pages:
        for (level, _, _), group in groupby(
            page, key=lambda line: _classify_style(line, body, is_bold)
        ):
            if level is None:
                continue
            for lines in _group_close_lines(list(group)):
                heading = Heading(tuple(lines), level)
                words = heading.words
                if (
                    len(lines) <= _MOST_LINES
                    and sum(c.isalpha() for c in words) >= 2
                    and len(words) <= (LONGEST_TITLE if level < -body else _LONGEST_BOLD)
                    and not (level >= -body and words.endswith((".", ",", ";", ":")))
                ):
                    headings.append(heading)
    return headings


def _classify_style(line: Line, body: float, is_bold: bool) -> tuple[float | None, int, bool]:
    """Return the heading level of a line (None for other lines), its region and its weight.

    The larger the font, the smaller the level.
    """
    size = round(line.size * 2) / 2
    if line.tabular:
        return None, line.region, line.bold
    if size >= _LARGER * body:
        return -size, line.region, line.bold
    if line.bold and not is_bold and size >= 0.95 * body:
        return -body, line.region, line.bold
    return None, line.region, line.bold


def _group_close_lines(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield groups of adjacent lines; each group is one heading. `lines` have the same style."""
    group: list[Line] = []
    for line in lines:
        if group and not 0 < line.bottom - group[-1].bottom < 1.6 * line.size:
            yield group
            group = []
        group.append(line)
    if group:
        yield group
