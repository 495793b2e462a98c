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
from scoqa.parse.common.table import Row, cell_text, write_rows
from scoqa.parse.common.text_decoding import decode
from scoqa.types import Parser

PARSER = Parser("delimited", "1")

# Where two fit as well as each other, the first is taken: in "1,5;2,5" commas are decimal.
_DELIMITERS = "\t;|,"
_LOOKED_AT = 100  # rows, at most; enough to tell what separates cells
_LOOKED_AT_CHARACTERS = 100_000
_NAMED = re.compile(r"sep=([^\r\n])(?:\r\n|\r|\n)", re.IGNORECASE)  # for Excel, which hides it
_LAST = "\x00"  # no text of ours holds it


def read(data: bytes, path: str) -> Parsed:
    """Return the rows of a CSV or TSV file. Raises ParseError."""
    text, warnings = decode(data, path)
    named = _NAMED.match(text)
    if named:
        text = text[named.end() :]
    default = "\t" if PurePath(path).suffix.lower() == ".tsv" else ","
    delimiter = named[1] if named else delimiter_of(text, default)
    has_quotes = '"' in text
    if has_quotes and not _closes(text, delimiter):
        # To the letter of the format all that follows would be one cell.
        has_quotes = False
        warnings += ("has a quotation mark that is never closed; all of them were read as text.",)
    writer = Writer()
    write_rows(writer, _rows(text, delimiter, has_quotes))
    return writer.parsed(None, warnings=warnings)


def delimiter_of(text: str, default: str) -> str:
    """Return what stands between cells: what cuts most rows into the same number of them.

    default: where nothing cuts half of them so.
    """
    sample = text[:_LOOKED_AT_CHARACTERS]
    best, best_share = default, 0.5
    for delimiter in _DELIMITERS:
        rows = list(islice(_records(sample, delimiter), _LOOKED_AT))
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


def _rows(text: str, delimiter: str, has_quotes: bool) -> Iterator[Row]:
    for number, record in enumerate(_records(text, delimiter, has_quotes), start=1):
        cells = ((column, cell_text(cell)) for column, cell in enumerate(record) if cell)
        yield Row(number, {column: cell for column, cell in cells if cell})


def _closes(text: str, delimiter: str) -> bool:
    """Say whether every quotation mark that opens a cell is closed: a row put last stays one."""
    (last,) = deque(_records(f"{text}\n{_LAST}", delimiter), maxlen=1)
    return last == [_LAST]


def _records(text: str, delimiter: str, has_quotes: bool = True) -> Iterator[list[str]]:
    # The bound is for programs that read from elsewhere; here all of it is in memory already.
    csv.field_size_limit(2**31 - 1)
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE,
    )
