"""Decode bytes by the encoding that their file declares.

Input: bytes and the name of an encoding, as declared by web pages, books and e-mails. Output: the
text, or None if the name is wrong; callers then use `text_decoding.decode`.
"""

from __future__ import annotations

import codecs
import re

# As in browsers, an older name selects the larger encoding that replaced it.
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
# Python codecs that are not character encodings, or that no web page uses.
_REFUSED = frozenset("idna punycode unicode_escape raw_unicode_escape utf-7 undefined".split())
_DECLARED = re.compile(
    rb"""<meta\s[^>]*?charset\s*=\s*["']?\s*([\w:.()-]+)|^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.-]+)""",
    re.I,
)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.S)
HEAD_BYTES = 4_096  # browsers search 1,024; saved pages may have comments before the declaration


def find_declared_encoding(data: bytes) -> str | None:
    """Return the encoding that markup declares in a <meta> element or an XML declaration."""
    match = _DECLARED.search(_COMMENT.sub(b"", data[:HEAD_BYTES]))
    return (match[1] or match[2]).decode("ascii", "replace") if match else None


def decode_declared(data: bytes, declared: str | None) -> str | None:
    """Decode `data` in the `declared` encoding. Returns None unless every byte fits it.

    Valid UTF-8 with non-ASCII characters is read as UTF-8, whatever is declared: other encodings
    never look like it, and pages that were saved again keep their old declaration.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is not None and not (text.isascii() and "\x1b" in text):  # ISO-2022 looks like ASCII
        return text
    try:
        name = codecs.lookup((declared or "").strip()).name
    except (LookupError, ValueError):
        return None
    if name in _REFUSED or name.startswith(("utf-16", "utf-32")):  # these have a byte order mark
        return None
    try:
        return data.decode(_BROWSER_ENCODINGS.get(name, name))
    except (UnicodeError, LookupError):
        return None
