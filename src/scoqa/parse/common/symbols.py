"""Convert characters of symbol fonts, superscript and subscript digits to and from Unicode.

Input: the name of a font and the code of a character in it, as Word stores symbols. Output: the
Unicode character that is displayed, or U+FFFD if it is unknown.
"""

from __future__ import annotations

TO_SUPERSCRIPT = str.maketrans("0123456789+−-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
FROM_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
TO_SUBSCRIPT = str.maketrans("0123456789+−-", "₀₁₂₃₄₅₆₇₈₉₊₋₋")

# Codes 0x41 to 0x5a and 0x61 to 0x7a of the font Symbol, then other frequently used codes.
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


def decode_symbol(font: str | None, code: str | None) -> str:
    """Return the Unicode character for the hexadecimal `code` in `font`, or U+FFFD if unknown."""
    try:
        number = int(code or "", 16)
    except ValueError:
        return "\ufffd"
    table = _FONTS.get((font or "").lower())
    if table is not None:
        number &= 0xFF  # Word puts F0 before the code
        return table.get(number) or ("\ufffd" if number > 0x7E else chr(number))
    if number < 0x20 or 0xD800 <= number < 0xF900 or number > 0x10FFFF:  # invalid or private use
        return "\ufffd"
    return chr(number)
