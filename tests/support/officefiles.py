"""Office files for tests: made by a common library, or by hand where no program writes such."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def zipped(parts: Mapping[str, bytes | str], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip file with `parts` in it, in order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return out.getvalue()


def relations(*each: tuple[str, str, str]) -> str:
    """Return a part that names others: (id, kind, target); targets of other places as they are."""
    lines = (
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"'
        + (' TargetMode="External"' if ":" in target else "")
        + "/>"
        for name, kind, target in each
    )
    return f'<Relationships xmlns="{RELATIONS}">{"".join(lines)}</Relationships>'


def workbook(
    rows: str,
    *,
    texts: str = "",
    styles: str = "",
    extra: str = "",
    before: str = "",
    parts: Mapping[str, str] | None = None,
) -> bytes:
    """Return a workbook by hand with one sheet "One" whose rows are given in XML.

    parts: others, by name, such as what is drawn on it.
    """
    return zipped(
        {
            "_rels/.rels": relations(("r1", "officeDocument", "xl/workbook.xml")),
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": relations(
                ("r1", "worksheet", "worksheets/sheet1.xml"),
                ("r2", "sharedStrings", "/xl/sharedStrings.xml"),
                ("r3", "styles", "styles.xml"),
            ),
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}">{before}'
            f"<sheetData>{rows}</sheetData>{extra}</worksheet>",
            "xl/sharedStrings.xml": f'<sst xmlns="{SHEET}">{texts}</sst>',
            "xl/styles.xml": f'<styleSheet xmlns="{SHEET}">{styles}</styleSheet>',
            **(parts or {}),
        }
    )


def saved(document: Any) -> bytes:
    """Return the bytes of what openpyxl or python-pptx made."""
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
