"""The headings that a place of a document stands under.

Receives headings in reading order; hands on their paths, which citations name.
"""

from __future__ import annotations


class Outline:
    """The headings that are open at a place of a document."""

    def __init__(self) -> None:
        self._open: list[tuple[float, str]] = []  # (level, words) from the outermost in

    def open_heading(self, level: float, words: str) -> str:
        """Open a heading and return its whole path ("Charter > Article 4").

        level: the less, the further out; those of its level and below end here.
        """
        self._open = [each for each in self._open if each[0] < level] + [(level, words)]
        return " > ".join(each for _, each in self._open)
