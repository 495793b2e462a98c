"""Files that are broken or mean harm, made by script: what people's folders hold, and worse."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

SECRET = "the-password-is-xyzzy"  # stands outside the folder; must never be found
BOMB_BYTES = 600 * 2**20  # unpacked; packed it is half a megabyte
CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/'
    '2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<!DOCTYPE a [<!ENTITY a0 "ha">{LAUGHS}]>'  # &a9; stands for two billion bytes


def names(file: Path) -> str:
    """Return what lets &x; in XML stand for what is in `file`."""
    return f'<!DOCTYPE a [<!ENTITY x SYSTEM "{file.as_uri()}">]>'


def zipped(members: dict[str, bytes | str]) -> bytes:
    """Return a zip file of `members`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def bomb(name: str, others: dict[str, bytes | str]) -> bytes:
    """Return a zip file whose member `name` unpacks to BOMB_BYTES."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for other, data in others.items():
            archive.writestr(other, data)
        with archive.open(name, "w", force_zip64=True) as member:
            for _ in range(BOMB_BYTES // 2**20):
                member.write(b" " * 2**20)
    return packed.getvalue()


def word(body: str, prologue: str = "") -> bytes:
    """Return a Word file with `body` as its XML."""
    document = f'<?xml version="1.0"?>{prologue}<w:document xmlns:w="{WORD}">{body}</w:document>'
    return zipped({
        "[Content_Types].xml": CONTENT_TYPES, "_rels/.rels": RELATIONS,
        "word/document.xml": document,
    })  # fmt: skip


def paragraph(text: str) -> str:
    return f"<w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body>"


def pdf(objects: list[bytes]) -> bytes:
    """Return a PDF of `objects`, numbered from 1, with a right table of where they are."""
    data, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table)
    data += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        size, data.rindex(b"xref"),
    )  # fmt: skip
    return data


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (entries, len(data), data)


def page(content: bytes = b"5 0 R", kids: bytes = b"[3 0 R]") -> list[bytes]:
    """Return catalog, page tree, one page and its font; the content is object 5."""
    return [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids %b/Count 1>>" % kids,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents %b"
        b"/Resources<</Font<</F 4 0 R>>>>>>" % content,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]


GOOD_PDF = pdf([*page(), stream(b"BT /F 12 Tf 20 200 Td (The lamp is lit.) Tj ET")])


def pdfs() -> Iterator[tuple[str, bytes]]:
    packed = zlib.compress(b" " * BOMB_BYTES, 1)
    yield "bomb.pdf", pdf([*page(), stream(packed, b"/Filter/FlateDecode")])
    yield "cut.pdf", GOOD_PDF[: len(GOOD_PDF) // 3]
    yield "only-a-head.pdf", b"%PDF-1.7\n"
    yield "loop.pdf", pdf([*page(kids=b"[2 0 R 2 0 R]"), stream(b"")])
    yield "nested.pdf", pdf([*page(content=b"[" * 100_000), stream(b"")])
    yield "no-page.pdf", pdf([b"<</Type/Catalog>>"])
    yield "hundred-thousand-pages.pdf", pdf([
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 100000>>",
        page()[2], page()[3], stream(b""),
    ])  # fmt: skip
    yield "huge-page.pdf", GOOD_PDF.replace(b"[0 0 300 300]", b"[0 0 9e9 9e9]")
    yield "blank.pdf", pdf([*page(), stream(b"")])
    yield (
        "launches.pdf",
        GOOD_PDF.replace(
            b"/Pages 2 0 R>>",
            b"/Pages 2 0 R/OpenAction<</S/Launch/F(/bin/sh)>>"
            b"/AA<</WC<</S/JavaScript/JS(app.alert(1))>>>>>>",
        ),
    )
    yield "noise.pdf", b"%PDF-1.7\n" + bytes((n * 7919 + n // 3) % 256 for n in range(50_000))


def packed(outside: str) -> Iterator[tuple[str, bytes]]:
    types = {"[Content_Types].xml": CONTENT_TYPES, "_rels/.rels": RELATIONS}
    yield "bomb.docx", bomb("word/document.xml", types)
    yield "laughs.docx", word(paragraph("&a9;"), LAUGHS)
    yield (
        "outside.docx",
        word(paragraph("&x;"), names(Path(outside))),
    )
    yield "deep.docx", word("<w:sdt><w:sdtContent>" * 50_000 + "</w:sdtContent></w:sdt>" * 50_000)
    yield "no-document.docx", zipped({"[Content_Types].xml": CONTENT_TYPES})
    yield "broken-xml.docx", word("<w:body><w:p>")
    yield "old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)
    yield "text.docx", b"This is no Word file."
    yield "cut.docx", word(paragraph("Cut off."))[:-60]
    yield "climbs.epub", zipped({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:'
        f'container"><rootfiles><rootfile full-path="../../..{outside}"/></rootfiles></container>',
    })  # fmt: skip
    yield "bomb.epub", bomb("META-INF/container.xml", {"mimetype": "application/epub+zip"})
    yield "empty.epub", zipped({"mimetype": "application/epub+zip"})
    yield "bomb.xlsx", bomb("xl/workbook.xml", {"[Content_Types].xml": CONTENT_TYPES})
    yield "no-workbook.xlsx", zipped({"[Content_Types].xml": CONTENT_TYPES})
    yield "bomb.pptx", bomb("ppt/presentation.xml", {"[Content_Types].xml": CONTENT_TYPES})
    yield "no-slides.pptx", zipped({"[Content_Types].xml": CONTENT_TYPES})
    yield "bomb.odt", bomb("content.xml", {"mimetype": "application/vnd.oasis.opendocument.text"})
    yield "laughs.odt", zipped({
        "content.xml": f"{LAUGHS}<d>&a9;</d>",
    })  # fmt: skip
    yield "outside.odt", zipped({
        "content.xml": f"{names(Path(outside))}<d>&x;</d>",
    })  # fmt: skip
    yield "members.odt", zipped({f"m{number}": b"" for number in range(30_000)})


def texts(outside: str) -> Iterator[tuple[str, bytes]]:
    yield "deep.html", b"<div>" * 200_000 + b"Far down."
    yield "attribute.html", b"<p title='" + b"a" * 20_000_000 + b"'>Short.</p>"
    yield "unclosed.html", b"<table><tr><td>" * 20_000
    yield (
        "fetches.html",
        f"<iframe src='file://{outside}'></iframe>".encode(),
    )
    yield "binary.html", bytes(range(256)) * 400
    yield "line.txt", b"word " * 100_000  # one line of 500 kB
    yield "program.txt", b"\x7fELF" + bytes(range(256)) * 100
    yield "commas.csv", b"," * 3_000_000
    yield "quote.csv", b'"' + b"never closed\n" * 20_000
    yield "wide.tsv", b"\t".join(b"c%d" % n for n in range(10_000)) + b"\n1\t2\n"
    yield (
        "nested.eml",
        b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n)
            for n in range(3_000)
        ),
    )
    yield (
        "parts.eml",
        (b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\n\n" * 50_000 + b"--b--\n"),
    )
    yield "charset.eml", b"Subject: Lamp\nContent-Type: text/plain; charset=klingon\n\nLit.\n"
    yield "includes.rst", f".. include:: {outside}\n\n.. raw:: html\n   :file: {outside}\n".encode()
    yield "looks-like.pdf", b"<html><body>Not a PDF.</body></html>"
    yield "empty.pdf", b""
    yield "empty.docx", b""


def make(folder: Path, outside: Path) -> list[str]:
    """Write every hostile file into `folder`; return their names.

    outside: a file that holds SECRET and that none of them may reach; made here.
    """
    outside.write_text(SECRET)
    names = []
    for made in (pdfs(), packed(str(outside)), texts(str(outside))):
        for name, data in made:
            (folder / name).write_bytes(data)
            names.append(name)
    (folder / "link.txt").symlink_to(outside)
    (folder / "link.pdf").symlink_to(folder / "link.pdf")
    os.mkfifo(folder / "pipe.txt")
    with (folder / "two-gigabytes.txt").open("wb") as handle:
        handle.truncate(2 * 2**30)  # takes no room on the disk
    (folder / "folder.docx").mkdir()
    return [*names, "link.txt", "link.pdf", "pipe.txt", "two-gigabytes.txt"]
