"""Files with one table of `madetables` each, written by script in all formats that have tables.

What a format cannot express is written as its programs do: CSV files and sheets of numbers have
merged text in its first place, and Markdown has one row of names, those of all levels joined.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from html import escape

import openpyxl
import pptx
from openpyxl.styles import Alignment
from pptx.util import Inches
from reportlab.lib.pagesizes import A3, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

import docxfiles
import pdfs
from madetables import SHAPES, MadeCell, MadeTable, anchors, grid, plain_cells
from officefiles import saved

# The paragraphs before and after a table, by its direction.
BEFORE = {
    "ltr": "The clerk copied these figures from the ledger by hand.",
    "rtl": "הפקיד העתיק את המספרים מן הספר.",
}
AFTER = {
    "ltr": "Whoever finds a mistake in them should tell the clerk.",
    "rtl": "מי שמוצא טעות יודיע לפקיד.",
}


def _turn(table: MadeTable) -> int:
    """Return how many tables of the same shape were made before this one."""
    return int(table.name[:2]) // len(SHAPES)


def as_csv(table: MadeTable) -> bytes:
    file = io.StringIO()
    rows = csv.writer(file)
    if table.caption:
        rows.writerow([table.caption] + [""] * (table.width - 1))
    rows.writerows([cell.text for cell in row] for row in plain_cells(table.rows))
    rows.writerow([AFTER[table.way]] + [""] * (table.width - 1))
    return file.getvalue().encode()


def as_xlsx(table: MadeTable) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.sheet_view.rightToLeft = table.way == "rtl"
    top = 1
    if table.caption:
        sheet.cell(1, 1, table.caption)
        top = 2 + _turn(table) // 2 % 2  # with a blank row below it, or without one
    for row, column, cell in anchors(table.rows):
        if cell.text:
            place = sheet.cell(top + row, 1 + column)
            place.value = cell.text if cell.number is None else cell.number
            place.number_format = cell.code or "General"
            place.alignment = Alignment(horizontal="center")
        if cell.columns * cell.rows > 1:
            sheet.merge_cells(
                start_row=top + row, start_column=1 + column,
                end_row=top + row + cell.rows - 1, end_column=column + cell.columns,
            )  # fmt: skip
    sheet.cell(top + len(table.rows) + 1, 1, AFTER[table.way])
    return saved(book)


# -- documents and slides --------------------------------------------------------------------------


def as_docx(table: MadeTable) -> bytes:
    """By turns, the head is repeated on each page, in bold, or like any other row."""
    manner = _turn(table) % 3
    first = {(row, column): cell for row, column, cell in anchors(table.rows)}
    places = grid(table.rows)
    rows = []
    for number in range(len(table.rows)):
        is_head = number < len(table.head)
        cells, column = "", 0
        while column < table.width:
            cell = places[number, column]
            merged = ""
            if cell.rows > 1:
                value = ' w:val="restart"' if (number, column) in first else ""
                merged = f"<w:vMerge{value}/>"
            if cell.columns > 1:
                merged += f'<w:gridSpan w:val="{cell.columns}"/>'
            text = cell.text if (number, column) in first else ""
            bold = "<w:b/>" if manner == 1 and is_head else ""
            inside = docxfiles.run(text, bold) if text else ""
            cells += f"<w:tc><w:tcPr>{merged}</w:tcPr><w:p>{inside}</w:p></w:tc>"
            column += cell.columns
        repeated = "<w:trPr><w:tblHeader/></w:trPr>" if manner == 0 and is_head else ""
        rows.append(f"<w:tr>{repeated}{cells}</w:tr>")
    look = "<w:bidiVisual/>" if table.way == "rtl" else ""
    widths = "<w:gridCol/>" * table.width
    body = f"<w:tbl><w:tblPr>{look}</w:tblPr><w:tblGrid>{widths}</w:tblGrid>{''.join(rows)}</w:tbl>"
    above = [BEFORE[table.way], table.caption] if table.caption else [BEFORE[table.way]]
    return docxfiles.docx(
        "".join(map(docxfiles.paragraph, above)) + body + docxfiles.paragraph(AFTER[table.way])
    )


def as_pptx(table: MadeTable) -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = table.caption or BEFORE[table.way]
    size = len(table.rows), table.width
    shape = slide.shapes.add_table(*size, Inches(1), Inches(2), Inches(8), Inches(5)).table
    for row, column, cell in anchors(table.rows):
        place = shape.cell(row, column)
        place.text = cell.text
        if cell.columns * cell.rows > 1:
            place.merge(shape.cell(row + cell.rows - 1, column + cell.columns - 1))
    return saved(deck)


def as_html(table: MadeTable) -> bytes:
    """By turns, the head is a <thead>, in cells for heads, or like any other row but bold."""
    manner = _turn(table) % 3
    lines = [f"<caption>{escape(table.caption)}</caption>"] if table.caption else []
    for number, row in enumerate(table.rows):
        is_head = number < len(table.head)
        name = "th" if is_head and manner < 2 else "td"
        cells = ""
        for cell in row:
            span = f' colspan="{cell.columns}"' if cell.columns > 1 else ""
            span += f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
            text = f"<b>{escape(cell.text)}</b>" if is_head and manner == 2 else escape(cell.text)
            cells += f"<{name}{span}>{text}</{name}>"
        lines.append(f"<tr>{cells}</tr>")
        if is_head and manner == 0:
            opens, closes = number == 0, number == len(table.head) - 1
            lines[-1] = "<thead>" * opens + lines[-1] + "</thead>" * closes
    return (
        f"<!doctype html><html dir={table.way}><meta charset=utf-8><title>Figures</title>"
        f"<p>{BEFORE[table.way]}</p>\n<table>{''.join(lines)}</table>\n<p>{AFTER[table.way]}</p></html>"
    ).encode()


def as_markdown(table: MadeTable) -> bytes:
    places = grid(table.head)
    names = []
    for column in range(table.width):
        levels = (places[row, column].text for row in range(len(table.head)))
        names.append(" ".join(dict.fromkeys(filter(None, levels))))
    rows = [[cell.text for cell in row] for row in plain_cells(table.body)]
    lines = [f"| {' | '.join(row)} |" for row in (names, ["---"] * table.width, *rows)]
    caption = [table.caption, ""] if table.caption else []
    return "\n".join([BEFORE[table.way], "", *caption, *lines, "", AFTER[table.way], ""]).encode()


# -- OpenDocument ----------------------------------------------------------------------------------

_NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing",
        "presentation": "presentation", "svg": "svg-compatible",
    }.items()
)  # fmt: skip


def _packed(kind: str, body: str) -> bytes:
    media = f"application/vnd.oasis.opendocument.{kind}"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    root = "office:document-content"
    return docxfiles.zipped({
        "mimetype": media,
        "content.xml": f'<?xml version="1.0" encoding="UTF-8"?><{root} {_NAMES} '
        f'office:version="1.3"><office:body><office:{kind}>{body}</office:{kind}>'
        f"</office:body></{root}>",
        "META-INF/manifest.xml": f'<m:manifest xmlns:m="{manifest}" m:version="1.3">'
        f'<m:file-entry m:full-path="/" m:media-type="{media}"/>'
        '<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>',
    })  # fmt: skip


def _open_rows(table: MadeTable) -> list[str]:
    """Return the rows of a table, merged cells and the places that they cover."""
    first = {(row, column): cell for row, column, cell in anchors(table.rows)}
    rows = []
    for number in range(len(table.rows)):
        cells = ""
        for column in range(table.width):
            cell = first.get((number, column))
            if cell is None:
                cells += "<table:covered-table-cell/>"
                continue
            kind = ' office:value-type="string"' if cell.text else ""
            if cell.number is not None:
                kind = f' office:value-type="float" office:value="{cell.number}"'
            if cell.columns > 1 or cell.rows > 1:
                kind += f' table:number-columns-spanned="{cell.columns}"'
                kind += f' table:number-rows-spanned="{cell.rows}"'
            text = f"<text:p>{escape(cell.text)}</text:p>" if cell.text else ""
            cells += f"<table:table-cell{kind}>{text}</table:table-cell>"
        rows.append(f"<table:table-row>{cells}</table:table-row>")
    return rows


def _paragraph(text: str) -> str:
    return f"<text:p>{escape(text)}</text:p>"


def as_ods(table: MadeTable) -> bytes:
    rows = _open_rows(table)
    if table.caption:
        title = MadeTable(table.name, "", ((MadeCell(table.caption),),), ())
        blank = "<table:table-row><table:table-cell/></table:table-row>" * (_turn(table) // 2 % 2)
        rows = [*_open_rows(title), blank, *rows]
    note = MadeTable(table.name, "", ((MadeCell(AFTER[table.way]),),), ())
    rows += ["<table:table-row><table:table-cell/></table:table-row>", *_open_rows(note)]
    sheet = f'<table:table table:name="Sheet1">{"".join(rows)}</table:table>'
    return _packed("spreadsheet", sheet)


def as_odt(table: MadeTable) -> bytes:
    """By turns, the head is repeated on each page, or like any other row."""
    rows = _open_rows(table)
    if _turn(table) % 2 == 0:
        head = "".join(rows[: len(table.head)])
        rows = [
            f"<table:table-header-rows>{head}</table:table-header-rows>",
            *rows[len(table.head) :],
        ]
    above = [BEFORE[table.way], table.caption] if table.caption else [BEFORE[table.way]]
    body = f'<table:table table:name="T">{"".join(rows)}</table:table>'
    body = "".join(map(_paragraph, above)) + body + _paragraph(AFTER[table.way])
    return _packed("text", body)


def as_odp(table: MadeTable) -> bytes:
    title = (
        '<draw:frame presentation:class="title"><draw:text-box>'
        f"{_paragraph(table.caption or BEFORE[table.way])}</draw:text-box></draw:frame>"
    )
    rows = "".join(_open_rows(table))
    body = f'<table:table table:use-first-row-styles="true">{rows}</table:table>'
    page = f'<draw:page draw:name="p1">{title}<draw:frame>{body}</draw:frame></draw:page>'
    return _packed("presentation", page)


# -- PDF -------------------------------------------------------------------------------------------


def _as_pdf(table: MadeTable, style: str) -> bytes | None:
    """style: "grid", "rules" (above, below the head and at the end), "none" or "pages".

    Over pages, a grid or none by turns, the head repeated or not.
    """
    is_rtl = table.way == "rtl"
    font = pdfs.wide_font() if is_rtl else "Helvetica"
    if font is None:
        return None
    head, width, length = len(table.head), table.width, len(table.rows)
    over_pages = style == "pages"
    turn = _turn(table)
    if over_pages:
        style = "grid" if turn % 2 == 0 else "none"
    commands: list[tuple[object, ...]] = [
        ("FONT", (0, 0), (-1, -1), font, 9),
        ("ALIGN", (0 if is_rtl else table.labels, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
    if style == "grid":
        commands.append(("GRID", (0, 0), (-1, -1), 0.5, "black"))
    elif style == "rules":
        for place, row in (("LINEABOVE", 0), ("LINEBELOW", head - 1), ("LINEBELOW", length - 1)):
            commands.append((place, (0, row), (-1, row), 0.7, "black"))
    shown = [[cell.text for cell in row] for row in plain_cells(table.rows)]
    for row, column, cell in anchors(table.rows):
        if cell.columns * cell.rows > 1:
            last = column + cell.columns - 1
            commands.append(("SPAN", (column, row), (last, row + cell.rows - 1)))
            commands.append(("ALIGN", (column, row), (last, row), "CENTER"))
    if is_rtl:
        shown = [[_seen(text) for text in row[::-1]] for row in shown]
    repeated = head if over_pages and turn // 2 % 2 else 0
    drawn = Table(shown, repeatRows=repeated, style=TableStyle(commands), rowHeights=[16] * length)
    text = ParagraphStyle("text", fontName=font, fontSize=10, leading=14, alignment=2 * is_rtl)
    before, caption, after = (
        Paragraph(escape(_seen(line)), text)
        for line in (BEFORE[table.way], table.caption, AFTER[table.way])
    )
    above = [before, caption] if table.caption else [before]
    height = 260 + 8 * length if over_pages else landscape(A3)[1]
    size = (landscape(A3)[0] if width > 6 else 595, height)
    file = io.BytesIO()
    page = SimpleDocTemplate(file, pagesize=size, invariant=1)
    page.build([*above, Spacer(1, 10), drawn, Spacer(1, 10), after])
    return file.getvalue()


def _seen(text: str) -> str:
    """Return Hebrew as it is seen from the left; numbers keep their order."""
    return text if text.isascii() else text[::-1]


MAKERS: dict[str, Callable[[MadeTable], bytes | None]] = {
    ".csv": as_csv,
    ".xlsx": as_xlsx,
    ".ods": as_ods,
    ".docx": as_docx,
    ".odt": as_odt,
    ".pptx": as_pptx,
    ".odp": as_odp,
    ".html": as_html,
    ".md": as_markdown,
    "-grid.pdf": lambda table: _as_pdf(table, "grid"),
    "-rules.pdf": lambda table: _as_pdf(table, "rules"),
    "-bare.pdf": lambda table: _as_pdf(table, "none"),
    "-pages.pdf": lambda table: _as_pdf(table, "pages"),
}
MERGES = frozenset({".xlsx", ".ods", ".docx", ".odt", ".pptx", ".odp", ".html"})
