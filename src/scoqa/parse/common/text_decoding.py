"""Decode bytes to the canonical text, replacing only characters that the index cannot store.

Input: the bytes of a file. Output: its text and warnings. A leading byte order mark is dropped;
NUL and lone surrogates become U+FFFD, one for one. Everything else is unchanged: there is no NFC
normalization and no newline translation, and non-breaking and zero-width characters are kept.
"""

from __future__ import annotations

import codecs
import re

from scoqa.errors import ParseError
from scoqa.parse.common.plausibility import choose_encoding, rate

# Longest mark first, because the UTF-32 mark starts with the UTF-16 mark.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
EMPTY = "is empty; there is nothing to index in it."
BLANK = "contains only white space; there is nothing to index in it."
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")  # of the error handler "surrogateescape"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Text has almost no control characters; in program files and images, at least one byte in ten is.
MOST_CONTROL_SHARE = 0.02
# In UTF-16, at most this share of the bytes is NUL where the others have their first byte.
MOST_OTHER_NULS = 0.001
MOST_MIXED_SHARE = 5  # with at least this many times as much, UTF-8 is certain
LEAST_MIXED_RATING = 0.5  # most of the characters are plausible letters or punctuation
# Encodings that assign the same bytes to other letters; the first is by far the most common.
_WESTERN = ("cp1252", "mac-roman", "cp850", "cp437")
# Without the bytes that are lines and blocks on DOS; elsewhere, most of these are capitals.
_WORD = re.compile(rb"[A-Za-z\x80-\xaf\xe0-\xff]+")
_SEVERAL_BYTES = frozenset(
    "big5 big5hkscs cp932 cp949 cp950 euc_jis_2004 euc_jisx0213 euc_jp euc_kr gb18030 gb2312 gbk "
    "hz iso2022_jp iso2022_kr johab shift_jis shift_jis_2004 shift_jisx0213 utf_7 utf_8".split()
)
_LOOK_ALIKES = frozenset(
    "cp1250 cp1252 cp1254 cp1257 cp437 cp775 cp850 cp852 cp858 cp860 cp861 cp863 cp865 hp_roman8 "
    "latin_1 iso8859_2 iso8859_4 iso8859_9 iso8859_10 iso8859_13 iso8859_14 iso8859_15 iso8859_16 "
    "mac_greek mac_iceland mac_latin2 mac_roman mac_turkish".split()
)
DETECTION_BYTES = 200_000  # passed to the detector; sufficient, and bounded for huge files


def decode(data: bytes, path: str) -> tuple[str, tuple[str, ...]]:
    """Return the canonical text of `data`, and warnings.

    Tries the byte order mark, UTF-16 without one, strict UTF-8, UTF-8 mixed with an older encoding,
    then the best guess of a detector. Of similar encodings, it takes the one with the most
    plausible letters. A warning names a guess. Raises ParseError if the bytes are not text. `path`
    is only used in its message.
    """
    if not data:
        return "", (EMPTY,)
    text, warnings = _decode(data, path)
    sample = text[:DETECTION_BYTES]
    if len(_CONTROL.findall(sample)) > MOST_CONTROL_SHARE * len(sample):
        raise _not_text_error(path)
    replaced = len(_UNSTORABLE.findall(text))
    if replaced:
        text = replace_unstorable(text)
        warnings += (f"contains {replaced} NUL or broken characters, shown as U+FFFD.",)
    if not text.strip():
        warnings += (BLANK,)
    return text, warnings


def replace_unstorable(text: str) -> str:
    """Return `text` with NUL and lone surrogates replaced by U+FFFD, one for one."""
    return _UNSTORABLE.sub("\ufffd", text)


def _not_text_error(path: str) -> ParseError:
    return ParseError(
        path, "is not text but binary data. Move it out of the documents, or exclude it."
    )


def _decode(data: bytes, path: str) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            rest = data[len(mark) :]
            try:
                return rest.decode(encoding, "surrogatepass"), ()
            except UnicodeDecodeError:
                text = rest.decode(encoding, "replace")
                return text, (
                    f"has a {encoding} byte order mark but broken characters, shown as U+FFFD.",
                )
    unmarked = _decode_unmarked_utf16(data)
    if unmarked is not None:
        return unmarked
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        first = error.start
    # Text in other encodings hardly ever contains valid UTF-8 sequences for non-ASCII characters.
    # A file with more of these than broken bytes is damaged UTF-8.
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd") - data.count("\ufffd".encode())
    valid = sum(not c.isascii() for c in text) - broken
    if valid > 0 and (mixed := _decode_mixed(data)) is not None:
        return mixed
    if valid > broken:
        return text, (f"is UTF-8 with {broken} broken characters, shown as U+FFFD.",)
    # Sample around the first byte that is not UTF-8: the text before it may be all ASCII, which
    # tells nothing about the encoding.
    start = max(0, first - DETECTION_BYTES // 2)
    sample = data[start : start + DETECTION_BYTES]
    if len(_CONTROL.findall(sample.decode("latin-1"))) > MOST_CONTROL_SHARE * len(sample):
        raise _not_text_error(path)
    from charset_normalizer import from_bytes

    matches = from_bytes(sample)
    best = matches.best()
    if best is None:
        raise _not_text_error(path)
    # The detector confuses Latin code pages ("élèves" read as cp1250 is "élčves"). If Western
    # European fits as well as its best guess, it is by far the most likely in English collections.
    western = any(
        "cp1252" in match.could_be_from_charset and match.chaos <= best.chaos for match in matches
    )
    encoding = "cp1252" if western else best.encoding
    reason = ""
    if encoding in _LOOK_ALIKES or _has_latin_words(sample, encoding):
        same = sample.decode(encoding, "replace")
        encoding = next((e for e in _WESTERN if sample.decode(e, "replace") == same), encoding)
        guess = encoding
        encoding = choose_encoding(sample, [guess, *(e for e in _WESTERN if e != guess)])
        if encoding != guess:
            reason = f", which gives more plausible words than {guess}"
    return data.decode(encoding, "replace"), (
        f"is not UTF-8; it was read as {encoding}{reason}. If words look wrong, save it as UTF-8.",
    )


def _has_latin_words(sample: bytes, encoding: str) -> bool:
    """Return whether most words with special letters also have Latin ones, against `encoding`.

    The detector takes such text for another alphabet, above all if it has lines of DOS.
    """
    if encoding in _SEVERAL_BYTES:
        return False
    words = [word for word in _WORD.findall(sample) if not word.isascii()]
    return sum(any(byte < 128 for byte in word) for word in words) > len(words) / 2


def _decode_unmarked_utf16(data: bytes) -> tuple[str, tuple[str, ...]] | None:
    """Return the text of UTF-16 without a byte order mark and a warning, or None.

    In such text, one of the two bytes of each space, digit and line end is NUL, always the same.
    """
    sample = data[: DETECTION_BYTES // 2 * 2]
    first, second = sample[::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or not first + second or min(first, second) > MOST_OTHER_NULS * len(sample):
        return None
    encoding = "utf-16-le" if second > first else "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    start = text[:DETECTION_BYTES]
    plain = sum(character.isprintable() or character.isspace() for character in start)
    if plain < (1 - MOST_CONTROL_SHARE) * len(start) or max(first, second) < len(sample) * 0.02:
        return None
    return text, (f"has no byte order mark; it was read as {encoding}.",)


def _decode_mixed(data: bytes) -> tuple[str, tuple[str, ...]] | None:
    """Return UTF-8 with bytes of an older encoding in between, and a warning; None if it is not.

    Files that several programs appended to are like this.
    """
    text = data.decode("utf-8", "surrogateescape")
    places = [match.start() for match in _ESCAPED_BYTE.finditer(text)]
    for encoding in _WESTERN[:2]:
        characters = (bytes([byte]).decode(encoding, "replace") for byte in range(128, 256))
        decoded = text.translate(dict(enumerate(characters, start=0xDC80)))
        ratings = [rate(decoded, places)]
        if len(places) * MOST_MIXED_SHARE > sum(not c.isascii() for c in decoded):
            ratings.append(rate(decoded))  # it may be neither of the two
        if min(ratings) >= LEAST_MIXED_RATING:
            count = "1 character" if len(places) == 1 else f"{len(places):,} characters"
            return decoded, (
                f"mixes UTF-8 with {encoding} ({count}). If words look wrong, save it as UTF-8.",
            )
    return None
