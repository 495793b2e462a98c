"""Write superscripts and subscripts so that they do not merge with an adjacent number.

Input: superscript or subscript text and the text before it. Output: the text to write. Flattening
"10" with superscript 6 to "106", or "2008" with two note marks to "20081,2", would be false.
"""

from __future__ import annotations

import re

from scoqa.parse.common.symbols import TO_SUBSCRIPT, TO_SUPERSCRIPT

# A number can continue after these: "2008.1" and "2008 100" would be false too.
_NUMBER_BEFORE = re.compile(r"(?:[\d\]⁰¹²³⁴-⁹₀-₉][.,]?[ \u00a0\u202f]?|[⁰¹²³⁴-⁹][/⁄])\Z")
_LAST_TEN = re.compile(r"(?<!\d)10\Z")
_WRITABLE = re.compile(r"[0-9+−-]+")
_BRACKETED = re.compile(r"\[.*\]|\(.*\)")  # "2008[1]"
_NOTES = re.compile(r"\d{1,3}(?:\s*[,;–]\s*\d{1,3})+")
_HAS_DIGIT = re.compile(r"\d")
CONTEXT_CHARACTERS = 3  # the number of preceding characters that matter


def separate_from_number(text: str, before: str, *, lowered: bool) -> str:
    """Return the text to write for superscript or subscript `text` after `before`.

    It is unchanged unless `before` ends with a number. Then digits and signs become Unicode
    superscripts or subscripts ("10⁶"). If a character has no such form, note marks are put in
    brackets ("2008[1,2]") and other text after a sign ("10^(6.5)"). Text without digits is
    unchanged, because it cannot be read as part of the number ("5th").
    """
    words = text.strip()
    after = " " if text[-1:] == " " else ""
    if not _NUMBER_BEFORE.search(before) or _BRACKETED.fullmatch(words):
        return text
    if _WRITABLE.fullmatch(words):
        return shift_digits(words, lowered=lowered) + after
    if not _HAS_DIGIT.search(words):
        return text
    if not lowered and _NOTES.fullmatch(words) and not _LAST_TEN.search(before):
        return f"[{words}]{after}"
    return f"{'_' if lowered else '^'}({words}){after}"


def shift_digits(text: str, *, lowered: bool) -> str:
    """Return `text` with its digits and signs as Unicode superscripts or subscripts."""
    return text.translate(TO_SUBSCRIPT if lowered else TO_SUPERSCRIPT)
