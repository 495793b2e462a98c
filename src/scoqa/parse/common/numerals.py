"""How the items of lists are numbered: in figures, letters or Roman numerals.

Receives a number and a form, as HTML and OpenDocument name it; hands on what is written.
"""

from __future__ import annotations

_ROMAN = tuple(zip((1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
                   "m cm d cd c xc l xl x ix v iv i".split(), strict=True))  # fmt: skip
_MOST_ROMAN, _MOST_DOUBLED = 3999, 26 * 26


def format_numeral(number: int, form: str, *, doubles: bool = True) -> str:
    """Return `number` as "1", "a", "A", "i" or "I" has it; in figures where that cannot be.

    doubles: whether bb follows aa after z, as in Word and LibreOffice; in web pages ab does.
    """
    written = str(number)
    if form in ("a", "A") and number > 0 and not (doubles and number > _MOST_DOUBLED):
        written = _repeat_letter(number) if doubles else _count_in_letters(number)
    elif form in ("i", "I") and 0 < number <= _MOST_ROMAN:
        written = ""
        for value, letters in _ROMAN:
            count, number = divmod(number, value)
            written += letters * count
    return written.upper() if form in ("A", "I") else written


def _repeat_letter(number: int) -> str:
    times, letter = divmod(number - 1, 26)
    return chr(ord("a") + letter) * (times + 1)


def _count_in_letters(number: int) -> str:
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("a") + letter) + letters
    return letters
