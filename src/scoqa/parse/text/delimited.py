"""Parse CSV and TSV files, detecting the delimiter.

Input: the bytes of a file. Output: one line per row, each cell with the name of its column, marked
with the row number that a spreadsheet program displays: a row of several lines counts once.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePath

from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.table import Row, clean_cell, write_rows
from scoqa.parse.common.text_decoding import decode
from scoqa.types import Parser

PARSER = Parser("delimited", "3")

# Of two delimiters that fit equally well, the first is chosen: in "1,5;2,5" the commas are decimal.
_DELIMITERS = "\t;|,"
_SAMPLE_ROWS = 100  # at most; sufficient to detect the delimiter
_SAMPLE_CHARACTERS = 100_000
# A first line that names the delimiter for Excel, which does not display the line.
_DELIMITER_LINE = re.compile(r"sep=([^\r\n])(?:\r\n|\r|\n)", re.IGNORECASE)
_SENTINEL = "\x00"  # never occurs in decoded text


def read(data: bytes, path: str) -> Parsed:
    """Return the rows of a CSV or TSV file. Raises ParseError."""
    text, warnings = decode(data, path)
    declaration = _DELIMITER_LINE.match(text)
    if declaration:
        text = text[declaration.end() :]
    default = "\t" if PurePath(path).suffix.lower() == ".tsv" else ","
    delimiter = declaration[1] if declaration else detect_delimiter(text, default)
    has_quotes = '"' in text
    if has_quotes and not _closes_quotes(text, delimiter):
        # Read strictly, the rest of the file would be a single cell.
        has_quotes = False
        warnings += ("has a quotation mark that is never closed; all of them were read as text.",)
    writer = Writer()
    write_rows(writer, _iterate_rows(text, delimiter, has_quotes), begins_with_names=True)
    return writer.to_parsed(None, warnings=warnings)


def detect_delimiter(text: str, default: str) -> str:
    """Return the delimiter that splits most rows into the same number of cells.

    default: the result if no delimiter does so for more than half of the rows.
    """
    sample = text[:_SAMPLE_CHARACTERS]
    best, best_share = default, 0.5
    for delimiter in _DELIMITERS:
        rows = list(islice(_iterate_records(sample, delimiter), _SAMPLE_ROWS))
        if len(sample) < len(text):
            rows = rows[:-1] or rows  # the last row may be truncated
        rows = [row for row in rows if row]
        # An odd number of quotation marks means that the delimiter splits inside a cell.
        intact = (row for row in rows if not any(cell.count('"') % 2 for cell in row))
        widths = Counter(len(row) for row in intact if len(row) > 1)
        share = widths.most_common(1)[0][1] / len(rows) if widths else 0.0
        if share > best_share:
            best, best_share = delimiter, share
    return best


def _iterate_rows(text: str, delimiter: str, has_quotes: bool) -> Iterator[Row]:
    for number, record in enumerate(_iterate_records(text, delimiter, has_quotes), start=1):
        cells = ((column, clean_cell(cell)) for column, cell in enumerate(record) if cell)
        yield Row(number, {column: cell for column, cell in cells if cell})


def _closes_quotes(text: str, delimiter: str) -> bool:
    """Return whether all quoted cells are closed: a row appended to the text is then a row."""
    (last,) = deque(_iterate_records(f"{text}\n{_SENTINEL}", delimiter), maxlen=1)
    return last == [_SENTINEL]


def _iterate_records(text: str, delimiter: str, has_quotes: bool = True) -> Iterator[list[str]]:
    # The default limit protects programs that read streams; here the text is already in memory.
    csv.field_size_limit(2**31 - 1)
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE,
    )
