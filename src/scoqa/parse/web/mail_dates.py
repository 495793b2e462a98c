"""Find the date in a line in which a mail program names an older message.

Input: a line in one of eleven European languages. Output: the place of the date, and the day.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from scoqa.parse.common.lines import MONTHS

# Names of months, January to December, and of weekdays; without accents. An abbreviation counts if
# all names that start with it are names of the same month.
_MONTH_NAMES = [
    names.split()
    for names in (
        "january januar janner janvier januari enero gennaio janeiro stycznia",
        "february februar fevrier februari febrero febbraio fevereiro lutego",
        "march marz mars maart mrt marzo marco marts marca",
        "april avril abril aprile kwietnia",
        "may mai mei mayo maggio maio maj maja",
        "june juni juin junio giugno junho czerwca",
        "july juli juillet julio luglio julho lipca",
        "august aout augustus agosto augusti sierpnia",
        "september septembre septiembre settembre setembro wrzesnia",
        "october oktober octobre octubre ottobre outubro pazdziernika",
        "november novembre noviembre novembro listopada",
        "december dezember decembre diciembre dicembre dezembro grudnia",
    )
]
_WEEKDAY_NAMES = (
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag "
    "freitag samstag sonnabend sonntag lundi mardi mercredi jeudi vendredi samedi dimanche maandag "
    "dinsdag woensdag donderdag vrijdag zaterdag zondag lunes martes miercoles jueves viernes "
    "sabado domingo lunedi martedi mercoledi giovedi venerdi sabato domenica segunda-feira "
    "terca-feira quarta-feira quinta-feira sexta-feira mandag tirsdag onsdag torsdag fredag lordag "
    "sondag mandag tisdag poniedzialek wtorek sroda czwartek piatek sobota niedziela pon wt sr czw "
    "pt sob niedz"
).split()

_DAY = r"(?P<{0}>\d{{1,2}})(?:st|nd|rd|th|er|º|°|\.)?"
_WORD = r"(?P<{0}>[^\W\d_]{{3,12}})\.?"
_DATES = re.compile(
    r"\b(?P<y1>(?:19|20)\d\d)[-./](?P<m1>\d{1,2})[-./](?P<d1>\d{1,2})\b"
    rf"|\b{_DAY.format('d2')}\s+(?:de\s+|of\s+)?{_WORD.format('w2')},?\s+(?:de\s+|del\s+)?"
    r"(?P<y2>(?:19|20)\d\d)\b"
    rf"|\b{_WORD.format('w3')}\s+{_DAY.format('d3')},?\s+(?P<y3>(?:19|20)\d\d)\b"
    r"|\b(?P<a4>\d{1,2})(?P<sign>[./-])(?P<b4>\d{1,2})(?P=sign)(?P<y4>(?:19|20)?\d\d)\b"
)
_TIMES = re.compile(
    r"\b\d{1,2}\s?[:.h]\s?\d{2}(?:[:.]\d{2})?(?:\s?[ap]\.?\s?m\b\.?)?(?:\s?uhr\b)?"
    r"|\b\d{1,2}\s?(?:[ap]\.?m\b\.?|uhr\b)"
    r"|\(?\b(?:GMT|UTC|CES?T|MES?Z|BST|[ECMP][SD]T)\b(?:\s?[+-]\d{1,2}(?::?\d\d)?)?\)?"
    r"|[+-]\d\d:?\d\d\b",
    re.IGNORECASE,
)


def _fold(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word.casefold().strip("."))
    return "".join(c for c in parts if not unicodedata.combining(c)).replace("ø", "o")


def find_month(word: str) -> int | None:
    """Return the number of the month that `word` names or abbreviates, or None."""
    folded = _fold(word)
    if len(folded) < 3:
        return None
    months = {
        number
        for number, names in enumerate(_MONTH_NAMES, start=1)
        if any(name.startswith(folded) for name in names)
    }
    return months.pop() if len(months) == 1 else None


def is_weekday(word: str) -> bool:
    """Return whether `word`, of at least two letters, names or abbreviates a weekday."""
    folded = _fold(word)
    return len(folded) >= 2 and any(name.startswith(folded) for name in _WEEKDAY_NAMES)


def find_day(text: str, *, day_first: bool | None) -> tuple[tuple[int, int] | None, str | None]:
    """Return the span of the first date in `text`, and the day as "3 May 2024".

    day_first: whether 3/5/2024 is in May; None if that is unknown. The day is None if it is not
    clear, the span also if there is no date.
    """
    for match in _DATES.finditer(text):
        groups = match.groupdict()
        if groups["y1"]:
            year, month, day = int(groups["y1"]), int(groups["m1"]), int(groups["d1"])
        elif groups["y4"]:
            first, second = int(groups["a4"]), int(groups["b4"])
            year = int(groups["y4"]) + (2000 if len(groups["y4"]) == 2 else 0)
            is_day_first = day_first or groups["sign"] in ".-" or first > 12 or first == second
            if not is_day_first and day_first is None and second <= 12:
                return match.span(), None
            day, month = (first, second) if is_day_first else (second, first)
            if month > 12:
                day, month = month, day
        else:
            named = find_month(groups["w2"] or groups["w3"])
            if named is None:
                continue
            year, month = int(groups["y2"] or groups["y3"]), named
            day = int(groups["d2"] or groups["d3"])
        try:
            date(year, month, day)
        except ValueError:
            continue
        return match.span(), f"{day} {MONTHS[month - 1]} {year}"
    return None, None


def remove_times(text: str) -> str:
    """Return `text` with NUL in place of each time of day and time zone."""
    return _TIMES.sub("\0", text)
