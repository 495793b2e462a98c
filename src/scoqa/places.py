"""Describe places in a document the way people cite them.

Input: the marks of a document. Output: labels such as "p. 12", "slide 3", "Budget, row 40".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol


class Marked(Protocol):
    """A labelled range of text, such as `scoqa.types.Mark`."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def label(self) -> str: ...


class Marks:
    """The marks of one text, indexed by kind for fast lookup."""

    def __init__(self, marks: Sequence[Marked]) -> None:
        """marks: sorted by start."""
        self.kinds: dict[str, list[Marked]] = {}
        for mark in marks:
            self.kinds.setdefault(mark.kind, []).append(mark)

    def at(self, kind: str, position: int) -> Marked | None:
        """Return the last mark of `kind` that starts at or before `position`."""
        marks = self.kinds.get(kind, [])
        # If several marks start together, the last one contains the text: blank pages come first.
        number = bisect_right(marks, position, key=lambda mark: mark.start)
        return marks[number - 1] if number else None

    def number(self, kind: str, position: int) -> int:
        """Return the number, from 1, of the mark that `at` returns; 0 if there is none."""
        return bisect_right(self.kinds.get(kind, []), position, key=lambda mark: mark.start)

    def label(self, kind: str, position: int) -> str | None:
        """Return the label of the last mark of `kind` that starts at or before `position`.

        A heading applies only within its message, sheet or slide.
        """
        mark = self.at(kind, position)
        if mark is None:
            return None
        if kind == "heading":
            borders = [self.at(border, position) for border in ("message", "sheet", "slide")]
            if any(border is not None and border.start > mark.start for border in borders):
                return None
        return mark.label

    def is_quoted(self, position: int) -> bool:
        """Return whether `position` is in a part of a message that its sender did not write."""
        part = self.at("message", position)
        return part is not None and any(
            whole.start <= part.start and part.end <= whole.end and whole.label != part.label
            for whole in self.kinds["message"]
        )

    def place(self, start: int, end: int) -> str:
        """Return the place of text[start:end], or "" if the text has no such places.

        A page is given by its printed label, followed by its number if the two differ.
        """
        last = max(start, end - 1)
        parts = [self.label("message", start), self._pages(start, last)]
        parts += [self._counted("slide", "slides", start, last), self.label("sheet", start)]
        parts += [self._counted("row", "rows", start, last)]
        return ", ".join(part for part in parts if part)

    def _pages(self, start: int, last: int) -> str:
        first, final = self.number("page", start), self.number("page", last)
        if not first:
            return ""
        pages = self.kinds["page"]
        labels = [pages[number - 1].label for number in dict.fromkeys((first, final))]
        words = ("p. " if len(labels) == 1 else "pp. ") + "–".join(labels)
        if labels[0] != str(first):
            words += f" (page {first} of {len(pages)})"
        return words

    def _counted(self, one: str, many: str, start: int, last: int) -> str:
        # Text of shapes on a sheet follows a blank line and belongs to no row.
        row_labels = (
            mark.label
            for position in (start, last)
            if (mark := self.at(one, position)) and position < mark.end + len("\n\n")
        )
        labels = list(dict.fromkeys(row_labels))
        return f"{one if len(labels) == 1 else many} {'–'.join(labels)}" if labels else ""
