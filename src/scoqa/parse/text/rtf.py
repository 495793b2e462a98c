"""Parse Rich Text (.rtf): the displayed text, one line per paragraph, tabs between cells.

Input: the bytes of a file. Output: its text without hidden and deleted text, and the title in its
properties. Headers and footers are read where the file has them; comments are left out.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

from scoqa.errors import ParseError
from scoqa.parse.common.lines import HEAD_LINES, find_date_mark, find_text_lines
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.common.text_decoding import BLANK
from scoqa.types import Parser

PARSER = Parser("rtf", "1")

MOST_DEPTH = 10_000  # of groups; files of word processors have fewer than a hundred
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)",
    re.DOTALL,
)
# Groups whose content is not displayed as text at their place.
_SKIPPED = frozenset(
    "fonttbl colortbl stylesheet info pict object objdata themedata colorschememapping datastore "
    "latentstyles listtable listoverridetable rsidtbl generator xmlnstbl fldinst filetbl revtbl "
    "atnid atnauthor annotation atrfstart atrfend bkmkstart bkmkend nonshppict sn sv "
    "passwordhash mmathPr userprops docvar do shprslt pntxta pntxtb wgrffmtfilter "
    "formfield ftnsep ftnsepc aftnsep aftnsepc xe tc".split()
)
_READ_IF_UNKNOWN = frozenset(("shpinst", "shptxt", "shp", "background"))  # after "\\*"
_CHARACTERS = {
    "par": "\n\n", "sect": "\n\n", "page": "\n\n", "row": "\n", "nestrow": "\n", "line": "\n",
    "footnote": " ", "cell": "\t", "nestcell": "\t", "tab": "\t", "emdash": "—", "endash": "–",
    "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "emspace": "\u2003", "enspace": "\u2002", "qmspace": "\u2005",
}  # fmt: skip
_SYMBOLS = {b"~": "\u00a0", b"_": "\u2011", b"-": "\u00ad", b"\n": "\n\n", b"\r": "\n\n"}
_LITERALS = (b"\\", b"{", b"}")
# Encodings by the number of a character set of Windows, where it is no code page.
_CHARACTER_SETS = {
    0: "cp1252", 77: "mac-roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5hkscs",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
    204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
_ENCODINGS = {"mac": "mac-roman", "pc": "cp437", "pca": "cp850", "ansi": "cp1252"}
_AROUND_TABS = re.compile(" *\t *")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")


@dataclass(slots=True)
class _Group:
    """The properties of text inside a group, which its end restores."""

    is_skipped: bool = False
    is_hidden: bool = False
    is_deleted: bool = False
    skipped_after_unicode: int = 1  # characters of the fallback after a Unicode character
    encoding: str = ""  # "" for that of the document
    is_title: bool = False
    is_font_table: bool = False


def read(data: bytes, path: str) -> Parsed:
    """Return the text of an RTF file. Raises ParseError if it is not one."""
    if not data.lstrip().startswith(b"{\\rtf"):
        raise ParseError(path, "is not RTF. Correct its extension, or exclude it.")
    reader = _Reader(path)
    reader.read(data)
    text = _AROUND_TABS.sub("\t", _join(reader.parts))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    text = _BLANK_LINES.sub("\n\n", text).strip("\n")
    title = " ".join(_join(reader.title).split())
    return Parsed(
        text,
        title or None,
        find_date_mark(text, find_text_lines(text, HEAD_LINES)),
        () if text.strip() else (BLANK,),
    )


class _Reader:
    """Follows the groups and control words of one file and collects its text."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.parts: list[str] = []
        self.title: list[str] = []
        self.above: list[_Group] = []
        self.group = _Group()
        self.encoding = "cp1252"
        self.fonts: dict[int, str] = {}
        self.font = 0  # the font that the font table defines
        self.fallback = 0  # characters that repeat a Unicode character, to be skipped
        self.bytes = bytearray()  # not decoded yet: a character may have several
        self.in_table = False
        self.is_optional = False  # whether the next control word may be unknown

    def read(self, data: bytes) -> None:
        position = 0
        while match := _TOKEN.search(data, position):
            position = match.end()
            word, number, code, symbol, brace, text = match.groups()
            if code is not None:
                self.add_bytes(bytes([int(code, 16)]))
                continue
            if text is not None:
                self.add_bytes(text)
                continue
            if word is not None:
                position += self.read_word(word.decode("ascii"), number)
            elif brace is not None:
                self.read_brace(brace)
            elif symbol == b"*":
                self.is_optional = True
            elif symbol in _LITERALS:
                self.add_bytes(symbol)
            else:
                self.add(_SYMBOLS.get(symbol, ""))
        self.flush()

    def read_brace(self, brace: bytes) -> None:
        self.flush()
        self.fallback = 0
        self.is_optional = False
        if brace == b"{":
            if len(self.above) >= MOST_DEPTH:
                raise ParseError(self.path, "is nested too deeply to be read. Save it again.")
            self.above.append(self.group)
            self.group = replace(self.group)
        elif self.above:
            self.group = self.above.pop()

    def read_word(self, word: str, number: bytes | None) -> int:
        """Follow a control word. Returns the number of binary bytes that follow it."""
        value = None if number is None else int(number)
        is_optional, self.is_optional = self.is_optional, False
        group = self.group
        if word == "bin":
            return max(0, value or 0)
        if word == "title" and group.is_skipped:
            self.flush()
            group.is_title = True
        elif word in _SKIPPED or (is_optional and word not in _READ_IF_UNKNOWN):
            self.flush()
            group.is_skipped = True
            group.is_font_table = word == "fonttbl"
        elif word == "u" and value is not None:
            self.add(chr(value % 0x10000))
            self.fallback = group.skipped_after_unicode
        elif word == "uc":
            group.skipped_after_unicode = max(0, value or 0)
        elif word in ("v", "deleted"):
            self.flush()
            setattr(group, "is_hidden" if word == "v" else "is_deleted", value != 0)
        elif word == "plain":
            self.flush()
            group.is_hidden = False
        elif word == "par" and self.in_table:
            self.add(" ")  # a row is one line
        elif word in _CHARACTERS:
            self.add(_CHARACTERS[word])
        elif word in ("intbl", "pard"):
            self.flush()
            self.in_table = word == "intbl"
        else:
            self.read_encoding(word, value)
        return 0

    def read_encoding(self, word: str, value: int | None) -> None:
        """Follow a control word that selects how bytes are decoded."""
        self.flush()
        if word == "ansicpg" and value:
            self.encoding = _find_codec(f"cp{value}") or self.encoding
        elif word in _ENCODINGS:
            self.encoding = _ENCODINGS[word]
        elif word == "f" and value is not None:
            if self.group.is_font_table:
                self.font = value
            else:
                self.group.encoding = self.fonts.get(value, "")
        elif word == "fcharset" and self.group.is_font_table:
            # Character set 0 means the code page of the document, 2 the symbols of a font.
            self.fonts[self.font] = _CHARACTER_SETS.get(value or -1, "")

    def add_bytes(self, data: bytes) -> None:
        skipped = min(self.fallback, len(data))
        self.fallback -= skipped
        self.bytes += data[skipped:]

    def flush(self) -> None:
        """Decode the waiting bytes, which all have the same encoding."""
        if self.bytes:
            data, self.bytes = self.bytes, bytearray()
            self.write(data.decode(self.group.encoding or self.encoding, "replace"))

    def add(self, text: str) -> None:
        """Add text after the waiting bytes."""
        self.flush()
        self.write(text)

    def write(self, text: str) -> None:
        group = self.group
        if group.is_title:
            self.title.append(text)
        elif not (group.is_skipped or group.is_hidden or group.is_deleted):
            self.parts.append(text)


def _join(parts: list[str]) -> str:
    """Return the parts as one text, in which the two halves of a character are one character."""
    return "".join(parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _find_codec(name: str) -> str | None:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
