"""Rate how plausible the letters of a decoded text are, to choose between similar encodings.

Input: a text in a Western European language, decoded by a guess. Output: a number. cp1252, Mac
Roman and the code pages of DOS assign the same bytes to different characters, so a wrong guess has
capitals inside words ("cafŽ"), quotation marks inside words, and single letters for dashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

MOST_RATED = 5_000  # characters; far more than a decision needs
# By how much a text must be better than another one; of 50 characters, one may be rare.
LEAST_LEAD = 0.02
_SPECIAL = re.compile(r"[^\x00-\x7f]")
_ALONE = frozenset("àáâéèêíòóôùúåæöøÅÀÉÓ")  # words of one letter
_RARE_FIRST = frozenset("ìòùÿïëûýõãÒÌÙ")  # hardly any word starts with these
_OPENING, _CLOSING = frozenset("“‘«„‚¿¡‹"), frozenset("”’»›")
_CURRENCY = frozenset("£€¥¢")
_SIGNS = frozenset("§°²³¹½¼¾™®©±×•·µ‰†…ªº\u00ad")
_LAST_LATIN = "\u024f"  # the end of the block Latin Extended-B


def rate(text: str, places: Iterable[int] | None = None) -> float:
    """Return the mean rating of characters, from -2 to 1; 1 if there are none.

    places: the offsets of these characters; by default of all that are not ASCII. Only the first
    MOST_RATED are rated.
    """
    chosen = (match.start() for match in _SPECIAL.finditer(text)) if places is None else places
    ratings = [_rate_character(text, place) for place in islice(chosen, MOST_RATED)]
    return sum(ratings) / len(ratings) if ratings else 1.0


def choose_encoding(data: bytes, encodings: Sequence[str]) -> str:
    """Return the encoding whose text is the most plausible; the first unless another leads.

    Encodings that are unknown to Python must not be among them.
    """
    best, *others = encodings
    best_rating = rate(data.decode(best, "replace"))
    for encoding in others:
        rating = rate(data.decode(encoding, "replace"))
        if rating > best_rating + LEAST_LEAD:
            best, best_rating = encoding, rating
    return best


def _rate_character(text: str, index: int) -> float:
    character = text[index]
    before = text[index - 1] if index else " "
    after = text[index + 1] if index + 1 < len(text) else " "
    if character == "\ufffd" or (not character.isprintable() and not character.isspace()):
        return 0.0 if character in _SIGNS else -2.0
    if before == character == after and character.isalpha():
        return -1.0
    if character.isalpha() and character not in _SIGNS:
        return _rate_letter(character, before, after)
    is_between = before.isalpha() and after.isalpha()
    if character in _OPENING:
        return 1.0 if not before.isalnum() and not after.isspace() else -1.0
    if character in _CLOSING:
        return 1.0 if not before.isspace() else -1.0
    if character in "–—":
        return -1.0 if is_between and character == "–" else 1.0
    if character in _CURRENCY:
        return 1.0 if after.isdigit() or before.isdigit() or before == " " == after else -1.0
    if character in _SIGNS or character.isspace():
        return -1.0 if is_between else 0.5
    if _is_drawn(character):
        return 1.0 if all(c.isspace() or _is_drawn(c) for c in (before, after)) else 0.0
    return -1.0


def _is_drawn(character: str) -> bool:
    """Return whether a character is a line or a block, as in tables of DOS."""
    return "\u2500" <= character <= "\u259f"


def _rate_letter(character: str, before: str, after: str) -> float:
    if character > _LAST_LATIN:
        return -1.0
    if not before.isalpha() and not after.isalpha():
        return 1.0 if character in _ALONE and before.isspace() else -1.0
    if not before.isalpha() and character in _RARE_FIRST:
        return 0.0
    if character.isupper():
        is_inside = before.isalpha() and not before.isupper()
        return -1.0 if is_inside else 1.0
    return 1.0 if not before.isupper() or not after.isupper() else -1.0
