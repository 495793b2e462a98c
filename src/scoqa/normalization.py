"""Normalise text for search and scoring; quotes are never normalised.

Input: any text. Output: folded text (NFKC, case, white space), or index terms (stemmed words, and
overlapping character pairs for scripts without spaces).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from typing import NamedTuple

# The pure Python class: `snowballstemmer.stemmer` uses another package if that is installed, and an
# index must not depend on the other installed packages.
from snowballstemmer.english_stemmer import EnglishStemmer

# Stored with each index: increase the number whenever `terms` returns different terms.
TERMS_VERSION = f"3/snowball-{version('snowballstemmer')}"

# Words that do not express the topic of a question: closed-class English words. Compiled for scoqa
# by part of speech (articles, pronouns, auxiliaries, prepositions, question words), not tuned on
# any question set.
STOP_WORDS = frozenset(
    """a an the this that these those there here
    i me my we us our you your he him his she her it its they them their
    who whom whose which what when where why how
    am is are was were be been being do does did done has have had having
    will would shall should can could may might must
    and or but nor so if than then as at by for from in into of off on onto out over to
    up upon with about between through during before after under not no
    s t d ll m re ve""".split()
)

# A superscript digit or a fraction is separate from an adjacent word or number: NFKC alone would
# turn "2008¹" into "20081" and "2½" into "21⁄2".
_SEPARATED = str.maketrans({c: f" {c} " for c in "⁰¹²³⁴⁵⁶⁷⁸⁹¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅟↉"})
# Except in square and cubic units: users type "m2" for "m²".
_SQUARE = re.compile(r"(?<![^\s\d(/])(?:[cdkm]?m|in|ft|yd|mi)[²³]", re.IGNORECASE)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_INVISIBLE_END = re.compile(f"{_INVISIBLE.pattern}+$")
# Letters that compose with the preceding letter without being marks: Hangul vowels and finals,
# including the compatibility and halfwidth forms, and the halfwidth voicing marks of kana.
# Invisible characters between them are dropped.
_JOINING = re.compile(f"{_INVISIBLE.pattern[:-1]}\u1160-\u11ff\u3131-\u318e\uff9e-\uffdc]")
# Accents without a composed letter are part of their word: "İ" folds to "i" and a combining dot.
_WORD = re.compile(r"\w[\w\u0300-\u036f]*")
# A word that a hyphen or a soft hyphen cuts at the end of a line; quoted lines start with ">".
_CUT_WORD = re.compile(
    r"(?P<first>[^\W\d_]+)(?P<hyphen>[-‐\u00ad])[ \t]*(?:\r\n|\r|\n)[ \t>]*(?P<rest>[^\W\d_]+)"
)
# Scripts without spaces between words: Han, kana, Thai, Lao, Khmer, Burmese.
# A phrase in straight, curly or angle double quotes; single quotes are often apostrophes.
_QUOTED = re.compile(r"[\"“”„«»]([^\"“”„«»]+)[\"“”„«»]")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003134f]+"
)


def fold(text: str) -> str:
    """Return `text` after NFKC and case folding, with single spaces and none at the ends.

    Invisible characters (soft hyphen, zero width, direction marks) are dropped. Superscript digits
    and fractions are separated by spaces, except in square and cubic units. Folding is idempotent:
    NFKC is applied twice, because dropping characters and case folding can leave letters
    uncomposed.
    """
    return " ".join(_fold_characters(_flatten_units(text)).split())


def _flatten_units(text: str) -> str:
    """Replace ² and ³ after a unit of length with 2 and 3; the length stays the same."""
    if "²" not in text and "³" not in text:
        return text
    return _SQUARE.sub(lambda match: match[0][:-1] + ("2" if match[0][-1] == "²" else "3"), text)


def _fold_characters(text: str) -> str:
    """Return `text` folded, with its white space unchanged."""
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text.translate(_SEPARATED)))
    return unicodedata.normalize("NFKC", visible.casefold())


def fold_with_offsets(text: str) -> tuple[str, array[int], array[int]]:
    """Return `fold(text)`, and the start and end in `text` of each of its characters.

    The mapping is not one to one: "ß" folds to two characters, "e" plus a combining accent to one.
    A collapsed run of white space maps to its first character.
    """
    folded: list[str] = []
    starts, ends = array("q"), array("q")
    text = _flatten_units(text)
    for start, end in _clusters(text):
        cluster = text[start:end]
        end -= len(cluster) - len(_INVISIBLE_END.sub("", cluster))
        for character in _fold_characters(cluster):
            if character.isspace():
                if not folded or folded[-1] == " ":
                    continue
                character = " "
            folded.append(character)
            starts.append(start)
            ends.append(end)
    if folded and folded[-1] == " ":
        folded.pop(), starts.pop(), ends.pop()
    return "".join(folded), starts, ends


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of `text` that fold independently: a character and those joining it."""
    start = 0
    for position, character in enumerate(text):
        joins = not character.isascii() and (
            unicodedata.category(character).startswith("M") or _JOINING.match(character)
        )
        if position and not joins:
            yield start, position
            start = position
    if text:
        yield start, len(text)


def quoted_phrases(question: str) -> tuple[str, ...]:
    """Return the quoted phrases of two words or more in `question`, in order."""
    return tuple(
        match.group(1).strip()
        for match in _QUOTED.finditer(question)
        if len(re.findall(r"\w+", match.group(1))) >= 2
    )


def only_phrase(question: str) -> str | None:
    """Return the quoted phrase that `question` consists of, or None if it has other words."""
    phrases = quoted_phrases(question)
    rest = _QUOTED.sub("", question)
    return phrases[0] if len(phrases) == 1 and not re.search(r"\w", rest) else None


def phrase_pattern(phrase: str) -> re.Pattern[str]:
    """Return a pattern that matches `phrase` in folded text; see `word_pattern`."""
    return word_pattern(fold(phrase))


def word_pattern(words: str) -> re.Pattern[str]:
    """Return a pattern that matches `words` literally and whole: "art of" is not in "part of".

    Word borders are not required in scripts without spaces.
    """
    before, after = (
        "" if _UNSPACED.match(edge) or not _WORD.match(edge) else border
        for edge, border in ((words[:1], r"(?<!\w)"), (words[-1:], r"(?!\w)"))
    )
    return re.compile(before + re.escape(words) + after)


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    # A stemmer stores its current word in itself, so threads must not share one.
    return str(EnglishStemmer().stemWord(word))


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFKD", word)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def terms(text: str) -> list[str]:
    """Return the index terms of `text`, in order.

    Words are folded, stripped of accents and stemmed (Snowball English, Porter 2001). Runs of a
    script without spaces become overlapping pairs of characters, so that two-character words can
    be found; a single character stays as it is. A word that is cut at the end of a line is also
    found complete.
    """
    result: list[str] = []
    for word in _WORD.findall(fold(_CUT_WORD.sub(_add_complete_word, text))):
        position = 0
        for run in _UNSPACED.finditer(word):
            if run.start() > position:
                result.append(_stem(_without_accents(word[position : run.start()])))
            pairs = run.group()
            result.extend(pairs[i : i + 2] for i in range(max(1, len(pairs) - 1)))
            position = run.end()
        if position < len(word):
            rest = _without_accents(word[position:])
            if rest:
                result.append(_stem(rest))
    return result


def _add_complete_word(match: re.Match[str]) -> str:
    """Return a cut word followed by the complete word; after a soft hyphen only the latter.

    Whether a hyphen belongs to the word is not known: "photo-/graph" or "well-/known".
    """
    first, hyphen, rest = match.group("first", "hyphen", "rest")
    if hyphen == "\u00ad":
        return first + rest
    return f"{match[0]} {first}{rest}" if rest[0].islower() else match[0]


class PhraseTerms(NamedTuple):
    """The terms that every text with a phrase has, in this order and without gaps.

    A single character of a script without spaces at an end of the phrase is not among them, since
    it may be half of a pair in the text. last: such a character at its end, otherwise "".
    """

    terms: list[str]
    last: str


def phrase_terms(phrase: str) -> PhraseTerms:
    """Return the terms by which texts with `phrase` can be found."""
    words, folded = terms(phrase), fold(phrase)
    runs = [
        (word.start() + run.start(), word.start() + run.end())
        for word in _WORD.finditer(folded)
        for run in _UNSPACED.finditer(word.group())
    ]
    first = int((0, 1) in runs)
    last = folded[-1:] if (len(folded) - 1, len(folded)) in runs else ""
    inner = words[first : len(words) - len(last)]
    return PhraseTerms(inner, last) if inner else PhraseTerms(words, "")


_STOP_TERMS = frozenset(term for word in STOP_WORDS for term in terms(word))


def query_terms(question: str) -> list[str]:
    """Return the distinct terms to search for, in order, without stop words.

    A question of stop words only keeps them: "who is who" is still a question.
    """
    distinct = list(dict.fromkeys(terms(question)))
    return [term for term in distinct if term not in _STOP_TERMS] or distinct


def is_mostly_latin(text: str) -> bool:
    """Return whether at least half of the letters of `text` are Latin."""
    letters = [c for c in text if c.isalpha()]
    latin = sum(unicodedata.name(c, "").startswith(("LATIN", "FULLWIDTH LATIN")) for c in letters)
    return 2 * latin >= len(letters)
