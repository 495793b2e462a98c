"""Inline text: the words of one block of markup, put together as a browser shows them.

Receives pieces of text in reading order and where a piece is raised, lowered or a link; hands on
the text of the block. Pieces are named by their number, from 0.
"""

from __future__ import annotations

import re

from scoqa.parse.common.superscripts import CONTEXT_CHARACTERS, separate_from_number, shift_digits
from scoqa.parse.common.symbols import FROM_SUPERSCRIPT

SPACE = re.compile("[ \t\n\f\r]+")  # what a browser collapses; a non-breaking space is none
_MANY_LINES = re.compile("\n{3,}")
_NOTE = re.compile(r"\s*(\d{1,3}|[a-z]{1,2}|[*†‡§]{1,3})\s*", re.I)


class Inline:
    """The text of one block. links: how many of its characters are links."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.links = 0
        self._is_preformatted = False  # some of its white space is shown as it is
        self._superscript_start = -1  # the part at which raised text began last
        # The part that is raised or lowered and ends in a digit, while no other words followed.
        self._unseparated: tuple[int, bool] | None = None

    def __len__(self) -> int:
        return len(self.parts)

    def get_text_from(self, part: int) -> str:
        """Return the text from a part on."""
        return "".join(self.parts[part:])

    def text(self) -> str:
        """Return the whole text, as it came."""
        return self.get_text_from(0)

    def get_visible_text(self) -> str:
        """Return the whole text without white space that nobody sees."""
        text = self.text()
        if self._is_preformatted:
            return text.strip("\n").rstrip()
        return _MANY_LINES.sub("\n\n", text.strip())

    def add(self, text: str, *, kept: bool = False, linked: bool = False) -> None:
        """Add text of the source, its white space collapsed unless it is `kept`."""
        if kept:
            self._is_preformatted = True
        else:
            text = SPACE.sub(" ", text)
            if text[:1] == " " and (not self.parts or self.parts[-1][-1] in " \n"):
                text = text[1:]
        if not text:
            return
        if self._unseparated is not None and not text.isspace():
            self._separate_from(text, *self._unseparated)
        self.parts.append(text)
        self.links += len(text) if linked else 0

    def end_line(self, *, kept: bool) -> None:
        """Add what <br> shows: the end of a line."""
        if self.parts and not kept:
            self.parts[-1] = self.parts[-1].rstrip(" ")
            if not self.parts[-1]:
                self.parts.pop()
        self.parts.append("\n")

    def replace_from(self, text: str, part: int) -> None:
        """Write `text` in place of all from a part on."""
        self.parts[part:] = [text]

    def take_line(self) -> str:
        """Take the text out and return it on one line; its links still count."""
        text = " ".join(SPACE.split(self.text().strip()))
        self.parts = []
        return text

    def set_row(self, text: str) -> None:
        """Write `text` in place of all there is; its white space is shown as it is."""
        self.parts, self._is_preformatted = [text], True

    def has_superscript(self, part: int) -> bool:
        """Return whether raised text began at that part or behind it."""
        return self._superscript_start >= part

    def bracket_note(self, part: int) -> None:
        """Put a link to a note in brackets: "2008" with note 1 must not read "20081"."""
        found = _NOTE.fullmatch(self.get_text_from(part).translate(FROM_SUPERSCRIPT))
        if found:
            self.replace_from(f"[{found[1]}]", part)
            self._unseparated = None

    def shift(self, part: int, *, lowered: bool, is_whole: bool) -> None:
        """Keep raised and lowered digits apart from a number: 10 to the sixth is not "106".

        is_whole: they stand in this block alone.
        """
        if not lowered:
            self._superscript_start = part
        text = self.get_text_from(part)
        if not text or not is_whole:
            return
        before = "".join(self.parts[max(0, part - CONTEXT_CHARACTERS) : part])
        shown = separate_from_number(text, before[-CONTEXT_CHARACTERS:], lowered=lowered)
        self.replace_from(shown, part)
        ends_loose = shown == text and text.strip()[-1:].isdigit()
        self._unseparated = (part, lowered) if ends_loose else None

    def _separate_from(self, text: str, part: int, lowered: bool) -> None:
        """Keep a raised or lowered part apart from `text`, which follows: m², not "m25"."""
        self._unseparated = None
        if part < len(self.parts) and text.lstrip()[:1].isdigit():
            self.parts[part] = shift_digits(self.parts[part], lowered=lowered)
