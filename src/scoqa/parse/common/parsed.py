"""The result type of all parsers, and the Writer that builds it.

Input: pieces of text in reading order, with their kinds. Output: the canonical text, its marks,
and the boxes of its characters on the pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scoqa.types import Mark, MarkKind


@dataclass(frozen=True, slots=True)
class Parsed:
    """The text of a file with its title, marks, warnings and boxes.

    Attributes
    ----------
    text
        Contains no NUL and no lone surrogate.
    title
        None if the file has no title.
    marks
        Sorted by start.
    warnings
        One sentence each, without the path ("is not UTF-8; ...").
    boxes
        For files with pages, one entry per page mark, in order: a little-endian uint16 array of
        shape (characters of the page, 4) with the left, top, right and bottom of each character, in
        65,535ths of the displayed page (after its rotation, from the top left). Characters that are
        not drawn, such as a line end, have four zeros.
    """

    text: str
    title: str | None
    marks: tuple[Mark, ...] = ()
    warnings: tuple[str, ...] = ()
    boxes: tuple[bytes, ...] = ()


class Writer:
    """Builds a text piece by piece and marks spans of it."""

    def __init__(self) -> None:
        self.length = 0  # code points so far
        self._parts: list[str] = []
        self._marks: list[Mark] = []

    def add(self, text: str) -> None:
        """Append `text` unchanged."""
        self._parts.append(text)
        self.length += len(text)

    def ensure_gap(self, ending: str = "\n\n") -> None:
        """Add what is missing for the text to end with `ending`. An empty text stays empty."""
        tail = "".join(self._parts[-len(ending) :])
        if self.length and not tail.endswith(ending):
            present = next(n for n in range(len(ending) - 1, -1, -1) if tail.endswith(ending[:n]))
            self.add(ending[present:])

    @contextmanager
    def mark(self, kind: MarkKind, label: str) -> Iterator[None]:
        """Mark the text added inside the `with` block, unless none is added."""
        start, index = self.length, len(self._marks)
        yield
        if self.length > start:
            self._marks.insert(index, Mark(start, self.length, kind, label))

    def mark_range(self, kind: MarkKind, start: int, end: int) -> None:
        """Mark text[start:end], without a label; the text may be added later."""
        self._marks.append(Mark(start, end, kind, ""))

    def to_parsed(self, title: str | None, *, warnings: tuple[str, ...] = ()) -> Parsed:
        """Return the text with its marks sorted by start; of equal starts, the longer first."""
        marks = sorted(self._marks, key=lambda mark: (mark.start, -mark.end))
        return Parsed("".join(self._parts), title, tuple(marks), warnings)
