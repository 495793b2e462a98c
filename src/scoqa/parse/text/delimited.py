"""CSV and TSV files: what stands between the cells is found, each row becomes a line.

Receives the file's bytes; hands on one line a row, each cell with its column's name, under the
row's number as a spreadsheet program shows it: a row of several lines counts once.
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

PARSER = Parser("delimited", "1")

# Where two fit as well as each other, the first is taken: in "1,5;2,5" commas are decimal.
_DELIMITERS = "\t;|,"
_SAMPLE_ROWS = 100  # rows, at most; enough to tell what separates cells
_SAMPLE_CHARACTERS = 100_000
_DELIMITER_LINE = re.compile(
    r"sep=([^\r\n])(?:\r\n|\r|\n)", re.IGNORECASE
)  # for Excel, which hides it
_SENTINEL = "\x00"  # no text of ours holds it


def read(data: bytes, path: str) -> Parsed:
    """Return the rows of a CSV or TSV file. Raises ParseError."""
    text, warnings = decode(data, path)
    named = _DELIMITER_LINE.match(text)
    if named:
        text = text[named.end() :]
    default = "\t" if PurePath(path).suffix.lower() == ".tsv" else ","
    delimiter = named[1] if named else detect_delimiter(text, default)
    has_quotes = '"' in text
    if has_quotes and not _closes_quotes(text, delimiter):
        # To the letter of the format all that follows would be one cell.
        has_quotes = False
        warnings += ("has a quotation mark that is never closed; all of them were read as text.",)
    writer = Writer()
    write_rows(writer, _iterate_rows(text, delimiter, has_quotes))
    return writer.to_parsed(None, warnings=warnings)


def detect_delimiter(text: str, default: str) -> str:
    """Return what stands between cells: what cuts most rows into the same number of them.

    default: where nothing cuts half of them so.
    """
    sample = text[:_SAMPLE_CHARACTERS]
    best, best_share = default, 0.5
    for delimiter in _DELIMITERS:
        rows = list(islice(_iterate_records(sample, delimiter), _SAMPLE_ROWS))
        if len(sample) < len(text):
            rows = rows[:-1] or rows  # the last one may be cut off
        rows = [row for row in rows if row]
        # What cuts between two quotation marks cuts inside a cell.
        whole = (row for row in rows if not any(cell.count('"') % 2 for cell in row))
        several = Counter(len(row) for row in whole if len(row) > 1)
        share = several.most_common(1)[0][1] / len(rows) if several else 0.0
        if share > best_share:
            best, best_share = delimiter, share
    return best


def _iterate_rows(text: str, delimiter: str, has_quotes: bool) -> Iterator[Row]:
    for number, record in enumerate(_iterate_records(text, delimiter, has_quotes), start=1):
        cells = ((column, clean_cell(cell)) for column, cell in enumerate(record) if cell)
        yield Row(number, {column: cell for column, cell in cells if cell})


def _closes_quotes(text: str, delimiter: str) -> bool:
    """Say whether every quotation mark that opens a cell is closed: a row put last stays one."""
    (last,) = deque(_iterate_records(f"{text}\n{_SENTINEL}", delimiter), maxlen=1)
    return last == [_SENTINEL]


def _iterate_records(text: str, delimiter: str, has_quotes: bool = True) -> Iterator[list[str]]:
    # The bound is for programs that read from elsewhere; here all of it is in memory already.
    csv.field_size_limit(2**31 - 1)
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE,
    )
