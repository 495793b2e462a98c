"""Raised and lowered text, so that it never runs into a number beside it.

Receives what is raised or lowered and what stands before it; hands on how it is written. "10" with
a raised 6 flattened to "106", or "2008" with the marks of two notes to "20081,2", would be false.
"""

from __future__ import annotations

import re

from scoqa.parse.common.symbols import TO_SUBSCRIPT, TO_SUPERSCRIPT

# Behind these a number still runs on: "2008.1" and "2008 100" would be false, too.
_NUMBER_BEFORE = re.compile(r"(?:[\d\]⁰¹²³⁴-⁹₀-₉][.,]?[ \u00a0\u202f]?|[⁰¹²³⁴-⁹][/⁄])\Z")
_LAST_TEN = re.compile(r"(?<!\d)10\Z")
_WRITABLE = re.compile(r"[0-9+−-]+")
_BRACKETED = re.compile(r"\[.*\]|\(.*\)")  # "2008[1]"
_NOTES = re.compile(r"\d{1,3}(?:\s*[,;–]\s*\d{1,3})+")
_HAS_DIGIT = re.compile(r"\d")
CONTEXT_CHARACTERS = 3  # characters that matter of what stands before


def separate_from_number(text: str, before: str, *, lowered: bool) -> str:
    """Return `text` as it is written behind `before`: unchanged, unless that ends in a number.

    Then digits and signs stay raised or lowered ("10⁶"). Where a character cannot, the marks of
    notes stand in brackets ("2008[1,2]") and all else behind a sign ("10^(6.5)"). What has no
    digits makes no number: "5th" stays.
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
    """Return `text` with the digits and signs in it raised or lowered."""
    return text.translate(TO_SUBSCRIPT if lowered else TO_SUPERSCRIPT)
