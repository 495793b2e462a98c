"""Split text into sentences, as spans that partition it exactly.

Input: any text; the rules are designed for English prose. Output: (start, end) spans in code
points. The splitter uses all sentences of a text, a citation only the sentence around its span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise

# At most LOOK characters on either side decide whether a sentence ends at a position, so one
# sentence can be found in a long document without reading the rest.
LOOK = 200
# If no sentence ends within 2 * LONG characters (base64, a table on one line), a cut is forced
# about every LONG characters, at white space if possible. Shorter sentences have no forced cuts.
LONG = 2_000

_STOPS = ".!?…‽⁇⁈⁉؟۔।॥։።"
_WIDE_STOPS = "。！？｡"  # no white space follows these
_CLOSERS = "\"'”’“»›)]}*_⁰¹²³⁴⁵⁶⁷⁸⁹"  # a superscript digit marks a footnote
_WIDE_CLOSERS = "」』】》〉）］｝”’"
_OPENERS = "\"'“‘„«‹([{¿¡*_「『（"
_NEWLINES = "\n\r\v\f\x85\u2028\u2029"
_ALL_CLOSERS = re.escape(_CLOSERS + _WIDE_CLOSERS)
_CANDIDATE = re.compile(
    rf"[{_STOPS}{_WIDE_STOPS}{_ALL_CLOSERS}{_NEWLINES}]"
    rf"(?:\s+|(?<=[{_NEWLINES}{_WIDE_STOPS}{_WIDE_CLOSERS}]))"
)
_NEWLINE = re.compile(rf"\r\n|\n?\f\n?|[{_NEWLINES}]")
_STOPPED = re.compile(rf"([{_STOPS}{_WIDE_STOPS}]+)((?:[{_ALL_CLOSERS}]|\[\w+(?=\]))*)$")

# Words that start a sentence and, when capitalised, are hardly ever the second part of a name:
# "in the U.S. The" ends a sentence, "the U.S. Congress" does not.
_OPENING = re.compile(
    r"(?:A|About|After|All|Although|An|And|Any|As|At|Because|Before|Both|But|By|Did|Do|Does|During"
    r"|Each|Even|Every|For|From|Had|Has|Have|He|Her|Here|His|How|However|I|If|In|Is|It|Its|Let"
    r"|Many|Most|My|No|Nobody|Not|Now|On|One|Only|Or|Other|Others|Our|She|Since|So|Some|Such|That"
    r"|The|Their|Then|There|These|They|This|Those|Though|Thus|To|Today|Under|Until|Was|We|Were"
    r"|What|When|Where|Which|While|Who|Why|Will|With|Yet|You|Your)\b(?![.’'-])"
)
_NEVER_LAST = frozenset(
    "mr mrs ms dr prof messrs gen maj col lt sgt capt cmdr adm brig sen rep gov rev hon fr mt ste"
    " e.g i.e eg ie vs cf viz ed eds approx ca".split()
)
_LAST_BEFORE_AN_OPENING = frozenset(
    "inc ltd co corp llc plc bros jr sr st ave blvd rd ft oz lb lbs dept univ assn est etc al spp"
    " fig figs eq eqs sec secs ch chap para paras ref refs tab vol vols p pp pt bn incl"
    " jan feb apr jun jul aug sept oct nov".split()
)
_LAST_UNLESS_A_NUMBER_FOLLOWS = frozenset("no nos nr n° art arts mar sep dec".split())
_ACRONYM = re.compile(r"(?:[^\W\d_]{1,3}\.)*[^\W\d_]$|(?:[^\W\d_]{1,3}\.)+[^\W\d_]{1,3}$")
_NUMBERED = frozenset("Annex Article Box Chapter Figure Part Rule Section Step Table".split())
_ENUMERATOR = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[IVXivx]{1,5})$")
_BETWEEN_WORDS = re.compile(r"[\s\"'“‘„«‹(\[{*_/—–]")
_SPEAKS = re.compile(
    r"(?:[\w.’-]+\s){1,4}(?:said|asked|says|asks|replied|cried|added|wrote|answered|shouted)\b"
)

# A line that ends with one of these continues on the next line.
_UNFINISHED = re.compile(
    r"(?:[,(\[{/&–—-]|(?:^|\s)(?i:a|an|and|are|as|at|be|between|but|by|for|from|has|have|her|his|in"
    r"|into|is|its|mr|mrs|ms|dr|nor|of|on|or|our|over|than|that|the|their|to|under|via|was|were"
    r"|which|who|will|with))$"
)
# A line that starts like this is an item, heading, label or date, and continues no other line.
_ITEM = re.compile(
    r"[*+•‣▪●◦·-]\s|\(?\d{1,3}[.)]\s|[1-9](?:\.\d{1,2})+\.?\s[A-Z]|\(?[a-z]{1,4}\)\s|#{1,6}\s"
    r"|[=*_~#-]{2,}|[|>]|[A-Z][\w -]{0,30}:\s|\d{4}-\d\d-\d\d\b|\d{1,2}[./]\d{1,2}[./]\d{4}\b"
)
_CELLS = re.compile(r"\t|\s\|\s")
_QUOTE = re.compile(r"(?:> ?)*")  # the start of a quoted line, in a mail or in Markdown


def sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return the sentences of text[start:end] as spans that partition it, in order.

    White space belongs to the preceding sentence, leading white space to the first one. The cuts
    are those of the complete text, whatever the range. Empty input gives no spans, any other input
    at least one. Takes linear time.
    """
    end = len(text) if end is None else min(end, len(text))
    if start >= end:
        return []
    cuts = [start]
    for cut in _cuts(text, start - 2 * LONG, end + 2 * LONG):
        if cuts[-1] < cut < end and (len(cuts) > 1 or not text[start:cut].isspace()):
            cuts.append(cut)
    return list(pairwise([*cuts, end]))


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of the fewest consecutive sentences that contain text[start:end].

    The borders are those of sentences(text), without surrounding white space, but the span always
    contains text[start:end]. Reads a few thousand characters around it in a text of any length.
    """
    margin = LONG // 2
    while True:
        low, high = max(0, start - margin), min(len(text), end + margin)
        cuts = _cuts(text, low, high)
        left = max((cut for cut in cuts if cut <= start), default=low)
        right = min((cut for cut in cuts if cut >= end and cut > start), default=high)
        # Final if the run is too short for a forced cut, or if all that could force one is in view.
        short = low < left and right < high and right - left < LONG // 2
        far_left = low == 0 or left - low > LONG + LOOK
        far_right = high == len(text) or high - right > LONG + LOOK
        if short or (far_left and far_right):
            break
        margin *= 10
    run = text[left:right].rstrip()
    return min(right - len(text[left:right].lstrip()), start), max(left + len(run), end)


def _cuts(text: str, low: int, high: int) -> list[int]:
    """Return the starts of sentences between low and high, and 0 and len(text) if in view.

    A forced cut needs LONG characters in view on both sides.
    """
    low, high = max(0, low), min(len(text), high)
    cuts = [0] if low == 0 else []
    for before, after in pairwise([low, *_ends(text, low, high), high]):
        for mark in range((-(-before // LONG) + 1) * LONG, after - LONG + 1, LONG):
            words = text[mark - LOOK : mark].rstrip()
            if words:
                cuts.append(mark - LOOK + len(words) - len(words.split()[-1]))
        if after < high or high == len(text):
            cuts.append(after)
    if low == 0 and cuts[1:] and text[: cuts[1]].isspace():
        del cuts[1]
    return cuts


def _ends(text: str, low: int, high: int) -> Iterator[int]:
    """Yield the starts of sentences strictly between low and high, in order."""
    scan = low
    while scan and text[scan - 1].isspace():  # never start inside white space, all of which matters
        block = text[max(0, scan - LONG) : scan]
        scan -= len(block) - len(block.rstrip())
    for candidate in _CANDIDATE.finditer(text, max(0, scan - 1), high):
        gap, begin = candidate.span()
        if low < begin < high and _is_end(text, gap + (not text[gap].isspace()), begin):
            yield begin


def _is_end(text: str, gap: int, begin: int) -> bool:
    """Return whether a sentence ends before text[gap:begin], which is white space or empty."""
    newlines = list(islice(_NEWLINE.finditer(text, gap, begin), 2))
    if len(newlines) > 1 or (newlines and newlines[0][0] == "\u2029"):
        return True
    before, after = text[max(0, gap - LOOK) : gap].rstrip(), text[begin : begin + LOOK]
    stopped = _STOPPED.search(before, max(0, len(before) - 40))
    if newlines:
        line, next_line = "".join(before.splitlines()[-1:]).lstrip(), after.splitlines()[0]
        quote, next_quote = _QUOTE.match(line), _QUOTE.match(next_line)
        if quote and next_quote and quote[0].count(">") == next_quote[0].count(">") > 0:
            line, next_line = line[quote.end() :], next_line[next_quote.end() :]
            if not line or not next_line:
                return True
        if _ITEM.match(next_line) or _CELLS.search(line) or _CELLS.search(next_line):
            return True
        if stopped is None:
            return not _is_wrapped(line, next_line)
    if stopped is None:
        return False
    if stopped[1][-1] in _WIDE_STOPS:
        return gap < begin or after[0] not in "\"')" + _WIDE_CLOSERS + _STOPS + _WIDE_STOPS
    return gap < begin and _is_stop(before[: stopped.start()], stopped[1], stopped[2], after)


def _is_stop(before: str, stop: str, closers: str, after: str) -> bool:
    """Return whether a stop before white space ends a sentence, not just an abbreviation."""
    after = after.lstrip(_OPENERS)
    if not after or after[0] in "-–—,;:)]}" + _STOPS or before.endswith(("[", "(")):
        return not after
    pause = stop[-1] == "…" or stop.endswith("..")
    if after[0].islower() and (pause or not (before + after).islower()):
        return False  # in a text without capitals, sentences may start in lower case
    if stop != ".":
        return not (closers and stop[-1] in "?!" and _SPEAKS.match(after))
    before = before.rstrip()
    word = _BETWEEN_WORDS.split(before[-40:])[-1]
    rest = before.removesuffix(word).rstrip(" \t\xa0")
    begins = not rest or rest[-1] in _STOPS + _NEWLINES or rest.splitlines()[-1] in _NUMBERED
    if (begins and _ENUMERATOR.match(word)) or word.lower() in _NEVER_LAST:
        return False
    if word.lower() in _LAST_UNLESS_A_NUMBER_FOLLOWS:
        return not after[0].isdigit()
    if word.lower() in _LAST_BEFORE_AN_OPENING or _ACRONYM.match(word):
        return _OPENING.match(after[0].upper() + after[1:]) is not None
    return True


def _is_wrapped(line: str, next_line: str) -> bool:
    """Return whether a line without a stop continues; otherwise it is a heading, title or item."""
    if next_line[:1].islower() or _UNFINISHED.search(line):
        return True
    if line.endswith((":", ";")) or _OPENING.match(next_line):
        return False
    # A wrapped line is about as long as the next line; a heading is shorter than the prose below.
    reach = len(line) + len(next_line.split()[0])
    return 40 <= len(line) <= 160 and reach >= 0.75 * len(next_line)
