"""Three short works, written by script in every format: known sentences in known places."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from html import escape

import openpyxl
import pptx
from pptx.util import Inches
from reportlab.pdfgen.canvas import Canvas

import docxfiles
import oldfiles
import pdfs
from officefiles import saved


@dataclass(frozen=True, slots=True)
class Work:
    """A title, and sections of one sentence a paragraph under a heading each."""

    name: str
    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]


HARBOUR = Work(
    "harbour",
    "The harbour of Lunne",
    (
        ("The piers", (
            "The northern pier was laid in 1871 by convicts from the island.",
            "Its lamp burns whale oil to this day.",
        )),
        ("The pilots", (
            "Nine pilots share the watch & draw lots for winter nights.",
            "Grete Holm brought in the largest ship, 14,200 tonnes, without an engine.",
        )),
        ("The toll", (
            "Boats under six metres pay nothing, others 3.50 a night.",
        )),
    ),
)  # fmt: skip
HEBREW = Work(
    "hebrew",
    "המגדלור הישן",
    (
        ("הבנייה", ("המגדלור נבנה בידי חיילים בשנת קשה.", "האור נראה למרחק רב מן החוף.")),
        ("השומר", ("שומר המגדלור גר שם לבדו עם כלבו.",)),
    ),
)
CHINESE = Work(
    "chinese",
    "北方的灯塔",
    (
        ("建造", ("灯塔由三位石匠在冬天建成。", "它的光可以照到很远的海面。")),
        ("守塔人", ("守塔人每天写下风和潮水的记录。",)),
    ),
)
WORKS = (HARBOUR, HEBREW, CHINESE)

# For a paragraph of a section, both counted from 0: where a citation says that it stands.
Placed = Callable[[Work, int, int], str]


@dataclass(frozen=True, slots=True)
class Written:
    """How works are written in a format, and where their sentences stand then.

    headings: whether a citation names the section as its heading.
    """

    write: Callable[[Work], bytes | None]  # None where no font for it is at hand
    place: Placed = lambda work, section, paragraph: ""
    headings: bool = True


def _number(work: Work, section: int, paragraph: int) -> int:
    """Return how many paragraphs stand before this one."""
    return sum(len(texts) for _, texts in work.sections[:section]) + paragraph


def as_text(work: Work) -> bytes:
    parts = [work.title, *(text for _, texts in work.sections for text in texts)]
    return "\n\n".join(parts).encode()


def as_markdown(work: Work) -> bytes:
    parts = [f"# {work.title}"]
    for heading, texts in work.sections:
        parts += [f"## {heading}", *texts]
    return "\n\n".join(parts).encode()


def as_rst(work: Work) -> bytes:
    def headed(words: str, line: str) -> str:
        return f"{words}\n{line * 2 * len(words)}"

    parts = [headed(work.title, "=")]
    for heading, texts in work.sections:
        parts += [headed(heading, "-"), *texts]
    return "\n\n".join(parts).encode()


def _body(work: Work) -> str:
    """Return the work as markup, wrapped inside its paragraphs as people's programs do."""
    way = "rtl" if work is HEBREW else "ltr"
    parts = [f"<h1 dir={way}>{escape(work.title)}</h1>"]
    for heading, texts in work.sections:
        parts.append(f"<h2 dir={way}>{escape(heading)}</h2>")
        parts += [f"<p dir={way}>{escape(text).replace(' ', chr(10), 1)}</p>" for text in texts]
    return "\n".join(parts)


def as_html(work: Work) -> bytes:
    around = '<nav><a href="/">Home</a> <a href="/news">News</a></nav>'
    return (
        f"<!doctype html><meta charset=utf-8><title>{escape(work.title)}</title>"
        f"<body>{around}<main>{_body(work)}</main><footer>All rights reserved</footer>"
    ).encode()


def as_epub(work: Work) -> bytes:
    names, chapters = [], {}
    for number, (heading, texts) in enumerate(work.sections):
        names.append(f"c{number}.xhtml")
        chapters[f"OEBPS/{names[-1]}"] = (
            '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>'
            f"<h1>{escape(heading)}</h1>{''.join(f'<p>{escape(text)}</p>' for text in texts)}"
            "</body></html>"
        )
    listed = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    return docxfiles.zipped({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:'
        'container"><rootfiles><rootfile full-path="OEBPS/book.opf" '
        'media-type="application/oebps-package+xml"/></rootfiles></container>',
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org'
        f'/dc/elements/1.1/"><metadata><dc:title>{escape(work.title)}</dc:title></metadata>'
        f"<manifest>{listed}</manifest><spine>{spine}</spine></package>",
        **chapters,
    })  # fmt: skip


def as_mail(work: Work) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = work.title
    mail["From"] = "Ada Lund <ada@example.org>"
    mail["Date"] = "Fri, 03 May 2024 10:15:00 +0200"
    mail.set_content("\n\n".join(text for _, texts in work.sections for text in texts))
    mail.add_alternative(f"<html><body>{_body(work)}</body></html>", subtype="html")
    mail.set_boundary("between-the-parts")  # otherwise another one each time
    return mail.as_bytes()


def as_docx(work: Work) -> bytes:
    body = docxfiles.paragraph(work.title, style="berschrift1")
    for heading, texts in work.sections:
        body += docxfiles.paragraph(heading, style="berschrift2")
        body += "".join(docxfiles.paragraph(text) for text in texts)
    return docxfiles.docx(body, title=work.title)


def _open_document(kind: str, body: str) -> bytes:
    names = {
        "office": "office:1.0", "text": "text:1.0", "table": "table:1.0", "draw": "drawing:1.0",
        "presentation": "presentation:1.0",
    }  # fmt: skip
    spaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}"'
        for prefix, name in names.items()
    )
    return docxfiles.zipped({
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": f'<?xml version="1.0"?><office:document-content {spaces}><office:body>'
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
    })  # fmt: skip


def as_odt(work: Work) -> bytes:
    body = f'<text:h text:outline-level="1">{escape(work.title)}</text:h>'
    for heading, texts in work.sections:
        body += f'<text:h text:outline-level="2">{escape(heading)}</text:h>'
        body += "".join(f"<text:p>{escape(text)}</text:p>" for text in texts)
    return _open_document("text", body)


def _cell(text: str) -> str:
    return (
        '<table:table-cell office:value-type="string">'
        f"<text:p>{escape(text)}</text:p></table:table-cell>"
    )


def as_ods(work: Work) -> bytes:
    body = ""
    for heading, texts in work.sections:
        rows = (("Number", "Sentence"), *((f"no. {n}", text) for n, text in enumerate(texts)))
        body += f'<table:table table:name="{escape(heading)}">' + "".join(
            f"<table:table-row>{_cell(first)}{_cell(second)}</table:table-row>"
            for first, second in rows
        )
        body += "</table:table>"
    return _open_document("spreadsheet", body)


def as_odp(work: Work) -> bytes:
    body = ""
    for heading, texts in work.sections:
        inside = "".join(f"<text:p>{escape(text)}</text:p>" for text in texts)
        body += (
            f'<draw:page draw:name="{escape(heading)}"><draw:frame presentation:class="title">'
            f"<draw:text-box><text:p>{escape(heading)}</text:p></draw:text-box></draw:frame>"
            f"<draw:frame><draw:text-box>{inside}</draw:text-box></draw:frame></draw:page>"
        )
    return _open_document("presentation", body)


def as_xlsx(work: Work) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for heading, texts in work.sections:
        sheet = book.create_sheet(heading)
        sheet.append(["Number", "Sentence"])
        for number, text in enumerate(texts):
            sheet.append([f"no. {number}", text])
    return saved(book)


def as_pptx(work: Work) -> bytes:
    deck = pptx.Presentation()
    for heading, texts in work.sections:
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = heading
        box = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(8), Inches(3)).text_frame
        box.text = texts[0]
        for text in texts[1:]:
            box.add_paragraph().text = text
    return saved(deck)


def as_csv(work: Work) -> bytes:
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["Section", "Sentence"])
    rows.writerows([heading, text] for heading, texts in work.sections for text in texts)
    return file.getvalue().encode()


def as_pdf(work: Work) -> bytes | None:
    """A page for each section, after a cover; numbered by hand as A, 1, 2, ..."""
    if work is CHINESE:
        lines = [text for heading, texts in work.sections for text in (heading, *texts)]
        return pdfs.chinese(lines)
    if work is HEBREW:
        font = pdfs.wide_font()
        lines = [text for heading, texts in work.sections for text in (heading, *texts)]
        return None if font is None else pdfs.right_to_left(font, lines)

    def cover(canvas: Canvas) -> None:
        canvas.addPageLabel(0, style="LETTERS_UPPER", start=1)
        canvas.addPageLabel(1, style="ARABIC", start=1)
        pdfs.write(canvas, [work.title], size=28)

    def section(heading: str, texts: tuple[str, ...]) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            y = pdfs.write(canvas, [heading], size=20, leading=40)
            pdfs.paragraphs(canvas, texts, 200, y=y)

        return draw

    return pdfs.pages(cover, *(section(*each) for each in work.sections))


def _on_page(work: Work, section: int, paragraph: int) -> str:
    if work is HARBOUR:
        return f"p. {section + 1} (page {section + 2} of {len(work.sections) + 1})"
    return "p. 1"


def _clock(work: Work, section: int, paragraph: int) -> str:
    return f"00:{_number(work, section, paragraph):02}:10"


def _sentences(work: Work) -> list[tuple[int, int, str]]:
    """Return all sentences with the numbers of their section and paragraph."""
    return [
        (section, paragraph, text)
        for section, (_, texts) in enumerate(work.sections)
        for paragraph, text in enumerate(texts)
    ]


def as_captions(work: Work) -> bytes:
    captions = (
        f"{number}\n{_clock(work, s, p)},000 --> {_clock(work, s, p)},900\n{text}\n"
        for number, (s, p, text) in enumerate(_sentences(work), 1)
    )
    return "\n".join(captions).encode()


def as_calendar(work: Work) -> bytes:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")

    lines = ["BEGIN:VCALENDAR", f"X-WR-CALNAME:{escaped(work.title)}"]
    for heading, texts in work.sections:
        lines += ["BEGIN:VEVENT", f"SUMMARY:{escaped(heading)}", "DTSTART:20240503T081500Z"]
        # Folded after 60 characters, a space at the start of the next line.
        line = "DESCRIPTION:" + "\\n".join(map(escaped, texts))
        lines += ["\r\n ".join(line[at : at + 60] for at in range(0, len(line), 60)), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def as_notebook(work: Work) -> bytes:
    sources = [f"# {work.title}"]
    sources += ["\n\n".join((f"## {heading}", *texts)) for heading, texts in work.sections]
    cells = [
        {"cell_type": "markdown", "source": source.splitlines(keepends=True)} for source in sources
    ]
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


def as_json(work: Work) -> bytes:
    sections = [
        {"heading": heading, "texts": [{"text": text} for text in texts]}
        for heading, texts in work.sections
    ]
    return json.dumps({"title": work.title, "sections": sections}).encode()


def as_json_lines(work: Work) -> bytes:
    return "\n".join(json.dumps({"text": text}) for _, _, text in _sentences(work)).encode()


def as_yaml(work: Work) -> bytes:
    return "\n".join(f"- text: {text}" for _, _, text in _sentences(work)).encode()


def as_rtf(work: Work) -> bytes:
    def escaped(text: str) -> str:
        return "".join(c if c.isascii() else f"\\u{ord(c)}?" for c in text)

    texts = "".join(f"\\pard {escaped(text)}\\par\n" for _, _, text in _sentences(work))
    title = f"{{\\info{{\\title {escaped(work.title)}}}}}"
    return f"{{\\rtf1\\ansi\\ansicpg1252{title}{texts}}}".encode("ascii")


def as_mailbox(work: Work) -> bytes:
    mails = []
    for heading, texts in work.sections:
        mail = EmailMessage()
        mail["Subject"] = heading
        mail["From"] = "Ada Lund <ada@example.org>"
        mail["Date"] = "Fri, 03 May 2024 10:15:00 +0200"
        mail.set_content("\n\n".join(texts))
        mails.append(b"From ada@example.org Fri May  3 10:15:00 2024\n" + mail.as_bytes())
    return b"\n".join(mails)


def as_outlook_mail(work: Work) -> bytes:
    return oldfiles.mail(
        subject=work.title,
        sender=("Ada Lund", "ada@example.org"),
        when=datetime(2024, 5, 3, 8, 15, tzinfo=UTC),
        body="\r\n\r\n".join(text for _, _, text in _sentences(work)),
    )


def as_web_archive(work: Work) -> bytes:
    page = MIMEText(as_html(work).decode(), "html", "utf-8")
    archive = MIMEMultipart("related", boundary="between-the-parts")
    archive.attach(page)
    return archive.as_bytes()


def as_xls(work: Work) -> bytes:
    sheets: dict[str, list[list[object]]] = {
        heading: [["Number", "Sentence"], *([f"no. {n}", text] for n, text in enumerate(texts))]
        for heading, texts in work.sections
    }
    return oldfiles.workbook(sheets)


def _from_ada(work: Work, section: int, paragraph: int) -> str:
    return "from Ada Lund, 3 May 2024"


FORMATS: dict[str, Written] = {
    ".txt": Written(as_text, headings=False),
    ".md": Written(as_markdown),
    ".rst": Written(as_rst),
    ".html": Written(as_html),
    ".epub": Written(as_epub),
    ".eml": Written(as_mail, _from_ada, headings=False),
    ".docx": Written(as_docx),
    ".odt": Written(as_odt),
    ".ods": Written(as_ods, lambda work, s, p: f"{work.sections[s][0]}, row {p + 2}", False),
    ".odp": Written(as_odp, lambda work, s, p: f"slide {s + 1}"),
    ".xlsx": Written(as_xlsx, lambda work, s, p: f"{work.sections[s][0]}, row {p + 2}", False),
    ".pptx": Written(as_pptx, lambda work, s, p: f"slide {s + 1}"),
    ".csv": Written(as_csv, lambda work, s, p: f"row {_number(work, s, p) + 2}", False),
    ".pdf": Written(as_pdf, _on_page, headings=False),
    ".srt": Written(as_captions, _clock, headings=False),
    ".ics": Written(as_calendar),
    ".ipynb": Written(as_notebook, lambda work, s, p: f"cell {s + 2}"),
    ".json": Written(as_json, headings=False),
    ".jsonl": Written(as_json_lines, lambda work, s, p: f"row {_number(work, s, p) + 1}", False),
    ".yaml": Written(as_yaml, headings=False),
    ".rtf": Written(as_rtf, headings=False),
    ".mbox": Written(as_mailbox, _from_ada),
    ".msg": Written(as_outlook_mail, _from_ada, headings=False),
    ".mht": Written(as_web_archive),
    ".xls": Written(as_xls, lambda work, s, p: f"{work.sections[s][0]}, row {p + 2}", False),
}
