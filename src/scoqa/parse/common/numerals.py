"""Format the numbers of list items as digits, letters or Roman numerals.

Input: a number and a form, named as in HTML and OpenDocument. Output: the numeral.
"""

from __future__ import annotations

_ROMAN = tuple(zip((1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
                   "m cm d cd c xc l xl x ix v iv i".split(), strict=True))  # fmt: skip
_MOST_ROMAN, _MOST_DOUBLED = 3999, 26 * 26


def format_numeral(number: int, form: str, *, doubles: bool = True) -> str:
    """Format `number` in the form "1", "a", "A", "i" or "I"; as digits if it does not fit the form.

    doubles: whether z is followed by aa, bb, cc, as in Word and LibreOffice, or by aa, ab, ac, as
    in web pages.
    """
    numeral = str(number)
    if form in ("a", "A") and number > 0 and not (doubles and number > _MOST_DOUBLED):
        numeral = _repeat_letter(number) if doubles else _count_in_letters(number)
    elif form in ("i", "I") and 0 < number <= _MOST_ROMAN:
        numeral = ""
        for value, letters in _ROMAN:
            count, number = divmod(number, value)
            numeral += letters * count
    return numeral.upper() if form in ("A", "I") else numeral


def _repeat_letter(number: int) -> str:
    times, letter = divmod(number - 1, 26)
    return chr(ord("a") + letter) * (times + 1)


def _count_in_letters(number: int) -> str:
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("a") + letter) + letters
    return letters
