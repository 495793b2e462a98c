"""The kind of thing that a question asks for: a date, a number, a name, an e-mail address.

Input: a question. Output: a pattern for the things of that kind, or how well a quote fits it.
Words in English only; a question without a kind is the rule, and says nothing.
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
_THINGS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
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
# What a question asks for, and what holds one; the first that matches counts.
_LETTERS = re.compile(r"[^\W\d_]{2}")
_ASKED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
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


def kind_asked(question: str) -> re.Pattern[str] | None:
    """Return what finds the dates, numbers or names that `question` asks for; None if it asks
    for none of them.
    """
    return next((things for asks, things in _THINGS if asks.search(question)), None)


def contacts_asked(question: str, text: str) -> list[tuple[int, int]]:
    """Return the e-mail addresses, telephone numbers or URLs in `text`, if `question` asks for
    them, as (start, end) in order.
    """
    kind = _kind(question)
    if kind not in _CONTACTS:
        return []
    return [match.span() for match in kind.finditer(text)]


def is_small_talk(question: str) -> bool:
    """Return whether `question` only greets or thanks."""
    return all(word in _SMALL_TALK for word in re.findall(r"[^\W\d_]+", question.lower()))


def single_questions(question: str) -> list[str]:
    """Return the questions that `question` joins ("What is it and who made it?"), in order."""
    return [part for each in _NEXT_QUESTION.split(question) if (part := each.strip())]


def fit(question: str, quote: str) -> float:
    """Return 1 if `quote` holds the kind of thing that `question` asks for, -1 if it does not,
    and 0 if the question asks for no kind known here.
    """
    kind = _kind(question)
    return 0.0 if kind is None else 1.0 if kind.search(quote) else -1.0


def _kind(question: str) -> re.Pattern[str] | None:
    return next((things for asks, things in _ASKED if asks.search(question)), None)
