"""Where in a file a stretch of its text stands, in the words people cite with.

Receives the marks of a document; hands on words such as "p. 12", "slide 3", "Budget, row 40".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol


class Marked(Protocol):
    """A stretch of a text with a name, as `scoqa.types.Mark`."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def label(self) -> str: ...


class Marks:
    """The marks of one text by kind, to be asked many times."""

    def __init__(self, marks: Sequence[Marked]) -> None:
        """marks: sorted by start."""
        self.kinds: dict[str, list[Marked]] = {}
        for mark in marks:
            self.kinds.setdefault(mark.kind, []).append(mark)

    def at(self, kind: str, position: int) -> Marked | None:
        """Return the last mark of `kind` that starts at or before `position`."""
        own = self.kinds.get(kind, [])
        # Of marks that start together the last one holds it: blank pages come before.
        number = bisect_right(own, position, key=lambda mark: mark.start)
        return own[number - 1] if number else None

    def number(self, kind: str, position: int) -> int:
        """Return which mark of `kind`, from 1, `at` finds; 0 for none."""
        return bisect_right(self.kinds.get(kind, []), position, key=lambda mark: mark.start)

    def label(self, kind: str, position: int) -> str | None:
        """Return the label of the last mark of `kind` that starts at or before `position`.

        A message stands under no heading of the one before it, nor a sheet or a slide.
        """
        mark = self.at(kind, position)
        if mark is None:
            return None
        if kind == "heading":
            borders = [self.at(each, position) for each in ("message", "sheet", "slide")]
            if any(border is not None and border.start > mark.start for border in borders):
                return None
        return mark.label

    def place(self, start: int, end: int) -> str:
        """Return where text[start:end] stands; "" where the text has no such places.

        A page goes by its printed label, and by its number as well where the two differ.
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
        # What is drawn on a sheet stands after a blank line, and in no row.
        held = (
            mark.label
            for each in (start, last)
            if (mark := self.at(one, each)) and each < mark.end + len("\n\n")
        )
        labels = list(dict.fromkeys(held))
        return f"{one if len(labels) == 1 else many} {'–'.join(labels)}" if labels else ""
