"""Format numbers as a spreadsheet displays them.

Input: a number as stored and a format code such as "#,##0.00" or "d mmm yyyy". Output: the text in
English, independent of the user's locale. The codes are defined in ECMA-376, part 1, 18.8.30.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from scoqa.parse.common.lines import MONTHS

ISO_DATE = "yyyy-mm-dd"
# The format codes of ids that a file need not define. Spreadsheets display 14 and 22 in the format
# of the user's region ("5/3/2024" is two different days); here they are year, month and day.
BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: ISO_DATE,
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: f"{ISO_DATE} h:mm",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    41: "#,##0;(#,##0);-;@",
    42: "$#,##0;($#,##0);$-;@",
    43: "#,##0.00;(#,##0.00);-;@",
    44: "$#,##0.00;($#,##0.00);$-;@",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}

_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
# Language ids displayed in English: no language, English, and the language of the user's system.
_IN_ENGLISH = {None, 0, 0xF800, 0xF400, *(0x409 + 0x400 * n for n in range(20))}
_MOST_DIGITS = 10  # displayed by Excel for a number without a format
_LONGEST_CODE = 255  # characters, as in Excel
_WIDE = Context(prec=1000)  # digits; a number may have 308 before its decimal point
_FIRST_DAY, _LAST_DAY = -693_593, 2_958_465  # the range of the years 1 to 9999

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.'
    r"|\[\$(?P<currency>[^\]-]*)(?:-(?P<language>[^\]]*))?\]"
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[(?P<condition>[<>=]+-?[\d.]+)\]|\[[^\]]*\]"
    r"|(?P<general>general)|(?P<half>am/pm|a/p)|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|e+(?![+-])|g+)"
    r"|(?P<exponent>e[+-])|(?P<digit>[0#?]+)|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)"
    r"|(?P<slash>/)|(?P<text>@)|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)

_DATE_KINDS = {"date", "elapsed", "half"}


class _Token(NamedTuple):
    kind: str
    text: str


class _Section(NamedTuple):
    """One of up to four parts of a format. language: of its month names, None if unspecified."""

    tokens: tuple[_Token, ...]
    condition: str
    language: int | None
    kinds: frozenset[str]  # the kinds of its tokens


@lru_cache(maxsize=100_000)  # columns often repeat the same few numbers
def format_value(value: float, code: str, *, from_1904: bool = False) -> str:
    """Format `value` by the format code `code`, without outer white space.

    from_1904: whether days count from 1904, as in files created on old Macs.
    """
    sections = _parse_sections(code if len(code) <= _LONGEST_CODE else "General")
    section, is_signed = _choose_section(sections, value)
    if section.kinds & _DATE_KINDS:
        days = value + 1462 if from_1904 else value
        return (
            _format_date(days, section).strip()
            if _FIRST_DAY <= days < _LAST_DAY
            else format_general(value)
        )
    if not section.tokens:
        return "" if len(sections) > 1 else format_general(value)
    number = abs(value)
    if "general" in section.kinds or "text" in section.kinds:
        text = "".join(
            format_general(number) if token.kind in ("general", "text") else token.text
            for token in section.tokens
        )
    elif "digit" not in section.kinds:
        text = "".join(token.text for token in section.tokens)
    elif "slash" in section.kinds:
        text = _format_fraction(number, section.tokens)
    elif "exponent" in section.kinds:
        text = _format_exponent(number, section.tokens)
    else:
        text = _format_digits(_to_decimal(number), section.tokens)
    # A number that is rounded to zero has no sign.
    sign = "-" if is_signed and value < 0 and text.strip("0.,% ") else ""
    return f"{sign}{text.strip()}"


def format_text(text: str, code: str) -> str:
    """Format the `text` of a cell by `code`, which may leave it unchanged, add words or hide it."""
    sections = _parse_sections(code)
    section = sections[3] if len(sections) > 3 else sections[-1]
    if len(sections) < 4 and "text" not in section.kinds:
        return text
    return "".join(text if token.kind == "text" else token.text for token in section.tokens)


def format_general(value: float) -> str:
    """Format `value` as "General": its digits, rounded if there are more than _MOST_DIGITS."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if 1e-5 <= abs(value) < 1e11:
        whole = len(str(int(abs(value))))
        return _format_plain(round(_to_decimal(value), max(0, _MOST_DIGITS - whole)))
    mantissa, _, power = f"{value:.5E}".partition("E")
    return f"{_format_plain(Decimal(mantissa))}E{power}"


def _format_plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _to_decimal(value: float) -> Decimal:
    return Decimal(f"{value:.15g}")  # the digits a spreadsheet keeps


@lru_cache(maxsize=1000)
def _parse_sections(code: str) -> tuple[_Section, ...]:
    sections: list[_Section] = []
    tokens: list[_Token] = []
    condition, language = "", None
    for match in [*_TOKEN.finditer(code), None]:
        kind = match.lastgroup or "" if match else "end"
        text = match[kind] if match and kind else ""
        if match is None or (kind == "literal" and text == ";"):
            kinds = frozenset(token.kind for token in tokens)
            sections.append(_Section(tuple(tokens), condition, language, kinds))
            tokens, condition, language = [], "", None
        elif kind == "condition":
            condition = text
        elif kind in ("currency", "language"):
            if match["language"]:
                number = re.sub(r"[^0-9a-f].*", "", match["language"].lower())
                language = int(number[-4:] or "0", 16)
            tokens.append(_Token("literal", match["currency"]))
        elif kind in ("quoted", "escaped", "literal"):
            tokens.append(_Token("literal", text))
        elif kind:
            tokens.append(_Token(kind, text.lower()))
    return tuple(sections)


def _choose_section(sections: Sequence[_Section], value: float) -> tuple[_Section, bool]:
    """Return the section that applies to `value`, and whether the caller must add the sign."""
    if any(section.condition for section in sections):
        for section in sections[:3]:
            if not section.condition or _meets_condition(value, section.condition):
                return section, True
        return sections[-1], True
    if value < 0 and len(sections) > 1:
        return sections[1], False
    if value == 0 and len(sections) > 2:
        return sections[2], True
    return sections[0], True


def _meets_condition(value: float, condition: str) -> bool:
    operator = condition.rstrip("-.0123456789")
    bound = float(condition[len(operator) :])
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }.get(operator, False)


def _format_digits(number: Decimal, tokens: Sequence[_Token]) -> str:
    """Format `number` with its digits at the digit placeholders of `tokens`."""
    kinds = [token.kind for token in tokens]
    point = kinds.index("point") if "point" in kinds else len(kinds)
    before = [n for n, kind in enumerate(kinds) if kind == "digit" and n < point]
    after = [n for n, kind in enumerate(kinds) if kind == "digit" and n > point]
    inner = range(before[0], before[-1]) if before else range(0)
    grouping = {n for n in inner if kinds[n] == "comma"}
    scaling: set[int] = set()  # commas after the last placeholder; each divides by 1000
    for n, kind in enumerate(kinds):
        if kind == "comma" and n - 1 in {*before[-1:], *after[-1:], *scaling}:
            scaling.add(n)
    number = number.scaleb(2 * kinds.count("percent") - 3 * len(scaling))
    pattern = "".join(tokens[n].text for n in after)
    number = number.quantize(Decimal(1).scaleb(-len(pattern)), ROUND_HALF_UP, _WIDE)
    whole, _, fraction = f"{number:f}".partition(".")
    fraction = fraction[: max(len(fraction.rstrip("0")), pattern.rfind("0") + 1)]
    digits = _pad_digits(
        whole.lstrip("0"), "".join(tokens[n].text for n in before), is_grouped=bool(grouping)
    )
    digits_at = dict.fromkeys(grouping | scaling, "")
    for n in reversed(before[1:]):
        size = _measure_last_digits(digits, len(tokens[n].text))
        digits, digits_at[n] = digits[: len(digits) - size], digits[len(digits) - size :]
    # The first placeholder takes all digits in excess of the placeholders.
    digits_at[point] = "." if before else f"{digits}."
    digits_at |= dict.fromkeys(before[:1], digits)
    for n in after:
        count = len(tokens[n].text)
        digits_at[n], fraction = fraction[:count], fraction[count:]
    return "".join(digits_at.get(n, token.text) for n, token in enumerate(tokens))


def _pad_digits(digits: str, pattern: str, is_grouped: bool) -> str:
    """Return `digits` with the leading zeros of `pattern`, in groups of three if `is_grouped`."""
    first_zero = pattern.find("0")
    least = len(pattern) - first_zero if first_zero >= 0 else 0
    digits = digits.rjust(least, "0")
    if not is_grouped:
        return digits
    head = len(digits) % 3
    groups = [digits[:head], *(digits[n : n + 3] for n in range(head, len(digits), 3))]
    return ",".join(group for group in groups if group)


def _measure_last_digits(digits: str, count: int) -> int:
    """Return the length of the end of `digits` that has `count` digits, commas included."""
    size = 0
    while count and size < len(digits):
        size += 1
        count -= digits[-size] != ","
    return size


def _format_exponent(value: float, tokens: Sequence[_Token]) -> str:
    at = next(n for n, token in enumerate(tokens) if token.kind == "exponent")
    places = [token.text for token in tokens[:at] if token.kind in ("digit", "point")]
    whole, _, after = "".join(places).partition(".")
    step = max(1, len(whole))
    number = _to_decimal(value)
    power = number.adjusted() // step * step if number else 0
    scaled = number.scaleb(-power).quantize(Decimal(1).scaleb(-len(after)), ROUND_HALF_UP, _WIDE)
    if scaled and scaled.adjusted() >= step:
        power += step
        scaled = scaled.scaleb(-step).quantize(Decimal(1).scaleb(-len(after)), ROUND_HALF_UP, _WIDE)
    width = sum(len(token.text) for token in tokens[at:] if token.kind == "digit")
    sign = "-" if power < 0 else "+" if tokens[at].text.endswith("+") else ""
    return f"{scaled:f}E{sign}{str(abs(power)).rjust(width, '0')}"


def _format_fraction(value: float, tokens: Sequence[_Token]) -> str:
    at = next(n for n, token in enumerate(tokens) if token.kind == "slash")
    below = next((token.text for token in tokens[at + 1 :] if token.text.strip()), "?")
    has_whole = sum(token.kind == "digit" for token in tokens[:at]) > 1
    whole, rest = divmod(Fraction(_to_decimal(value)), 1) if has_whole else (0, Fraction(value))
    if below.isdigit() and int(below):
        top, bottom = round(rest * int(below)), int(below)
    else:
        near = rest.limit_denominator(10 ** len(below) - 1)
        top, bottom = near.numerator, near.denominator
    if has_whole and top == bottom:
        whole, top = whole + 1, 0
    if has_whole and not top:
        return str(whole)
    return f"{whole} {top}/{bottom}" if whole else f"{top}/{bottom}"


def _format_date(days: float, section: _Section) -> str:
    """Format the date and time `days` days after the end of 1899."""
    tokens = section.tokens
    needs_names = any(t.kind == "date" and re.match("mmm|ddd", t.text) for t in tokens)
    if needs_names and section.language not in _IN_ENGLISH:
        tokens = _parse_sections(ISO_DATE)[0].tokens
    dated = [n for n, token in enumerate(tokens) if token.kind in ("date", "elapsed")]
    split_seconds = max((len(tokens[n].text.partition(".")[2]) for n in dated), default=0)
    seconds = round(days * 86_400, split_seconds)
    # In January and February 1900 is treated as a leap year, as in a program older than Excel.
    start = datetime(1899, 12, 31 if 0 <= days < 60 else 30)
    moment = start + timedelta(seconds=seconds)
    has_half = any(token.kind == "half" for token in tokens)
    parts: list[str] = []
    for n, token in enumerate(tokens):
        if token.kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[token.text[0]]
            parts.append(str(int(seconds // unit)).rjust(len(token.text), "0"))
        elif token.kind == "half":
            half = "AM" if moment.hour < 12 else "PM"
            parts.append(half if token.text == "am/pm" else half[0])
        elif token.kind == "date":
            before = [tokens[m].text[0] for m in dated if m < n][-1:]
            after = [tokens[m].text[0] for m in dated if m > n][:1]
            is_minute = token.text[0] == "m" and (before == ["h"] or after == ["s"])
            parts.append(_format_date_part(moment, token.text, is_minute, has_half))
        else:
            parts.append(token.text)
    return "".join(parts)


def _format_date_part(moment: datetime, text: str, is_minute: bool, has_half: bool) -> str:
    size = len(text)
    if is_minute:
        return str(moment.minute).rjust(min(size, 2), "0")
    match text[0]:
        case "y" | "e":
            return f"{moment.year:04}" if size > 2 or text[0] == "e" else f"{moment.year % 100:02}"
        case "m":
            name = MONTHS[moment.month - 1]
            numbers = {1: str(moment.month), 2: f"{moment.month:02}", 3: name[:3], 5: name[0]}
            return numbers.get(size, name)
        case "d":
            name = _DAYS[moment.weekday()]
            return {1: str(moment.day), 2: f"{moment.day:02}", 3: name[:3]}.get(size, name)
        case "h":
            hour = (moment.hour - 1) % 12 + 1 if has_half else moment.hour
            return str(hour).rjust(min(size, 2), "0")
        case "s":
            whole, point, split = text.partition(".")
            seconds = str(moment.second).rjust(min(len(whole), 2), "0")
            return seconds + point + f"{moment.microsecond:06}"[: len(split)]
        case _:
            return ""
