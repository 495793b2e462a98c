"""Parse Jupyter notebooks (.ipynb): the cells with their text, and the text of their outputs.

Input: the bytes of a file (nbformat 3 or 4). Output: the source of each cell, unchanged, and the
text of its outputs; each cell is marked with its number, and the headings of its Markdown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from scoqa.errors import ParseError
from scoqa.heading_path import HeadingPath
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.table import NO_TEXT
from scoqa.parse.common.text_decoding import decode, replace_unstorable
from scoqa.parse.text.markdown import find_title_and_marks
from scoqa.types import Parser

PARSER = Parser("notebook", "1")

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def read(data: bytes, path: str) -> Parsed:
    """Return the cells of a notebook. Raises ParseError if it is not one."""
    text, warnings = decode(data, path)
    if not text.strip():
        return Parsed("", None, (), warnings)
    try:
        book = json.loads(text)
        cells = list(_find_cells(book))
    except (ValueError, RecursionError, TypeError, AttributeError) as error:
        raise ParseError(
            path, "is not a Jupyter notebook, or is damaged. Save it again, or exclude it."
        ) from error
    writer = Writer()
    outline = Outline()
    title: str | None = None
    for number, cell in enumerate(cells, start=1):
        source = _join(cell.get("source", cell.get("input"))).strip("\r\n")
        parts = [part for part in _find_outputs(cell) if part.strip()]
        if not source.strip() and not parts:
            continue
        writer.ensure_gap()
        with writer.mark("cell", str(number)):
            if cell.get("cell_type") == "markdown":
                found = _write_markdown(writer, source, outline)
                title = title or found
            else:
                writer.add(source)
            for part in parts:
                writer.ensure_gap()
                writer.add(part.strip("\r\n"))
    if not writer.length and not warnings:
        warnings = (NO_TEXT,)
    return writer.to_parsed(title, warnings=warnings)


def _find_cells(book: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the cells of a notebook; before nbformat 4 they are in worksheets."""
    if "cells" not in book and "worksheets" not in book:
        raise ValueError("a notebook has cells")
    for sheet in book.get("worksheets", [book]):
        for cell in sheet.get("cells", ()):
            if isinstance(cell, dict):
                yield cell


def _write_markdown(writer: Writer, source: str, outline: Outline) -> str | None:
    """Write the source of a cell with Markdown, mark its headings, and return its first one."""
    _, marks = find_title_and_marks(source)
    headings = [mark for mark in marks if mark.kind == "heading"]
    position = 0
    for mark in headings:
        writer.add(source[position : mark.start])
        words = HeadingPath.parse(mark.label).headings
        with writer.mark("heading", outline.open_heading(len(words), words[-1])):
            writer.add(source[mark.start : mark.end])
        position = mark.end
    writer.add(source[position:])
    return headings[0].label if headings else None


def _find_outputs(cell: Mapping[str, Any]) -> Iterator[str]:
    """Yield the outputs of a cell that have text: printed lines and the text of results."""
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        plain = data.get("text/plain") if isinstance(data, dict) else None
        yield _COLOURS.sub("", _join(output.get("text") if plain is None else plain))


def _join(value: Any) -> str:
    """Return a text that may be stored as a list of its lines."""
    lines = value if isinstance(value, list) else [value]
    return replace_unstorable("".join(line for line in lines if isinstance(line, str)))
