"""Inline text: the words of one block of markup, put together as a browser shows them.

Receives pieces of text in reading order and where a piece is raised, lowered or a link; hands on
the text of the block. Pieces are named by their number, from 0.
"""

from __future__ import annotations

import re

from scoqa.parse.common.superscripts import LONGEST_BEFORE, beside_number, written
from scoqa.parse.common.symbols import LOWERED

SPACE = re.compile("[ \t\n\f\r]+")  # what a browser collapses; a non-breaking space is none
_MANY_LINES = re.compile("\n{3,}")
_NOTE = re.compile(r"\s*(\d{1,3}|[a-z]{1,2}|[*†‡§]{1,3})\s*", re.I)


class Inline:
    """The text of one block. links: how many of its characters are links."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.links = 0
        self._kept = False  # some of its white space is shown as it is
        self._raised = -1  # the part at which raised text began last
        # The part that is raised or lowered and ends in a digit, while no other words followed.
        self._loose: tuple[int, bool] | None = None

    def __len__(self) -> int:
        return len(self.parts)

    def since(self, part: int) -> str:
        """Return the text from a part on."""
        return "".join(self.parts[part:])

    def text(self) -> str:
        """Return the whole text, as it came."""
        return self.since(0)

    def shown(self) -> str:
        """Return the whole text without white space that nobody sees."""
        text = self.text()
        if self._kept:
            return text.strip("\n").rstrip()
        return _MANY_LINES.sub("\n\n", text.strip())

    def add(self, text: str, *, kept: bool = False, linked: bool = False) -> None:
        """Add text of the source, its white space collapsed unless it is `kept`."""
        if kept:
            self._kept = True
        else:
            text = SPACE.sub(" ", text)
            if text[:1] == " " and (not self.parts or self.parts[-1][-1] in " \n"):
                text = text[1:]
        if not text:
            return
        if self._loose is not None and not text.isspace():
            self._part_from(text, *self._loose)
        self.parts.append(text)
        self.links += len(text) if linked else 0

    def end_line(self, *, kept: bool) -> None:
        """Add what <br> shows: the end of a line."""
        if self.parts and not kept:
            self.parts[-1] = self.parts[-1].rstrip(" ")
            if not self.parts[-1]:
                self.parts.pop()
        self.parts.append("\n")

    def put(self, text: str, part: int) -> None:
        """Write `text` in place of all from a part on."""
        self.parts[part:] = [text]

    def cut(self) -> str:
        """Take the text out and return it on one line; its links still count."""
        text = " ".join(SPACE.split(self.text().strip()))
        self.parts = []
        return text

    def lay_out(self, text: str) -> None:
        """Write `text` in place of all there is; its white space is shown as it is."""
        self.parts, self._kept = [text], True

    def is_raised(self, part: int) -> bool:
        """Return whether raised text began at that part or behind it."""
        return self._raised >= part

    def bracket(self, part: int) -> None:
        """Put a link to a note in brackets: "2008" with note 1 must not read "20081"."""
        found = _NOTE.fullmatch(self.since(part).translate(LOWERED))
        if found:
            self.put(f"[{found[1]}]", part)
            self._loose = None

    def shift(self, part: int, *, lowered: bool, is_whole: bool) -> None:
        """Keep raised and lowered digits apart from a number: 10 to the sixth is not "106".

        is_whole: they stand in this block alone.
        """
        if not lowered:
            self._raised = part
        text = self.since(part)
        if not text or not is_whole:
            return
        before = "".join(self.parts[max(0, part - LONGEST_BEFORE) : part])
        shown = beside_number(text, before[-LONGEST_BEFORE:], lowered=lowered)
        self.put(shown, part)
        ends_loose = shown == text and text.strip()[-1:].isdigit()
        self._loose = (part, lowered) if ends_loose else None

    def _part_from(self, text: str, part: int, lowered: bool) -> None:
        """Keep a raised or lowered part apart from `text`, which follows: m², not "m25"."""
        self._loose = None
        if part < len(self.parts) and text.lstrip()[:1].isdigit():
            self.parts[part] = written(self.parts[part], lowered=lowered)
