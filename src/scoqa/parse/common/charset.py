"""Bytes whose file says how they are encoded -> text.

Receives bytes and the name of their encoding, as pages, books and e-mails declare it; hands on
text, or None where the name is wrong, and then `decode` decides.
"""

from __future__ import annotations

import codecs
import re

# As browsers read them: older names stand for the larger encodings that came after them.
_BROWSER_ENCODINGS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Not of letters, or of a form that no page has.
_REFUSED = frozenset("idna punycode unicode_escape raw_unicode_escape utf-7 undefined".split())
_DECLARED = re.compile(
    rb"""<meta\s[^>]*?charset\s*=\s*["']?\s*([\w:.()-]+)|^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.-]+)""",
    re.I,
)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.S)
HEAD_BYTES = 4_096  # browsers look at 1,024; saved pages have notes of their own before that


def find_declared_encoding(data: bytes) -> str | None:
    """Return the encoding that markup names for itself, in a <meta> or an XML declaration."""
    found = _DECLARED.search(_COMMENT.sub(b"", data[:HEAD_BYTES]))
    return (found[1] or found[2]).decode("ascii", "replace") if found else None


def decode_declared(data: bytes, declared: str | None) -> str | None:
    """Return `data` in the `declared` encoding; None unless every byte fits it.

    What is UTF-8 beyond ASCII is UTF-8, whatever is declared: nothing else ever looks so, and
    pages that are saved anew keep what they declared before.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is not None and not (text.isascii() and "\x1b" in text):  # ISO-2022 is ASCII to see
        return text
    try:
        name = codecs.lookup((declared or "").strip()).name
    except (LookupError, ValueError):
        return None
    if name in _REFUSED or name.startswith(("utf-16", "utf-32")):  # those have a mark
        return None
    try:
        return data.decode(_BROWSER_ENCODINGS.get(name, name))
    except (UnicodeError, LookupError):
        return None
