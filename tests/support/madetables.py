"""Tables made up by a seeded generator: their cells, and the row and column names of each cell.

Input: the number of a table. Output: a MadeTable; `tablefiles` writes it in every format.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

COUNT = 50


@dataclass(frozen=True, slots=True)
class MadeCell:
    """A cell, and how many columns and rows it covers.

    number, code: the value and the number format with which a sheet displays `text`.
    """

    text: str
    columns: int = 1
    rows: int = 1
    number: float | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """A cell with a value.

    row: the names at the start of its row, outermost first. levels: the names above it, outermost
    first. group: the merged row that names its group of rows.
    """

    row: tuple[str, ...]
    levels: tuple[str, ...]
    value: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class MadeTable:
    """A table. As in HTML, a place that a merged cell covers has no cell of its own.

    labels: how many columns at the left name rows. way: "rtl" for right to left.
    """

    name: str
    caption: str
    head: tuple[tuple[MadeCell, ...], ...]
    body: tuple[tuple[MadeCell, ...], ...]
    labels: int = 1
    way: str = "ltr"

    @property
    def rows(self) -> tuple[tuple[MadeCell, ...], ...]:
        return self.head + self.body

    @property
    def width(self) -> int:
        return sum(cell.columns for cell in self.rows[0])

    def expected(self) -> Iterator[Expected]:
        """Yield every cell that has a value and belongs to a row with a name."""
        places = grid(self.rows)
        group = ""
        for number, row in enumerate(self.body, start=len(self.head)):
            if len(row) == 1 and row[0].columns == self.width:
                group = row[0].text
                continue
            names = [places[number, column].text for column in range(self.labels)]
            for column in range(self.labels, self.width):
                cell = places[number, column]
                above = (places[level, column].text for level in range(len(self.head)))
                if cell.text not in ("", "$"):
                    levels = tuple(dict.fromkeys(text for text in above if text))
                    yield Expected(tuple(filter(None, names)), levels, cell.text, group)


def anchors(rows: Sequence[Sequence[MadeCell]]) -> Iterator[tuple[int, int, MadeCell]]:
    """Yield (row, column, cell) with the first place of each cell, in order."""
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(rows):
        column = 0
        for cell in row:
            while (number, column) in taken:
                column += 1
            yield number, column, cell
            rows_below, columns = range(number, number + cell.rows), range(cell.columns)
            taken |= {(row_below, column + right) for row_below in rows_below for right in columns}


def grid(rows: Sequence[Sequence[MadeCell]]) -> dict[tuple[int, int], MadeCell]:
    """Return the cell at each (row, column), a merged one at all places that it covers."""
    return {
        (row + down, column + right): cell
        for row, column, cell in anchors(rows)
        for down in range(cell.rows)
        for right in range(cell.columns)
    }


def plain_cells(rows: Sequence[Sequence[MadeCell]]) -> list[list[MadeCell]]:
    """Return rows of cells of one column each; merged text stands in its first place only."""
    first = {(row, column): cell for row, column, cell in anchors(rows)}
    width = 1 + max(column for _, column in grid(rows))
    empty = MadeCell("")
    return [
        [first.get((number, column), empty) for column in range(width)]
        for number in range(len(rows))
    ]


# -- words -----------------------------------------------------------------------------------------

TOWNS = "Aldmoor Brackley Corvin Dunmere Estwick Farrow Gorsley Hallin Ixworth Jarn Keld Lorne"
MORE_TOWNS = "Marsk Nethery Orsett Pellin Quarne Rusk Selby Tarn Ulvik Vessel Wrenby Yarm"
PLACES = [*TOWNS.split(), *MORE_TOWNS.split()]
THINGS = ("ferry", "mill", "quay", "orchard", "quarry", "depot", "ward", "lock", "tannery", "kiln")
REGIONS = ("Northern coast", "River valley", "Southern hills", "Lake shore", "Old town", "Heath")
KEEPERS = ("Ada Lund", "Carl Berg", "Dora Holm", "Emil Voss", "Frida Noor", "Gil Ortega")
STONES = ("granite", "slate", "oak", "brick", "limestone", "cast iron", "larch")
NOTES = (
    "closed in winter", "open to visitors", "rebuilt after the flood", "leased to the parish",
    "under repair until spring", "shared with the railway",
)  # fmt: skip
HEBREW_NAMES = ("נמל הצפון", "טחנת הרוח", "מחצבה ישנה", "גשר העץ", "בית המכס", "מנזר ההר", "אורווה")
HEBREW_COLUMNS = ("מבקרים", "עובדים", "הכנסות", "שטח")
COLUMNS = ("Visitors", "Crew", "Barrels", "Freight (t)", "Length (m)", "Output", "Stock", "Losses")
ITEMS = (
    "Sales of timber", "Rents", "Cost of goods", "Wages", "Harbour dues", "Repairs", "Interest",
    "Grants received", "Insurance", "Fuel", "Depreciation", "Other income",
)  # fmt: skip


class _Source:
    """Draws names and values; no value occurs twice in a table, and no row name."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.random = random.Random(f"table {number}")
        self._drawn: set[str] = set()

    def names(self, count: int) -> list[str]:
        thing = self.random.choice(THINGS)
        places = self.random.sample(PLACES, min(count, len(PLACES)))
        more = self.random.choice([other for other in THINGS if other != thing])
        names = [f"{place} {thing}" for place in places]
        return names + [f"{place} {more}" for place in places[: count - len(names)]]

    def columns(self, count: int) -> list[str]:
        return self.random.sample(COLUMNS, count)

    def value(self, draw: Callable[[], MadeCell]) -> MadeCell:
        while (cell := draw()).text in self._drawn:
            pass
        self._drawn.add(cell.text)
        return cell

    def count(self) -> MadeCell:
        return self.value(lambda: integer(self.random.randrange(110, 90_000)))

    def decimal(self) -> MadeCell:
        def draw() -> MadeCell:
            number = self.random.randrange(101, 9_990) / 10
            return MadeCell(f"{number:.1f}", number=number, code="0.0")

        return self.value(draw)

    def share(self) -> MadeCell:
        def draw() -> MadeCell:
            number = self.random.randrange(11, 990) / 1000
            return MadeCell(f"{100 * number:.1f}%", number=number, code="0.0%")

        return self.value(draw)

    def day(self) -> MadeCell:
        pick = self.random.randrange
        return self.value(lambda: MadeCell(f"{pick(1870, 2024)}-{pick(1, 13):02}-{pick(1, 28):02}"))

    def words(self, choices: Sequence[str]) -> MadeCell:
        return MadeCell(self.random.choice(choices))

    def rows(self) -> int:
        return self.random.randrange(5, 25)


def integer(number: int) -> MadeCell:
    return MadeCell(f"{number:,}", number=number, code="#,##0")


def year(number: int) -> MadeCell:
    return MadeCell(str(number), number=number, code="0")


# -- the shapes of tables --------------------------------------------------------------------------

Rows = list[tuple[MadeCell, ...]]


def _one_head(source: _Source) -> tuple[Rows, Rows, int]:
    """Columns of different kinds; by turns, words alone, or names with one number each."""
    first, second = source.columns(2)
    columns: dict[str, Callable[[], MadeCell]] = {
        "Keeper": lambda: source.words(KEEPERS),
        first: source.count,
        second: source.decimal,
        "Share": source.share,
        "Inspected": source.day,
        "Material": lambda: source.words(STONES),
        "Remarks": lambda: source.words(NOTES),
    }
    match source.number // 10 % 3:
        case 1:
            columns = {name: columns[name] for name in ("Keeper", "Material", "Remarks")}
        case 2:
            columns = {first: source.count}
    body = [
        (MadeCell(name), *(draw() for draw in columns.values()))
        for name in source.names(source.rows())
    ]
    return [tuple(map(MadeCell, ("Place", *columns)))], body, 1


def _years(source: _Source) -> tuple[Rows, Rows, int]:
    """A column for each year, some values missing; the corner has a name or none."""
    first = source.random.randrange(1995, 2020)
    count = source.random.randrange(3, 7)
    corner = source.random.choice(("", "District"))
    missing = source.random.choice(("", "–", "n/a"))
    head = (MadeCell(corner), *(year(first + number) for number in range(count)))
    body: Rows = []
    for name in source.names(source.rows()):
        row = [source.count() for _ in range(count)]
        if source.random.random() < 0.3:
            row[source.random.randrange(count)] = MadeCell(missing)
        body.append((MadeCell(name), *row))
    return [head], body, 1


def _two_levels(source: _Source) -> tuple[Rows, Rows, int]:
    """Two rows of names: each of the first covers two of the second; by turns, a third above."""
    outer = source.random.choice((("January–June", "July–December"), ("Summer", "Winter")))
    inner = source.random.choice((("2022", "2023"), ("Income", "Costs"), ("Women", "Men")))
    corner = source.random.choice(("", "Place"))
    head = [
        (MadeCell(corner, rows=2), *(MadeCell(text, columns=2) for text in outer)),
        tuple(year(int(text)) if text.isdigit() else MadeCell(text) for text in inner * 2),
    ]
    if source.number // 10 % 2:
        head.insert(0, (MadeCell(""), MadeCell("Thousand visitors", columns=4)))
    body = [
        (MadeCell(name), *(source.count() for _ in range(4)))
        for name in source.names(source.rows())
    ]
    return head, body, 1


def _units(source: _Source) -> tuple[Rows, Rows, int]:
    """A row of units under the names; by turns, it has a label."""
    names = source.columns(3)
    units = source.random.sample(("t", "million m³", "hours", "£ thousand", "%", "km"), 3)
    head = [
        (MadeCell("Works"), *map(MadeCell, names)),
        (MadeCell("Unit" if source.number // 10 % 2 else ""), *map(MadeCell, units)),
    ]
    body = [
        (MadeCell(name), source.decimal(), source.count(), source.decimal())
        for name in source.names(source.rows())
    ]
    return head, body, 1


def _period(source: _Source) -> tuple[Rows, Rows, int]:
    """A period in one merged cell above the years, or two of them."""
    last = source.random.randrange(2005, 2024)
    periods = source.random.choice(
        (["Three months ended 30 June"], ["Three months ended", "Nine months ended"])
    )
    months = source.random.choice(("", "30 June ", "Sep. 30, "))
    texts = [f"{months}{last - back}" for _ in periods for back in range(2)]
    head = [
        (MadeCell(""), *(MadeCell(text, columns=2) for text in periods)),
        (MadeCell(""), *(year(int(text)) if text.isdigit() else MadeCell(text) for text in texts)),
    ]
    count = len(texts)
    items = source.random.sample(ITEMS, source.random.randrange(5, len(ITEMS)))
    body = [(MadeCell(item), *(source.count() for _ in range(count))) for item in items]
    return head, [*body, _sum("Total", body, count)], 1


def _blank_below(source: _Source) -> tuple[Rows, Rows, int]:
    """A blank row between the names and the values."""
    names = source.columns(4)
    head = (MadeCell("Site"), *map(MadeCell, names))
    body = [
        (MadeCell(name), source.count(), source.decimal(), source.count(), source.share())
        for name in source.names(source.rows())
    ]
    return [head], [tuple(MadeCell("") for _ in head), *body], 1


def _dollars(source: _Source) -> tuple[Rows, Rows, int]:
    """Amounts whose `$` is a cell of its own, in the first row and in the sum."""
    last = source.random.randrange(2005, 2024)
    head = (MadeCell(""), *(MadeCell(str(last - back), columns=2) for back in range(3)))
    items = source.random.sample(ITEMS, source.random.randrange(5, len(ITEMS)))
    body: Rows = []
    for number, item in enumerate(items):
        sign = MadeCell("$" if number == 0 else "")
        amounts = [cell for _ in range(3) for cell in (sign, source.count())]
        body.append((MadeCell(item), *amounts))
    sums = _sum("Total", body, 6)
    body.append(tuple(cell if cell.text else MadeCell("$") for cell in sums))
    return [head], body, 1


def _groups(source: _Source) -> tuple[Rows, Rows, int]:
    """Merged rows that name the rows below, and a sum of each group."""
    names = source.columns(3)
    head = (MadeCell("Place"), *map(MadeCell, names))
    body: Rows = []
    places = iter(source.names(16))
    for region in source.random.sample(REGIONS, 3):
        body.append((MadeCell(region, columns=4),))
        count = source.random.randrange(2, 5)
        rows: Rows = [
            (MadeCell(next(places)), *(source.count() for _ in range(3))) for _ in range(count)
        ]
        body += [*rows, _sum(f"Sum of {region}", rows, 3)]
    return [head], body, 1


def _merged_labels(source: _Source) -> tuple[Rows, Rows, int]:
    """Labels that cover several rows, beside those of single rows."""
    head = (MadeCell("Region"), MadeCell("Place"), *map(MadeCell, source.columns(3)))
    body: Rows = []
    places = iter(source.names(16))
    for region in source.random.sample(REGIONS, 4):
        count = source.random.randrange(2, 5)
        for number in range(count):
            row = (MadeCell(next(places)), source.count(), source.decimal(), source.words(STONES))
            body.append(row if number else (MadeCell(region, rows=count), *row))
    return [head], body, 2


def _right_to_left(source: _Source) -> tuple[Rows, Rows, int]:
    """Hebrew, the first column at the right, with a sum."""
    names = source.random.sample(HEBREW_COLUMNS, 3)
    head = (MadeCell("מקום"), *map(MadeCell, names))
    places = source.random.sample(HEBREW_NAMES, 5)
    body = [(MadeCell(name), *(source.count() for _ in range(3))) for name in places]
    return [head], [*body, _sum("סך הכול", body, 3)], 1


def _sum(name: str, rows: Rows, count: int) -> tuple[MadeCell, ...]:
    """Return a row with the sum of each of the last `count` columns; "" without numbers."""
    sums = []
    for column in range(-count, 0):
        numbers = [row[column].number for row in rows]
        known = [number for number in numbers if number is not None]
        sums.append(integer(int(sum(known))) if known else MadeCell(""))
    return (MadeCell(name), *sums)


SHAPES = {
    "one head": _one_head,
    "years": _years,
    "two levels": _two_levels,
    "units": _units,
    "period": _period,
    "blank below": _blank_below,
    "dollars": _dollars,
    "groups": _groups,
    "merged labels": _merged_labels,
    "right to left": _right_to_left,
}


def make_table(number: int) -> MadeTable:
    """Return a table, the same one each time; its shape is that of `number` in turn."""
    shape = list(SHAPES)[number % len(SHAPES)]
    source = _Source(number)
    head, body, labels = SHAPES[shape](source)
    way = "rtl" if shape == "right to left" else "ltr"
    topic = "מקומות בצפון" if way == "rtl" else f"Returns of district {number}"
    caption = topic if number % 20 < 10 else ""
    return MadeTable(f"{number:02} {shape}", caption, tuple(head), tuple(body), labels, way)


def make_tables(count: int = COUNT) -> list[MadeTable]:
    return [make_table(number) for number in range(count)]
