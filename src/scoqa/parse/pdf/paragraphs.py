"""Find the paragraphs of a page, and join words that are hyphenated at a line end.

Input: lines in reading order. Output: the separator between each line and the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median

from scoqa.parse.pdf.aligned import LABEL, LEADERS
from scoqa.parse.pdf.characters import WIDE
from scoqa.parse.pdf.layout import Line

# In font sizes of a line, unless noted otherwise.
_SAME_SIZE = 0.12  # share; the largest difference of font sizes in a paragraph
_PITCHES = (0.8, 1.45)  # the distance of successive lines of a paragraph, without spacing
_WIDEST_PITCH = 2.6
_USUAL_PITCH = 1.2
_SPACING = 1.25  # relative to the pitch; a larger distance separates paragraphs
_LEAST_STEP = 0.7  # downwards; a smaller step leads to the next column or table cell
_INDENT = 0.8
_MOST_INDENT = 6.0
# Words that are not separated by a line end, such as "5 kg" or "in the", move together.
_MOST_GLUED = 3
_SLACK = 0.8  # tolerance when testing whether the next word would have fitted on a line

_STOP = re.compile(r"[.!?…‽؟۔।॥。！？｡][\"'”’“»›)\]}」』】》〉）］｝]*(?:\d{1,3}|[⁰¹²³⁴-⁹]{1,3})?$")
_ENDS_ITEM = re.compile(r"[;:；：]$")
_PAUSE = re.compile(r"[,:;、，；：]$")
_HYPHENS = "-‐\u00ad"
_CUT = re.compile(rf"(\w[\w'’-]*)[{_HYPHENS}]$")
_WORD = re.compile(r"\w+(?:[-‐‑]\w+)*")
_BULLETS = "•▪●◦‣·"
# "Vor- und Nachteile", "pre- and postwar": the hyphen stands for a part of a later word.
_SUSPENDED = re.compile(r"(?:and|or|to|und|oder|bis|bzw|et|ou|y|o|e|en|of|och|og|i|lub)\b")


def ends_sentence(line: Line) -> bool:
    """Return whether a line ends with sentence punctuation, maybe followed by a note mark."""
    return _STOP.search(line.text) is not None


def is_hyphenated(line: Line, after: Line) -> bool:
    """Return whether a word may be hyphenated between `line` and the line `after` it."""
    cut = _CUT.search(line.text)
    return cut is not None and cut.group(1)[-1].isalpha() and after.text[:1].islower()


def is_item(line: Line) -> bool:
    """Return whether a line starts with a bullet or the label of a list item."""
    return _is_bullet(line) or LABEL.match(line.text.split(maxsplit=1)[0]) is not None


def _is_bullet(line: Line) -> bool:
    return line.text[0] in _BULLETS


def measure_pitch(lines: Sequence[Line]) -> float:
    """Return the usual distance of successive lines on a page, in font sizes."""
    steps = [
        (b.bottom - a.bottom) / b.size
        for a, b in pairwise(lines)
        if a.region == b.region and _same_size(a, b) and not b.cell
    ]
    usual = [step for step in steps if _PITCHES[0] < step < _PITCHES[1]]
    if 3 * len(usual) < len(steps):  # wide line spacing, or a list of single lines
        usual = [step for step in steps if _PITCHES[0] < step < _WIDEST_PITCH]
    return median(usual) if usual else _USUAL_PITCH


def find_separators(
    lines: Sequence[Line],
    headings: Mapping[Line, object],
    *,
    is_item: Callable[[Line], bool] = is_item,
) -> list[str]:
    r"""Return the separator between each line of a page and the next.

    It is " ", "\n" or "\n\n". In tables it contains a tab for each column between two cells, and
    for each column before the first cell of a row.

    Parameters
    ----------
    headings
        The lines of headings, with their heading.
    is_item
        Returns whether a line starts like a list item, or like a footnote.
    """
    if not lines:
        return []
    pitch = measure_pitch(lines)
    apart = [_are_apart(a, b, pitch, headings) for a, b in pairwise(lines)]
    separators: list[str] = []
    start, first = 0, lines[0]
    for end in [*(n + 1 for n, broken in enumerate(apart) if broken), len(lines)]:
        block = lines[start:end]
        if start:
            before, after = lines[start - 1], lines[start]
            runs_on = before.region != after.region and continues_paragraph(
                before, after, lines[:start], headings
            )
            rows = before.tabular and after.tabular
            items = (
                is_item(after) and is_item(first) and not (before in headings or after in headings)
            )
            near = before.region == after.region and (rows or items)
            separators.append(" " if runs_on else "\n" if near else "\n\n")
        separators += _find_block_separators(block, headings, is_item)
        first = block[0]
        start = end
    first_columns = find_first_columns(lines)
    for n, (a, b) in enumerate(pairwise(lines)):
        in_table = _join_in_table(a, b, is_item=is_item(b))
        separators[n] = in_table or separators[n]
        if b.cell is not None and (in_table is None or (in_table == "\n" and a.cell != b.cell)):
            separators[n] += "\t" * (b.cell.column - first_columns[b.cell.table])
    return separators


def find_first_columns(lines: Iterable[Line]) -> dict[int, int]:
    """Return the number of the first column of each table on a page, by the table's number."""
    columns: dict[int, int] = {}
    for line in lines:
        if line.cell is not None:
            table, column = line.cell.table, line.cell.column
            columns[table] = min(columns.get(table, column), column)
    return columns


def _join_in_table(a: Line, b: Line, *, is_item: bool) -> str | None:
    """Return the separator between two lines of the same ruled table, or None for other lines."""
    if a.cell is None or b.cell is None or a.region != b.region:
        return None
    if a.cell == b.cell:
        return "\n" if is_item else " "
    if a.cell.row == b.cell.row:
        return "\t" * max(1, b.cell.column - a.cell.column)
    return "\n"


def _same_size(a: Line, b: Line) -> bool:
    return abs(a.size - b.size) <= _SAME_SIZE * max(a.size, b.size)


def _are_apart(a: Line, b: Line, pitch: float, headings: Mapping[Line, object]) -> bool:
    """Return whether two lines are too far apart or too different for one paragraph."""
    if headings.get(a) != headings.get(b):
        return True
    step = b.bottom - a.bottom
    if a in headings:
        return False
    if (
        is_hyphenated(a, b)
        and a.region == b.region
        and 0 < step < 2.5 * b.size
        and _same_size(a, b)
    ):
        return False
    return (
        a.region != b.region
        or a.tabular != b.tabular
        or not _same_size(a, b)
        or not _LEAST_STEP * b.size < step <= _SPACING * pitch * b.size
    )


def _find_block_separators(
    block: Sequence[Line], headings: Mapping[Line, object], is_item: Callable[[Line], bool]
) -> list[str]:
    """Return the separators between the lines of a block without vertical spacing."""
    if block[0] in headings:
        return [" "] * (len(block) - 1)
    left, right = min(line.left for line in block), max(line.right for line in block)
    indented = [_INDENT * line.size < line.left - left < _MOST_INDENT * line.size for line in block]
    hanging = len(block) > 2 and sum(indented) > len(block) / 2
    separators: list[str] = []
    for n, (a, b) in enumerate(pairwise(block)):
        stopped = ends_sentence(a)
        next_words = b.first
        ends = stopped or _ENDS_ITEM.search(a.text) or is_item(b)
        if not ends and a.bold == b.bold and _starts_lowercase(b):
            next_words = max(b.first, _estimate_width(b, _MOST_GLUED))
        short = right - a.right > next_words + _SLACK * b.size
        if a.tabular or LEADERS.search(a.text):
            separators.append("\n")
        elif _CUT.search(a.text):
            separators.append(" ")
        elif is_item(b) and (short or stopped or _PAUSE.search(a.text) or _is_bullet(b)):
            separators.append("\n")
        elif short:
            separators.append("\n\n" if stopped or a.bold != b.bold else "\n")
        elif (hanging and indented[n] and not indented[n + 1]) or (
            not hanging and stopped and indented[n + 1] and not indented[n] and not is_item(a)
        ):
            separators.append("\n\n")
        else:
            separators.append(" ")
    return separators


def _starts_lowercase(line: Line) -> bool:
    """Return whether a line starts with a lowercase letter."""
    return _find_first_letter(line).islower()


def _estimate_width(line: Line, words: int) -> float:
    """Return about the width of the first `words` words of a line."""
    first = " ".join(line.text.split()[:words])
    return (line.right - line.left) * len(first) / len(line.text)


def _find_first_letter(line: Line) -> str:
    """Return the first character of a line after brackets and quotation marks."""
    return line.text.lstrip("\"'“‘„«‹([")[:1]


def continues_paragraph(
    a: Line, b: Line, before: Sequence[Line], headings: Mapping[Line, object]
) -> bool:
    """Return whether a paragraph continues from `a`, the last line of a column, to `b`.

    `b` is the first line of the next column. before: the lines up to and including `a`.
    """
    if a in headings or b in headings or a.tabular or b.tabular or a.turn != b.turn:
        return False
    if ends_sentence(a) or not _same_size(a, b) or is_item(b):
        return False
    if _starts_lowercase(b) or WIDE.match(_find_first_letter(b)):
        return True
    near = [line for line in before if line.region == a.region and _same_size(line, a)]
    edge = max(line.right for line in near)
    return len(near) > 1 and edge - a.right < min(b.first + _SLACK * b.size, 8 * b.size)


class HyphenatedWords:
    """Decides by the words of a document whether a hyphen at a line end belongs to the word."""

    def __init__(self, lines: Iterable[Line]) -> None:
        ordered = list(lines)
        candidates: set[str] = set()
        for a, b in pairwise(ordered):
            if is_hyphenated(a, b):
                left, right = _split_hyphenated(a, b)
                candidates |= {left + right, f"{left}-{right}", left.rpartition("-")[2], right}
        self._words: set[str] = set()  # the candidates that occur within a line
        if candidates:
            for line in ordered:
                words = _WORD.findall(line.text.casefold().replace("‐", "-").replace("‑", "-"))
                complete = words[:-1] if line.text[-1:] in _HYPHENS else words
                self._words |= candidates.intersection(complete)

    def choose_separator(self, a: Line, b: Line, separator: str) -> tuple[str, bool]:
        """Return the separator between two lines, and whether the hyphen of `a` is removed."""
        if separator != " ":
            return separator, False
        cut = _CUT.search(a.text)
        if cut is None:
            wide = WIDE.match(a.text[-1]) and WIDE.match(b.text[0])
            return ("" if wide else " "), False
        if a.text[-1] == "\u00ad":
            return "", True
        if _SUSPENDED.match(b.text):
            return " ", False
        if not is_hyphenated(a, b):  # "COVID-19", "Jean-Pierre", "1990-1995"
            return "", False
        left, right = _split_hyphenated(a, b)
        if left + right in self._words:
            return "", True
        is_compound = "-" in left and {left.rpartition("-")[2], right} <= self._words
        return "", not (f"{left}-{right}" in self._words or is_compound)


def _split_hyphenated(a: Line, b: Line) -> tuple[str, str]:
    """Return the two parts of a hyphenated word, case-folded and without the hyphen."""
    cut, rest = _CUT.search(a.text), _WORD.match(b.text)
    assert cut is not None and rest is not None
    return cut.group(1).casefold(), rest.group().casefold()
