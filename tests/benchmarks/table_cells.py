"""Cells of tables found with their row and column names, by scoqa and by other programs.

    python tests/benchmarks/table_cells.py FOLDER make
    python tests/benchmarks/table_cells.py FOLDER NAME [NAME]...

The first writes the fifty tables of support/madetables.py in every format into FOLDER, and beside
each file NAME a file NAME.cells with the cells expected of it. The second reads them with each of
NAME (scoqa, markitdown, docling, pdfplumber), as installed where it runs, and prints by format:
files, those that could not be read, cells, the share of cells whose value is in a row with the
row's name, the share of cells that also have the names of their column, and processor seconds per
file, after a first file that is not counted.

scoqa is held to the names that it marks, level by level. For other programs a name counts if it
is in the same column of any row above, or to the left of empty cells there; of nested row labels
the innermost is enough, and a number may be written as it is stored: all of this only helps them.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

Table: TypeAlias = list[list[str]]  # rows of cells, from the top; "" for an empty cell


class Wanted(NamedTuple):
    """An expected cell: the names of its row, its column and its group, and its value."""

    row: list[str]
    levels: list[str]
    value: str
    group: str


def make(folder: Path) -> None:
    """Write the files and the cells expected of each."""
    from foundcells import expect
    from madetables import make_tables
    from tablefiles import MAKERS

    folder.mkdir(parents=True, exist_ok=True)
    for table in make_tables():
        for ending, maker in MAKERS.items():
            data = maker(table)
            if data is None:
                print(f"{table.name}{ending}: no font for it on this machine")
                continue
            file = folder / f"{table.name.replace(' ', '-')}{ending}"
            file.write_bytes(data)
            cells = [(c.row, c.levels, c.value, c.group) for c in expect(table, ending)]
            file.with_name(f"{file.name}.cells").write_text(json.dumps(cells), encoding="utf-8")


# -- programs --------------------------------------------------------------------------------------


def read_scoqa(file: Path) -> Callable[[Sequence[Wanted]], tuple[int, int]]:
    from foundcells import count_right, find_all
    from madetables import Expected
    from scoqa.parse import PARSERS

    parsed = PARSERS[file.suffix].read(file.read_bytes(), file.name)

    def count(wanted: Sequence[Wanted]) -> tuple[int, int]:
        expected = [
            Expected(tuple(cell.row), tuple(cell.levels), cell.value, cell.group) for cell in wanted
        ]
        return count_right(find_all(parsed), expected)

    return count


def find_markdown_tables(text: str) -> list[Table]:
    """Return the tables of a Markdown text, without their rows of dashes."""
    tables: list[Table] = []
    is_open = False
    for line in text.splitlines():
        if not line.strip().startswith("|"):
            is_open = False
            continue
        cells = [
            re.sub(r"\\([^\w\s])", r"\1", cell.strip())
            for cell in re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
        ]
        if not is_open:
            tables.append([])
        is_open = True
        if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            tables[-1].append(cells)
    return tables


def read_markitdown(file: Path) -> list[Table]:
    from markitdown import MarkItDown

    return find_markdown_tables(MarkItDown().convert(str(file)).text_content)


def read_docling(file: Path) -> list[Table]:
    from docling.document_converter import DocumentConverter

    document = DocumentConverter().convert(file).document
    return [[[cell.text for cell in row] for row in table.data.grid] for table in document.tables]


def read_pdfplumber(file: Path) -> list[Table]:
    """Read tables by their lines or, on pages without, by the positions of their words."""
    import pdfplumber

    by_words = {"vertical_strategy": "text", "horizontal_strategy": "text"}
    tables: list[Table] = []
    with pdfplumber.open(file) as document:
        for page in document.pages:
            found = page.extract_tables() or page.extract_tables(by_words)
            for table in found:
                rows = [[(cell or "").replace("\n", " ") for cell in row] for row in table]
                if tables and len(tables[-1][0]) == len(rows[0]):
                    tables[-1] += rows  # it continues on this page
                else:
                    tables.append(rows)
    return tables


PROGRAMS: dict[str, Callable[[Path], Any]] = {
    "scoqa": read_scoqa,
    "markitdown": read_markitdown,
    "docling": read_docling,
    "pdfplumber": read_pdfplumber,
}

# -- counting --------------------------------------------------------------------------------------


def is_same(text: str, wanted: str) -> bool:
    """Return whether two texts are the same, or the same number stored and displayed."""
    text = " ".join(text.split())
    if text == wanted:
        return True
    displayed = re.sub(r"[,%]", "", wanted)
    try:
        share = 100 if wanted.endswith("%") else 1
        return abs(float(text) * share - float(displayed)) < 1e-6
    except ValueError:
        return False


def find_names(table: Table, row: int, column: int) -> Iterator[str]:
    """Yield the texts above a cell; an empty cell has that of the next one to its left."""
    for above in table[:row]:
        for text in above[: column + 1][::-1]:
            if text.strip() not in ("", "NaN", "nan") and not text.startswith("Unnamed:"):
                yield text
                break


def count_in_tables(tables: Sequence[Table], wanted: Sequence[Wanted]) -> tuple[int, int]:
    """Return how many cells are in the right row, and how many also have the right names."""
    rows = names = 0
    for cell in wanted:
        places = [
            (table, number, column)
            for table in tables
            for number, row in enumerate(table)
            if any(is_same(text, cell.row[-1]) for text in row[: len(cell.row) + 2])
            for column, text in enumerate(row)
            if is_same(text, cell.value)
        ]
        rows += bool(places)
        names += any(
            all(any(is_same(text, level) for text in find_names(*place)) for level in cell.levels)
            for place in places
        )
    return rows, names


def measure(program: str, folder: Path) -> None:
    counts: dict[str, list[float]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0])
    is_warm = False
    for cells_file in sorted(folder.glob("*.cells")):
        file = cells_file.with_suffix("")
        if program == "pdfplumber" and file.suffix != ".pdf":
            continue
        wanted = [Wanted(*cell) for cell in json.loads(cells_file.read_text(encoding="utf-8"))]
        drawn = file.stem.rpartition("-")[2] if file.suffix == ".pdf" else ""
        count = counts[f"{file.suffix} {drawn}".strip()]
        try:
            if not is_warm:
                PROGRAMS[program](file)
                is_warm = True
            began = time.process_time()
            found = PROGRAMS[program](file)
            seconds = time.process_time() - began
            right = found(wanted) if callable(found) else count_in_tables(found, wanted)
        except Exception as error:  # a file that cannot be read has no cell
            if not count[1]:
                print(f"{program} {file.name}: {type(error).__name__}: {str(error)[:80]!r}")
            seconds, right = 0.0, (0, 0)
            count[1] += 1
        for index, more in ((0, 1), (2, len(wanted)), (3, right[0]), (4, right[1]), (5, seconds)):
            count[index] += more
    for kind, (files, failed, cells, rows, names, seconds) in sorted(counts.items()):
        print(
            f"{program:11} {kind:11} {files:3} files, {failed:2} not read, {cells:5} cells, "
            f"{rows / cells:.3f} in their rows, {names / cells:.3f} named, "
            f"{seconds / max(1, files - failed):.4f} s"
        )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent / "support"))
    given_folder, *programs = sys.argv[1:]
    if programs == ["make"]:
        make(Path(given_folder))
    else:
        for name in programs:
            measure(name, Path(given_folder))
