"""Escape text of documents, so that Markdown shows exactly that text.

Input: any text. Output: Markdown without active characters. Only white space changes: line ends
of every kind become line breaks, several empty lines become one, and spaces and tabs at the ends
of a line are removed. Inside a line every space is preserved, NBSP included.
The escaping covers CommonMark, GitHub's tables, strikethrough, formulas and bare links, and
braces, which set attributes in other dialects. Markdown cannot prevent later processing by a page
(curly quotes, emoji codes, links from mail addresses).
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import quote as percent_encode

TextSlice = tuple[int, int]

# Every character that ends a line in Markdown, in Unicode or in Python.
_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1f\x85\u2028\u2029]")
# Characters that UTF-8 or Markdown cannot represent. Documents never contain them; a question may.
_IMPOSSIBLE = re.compile("[\0\ud800-\udfff]")
# Characters that affect the text around them: controls and direction overrides.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = ("R", "AL", "AN")

_ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]+;)")
_ACTIVE = re.compile(
    r"[*`\[\]<|~${]"
    r"|\\(?![0-9A-Za-z])"  # a space may become a reference later, see _quote_line
    r"|(?<![^\W_])_"  # after a letter it cannot open emphasis: my_file.txt
    rf"|{_ENTITY.pattern}"
    r"|(?<=[A-Za-z]):(?=//)|(?<=(?i:www))\."  # a bare address is a link on GitHub
    r"|(?<![^ \t])#(?=#*\Z)"  # closes a heading
)
# Beginnings that turn a line of a paragraph into another block. The empty group marks the place
# of the backslash.
_BEGINNING = re.compile(
    r"()>|()#{1,6}(?=[ \t]|\Z)|()[-+](?=[ \t]|\Z)|()[-+=:](?=[-+=: \t]*\Z)"
    r"|\d{1,9}()[.)](?=[ \t]|\Z)"
)


def replace_impossible(text: str) -> str:
    """Replace each character that UTF-8 or Markdown cannot represent by one U+FFFD."""
    return _IMPOSSIBLE.sub("\ufffd", text)


def to_single_line(text: str) -> str:
    """Return `text` (a title, a path) as one line that cannot change the direction around it.

    The result is plain text, not Markdown.
    """
    text = replace_impossible(text).replace("\t", " ")
    line = _CONTROL.sub("\ufffd", _LINE_BREAK.sub(" ", text)).strip()
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line):
        return f"\u2068{line}\u2069"  # an isolate, which keeps its direction to itself
    return line


def inline(text: str, *, begins: bool = False) -> str:
    """Return `text` (a title, a path, a question) as one line of Markdown, or part of a line.

    begins: whether `text` starts a paragraph or a list item.
    """
    return _escape(to_single_line(text), begins=begins)


def destination(link: str) -> str:
    """Return `link` as the destination of a Markdown link."""
    safe = "".join(set(string.punctuation) - set("<>\\"))
    encoded = percent_encode(replace_impossible(link), safe=safe)
    return f"<{_ENTITY.sub('&amp;', encoded)}>"


def blockquote(text: str, bold: Sequence[TextSlice] = ()) -> str:
    """Return `text` as a blockquote that keeps its lines, with the slices in `bold` bold."""
    paragraphs: list[list[str]] = [[]]
    bold = _merge_touching(bold)
    for start, end in _split_lines(text):
        line = _quote_line(text, start, end, bold)
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return "> " + "\n>\n> ".join("\\\n> ".join(lines) for lines in paragraphs if lines)


def _split_lines(text: str) -> Iterator[TextSlice]:
    """Yield the lines of `text` as slices, without the spaces and tabs around them."""
    start = 0
    breaks = [match.span() for match in _LINE_BREAK.finditer(text)]
    for end, next_start in [*breaks, (len(text), len(text))]:
        line = text[start:end]
        low = start + len(line) - len(line.lstrip(" \t"))
        yield low, max(low, start + len(line.rstrip(" \t")))
        start = next_start


def _quote_line(text: str, start: int, end: int, bold: Sequence[TextSlice]) -> str:
    """Return the line text[start:end] as Markdown, with its part of the `bold` slices in bold.

    Bold ends with each line; it spans the visible characters only, without outer white space.
    """
    parts, position = [], start
    for low, high in bold:
        words = text[max(low, start) : min(high, end)]
        low = max(low, start) + len(words) - len(words.lstrip())
        high = low + len(words.strip())
        if low < high:
            opens, closes = _bold_markers(text[start:end], low - start, high - start)
            before = _escape(text[position:low], begins=position == start)
            words = _escape(text[low:high], begins=False)  # at a line start, `opens` precedes it
            parts += [before, opens, words, closes]
            position = high
    parts.append(_escape(text[position:end], begins=position == start))
    line = "".join(parts)
    inner = line.strip()
    before, after = line.split(inner, 1) if inner else (line, "")
    # An NBSP at the end of a line belongs to the text, but some renderers would trim it.
    return "".join((*map(_character_reference, before), inner, *map(_character_reference, after)))


def _merge_touching(slices: Sequence[TextSlice]) -> list[TextSlice]:
    """Return the slices sorted, merging those that overlap or touch."""
    merged: list[TextSlice] = []
    for start, end in sorted(slices):
        if merged and start <= merged[-1][1]:
            before = merged.pop()
            start, end = before[0], max(before[1], end)
        merged.append((start, end))
    return merged


def _bold_markers(line: str, start: int, end: int) -> tuple[str, str]:
    """Return the markup before and after line[start:end] that makes it bold.

    CommonMark accepts asterisks only with a letter or digit on the inside, or a space or
    punctuation on the outside; in other places HTML is needed.
    """
    outside = frozenset(" " + string.punctuation)
    opens = line[start].isalnum() or start == 0 or line[start - 1] in outside
    closes = line[end - 1].isalnum() or end == len(line) or line[end] in outside
    return ("**", "**") if opens and closes else ("<strong>", "</strong>")


def _escape(text: str, *, begins: bool) -> str:
    """Return a line, or part of a line, with a backslash before every active character.

    begins: whether `text` starts a line. Characters are escaped regardless of the text around it.
    """
    text = replace_impossible(text)
    beginning = _BEGINNING.match(text) if begins else None
    if beginning is None:
        return _ACTIVE.sub(r"\\\g<0>", text)
    place = beginning.end(beginning.lastindex or 0)
    rest = _ACTIVE.sub(r"\\\g<0>", text[place + 1 :])
    return f"{text[:place]}\\{text[place]}{rest}"


def _character_reference(character: str) -> str:
    return f"&#{ord(character)};"
