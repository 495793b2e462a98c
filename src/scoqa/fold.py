"""Fold text into search keys: what is searched and scored, never what is quoted.

Receives any text; hands on folded text (NFKC, case, white space) and index terms (stemmed
words, and overlapping pairs for scripts that write no spaces).
"""

import re
import unicodedata
from functools import lru_cache
from importlib.metadata import version

# The pure Python class itself: `snowballstemmer.stemmer` hands over to another package wherever
# that is installed, and an index must not depend on what else is.
from snowballstemmer.english_stemmer import EnglishStemmer

# Part of what an index was built with: raise the number whenever `terms` gives other terms.
TERMS_VERSION = f"1/snowball-{version('snowballstemmer')}"

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

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# Accents that no composed letter holds belong to their word too: "İ" folds to "i" and a dot.
_WORD = re.compile(r"\w[\w\u0300-\u036f]*")
# Scripts without spaces between words: Han, kana, Thai, Lao, Khmer, Burmese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003134f]+"
)


def fold(text: str) -> str:
    """Return `text` with NFKC, case folding, one space for any white space, none at the ends.

    Characters that cannot be seen (soft hyphen, zero width, direction marks) are dropped.
    Folding what is folded changes nothing: dropping and case folding can both leave letters
    uncomposed, hence NFKC once more.
    """
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(unicodedata.normalize("NFKC", visible.casefold()).split())


def phrase_pattern(phrase: str) -> re.Pattern[str]:
    """Return what finds `phrase` in folded text, as whole words: "art of" is not in "part of".

    Scripts that write no spaces have no word borders to ask for.
    """
    folded = fold(phrase)
    before, after = (
        "" if _UNSPACED.match(edge) or not _WORD.match(edge) else border
        for edge, border in ((folded[:1], r"(?<!\w)"), (folded[-1:], r"(?!\w)"))
    )
    return re.compile(before + re.escape(folded) + after)


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
