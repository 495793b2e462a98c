"""What every room of `parse` hands on, and the hand that writes it down.

Receives pieces of text in reading order and what they are; hands on the canonical text, its
marks, and where on a page its characters stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scoqa.types import Mark, MarkKind


@dataclass(frozen=True, slots=True)
class Parsed:
    """The text of a file and what is known about its places.

    text: holds no NUL and no lone surrogate. title: None where the file names none. marks: sorted
    by start. warnings: one sentence each, without the path ("is not UTF-8; ...").
    boxes: for files with pages one entry a page mark, in order: a little-endian uint16 array of
    shape (characters of the page, 4), as left, top, right, bottom of each character in 65,535ths
    of the page as it is shown (after its rotation, from the top left); four zeros for a character
    that is not drawn, such as a line's end.
    """

    text: str
    title: str | None
    marks: tuple[Mark, ...] = ()
    warnings: tuple[str, ...] = ()
    boxes: tuple[bytes, ...] = ()


class Writer:
    """Puts a text together piece by piece, and marks stretches of it on the way."""

    def __init__(self) -> None:
        self.length = 0  # code points so far
        self._parts: list[str] = []
        self._marks: list[Mark] = []

    def add(self, text: str) -> None:
        """Append `text` as it is."""
        self._parts.append(text)
        self.length += len(text)

    def ensure_gap(self, ending: str = "\n\n") -> None:
        """End what was written with `ending`, unless nothing was or it ends so already."""
        tail = "".join(self._parts[-len(ending) :])
        if self.length and not tail.endswith(ending):
            kept = next(n for n in range(len(ending) - 1, -1, -1) if tail.endswith(ending[:n]))
            self.add(ending[kept:])

    @contextmanager
    def mark(self, kind: MarkKind, label: str) -> Iterator[None]:
        """Mark what is added within, unless that is nothing."""
        start, place = self.length, len(self._marks)
        yield
        if self.length > start:
            self._marks.insert(place, Mark(start, self.length, kind, label))

    def to_parsed(self, title: str | None, *, warnings: tuple[str, ...] = ()) -> Parsed:
        """Return what was written, its marks sorted by start, the wider first."""
        marks = sorted(self._marks, key=lambda mark: (mark.start, -mark.end))
        return Parsed("".join(self._parts), title, tuple(marks), warnings)
