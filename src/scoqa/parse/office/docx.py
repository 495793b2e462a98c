"""Parse Word documents (.docx): their text in reading order, as Word displays it.

Input: the bytes of a file. Output: its text with headings marked, and tracked changes accepted.
Footnotes, text boxes and the words of charts and diagrams follow the paragraph that they belong to.
Lists have the numbers and bullets that Word displays. Headers and footers come first, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from scoqa.parse.common.blocks import (
    LINE,
    PARAGRAPH,
    Block,
    Boilerplate,
    merge_marks,
    write_blocks,
)
from scoqa.parse.common.lines import HEAD_LINES, find_date_mark
from scoqa.parse.common.outline import Outline
from scoqa.parse.common.parsed import Parsed, Writer
from scoqa.parse.common.struck import remove_signs, strike
from scoqa.parse.common.superscripts import CONTEXT_CHARACTERS, separate_from_number
from scoqa.parse.common.symbols import decode_symbol
from scoqa.parse.common.table import LONGEST_CELL, TextTable, build_rows
from scoqa.parse.common.text_decoding import BLANK
from scoqa.parse.office.drawingml import read_linked
from scoqa.parse.office.opc import Package
from scoqa.parse.office.word_chunks import ChunkReader, EmbeddedDocuments
from scoqa.parse.office.word_elements import (
    CONTAINERS,
    find_drawings,
    find_inside,
    get_children,
)
from scoqa.parse.office.word_formulas import format_formula
from scoqa.parse.office.word_margins import (
    count_comments,
    find_margin_parts,
    mark_page_numbers,
    select_margin_blocks,
)
from scoqa.parse.office.word_numbering import Numbering, format_number
from scoqa.parse.office.word_styles import (
    Style,
    find_child,
    get_value,
    qualified_name,
    read_list_reference,
    read_outline_level,
    read_run_style,
    read_styles,
)
from scoqa.parse.office.word_tables import (
    count_head_rows,
    find_cells,
    find_rows,
    has_bold_head,
    is_covered,
    is_data,
)
from scoqa.types import Parser

if TYPE_CHECKING:
    from lxml.etree import _Element

PARSER = Parser("docx", "4")

TRACKED_CHANGES = "has tracked changes: what was inserted is read, what was deleted is not."
_REMOVED = frozenset("w:del w:moveFrom".split())
_CHANGES = frozenset("w:del w:ins w:moveFrom w:moveTo".split())
_LINES = {"w:br": "\n", "w:cr": "\n", "w:tab": "\t", "w:ptab": "\t"}
_CHARACTERS = {"w:noBreakHyphen": "\u2011", "w:softHyphen": "\u00ad"}
_SPACES = str.maketrans("\t\n\r", "   ")  # white space of the file; displayed tabs have elements
_SHIFTED = ("superscript", "subscript")


def read(data: bytes, path: str, *, read_chunk: ChunkReader | None = None) -> Parsed:
    """Return the text of a Word document. Raises ParseError.

    read_chunk: reads the documents of other formats inside it; without it, they are left out.
    """
    package = Package(data, path)
    main = package.find_main_part("document")
    document = _Document(package, main, read_chunk)
    body = find_child(package.tree(main), "w:body")
    document.read_parts(body)
    document.read_endnotes()
    margins = document.read_margins(body)
    writer = Writer()
    write_blocks(margins, writer, outline=Outline())
    lines = write_blocks(document.blocks, writer, outline=Outline(), least=Boilerplate.NAVIGATION)
    parsed = writer.to_parsed(None)
    headings = [mark for mark in parsed.marks if mark.kind == "heading"]
    head = [line for line in lines[:HEAD_LINES] if line[0] not in {m.start for m in headings}]
    title = document.title or package.title()
    return replace(
        parsed,
        title=title or next((mark.label for mark in headings), None),
        marks=merge_marks(parsed.marks, find_date_mark(parsed.text, head)),
        warnings=(*document.describe(), *(() if parsed.text else (BLANK,))),
    )


class _Document:
    """Reads paragraphs and tables in order and collects their blocks."""

    def __init__(self, package: Package, main: str, read_chunk: ChunkReader | None) -> None:
        self.package, self.relations = package, package.relations(main)
        targets = {relation.kind: relation.part for relation in self.relations.values()}

        def part(kind: str) -> _Element | None:
            return package.tree(targets[kind]) if kind in targets else None

        self.styles, self.usual = read_styles(part("styles"))
        self.numbering = Numbering(part("numbering"), self.styles)
        self.notes = {kind: _read_notes(part(kind + "s")) for kind in ("footnote", "endnote")}
        self.settings = part("settings")
        kind = get_value(find_child(self.settings, "w:endnotePr", "w:numFmt"))
        self.note_kinds = {"footnote": "decimal", "endnote": kind or "lowerRoman"}
        self.comment_count = count_comments(part("comments"))
        self.chunks = EmbeddedDocuments(package, read_chunk)
        self.note_counts = {"footnote": 0, "endnote": 0}
        self.waiting: list[tuple[str, _Element]] = []  # footnotes of the current paragraph or table
        self.at_end: list[tuple[str, _Element]] = []
        self.boxes: list[_Element] = []
        self.blocks: list[Block] = []
        self.title: str | None = None
        self.levels_down = 0  # 1 after a title, because headings are one level below it
        self.fields: list[bool] = []  # for each open field, whether its result has started
        self.around = Style()  # the style of the current paragraph
        self.carried = ""  # the text of a paragraph whose end was deleted
        self.was_item = False
        self.is_changed = False

    def read_parts(self, parts: Iterable[_Element] | None) -> None:
        """Read paragraphs and tables, each followed by its drawings and footnotes."""
        for part in () if parts is None else parts:
            name = qualified_name(part)
            if name == "w:p":
                self.read_paragraph(part)
            elif name == "w:tbl":
                self.read_table(part)
            elif name == "w:altChunk":
                self.blocks += self.chunks.read(self.relations.get(get_value(part, "id") or ""))
                self.was_item = False
            elif name in _REMOVED:
                self.is_changed = True
                continue
            elif name in CONTAINERS:
                self.read_parts(get_children(part))
                continue
            self.read_waiting()

    def read_waiting(self) -> None:
        """Read the drawings and footnotes of the last paragraph or table."""
        while self.boxes or self.waiting:
            if not self.boxes:
                self.read_note(*self.waiting.pop(0))
            elif qualified_name(box := self.boxes.pop(0)) == "w:txbxContent":
                self.read_parts(get_children(box))
            else:
                for block in read_linked(self.package, self.relations, box):
                    for number, line in enumerate(block):
                        self.blocks.append(Block(line, LINE if number else PARAGRAPH))

    def read_note(self, mark: str, note: _Element) -> None:
        texts = [self.read_words(part) for part in note.iter() if qualified_name(part) == "w:p"]
        text = " ".join(text.strip() for text in texts if text.strip())
        if text:
            self.blocks.append(Block(f"[{mark}] {text}"))

    def read_endnotes(self) -> None:
        """Add the remaining text and the endnotes after the last paragraph."""
        if self.carried.strip():
            self.blocks.append(Block(self.carried.strip()))
        for mark, note in self.at_end:
            self.read_note(mark, note)

    def read_margins(self, body: _Element | None) -> list[Block]:
        """Return the paragraphs of headers and footers. Call it after all others are read."""
        content, title, relations = self.blocks, self.title, self.relations
        self.blocks = []
        for part in find_margin_parts(body, self.settings, relations):
            root = self.package.tree(part)
            mark_page_numbers(root)
            self.relations = self.package.relations(part)
            self.read_parts(root)
        margins = select_margin_blocks(self.blocks, content)
        self.blocks, self.title, self.relations = content, title, relations
        return margins

    def describe(self) -> list[str]:
        """Return the warnings about content that is not read."""
        warnings = [TRACKED_CHANGES] if self.is_changed else []
        if count := self.comment_count:
            noun, verb = ("comment", "is") if count == 1 else ("comments", "are")
            warnings.append(f"has {count} {noun}, which {verb} not read.")
        return [*warnings, *self.chunks.describe()]

    def read_paragraph(self, paragraph: _Element) -> None:
        """Add a paragraph as a block."""
        properties = find_child(paragraph, "w:pPr")
        text = self.carried + self.read_words(paragraph)
        self.carried = ""
        if find_child(properties, "w:rPr", "w:del") is not None:
            self.carried, self.is_changed = text, True
            return
        style = self.get_style(paragraph)
        if style.is_hidden and not text.strip():
            return  # it is not counted in its list either
        own = read_outline_level(properties)
        level = style.level if own is None else (own + 1 if own < 9 else 0)
        list_id, depth = read_list_reference(properties)
        if list_id is None:
            list_id = style.numbered[0]
        if depth is None:
            depth = style.numbered[1] or 0
        before = self.numbering.next_marker(list_id, depth)
        text = text.strip()
        if not text:
            return
        is_item = before is not None and not level
        gap = LINE if is_item and self.was_item else PARAGRAPH
        self.was_item = is_item
        if style.name.lower() == "title" and self.title is None:
            self.title, self.levels_down, level = " ".join(remove_signs(text).split()), 1, 1
        elif level:
            level += self.levels_down
        if style.is_contents:
            last = self.blocks[-1] if self.blocks else None
            gap = LINE if last is not None and last.boilerplate else PARAGRAPH
        around = Boilerplate.NAVIGATION if style.is_contents else Boilerplate.NOT
        self.blocks.append(Block((before or "") + text, gap, level, around))

    def read_table(self, table: _Element) -> None:
        """Add the rows of a table as lines, or the content of its cells if it is layout only."""
        self.was_item = False
        rows = find_rows(table)
        if not is_data(table, rows) or not self.has_short_cells(rows):
            for row in rows:
                for cell in row:
                    if not is_covered(cell):
                        self.read_parts(get_children(cell))
                        self.was_item = False
            return
        cells = [
            [(self.read_cell(cell.element), cell.columns, cell.rows) for cell in row]
            for row in find_cells(rows)
        ]
        built = build_rows(cells)
        if built:
            block = TextTable(built, count_head_rows(table) or None, has_bold_head(rows))
            self.blocks.append(Block("\n".join(block.get_lines()), table=block))

    def has_short_cells(self, rows: list[list[_Element]]) -> bool:
        """Return whether all cells are as in a table of data: short and without headings."""
        for cell in (cell for row in rows for cell in row):
            texts = [part.text or "" for part in cell.iter() if qualified_name(part) == "w:t"]
            length = sum(map(len, texts))
            if length > LONGEST_CELL:
                return False
            for paragraph in find_inside(cell, "w:p"):
                if self.get_style(paragraph).level:
                    return False
        return True

    def read_cell(self, cell: _Element) -> str:
        """Return the text of a cell as one line."""
        texts: list[str] = []
        for paragraph in find_inside(cell, "w:p"):
            properties = find_child(paragraph, "w:pPr")
            list_id, depth = read_list_reference(properties)
            before = self.numbering.next_marker(list_id, depth or 0) or ""
            text = " ".join(self.read_words(paragraph).split("\n")).replace("\t", " ").strip()
            if text:
                texts.append(before + text)
        return " ".join(texts)

    def read_words(self, paragraph: _Element) -> str:
        """Return the words of a paragraph. Its drawings and footnotes are queued."""
        parts: list[str] = []
        self.around = self.get_style(paragraph)
        self.read_inline(paragraph, parts)
        self.fields = [has_result for has_result in self.fields if has_result]  # drop unfinished
        return "".join(parts)

    def get_style(self, paragraph: _Element) -> Style:
        return self.styles.get(
            get_value(find_child(paragraph, "w:pPr", "w:pStyle")) or "", self.usual
        )

    def read_inline(self, parent: _Element, parts: list[str]) -> None:
        for part in get_children(parent):
            name = qualified_name(part)
            if name in _CHANGES:
                self.is_changed = True
            if name == "w:r":
                self.read_run(part, parts)
            elif name in CONTAINERS:
                self.read_inline(part, parts)
            elif name in ("m:oMath", "m:oMathPara"):
                parts.append(format_formula(part))

    def read_run(self, run: _Element, parts: list[str]) -> None:
        properties = find_child(run, "w:rPr")
        look = read_run_style(properties, self.styles, self.around)
        shift = get_value(find_child(properties, "w:vertAlign"))
        for part in find_inside(run, None):
            name = qualified_name(part)
            if name == "w:fldChar":
                self.read_field(get_value(part, "fldCharType"))  # Word hides index mark fields
            elif look.is_hidden:
                continue
            elif name in ("w:drawing", "w:pict"):
                self.boxes.extend(find_drawings(part))
            elif not all(self.fields):
                continue  # the code of a field, not its result
            elif name == "w:t":
                text = (part.text or "").translate(_SPACES)
                if shift in _SHIFTED:
                    before = remove_signs("".join(parts[-CONTEXT_CHARACTERS:]))
                    before = before[-CONTEXT_CHARACTERS:]
                    text = separate_from_number(text, before, lowered=shift == "subscript")
                if text:
                    parts.append(strike(text) if look.is_struck else text)
            elif name == "w:br" and get_value(part, "type") in ("page", "column"):
                parts.append("\n")
            elif name in _LINES or name in _CHARACTERS:
                parts.append(_LINES.get(name) or _CHARACTERS[name])
            elif name in ("w:sym", "symEx"):
                parts.append(decode_symbol(get_value(part, "font"), get_value(part, "char")))
            elif name in ("w:footnoteReference", "w:endnoteReference"):
                self.write_reference(name[2:].removesuffix("Reference"), part, parts)
            elif name == "w:ruby" and (base := find_child(part, "w:rubyBase")) is not None:
                self.read_inline(base, parts)

    def read_field(self, kind: str | None) -> None:
        """Follow a field from its code to its result."""
        if kind == "begin":
            self.fields.append(False)
        elif kind == "separate" and self.fields:
            self.fields[-1] = True
        elif kind == "end" and self.fields:
            self.fields.pop()

    def write_reference(self, kind: str, part: _Element, parts: list[str]) -> None:
        """Write the number of a note in brackets, and queue the note."""
        note = self.notes[kind].get(get_value(part, "id") or "")
        if note is None:
            return
        if get_value(part, "customMarkFollows") in ("1", "true", "on"):
            mark = "*"
        else:
            self.note_counts[kind] += 1
            count = self.note_counts[kind]
            mark = format_number(count, self.note_kinds[kind]) or str(count)
            parts.append(f"[{mark}]")
        (self.waiting if kind == "footnote" else self.at_end).append((mark, note))


def _read_notes(root: _Element | None) -> dict[str, _Element]:
    """Return the notes by id, without the separator lines above notes."""
    return {
        get_value(note, "id") or "": note
        for note in (() if root is None else root)
        if get_value(note, "type") in (None, "normal")
    }
