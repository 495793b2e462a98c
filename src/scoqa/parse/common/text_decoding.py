"""Decode bytes to the canonical text, replacing only characters that the index cannot store.

Input: the bytes of a file. Output: its text and warnings. A leading byte order mark is dropped;
NUL and lone surrogates become U+FFFD, one for one. Everything else is unchanged: there is no NFC
normalization and no newline translation, and non-breaking and zero-width characters are kept.
"""

from __future__ import annotations

import codecs
import re

from scoqa.errors import ParseError

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
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Text has almost no control characters; in program files and images, at least one byte in ten is.
MOST_CONTROL_SHARE = 0.02
DETECTION_BYTES = 200_000  # passed to the detector; sufficient, and bounded for huge files


def decode(data: bytes, path: str) -> tuple[str, tuple[str, ...]]:
    """Return the canonical text of `data`, and warnings.

    Tries the byte order mark, then strict UTF-8, then the best guess of a detector, which a warning
    names. Raises ParseError if the bytes are not text. `path` is only used in its message.
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
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        first = error.start
    # Text in other encodings hardly ever contains valid UTF-8 sequences for non-ASCII characters.
    # A file with more of these than broken bytes is damaged UTF-8.
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd") - data.count("\ufffd".encode())
    if sum(not c.isascii() for c in text) - broken > broken:
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
    return data.decode(encoding, "replace"), (
        f"is not UTF-8; it was read as {encoding}. If words look wrong, save it as UTF-8.",
    )
