"""Track the headings that contain the current place of a document.

Input: headings in reading order. Output: their paths, which citations show.
"""

from __future__ import annotations

from scoqa.heading_path import HeadingPath


class Outline:
    """The stack of open headings at the current place of a document."""

    def __init__(self) -> None:
        self._open: list[tuple[float, str]] = []  # (level, words), outermost first

    def open_heading(self, level: float, words: str) -> str:
        """Open a heading and return its complete path as text ("Charter > Article 4").

        level: a smaller level is further out. Open headings of this or a larger level are closed.
        """
        self._open = [heading for heading in self._open if heading[0] < level]
        self._open.append((level, words))
        return str(HeadingPath(tuple(heading_words for _, heading_words in self._open)))
