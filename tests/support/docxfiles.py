"""Word documents made by hand, part by part, so that a test says exactly what stands where."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_SPACES = (
    f'xmlns:w="{WORD}" xmlns:r="{_OFFICE}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:w16se="http://schemas.microsoft.com/office/word/2015/wordml/symex"'
)


def run(text: str, properties: str = "") -> str:
    """Return a run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(inside: str, *, style: str = "", properties: str = "") -> str:
    """Return a paragraph; what does not begin as an element is text."""
    inside = inside if inside.startswith("<") else run(inside)
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{inside}</w:p>"


def item(text: str, number: int = 1, level: int = 0, *, style: str = "") -> str:
    """Return a paragraph of a list."""
    listed = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return paragraph(text, style=style, properties=listed)


def table(*rows: list[str]) -> str:
    """Return a table; a cell that does not begin as an element is a paragraph of text."""
    return "<w:tbl>{}</w:tbl>".format(
        "".join(
            "<w:tr>{}</w:tr>".format(
                "".join(
                    f"<w:tc>{each if each.startswith('<') else paragraph(each)}</w:tc>"
                    for each in row
                )
            )
            for row in rows
        )
    )


def style(key: str, name: str, inside: str = "", *, based_on: str = "") -> str:
    """Return a style of paragraphs."""
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/>{base}'
        f"{inside}</w:style>"
    )


STYLES = (
    style("Titel", "Title")
    + "".join(style(f"berschrift{n}", f"heading {n}") for n in range(1, 4))
    + style("Verzeichnis1", "toc 1")
    + style("Eigene", "Our own", based_on="berschrift2")
    + style("Gliederung", "Outlined", '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>')
)


def level(number: int, kind: str, text: str, more: str = "") -> str:
    """Return how one level of a list is numbered."""
    return (
        f'<w:lvl w:ilvl="{number}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        f'{more}<w:lvlText w:val="{escape(text)}"/></w:lvl>'
    )


def docx(
    body: str,
    *,
    styles: str = STYLES,
    numbering: str = "",
    notes: dict[str, list[str]] | None = None,
    title: str = "",
    before: str = "",
    drawn: dict[str, str] | None = None,
) -> bytes:
    """Return a Word document.

    drawn: parts by the id that the text refers to them with, as "chart1" or "diagramData2".
    notes: the texts of "footnotes" and "endnotes", numbered from 1. before: what stands before the
    root of the text's XML.
    """
    parts = {"styles": f"<w:styles {_SPACES}>{styles}</w:styles>"}
    if numbering:
        parts["numbering"] = f"<w:numbering {_SPACES}>{numbering}</w:numbering>"
    for kind, texts in (notes or {}).items():
        inside = '<w:{0} w:id="-1" w:type="separator">{1}</w:{0}>'.format(
            kind[:-1], paragraph("line between")
        )
        for number, text in enumerate(texts, 1):
            inside += '<w:{0} w:id="{1}">{2}</w:{0}>'.format(kind[:-1], number, paragraph(text))
        parts[kind] = f"<w:{kind} {_SPACES}>{inside}</w:{kind}>"
    listed = "".join(
        f'<Relationship Id="r{name}" Type="{_OFFICE}/{name}" Target="{name}.xml"/>'
        for name in parts
    )
    listed += "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{name[:-1]}" Target="{name}.xml"/>'
        for name in drawn or {}
    )
    listed += f'<Relationship Id="r9" Type="{_OFFICE}/hyperlink" Target="https://example.org/" '
    listed += 'TargetMode="External"/>'
    kinds = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="application/vnd.openxmlformats-'
        f'officedocument.wordprocessingml.{kind}+xml"/>'
        for name, kind in (("document", "document.main"), *((name, name) for name in parts))
    )
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-'
        'package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f"{kinds}</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/><Relationship Id="r2" '
        f'Type="{_PACKAGE}/metadata/core-properties" Target="docProps/core.xml"/></Relationships>',
        "word/document.xml": f"{before}<w:document {_SPACES}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{listed}'
        "</Relationships>",
        "word/header1.xml": f"<w:hdr {_SPACES}>{paragraph('On every page')}</w:hdr>",
        "word/comments.xml": f"<w:comments {_SPACES}>{paragraph('A remark')}</w:comments>",
        "docProps/core.xml": '<cp:coreProperties xmlns:cp="urn:core" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title>'
        "</cp:coreProperties>",
        **{f"word/{name}.xml": xml for name, xml in (parts | (drawn or {})).items()},
    }
    return zipped(members)


def zipped(members: dict[str, str | bytes]) -> bytes:
    """Return a zip file of `members`, in order; "mimetype" says what it is, and is not packed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), data, how)
    return file.getvalue()
