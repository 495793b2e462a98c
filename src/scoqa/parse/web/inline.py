"""Build the inline text of one block of markup as a browser displays it.

Input: pieces of text in reading order, with superscripts, subscripts and links. Output: the text of
the block. Pieces are identified by their index, from 0.
"""

from __future__ import annotations

import re

from scoqa.parse.common.struck import remove_signs, strike
from scoqa.parse.common.superscripts import CONTEXT_CHARACTERS, separate_from_number, shift_digits
from scoqa.parse.common.symbols import FROM_SUPERSCRIPT

SPACE = re.compile("[ \t\n\f\r]+")  # collapsed by browsers, unlike non-breaking spaces
_MANY_LINES = re.compile("\n{3,}")
_NOTE = re.compile(r"\s*(\d{1,3}|[a-z]{1,2}|[*†‡§]{1,3})\s*", re.I)


class Inline:
    """The text of one block. links: how many of its characters are in links."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.links = 0
        self._is_preformatted = False  # whether any of its white space is preserved
        self._superscript_start = -1  # the part at which the last superscript started
        # (part, lowered) of a last superscript or subscript that ends in a digit and is unchanged;
        # it must be separated from a digit that follows.
        self._unseparated: tuple[int, bool] | None = None

    def __len__(self) -> int:
        return len(self.parts)

    def get_text_from(self, part: int) -> str:
        """Return the text from `part` on."""
        return "".join(self.parts[part:])

    def text(self) -> str:
        """Return the complete text with its white space."""
        return self.get_text_from(0)

    def get_visible_text(self) -> str:
        """Return the complete text without invisible white space."""
        text = self.text()
        if self._is_preformatted:
            return text.strip("\n").rstrip()
        return _MANY_LINES.sub("\n\n", text.strip())

    def add(
        self,
        text: str,
        *,
        preformatted: bool = False,
        is_link: bool = False,
        is_struck: bool = False,
    ) -> None:
        """Add text of the source, collapsing its white space unless it is `preformatted`."""
        if preformatted:
            self._is_preformatted = True
        else:
            text = SPACE.sub(" ", text)
            if text[:1] == " " and (not self.parts or self.parts[-1][-1] in " \n"):
                text = text[1:]
        if not text:
            return
        if self._unseparated is not None and not text.isspace():
            self._separate_from(text, *self._unseparated)
        self.parts.append(strike(text) if is_struck else text)
        self.links += len(text) if is_link else 0

    def end_line(self, *, preformatted: bool) -> None:
        """Add the line end of a <br> element."""
        if self.parts and not preformatted:
            self.parts[-1] = self.parts[-1].rstrip(" ")
            if not self.parts[-1]:
                self.parts.pop()
        self.parts.append("\n")

    def replace_from(self, text: str, part: int) -> None:
        """Replace the text from `part` on by `text`."""
        self.parts[part:] = [text]

    def take_line(self) -> str:
        """Remove the text and return it on one line. Its links are still counted."""
        text = " ".join(SPACE.split(self.text().strip()))
        self.parts = []
        return text

    def has_superscript(self, part: int) -> bool:
        """Return whether the last superscript started at `part` or later."""
        return self._superscript_start >= part

    def bracket_note(self, part: int) -> None:
        """Put the link to a note in brackets, so that "2008" with note 1 does not read "20081"."""
        match = _NOTE.fullmatch(self.get_text_from(part).translate(FROM_SUPERSCRIPT))
        if match:
            self.replace_from(f"[{match[1]}]", part)
            self._unseparated = None

    def shift(self, part: int, *, lowered: bool, is_whole: bool) -> None:
        """Separate superscript and subscript digits from a number: 10 to the sixth is not "106".

        is_whole: whether the element is entirely in this block.
        """
        if not lowered:
            self._superscript_start = part
        text = self.get_text_from(part)
        if not text or not is_whole:
            return
        before = remove_signs("".join(self.parts[max(0, part - CONTEXT_CHARACTERS) : part]))
        separated = separate_from_number(text, before[-CONTEXT_CHARACTERS:], lowered=lowered)
        self.replace_from(separated, part)
        ends_in_digit = separated == text and text.strip()[-1:].isdigit()
        self._unseparated = (part, lowered) if ends_in_digit else None

    def _separate_from(self, text: str, part: int, lowered: bool) -> None:
        """Separate a superscript or subscript from `text`, which follows: "m²5", not "m25"."""
        self._unseparated = None
        if part < len(self.parts) and text.lstrip()[:1].isdigit():
            self.parts[part] = shift_digits(self.parts[part], lowered=lowered)
