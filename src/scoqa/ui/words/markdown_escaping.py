"""Text of documents inside Markdown, in which no character of theirs can act.

Receives any text; hands on Markdown that shows exactly it. Only white space is Markdown's: line
ends of every kind are shown as line breaks, several empty lines as one, and spaces and tabs at
the ends of a line are left out. Inside a line every space stays, NBSP included.
The guard covers CommonMark, GitHub's tables, strikethrough, formulas and bare links, and braces,
which give attributes elsewhere. What a page does to text afterwards (curly quotes, emoji codes,
mail addresses as links) is not Markdown's to prevent.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import quote as percent_encoded

TextSlice = tuple[int, int]

# Everything that ends a line somewhere: to Markdown, to Unicode, to Python.
_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1f\x85\u2028\u2029]")
# What no file in UTF-8 or no Markdown can hold; documents never do, a question may.
_IMPOSSIBLE = re.compile("[\0\ud800-\udfff]")
# What would act on the words beside it: controls, and directions set by hand.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = ("R", "AL", "AN")

_ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]+;)")
_ACTIVE = re.compile(
    r"[*`\[\]<|~${]"
    r"|\\(?![0-9A-Za-z])"  # a space may yet become a reference, see _marked
    r"|(?<![^\W_])_"  # after a letter it cannot open anything: my_file.txt
    rf"|{_ENTITY.pattern}"
    r"|(?<=[A-Za-z]):(?=//)|(?<=(?i:www))\."  # a bare address is a link on GitHub
    r"|(?<![^ \t])#(?=#*\Z)"  # closes a heading
)
# What makes more of a line than a line of a paragraph, if it begins so. The empty group is where
# the backslash goes.
_BEGINNING = re.compile(
    r"()>|()#{1,6}(?=[ \t]|\Z)|()[-+](?=[ \t]|\Z)|()[-+=:](?=[-+=: \t]*\Z)"
    r"|\d{1,9}()[.)](?=[ \t]|\Z)"
)


def possible(text: str) -> str:
    """Return `text` with what no UTF-8 file or no Markdown can hold as U+FFFD, one for one."""
    return _IMPOSSIBLE.sub("\ufffd", text)


def label(text: str) -> str:
    """Return `text` (a title, a path) as one line that cannot turn the words beside it around.

    Plain text, not Markdown.
    """
    line = _CONTROL.sub("\ufffd", _LINE_BREAK.sub(" ", possible(text).replace("\t", " "))).strip()
    if any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in line):
        return f"\u2068{line}\u2069"  # an isolate: it has a direction of its own
    return line


def inline(text: str, *, begins: bool = False) -> str:
    """Return `text` (a title, a path, a question) as one line, or a part of one, of Markdown.

    begins: whether a paragraph or an item begins with it.
    """
    return _escaped(label(text), begins=begins)


def destination(link: str) -> str:
    """Return `link` as a Markdown link's destination."""
    kept = percent_encoded(possible(link), safe="".join(set(string.punctuation) - set("<>\\")))
    return f"<{_ENTITY.sub('&amp;', kept)}>"


def blockquote(text: str, lit: Sequence[TextSlice] = ()) -> str:
    """Return `text` as a blockquote with its own lines, text[start:end] of each `lit` in bold."""
    paragraphs: list[list[str]] = [[]]
    lit = _joined(lit)
    for start, end in _lines(text):
        line = _marked(text, start, end, lit)
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return "> " + "\n>\n> ".join("\\\n> ".join(lines) for lines in paragraphs if lines)


def _lines(text: str) -> Iterator[TextSlice]:
    """Yield the lines of `text`, without the spaces and tabs around them."""
    start = 0
    for end, then in [*(found.span() for found in _LINE_BREAK.finditer(text)), (len(text),) * 2]:
        line = text[start:end]
        low = start + len(line) - len(line.lstrip(" \t"))
        yield low, max(low, start + len(line.rstrip(" \t")))
        start = then


def _marked(text: str, start: int, end: int, lit: Sequence[TextSlice]) -> str:
    """Return the line text[start:end] as Markdown, with what is `lit` of it in bold.

    Each line has its own bold, from its first to its last character that can be seen.
    """
    parts, position = [], start
    for low, high in lit:
        words = text[max(low, start) : min(high, end)]
        low = max(low, start) + len(words) - len(words.lstrip())
        high = low + len(words.strip())
        if low < high:
            opens, closes = _bold(text[start:end], low - start, high - start)
            words = _escaped(text[low:high], begins=False)  # the line begins with the bold
            parts += [_escaped(text[position:low], begins=position == start), opens, words, closes]
            position = high
    parts.append(_escaped(text[position:end], begins=position == start))
    line = "".join(parts)
    inner = line.strip()
    before, after = line.split(inner, 1) if inner else (line, "")
    # An NBSP at the end of a line is a character; some renderers would trim it.
    return "".join((*map(_reference, before), inner, *map(_reference, after)))


def _joined(spans: Sequence[TextSlice]) -> list[TextSlice]:
    """Return the spans, sorted, as one where they touch."""
    joined: list[TextSlice] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            before = joined.pop()
            start, end = before[0], max(before[1], end)
        joined.append((start, end))
    return joined


def _bold(line: str, start: int, end: int) -> tuple[str, str]:
    """Return what to put around line[start:end] to make it bold.

    CommonMark takes asterisks only where they touch a letter on the inside, or a space or a sign
    on the outside; elsewhere it has to be HTML.
    """
    outside = frozenset(" " + string.punctuation)
    opens = line[start].isalnum() or start == 0 or line[start - 1] in outside
    closes = line[end - 1].isalnum() or end == len(line) or line[end] in outside
    return ("**", "**") if opens and closes else ("<strong>", "</strong>")


def _escaped(text: str, *, begins: bool) -> str:
    """Return a line, or a part of one, with a backslash before all that would act.

    begins: whether a line begins with it. What stands beside `text` is not relied upon.
    """
    text = possible(text)
    beginning = _BEGINNING.match(text) if begins else None
    if beginning is None:
        return _ACTIVE.sub(r"\\\g<0>", text)
    place = beginning.end(beginning.lastindex or 0)
    rest = _ACTIVE.sub(r"\\\g<0>", text[place + 1 :])
    return f"{text[:place]}\\{text[place]}{rest}"


def _reference(character: str) -> str:
    return f"&#{ord(character)};"
