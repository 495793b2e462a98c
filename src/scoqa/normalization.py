"""Fold text into search keys: what is searched and scored, never what is quoted.

Receives any text; hands on folded text (NFKC, case, white space) and index terms (stemmed
words, and overlapping pairs for scripts that write no spaces).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version

# The pure Python class itself: `snowballstemmer.stemmer` hands over to another package wherever
# that is installed, and an index must not depend on what else is.
from snowballstemmer.english_stemmer import EnglishStemmer

# Part of what an index was built with: raise the number whenever `terms` gives other terms.
TERMS_VERSION = f"2/snowball-{version('snowballstemmer')}"

# The words of a question that say how it is asked, not what about. Closed-class English words;
# written for scoqa from the parts of speech (articles, pronouns, auxiliaries, prepositions,
# question words), not tuned on any question set.
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

# A raised digit or a fraction belongs to no word or number beside it: NFKC alone would make
# "20081" of "2008¹" and "21⁄2" of "2½".
_APART = str.maketrans({c: f" {c} " for c in "⁰¹²³⁴⁵⁶⁷⁸⁹¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅟↉"})
# But "m²" is "m2" to whoever types it.
_SQUARE = re.compile(r"(?<![^\s\d(/])(?:[cdkm]?m|in|ft|yd|mi)[²³]", re.IGNORECASE)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_INVISIBLE_END = re.compile(f"{_INVISIBLE.pattern}+$")
# Letters that compose with the one before, and are no marks: Hangul vowels and finals, also the
# compatible and the halfwidth ones, and the halfwidth voicing of kana. What cannot be seen is
# dropped from between them.
_JOINING = re.compile(f"{_INVISIBLE.pattern[:-1]}\u1160-\u11ff\u3131-\u318e\uff9e-\uffdc]")
# Accents that no composed letter holds belong to their word too: "İ" folds to "i" and a dot.
_WORD = re.compile(r"\w[\w\u0300-\u036f]*")
# Scripts without spaces between words: Han, kana, Thai, Lao, Khmer, Burmese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003134f]+"
)


def fold(text: str) -> str:
    """Return `text` with NFKC, case folding, one space for any white space, none at the ends.

    Characters that cannot be seen (soft hyphen, zero width, direction marks) are dropped; raised
    digits and fractions stand apart from what is beside them, but for those of square units.
    Folding what is folded changes nothing: dropping and case folding can both leave letters
    uncomposed, hence NFKC once more.
    """
    return " ".join(_fold_characters(_squared(text)).split())


def _squared(text: str) -> str:
    """Return `text` with the ² or ³ of a unit of length as a plain figure; as long as it was."""
    if "²" not in text and "³" not in text:
        return text
    return _SQUARE.sub(lambda match: match[0][:-1] + ("2" if match[0][-1] == "²" else "3"), text)


def _fold_characters(text: str) -> str:
    """Return `text` folded but for its white space."""
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text.translate(_APART)))
    return unicodedata.normalize("NFKC", visible.casefold())


def fold_with_offsets(text: str) -> tuple[str, array[int], array[int]]:
    """Return `fold(text)`, and for each of its characters where it starts and ends in `text`.

    Several folded characters may come of the same place ("ß"), and one of several ("e" and an
    accent); white space that became one space is the first character of it.
    """
    folded: list[str] = []
    starts, ends = array("q"), array("q")
    text = _squared(text)
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
    """Yield the spans of `text` that fold on their own: a character and what joins it."""
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


def phrase_pattern(phrase: str) -> re.Pattern[str]:
    """Return what finds `phrase` in folded text, as `word_pattern`."""
    return word_pattern(fold(phrase))


def word_pattern(words: str) -> re.Pattern[str]:
    """Return what finds `words` as they are, and whole: "art of" is not in "part of".

    Scripts that write no spaces have no word borders to ask for.
    """
    before, after = (
        "" if _UNSPACED.match(edge) or not _WORD.match(edge) else border
        for edge, border in ((words[:1], r"(?<!\w)"), (words[-1:], r"(?!\w)"))
    )
    return re.compile(before + re.escape(words) + after)


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    # A stemmer keeps the word it works on inside itself, so threads may not share one.
    return str(EnglishStemmer().stemWord(word))


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFKD", word)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def terms(text: str) -> list[str]:
    """Return the index terms of `text`, in order.

    Words are folded, freed of accents and stemmed (Snowball English, Porter 2001); runs of
    unspaced script become overlapping pairs of characters, so that two-character words are
    found (one character alone stays as it is).
    """
    found: list[str] = []
    for word in _WORD.findall(fold(text)):
        position = 0
        for run in _UNSPACED.finditer(word):
            if run.start() > position:
                found.append(_stem(_without_accents(word[position : run.start()])))
            pairs = run.group()
            found.extend(pairs[i : i + 2] for i in range(max(1, len(pairs) - 1)))
            position = run.end()
        if position < len(word):
            rest = _without_accents(word[position:])
            if rest:
                found.append(_stem(rest))
    return found


_STOP_TERMS = frozenset(term for word in STOP_WORDS for term in terms(word))


def query_terms(question: str) -> list[str]:
    """Return the distinct terms to search for, in order, without stop words.

    A question made of nothing but stop words keeps them: "who is who" is still a question.
    """
    every = list(dict.fromkeys(terms(question)))
    return [term for term in every if term not in _STOP_TERMS] or every


def is_mostly_latin(text: str) -> bool:
    """Return whether at least half of the letters of `text` are of the Latin script."""
    letters = [c for c in text if c.isalpha()]
    latin = sum(unicodedata.name(c, "").startswith(("LATIN", "FULLWIDTH LATIN")) for c in letters)
    return 2 * latin >= len(letters)
