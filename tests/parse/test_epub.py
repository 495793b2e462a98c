"""Books are read chapter by chapter in their own order, with nothing taken from outside."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest

from docxfiles import zipped
from hostile import LAUGHS, names
from scoqa.errors import ParseError
from scoqa.parse import parse_file
from scoqa.parse.common.parsed import Parsed
from scoqa.parse.web import epub as room
from scoqa.parse.web.html import BLANK

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book%20one.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)


def chapter(body: str, before: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{before}<html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>{body}</body></html>'
    )


def epub(
    chapters: dict[str, str | bytes],
    *,
    order: list[str] | None = None,
    title: str = "The harbour book",
    before: str = "",
    href: str = "",
    **more: str,
) -> bytes:
    """Return a book.

    order: of the spine, by name. before: what stands before the root of the package's XML. href:
    where every chapter is said to be instead. more: further members about the book, by name.
    """
    listed = "".join(
        f'<item id="{name}" href="{href or f"text/{name}"}" media-type="application/xhtml+xml"/>'
        for name in chapters
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in (order or chapters))
    package = (
        f'{before}<package xmlns="http://www.idpf.org/2007/opf" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>{title}</dc:title>'
        f'</metadata><manifest>{listed}<item id="cover" href="cover.jpg" media-type="image/jpeg"/>'
        f'</manifest><spine><itemref idref="cover"/>{spine}</spine></package>'
    )
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book one.opf": package,
            **{f"OEBPS/text/{name}": data for name, data in chapters.items()},
            **{f"META-INF/{name}.xml": data for name, data in more.items()},
        }
    )


def read(data: bytes) -> Parsed:
    return room.read(data, "book.epub")


def marked(parsed: Parsed, kind: str) -> list[tuple[str, str]]:
    return [(m.label, parsed.text[m.start : m.end]) for m in parsed.marks if m.kind == kind]


def reason(data: bytes) -> str:
    with pytest.raises(ParseError) as raised:
        read(data)
    return raised.value.reason


def test_chapters_stand_in_the_order_of_the_spine() -> None:
    parsed = read(
        epub(
            {
                "b.xhtml": chapter("<h2>Fees</h2><p>A boat pays 20&#160;euros.</p>"),
                "a.xhtml": chapter("<h1>Part one</h1>"),
                "c.xhtml": chapter("<p>港口于九点开放。</p><p dir='rtl'>يفتح الميناء.</p>"),
            },
            order=["a.xhtml", "b.xhtml", "c.xhtml", "a.xhtml"],
        )
    )
    expected = "Part one\n\nFees\n\nA boat pays 20\u00a0euros.\n\n港口于九点开放。\n\nيفتح الميناء."
    assert expected == parsed.text
    assert ("The harbour book", ()) == (parsed.title, parsed.warnings)
    expected_marks = [("Part one", "Part one"), ("Part one > Fees", "Fees")]
    assert expected_marks == marked(parsed, "heading")[:2]


NCX = "<ncx><navMap>{}</navMap></ncx>"
POINT = '<navPoint><navLabel><text>{}</text></navLabel><content src="{}"/></navPoint>'


def with_contents(data: bytes, ncx: str, nav: str = "") -> bytes:
    """Return a book with tables of contents."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    listed = (
        '<item id="ncx" href="text/toc.ncx" media-type="application/x-dtbncx+xml"/>'
        '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    )
    package = members["OEBPS/book one.opf"].decode().replace("</manifest>", listed + "</manifest>")
    members["OEBPS/book one.opf"] = package.encode()
    return zipped({**members, "OEBPS/text/toc.ncx": ncx, "OEBPS/nav.xhtml": chapter(nav)})


UNTITLED = {
    "a.xhtml": chapter("<h1>Part one</h1>"),
    "b.xhtml": chapter("<p>A boat</p><p>pays.</p>"),
    "b2.xhtml": chapter("<p>And pays.</p>"),
    "c.xhtml": chapter("<p>Motto.</p><h2>Fines</h2><p>Words.</p>"),
    "d.xhtml": chapter("<p>She lives here.</p>"),
}
TITLED = [
    ("Part one", "Part one"),
    ("Part one > Fees", "A boat"),
    ("Of fines", "Motto."),
    ("Of fines > Fines", "Fines"),
    ("The author", "She lives here."),
]


def test_a_chapter_without_a_heading_is_called_as_the_contents_do() -> None:
    entries = [("Fees", "b.xhtml"), ("Too late", "b.xhtml"), ("Inside", "b2.xhtml#x"),
               ("Of fines", "c.xhtml"), ("The author", "d.xhtml")]  # fmt: skip
    ncx = NCX.format("".join(POINT.format(*each) for each in entries))
    links = "".join(f'<li><a href="text/{name}">{label}</a></li>' for label, name in entries)
    nav = (
        '<nav epub:type="landmarks"><a href="text/b.xhtml">Start</a></nav>'
        f'<nav epub:type="toc"><ol>{links}</ol></nav>'
    )
    for tables in ((ncx,), ("", nav), (ncx.replace("Fees", "Old"), nav)):
        parsed = read(with_contents(epub(UNTITLED), *tables))
        assert TITLED == marked(parsed, "heading")
    # The heading that a chapter has is its name.
    own = with_contents(epub({"b.xhtml": chapter("<h1>Duties</h1><p>Words.</p>")}), ncx)
    assert [("Duties", "Duties")] == marked(read(own), "heading")


def test_broken_contents_cost_neither_the_book_nor_much_time() -> None:
    deep = '<nav epub:type="toc">' * 9_000 + '<a href="text/b.xhtml">Fees</a>'
    endless = "<nav>" * 100_000
    book = epub({"b.xhtml": chapter("<p>Words.</p>")})
    began = time.thread_time()
    expected = [("Fees", "Words.")]
    assert expected == marked(read(with_contents(book, "", deep)), "heading")
    for broken in (endless, "\x01\x02" * 100, ""):
        assert "Words." == read(with_contents(book, broken, broken)).text
    assert time.thread_time() - began < 10


def test_in_a_book_without_contents_the_first_line_of_a_chapter_is_its_name() -> None:
    chapters = {
        "a.xhtml": chapter("<h1>The night</h1><p>It was late.</p>"),
        "b.xhtml": chapter("<p class='title'>About the author</p><p>She lives here.</p>"),
        "c.xhtml": chapter(f"<p>{'Words without end. ' * 40}</p>"),
    }
    parsed = read(epub(chapters))
    expected = [("The night", "The night"), ("About the author", "About the author")]
    assert expected == marked(parsed, "heading")


def test_a_table_of_contents_is_an_aside_and_notes_are_not() -> None:
    contents = '<nav epub:type="toc"><ol><li><a href="b.xhtml">Fees</a></li></ol></nav>'
    words = (
        '<p>In 2008<a epub:type="noteref" href="#n1">1</a> it rose.</p>'
        '<aside epub:type="footnote" id="n1"><p>By a third.</p></aside>'
    )
    parsed = read(epub({"nav.xhtml": chapter(contents), "b.xhtml": chapter(words)}))
    assert [("", "Fees")] == marked(parsed, "aside")
    assert "Fees\n\nIn 2008[1] it rose.\n\nBy a third." == parsed.text


def test_what_a_style_sheet_of_the_book_hides_is_no_text() -> None:
    # LibreOffice writes hidden words so.
    styled = chapter(
        "<p>Tolls were 10<span class='s4'>6</span> guilders.<span class='s5'>bad</span> End.</p>"
    ).replace("<title/>", '<link rel="stylesheet" href="style%20one.css#x"/>')
    sheet = ".s5 { display: none; }\n.s4 { position: relative; top: -0.33em; }"
    chapters = {"a.xhtml": styled, "b.xhtml": styled, "style one.css": sheet}
    parsed = read(epub(chapters, order=["a.xhtml", "b.xhtml"]))
    line = "Tolls were 10⁶ guilders. End."
    assert f"{line}\n\n{line}" == parsed.text
    lost = read(epub({"a.xhtml": styled}))
    assert "Tolls were 106 guilders.bad End." == lost.text


def test_a_chapter_in_an_old_encoding_is_read() -> None:
    old = chapter("<p>Порт открыт.</p>").replace("utf-8", "windows-1251").encode("cp1251")
    assert "Порт открыт." == read(epub({"a.xhtml": old})).text


def test_a_lacking_chapter_is_named() -> None:
    data = epub({"a.xhtml": chapter("<p>Words.</p>"), "b.xhtml": chapter("<p>More.</p>")})
    broken = data.replace(b"OEBPS/text/b.xhtml", b"OEBPS/text/x.xhtml")
    parsed = read(broken)
    assert "Words." == parsed.text
    assert ("lacks 1 of its chapters: OEBPS/text/b.xhtml.",) == parsed.warnings


def test_a_book_without_words_says_so() -> None:
    parsed = read(epub({"a.xhtml": chapter("<img src='a.png' alt='A boat'/>")}))
    assert ("", (BLANK,)) == (parsed.text, parsed.warnings)


def encryption(algorithm: str, member: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData '
        'xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod '
        f'Algorithm="{algorithm}"/><CipherData><CipherReference URI="{member}"/></CipherData>'
        "</EncryptedData></encryption>"
    )


def test_a_protected_book_says_so() -> None:
    words = {"a.xhtml": chapter("<p>Words.</p>")}
    locked = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/text/a.xhtml")
    assert "is protected against copying (DRM)" in reason(epub(words, encryption=locked))
    font = encryption("http://www.idpf.org/2008/embedding", "OEBPS/font.otf")
    assert "Words." == read(epub(words, encryption=font)).text


def test_what_is_no_book_is_named_so() -> None:
    wrong = "is not an EPUB book, despite its extension. Rename it, or exclude it."
    assert wrong == reason(zipped({"word/document.xml": "<w/>"}))
    assert wrong == reason(zipped({"META-INF/container.xml": "<container/>"}))
    assert reason(b"").startswith("is not a .epub file")
    assert reason(b"<html>Words").startswith("is not a .epub file")
    assert "damaged" in reason(epub({"a.xhtml": chapter("<p>Words.</p>")})[:-80])
    assert "names no chapters" in reason(epub({}))


def test_entities_are_never_expanded_and_files_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret", encoding="utf-8")
    for before, name in ((names(secret), "x"), (LAUGHS, "a9")):
        parsed = read(epub({"a.xhtml": chapter(f"<p>Words &{name}; end.</p>", before)}))
        assert f"Words &{name}; end." == parsed.text  # as it stands in the file
        words = {"a.xhtml": chapter("<p>Words.</p>")}
        said = reason(epub(words, title=f"&{name};", before=before))
        assert "declares entities" in said or "malformed XML" in said


def test_chapters_outside_the_book_are_not_looked_for(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xhtml"
    secret.write_text("<p>The secret.", encoding="utf-8")
    for href in (f"{secret}", f"../../../../../../../../{secret}", secret.as_uri()):
        package = epub({"a.xhtml": chapter("<p>Inside.</p>")}, href=href)
        assert "names no chapters that it contains" in reason(package)


def test_a_bomb_ends_soon() -> None:
    bomb = epub({"a.xhtml": b"<p>" + bytes(600 * 2**20)})
    assert len(bomb) < 2**20
    assert "unpacks to more than 512 MB" in reason(bomb)


def test_a_book_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "book.epub"
    file.write_bytes(epub({"a.xhtml": chapter("<h1>Fees</h1><p>A boat pays.</p>")}))
    document = parse_file(file, "book.epub").document
    assert ("The harbour book", "Fees\n\nA boat pays.") == (document.title, document.text)
