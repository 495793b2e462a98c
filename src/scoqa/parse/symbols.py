"""Characters of symbol fonts, and digits above and below the line, in Unicode.

Receives a font's name and the code of a character in it, as Word writes symbols; hands on the
character a reader sees, or U+FFFD where it is not known. Receives text that a program shows above
or below the line; hands on what reads the same in one line.
"""

from __future__ import annotations

import re

RAISED = str.maketrans("0123456789+−-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_SUNK = str.maketrans("0123456789+−-", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
EXPONENT = re.compile(r"[+−-]?\d+")
LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")

# Codes 0x41 to 0x5a and 0x61 to 0x7a of the font Symbol, then single ones people insert.
_SYMBOL = dict(
    zip(
        [*range(0x41, 0x5B), *range(0x61, 0x7B)],
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
) | {
    0x2D: "−",
    0xA2: "′",
    0xA3: "≤",
    0xA5: "∞",
    0xAC: "←",
    0xAD: "↑",
    0xAE: "→",
    0xAF: "↓",
    0xB0: "°",
    0xB1: "±",
    0xB2: "″",
    0xB3: "≥",
    0xB4: "×",
    0xB5: "∝",
    0xB7: "•",
    0xB8: "÷",
    0xB9: "≠",
    0xBA: "≡",
    0xBB: "≈",
    0xBC: "…",
    0xC7: "∩",
    0xC8: "∪",
    0xCE: "∈",
    0xD0: "∠",
    0xD2: "®",
    0xD3: "©",
    0xD4: "™",
    0xD5: "∏",
    0xD6: "√",
    0xD7: "⋅",
    0xE5: "∑",
    0xF2: "∫",
}
_WINGDINGS = {
    0x4A: "☺",
    0x6C: "●",
    0x6E: "■",
    0x6F: "□",
    0xA7: "▪",
    0xA8: "◻",
    0xDF: "←",
    0xE0: "→",
    0xE8: "➔",
    0xFB: "✗",
    0xFC: "✓",
    0xFD: "☒",
    0xFE: "☑",
}
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS}


def symbol(font: str | None, code: str | None) -> str:
    """Return the character with the hexadecimal `code` in `font`."""
    try:
        number = int(code or "", 16)
    except ValueError:
        return "\ufffd"
    table = _FONTS.get((font or "").lower())
    if table is not None:
        number &= 0xFF  # Word writes F0 before it
        return table.get(number) or ("\ufffd" if number > 0x7E else chr(number))
    if number < 0x20 or 0xD800 <= number < 0xF900 or number > 0x10FFFF:  # no character, or private
        return "\ufffd"
    return chr(number)


def shifted(text: str, shift: float, before: str) -> str:
    """Return `text` as it reads in a line where it is shown above it (shift > 0) or below (< 0).

    before: what stands before it. Only a number after a digit changes: ten to the sixth must not
    read "106", and one in base two not "12"; nobody reads H2O as anything else.
    """
    if shift and before[-1:].isdigit() and EXPONENT.fullmatch(text.rstrip()):
        return text.translate(RAISED if shift > 0 else _SUNK)
    return text
