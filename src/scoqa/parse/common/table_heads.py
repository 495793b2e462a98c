"""Find the head of a table, and the names that it gives to the columns.

Input: the first rows of a table. Output: which rows are its head, and the name of each column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from scoqa.cells import LEVELS, SYMBOL
from scoqa.parse.common.struck import remove_signs

if TYPE_CHECKING:
    from scoqa.parse.common.table import Row

# The header row is searched in this many rows, so that very long tables can be streamed.
SAMPLE_ROWS = 100
LONGEST_NAME = 100  # characters; a longer cell is prose, not a column name
LEAST_WORDS_OF_A_NOTE = 4  # beside a table, after a blank column
LONGEST_UNIT = 15  # characters, in a row of units below the names
LEAST_VALUES = 3  # below the names of two columns
LONGEST_LONE_NAME = 40  # characters, in a table with one column, which may be a list of anything

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = (
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]+\d{1,2}:\d\d.*)?"
    rf"|(?:\d{{1,2}}[ -]{_MONTH}|{_MONTH} \d{{1,2}},?)[ -]\d{{2,4}}"
)
_TIME = r"\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]m)?"
_VALUE = re.compile(
    r"[-+(−]?\s?[$€£¥₹]?\s?[-+−]?\d[\d\s.,'’]*(?:e[-+]?\d+)?\s?[%‰$€£¥₹)]{0,2}"
    rf"|{_DATE}|{_TIME}|true|false|\S+@\S+|\w+://\S+",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:1[5-9]|20|21)\d\d")
_MISSING = re.compile(r"[-–—.…?]+|n\.?/?a\.?|k\.\s?a\.|nil|none|unknown", re.IGNORECASE)
# Values that may name columns, above values of another kind.
_PERIODS = (_YEAR, re.compile(_DATE, re.IGNORECASE), re.compile(_TIME, re.IGNORECASE))


def count_head_rows(rows: Sequence[Row], *, has_styled_head: bool) -> int:
    """Return how many rows of a table in a text are its head.

    A table of two columns may list labels and values: its first row is a head only if it stands
    out, by its cells or by its style.
    """
    sample = rows[:SAMPLE_ROWS]
    first, below = sample[0], sample[1:]
    if not below:
        return 0
    header = find_header(sample, {})
    is_other = header is None or find_first_level(sample, header) > 0
    if has_styled_head and is_other and _can_be_header(first, below):
        header = 0
    if header is None:
        return 0
    if not has_styled_head and may_list_values(sample, header):
        return 0
    return find_last_level(sample, header) + 1


def find_header(head: Sequence[Row], above: Mapping[int, str]) -> int | None:
    """Return the index of the header row in `head`, the first rows of a table; None without one.

    above: the column names that are valid before the blank row above.
    """
    columns = _find_columns(head)
    for index, row in enumerate(head):
        covered = sum(row.spans.get(column, 1) for column in row.cells)
        below = head[index + 1 :]
        named = _find_columns(below) or columns
        if 2 * covered <= len(named) > 1 or (len(row.cells) == 1 and covered > 1):
            continue  # a title, a date or an author
        stands_out = _stands_out(row, below) or _is_styled(row, below)
        if len(columns) == 1 and (len(row.cells) > 1 or not _can_title_list(row, below)):
            return None
        is_level = len(row.cells) < len(columns) and below and not stands_out
        names_more = is_level and _stands_out(below[0], below[1:])
        if names_more and _can_be_header(below[0], below[1:]):
            continue  # a period or a unit above the names
        is_below_level = index > 0 and _is_level(head[index - 1], row)
        if not stands_out and (
            columns <= above.keys()
            or (len(set(row.cells.values())) < len(row.cells) and not is_below_level)
            or any(
                row.cells[c] == other.cells.get(c)
                for other in below
                if other.cells != row.cells  # the head may be repeated
                for c in row.cells
            )
        ):
            return None
        return index if _can_be_header(row, below) else None
    return None


def _is_level(row: Row, below: Row) -> bool:
    """Return whether `row` names several groups of the columns that the next row names."""
    return 1 < len(row.cells) < len(below.cells) and min(row.cells) >= min(below.cells)


def may_list_values(sample: Sequence[Row], header: int, begins_with_names: bool = False) -> bool:
    """Return whether a table may list labels and values instead of having names in row `header`.

    It has two columns, and no row that stands out. The names of two columns are in bold type or
    above values alone, at least LEAST_VALUES; otherwise, as in "Applicant", "Nora Feld" above
    "Stalls", "3", each row may be a label with its value.
    begins_with_names: whether the first row usually names columns; then only mixed values count.
    """
    columns = sorted({column for row in sample for column in row.cells})
    names = sample[header].cells
    below = [row for row in sample[header + 1 :] if row.cells != names]  # they may be repeated
    if len(columns) != 2 or _is_styled(sample[header], below) or not below:
        return False
    texts = [row.cells[columns[1]] for row in below if columns[1] in row.cells]
    values = sum(_VALUE.fullmatch(text) is not None for text in texts)
    if begins_with_names:
        return 0 < values < len(texts)
    return values < max(LEAST_VALUES, len(texts))


def _is_styled(row: Row, below: Sequence[Row]) -> bool:
    return row.is_bold and bool(below) and not below[0].is_bold


def continues_table(head: Sequence[Row], names: Mapping[int, str]) -> bool:
    """Return whether rows without a header belong to the table above the blank row."""
    columns = {column for row in head for column in row.cells}
    # Text in a single column below a table is a note about it.
    return columns <= names.keys() and (len(columns) > 1 or len(names) == 1)


def find_first_level(sample: Sequence[Row], header: int) -> int:
    """Return the index of the first row whose cells stand above columns of the header row."""
    first = header
    table_start = min(min(row.cells) for row in sample[header:])
    reach = max(sample[header].cells)
    while first:
        above = sample[first - 1]
        is_title = len(above.cells) == 1 and not above.spans and min(above.cells) <= table_start
        covers_all = any(
            column <= table_start and column + span > reach for column, span in above.spans.items()
        )
        if is_title or covers_all or any(len(text) > LONGEST_NAME for text in above.cells.values()):
            break
        first -= 1
    return first


def find_last_level(sample: Sequence[Row], header: int) -> int:
    """Return the index of the last row of a head that begins at or above the row `header`.

    A row below belongs to the head if it names parts of the columns: a cell above it covers several
    columns, it leaves out the first column, or it gives units.
    """
    last = header
    while last + 1 < len(sample):
        row, below = sample[last], sample[last + 1]
        own = {column for column, text in below.cells.items() if row.cells.get(column) != text}
        split = {c + more for c, span in row.spans.items() for more in range(span)}
        lacks_first = len(own) > 1 and min(below.cells, default=0) > min(row.cells)
        if not own or not (own <= split or lacks_first or _names_units(below, sample[last + 2 :])):
            break
        if not _can_be_header(below, sample[last + 2 :]):
            break
        last += 1
    return last


def _names_units(row: Row, below: Sequence[Row]) -> bool:
    """Return whether a row gives the unit of each column of numbers: at least two, in short words.

    Missing values ("n/a") are no units.
    """
    units = []
    for column in sorted({column for other in below for column in other.cells}):
        others = [other.cells[column] for other in below if column in other.cells]
        values = sum(_VALUE.fullmatch(other) is not None for other in others)
        if 2 * values > len(others):
            units.append(row.cells.get(column, ""))
    return len(units) > 1 and all(
        0 < len(unit) <= LONGEST_UNIT
        and not _VALUE.fullmatch(unit)
        and not _MISSING.fullmatch(unit)
        for unit in units
    )


def build_names(head: Sequence[Row], below: Sequence[Row]) -> dict[int, str]:
    """Return the name of each column, with the names of the levels above it, outermost first.

    below: the first rows below the head. The name of a column of symbols ("$") or without cells
    is also the name of the next column, if that has none.
    """
    levels: dict[int, list[str]] = {}
    reach = max(column + row.spans.get(column, 1) - 1 for row in head for column in row.cells)
    for number, row in enumerate(head):
        is_lowest = number == len(head) - 1
        starts = sorted(row.cells)
        for start, following in zip(starts, [*starts[1:], reach + 1], strict=True):
            text = remove_signs(row.cells[start])
            if start in row.spans:
                end = start + row.spans[start]
            elif is_lowest or row.spans or start == starts[0] == 0:
                end = start + 1
            else:
                end = following  # the cell is not merged, but the next ones are empty
            for column in range(start, min(end, reach + 1)):
                own = levels.setdefault(column, [])
                if text not in own:
                    own.append(text)
    names = {column: LEVELS.join(texts) for column, texts in sorted(levels.items())}
    numbers = _find_columns(below)
    if numbers - names.keys():
        moved = [column for column in names if column not in numbers and column + 1 in numbers]
        names |= {column + 1: names[column] for column in moved if column + 1 not in names}
    filled, first = names.keys() | numbers, min(names)
    notes = {  # words beside the table, after a blank column
        column
        for column, name in names.items()
        if column > first
        and not filled & {column - 1, column + 1}
        and len(name.split()) >= LEAST_WORDS_OF_A_NOTE
    }
    return {column: names[column] for column in sorted(names.keys() - notes)}


def _find_columns(rows: Iterable[Row]) -> set[int]:
    """Return the columns that contain more than symbols such as "$"."""
    return {
        column for row in rows for column, text in row.cells.items() if not SYMBOL.fullmatch(text)
    }


def _can_be_header(row: Row, below: Sequence[Row]) -> bool:
    """Return whether each cell of a row is short text, or a year or date above other values.

    A first cell with a colon is the label of a value beside it.
    """
    first = min((min(other.cells) for other in below if other.cells), default=0)
    is_beside_labels = min(row.cells) > first  # years above columns, beside a column without a name
    found: list[re.Pattern[str]] = []
    for column, text in row.cells.items():
        if len(text) > LONGEST_NAME:
            return False
        if not _VALUE.fullmatch(text):
            continue
        period = next((period for period in _PERIODS if period.fullmatch(text)), None)
        if period is None or len(row.cells) == 1:
            return False
        others = [other.cells[column] for other in below if column in other.cells]
        same = sum(period.fullmatch(other) is not None for other in others)
        if 2 * same > len(others) or (not others and period is not _YEAR):
            return False
        found.append(period)
    if len(found) == 1 and found[0] is not _YEAR and not is_beside_labels:
        return False  # a label with its date
    has_colon = [text.endswith(":") for text in row.cells.values()]
    if has_colon[0] and not all(has_colon):
        return False
    return is_beside_labels or any(not _VALUE.fullmatch(text) for text in row.cells.values())


def _can_title_list(row: Row, below: Sequence[Row]) -> bool:
    (text,) = row.cells.values()
    return len(below) > 1 and len(text) <= LONGEST_LONE_NAME and text[-1] not in ".!?:;,"


def _stands_out(row: Row, below: Sequence[Row]) -> bool:
    """Return whether a cell of `row` is a word above a column of mostly numbers or dates."""
    for column, text in row.cells.items():
        others = [other.cells[column] for other in below if column in other.cells]
        values = sum(_VALUE.fullmatch(other) is not None for other in others)
        is_name = not any(kind.fullmatch(text) for kind in (_VALUE, SYMBOL, _MISSING))
        if is_name and 2 * values > len(others):
            return True
    return False
