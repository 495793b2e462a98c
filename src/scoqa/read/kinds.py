"""Determine the kind of answer a question asks for: a date, a number, a name, an e-mail address.

Input: a question. Output: a pattern for answers of that kind, or whether a quote matches it. Only
English is supported. Most questions have no known kind, which counts neither for nor against a
quote.
"""

from __future__ import annotations

import re

_MONTH = (
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
DATES = re.compile(
    rf"\d{{1,2}}\s+{_MONTH}\s+\d{{4}}|{_MONTH}\s+\d{{1,2}}(?:\s?[–-]\s?\d{{1,2}})?,?\s+\d{{4}}"
    rf"|\d{{4}}-\d\d-\d\d|{_MONTH}\s+\d{{4}}|\b(?:1[5-9]|20)\d\d\s?[–-]\s?(?:1[5-9]|20)?\d\d\b"
    rf"|\d{{1,2}}\s+{_MONTH}|{_MONTH}\s+\d{{1,2}}\b|\b(?:1[5-9]|20)\d\d\b|{_MONTH}"
)
NUMBERS = re.compile(
    r"[$€£¥]?\b\d[\d.,]*\d\b|[$€£¥]?\b\d\b"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|a quarter|a third)\b",
    re.IGNORECASE,
)
NAMES = re.compile(r"\b[A-Z][\w’'-]+")
# Patterns of questions, and of the answers that they ask for; the first match counts.
_ANSWER_PATTERNS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(
            r"^\W*(?:since\s|until\s)?when\b|\b(?:what|which)\s(?:\w+\s)?(?:date|day|month|year|period)s?\b",
            re.I,
        ),
        DATES,
    ),
    (re.compile(r"\bhow\s+(?:many|much|large|big|tall|long|old)\b|\bwhat share\b", re.I), NUMBERS),
    (re.compile(r"\bwho(?:m|se)?\b|\bwhere\b|\b(?:what|which)\s+(?:city|country)\b", re.I), NAMES),
)

_TIMES = re.compile(
    rf"\d|{_MONTH}|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
    r"|\b(?:second|minute|hour|day|night|week|weekend|month|year|decade|century|centuries)s?\b"
    r"|\b(?:noon|midnight|dawn|dusk|morning|evening|spring|summer|autumn|winter|easter|christmas"
    r"|today|tomorrow|yesterday|daily|weekly|monthly|yearly|always|never|immediately)\b",
    re.IGNORECASE,
)
_AMOUNTS = re.compile(
    r"\d|\b(?:no|none|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty"
    r"|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?"
    r"|half|third|quarter|double|nothing|free|few|several|many|all|every|once|twice"
    r"|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)\b",
    re.IGNORECASE,
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+?\(?\d[\d\s\u00a0()/.-]{3,}\d")
_URL = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/\S*)?\b")
_LETTERS = re.compile(r"[^\W\d_]{2}")
# Patterns of questions, and of quotes that contain the requested kind; the first match counts.
_KIND_PATTERNS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (re.compile(r"\b(?:e-?mail|mail address)\b", re.I), EMAIL),
    (re.compile(r"\b(?:phone|telephone|mobile|cell|fax)\b(?! (?:company|shop))", re.I), _PHONE),
    (re.compile(r"\b(?:web ?site|web ?page|home ?page|url)\b", re.I), _URL),
    (
        re.compile(
            r"^\W*(?:since |until |from |by |till )?when\b"
            r"|\b(?:what|which)\s(?:\w+\s)?(?:date|day|month|year|time)\b"
            r"|\bhow (?:long ago|soon)\b",
            re.I,
        ),
        _TIMES,
    ),
    (
        re.compile(
            r"\bhow\s+(?:many|much|old|tall|high|far|deep|wide|large|heavy|often)\b"
            r"|\bwhat\s+(?:share|percentage|proportion|price|number of)\b",
            re.I,
        ),
        _AMOUNTS,
    ),
    (re.compile(r"^\W*(?:who|whom|whose|where)\b", re.I), _LETTERS),
)
_CONTACTS = (EMAIL, _PHONE, _URL)
_SMALL_TALK = frozenset(
    "hello hi hey hiya thanks thank you please good morning afternoon evening night day bye"
    " goodbye ok okay yes no great cool nice well sorry cheers welcome greetings how are you"
    " doing there".split()
)
_NEXT_QUESTION = re.compile(
    r",?\s+and\s+(?=(?:what|when|where|who|whom|whose|which|why|how)\b)|(?<=\?)\s+(?=\w)", re.I
)


def find_answer_pattern(question: str) -> re.Pattern[str] | None:
    """Return DATES, NUMBERS or NAMES if `question` asks for such an answer, else None."""
    return next((answer for asks, answer in _ANSWER_PATTERNS if asks.search(question)), None)


def find_contacts(question: str, text: str) -> list[tuple[int, int]]:
    """Return (start, end) of the e-mail addresses, telephone numbers or URLs in `text`, in order.

    The result is empty if `question` does not ask for such contacts.
    """
    kind = _find_kind_pattern(question)
    if kind not in _CONTACTS:
        return []
    return [match.span() for match in kind.finditer(text)]


def is_small_talk(question: str) -> bool:
    """Return whether `question` consists only of greetings and thanks."""
    return all(word in _SMALL_TALK for word in re.findall(r"[^\W\d_]+", question.lower()))


def split_questions(question: str) -> list[str]:
    """Return the single questions in `question` ("What is it and who made it?"), in order."""
    return [part.strip() for part in _NEXT_QUESTION.split(question) if part.strip()]


def rate_kind(question: str, quote: str) -> float:
    """Return 1 if `quote` contains the kind of answer that `question` asks for, else -1.

    Returns 0 if the question asks for no known kind.
    """
    kind = _find_kind_pattern(question)
    return 0.0 if kind is None else 1.0 if kind.search(quote) else -1.0


def _find_kind_pattern(question: str) -> re.Pattern[str] | None:
    return next((kind for asks, kind in _KIND_PATTERNS if asks.search(question)), None)
