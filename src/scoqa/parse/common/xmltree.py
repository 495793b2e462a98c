"""Parse XML without external resources and without expanding entities.

Input: the bytes of an XML file, usually a member of a document file. Output: lxml elements.
Comments and processing instructions are dropped.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scoqa.errors import ParseError

if TYPE_CHECKING:
    from lxml import etree


# Options of all lxml parsers. Without huge_tree, lxml refuses more than 256 levels and texts of
# over ten million characters. collect_ids keeps its default: False makes lxml 6.1 load external
# DTDs.
OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def parse_xml(data: bytes, path: str) -> etree._Element:
    """Return the root of the XML in `data`. `path` is only used in messages.

    Raises ParseError if the XML is malformed, nested too deeply, or declares entities: a few
    entities can expand to gigabytes, and no word processor or spreadsheet program uses them.
    """
    from lxml import etree

    try:
        root = etree.fromstring(data, etree.XMLParser(**OPTIONS))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _broken_xml_error(path, error) from error
    _refuse_entities(root, path)
    return root


def iterate_elements(data: bytes, path: str, *names: str) -> Iterator[etree._Element]:
    """Yield the elements of the XML in `data` that have one of `names`, in any namespace.

    Each element is complete when it is yielded, and is cleared before the next one, because all
    elements of a large file together may not fit into memory. Raises ParseError as `parse_xml`.
    """
    from lxml import etree

    tags = tuple(f"{{*}}{name}" for name in names)
    events = etree.iterparse(io.BytesIO(data), tag=tags, **OPTIONS)
    try:
        for count, (_, element) in enumerate(events):
            if not count:
                _refuse_entities(element, path)
            yield element
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _broken_xml_error(path, error) from error


def local_name(element: etree._Element) -> str:
    """Return the name of `element` without its namespace; Office files use two sets of these."""
    return str(element.tag).rpartition("}")[2]


def get_attribute(element: etree._Element, name: str) -> str | None:
    """Return the attribute `name` in any namespace, or None if it is missing."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


def parse_int(text: str | None, default: int) -> int:
    """Parse a number that only affects how text looks. Returns `default` if it is malformed."""
    return int(text) if text and re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text) else default


def parse_count(text: str, path: str) -> int:
    """Parse a non-negative integer that citations depend on, such as a row number.

    Raises ParseError if it is malformed: a guess could cite the wrong row.
    """
    number = " ".join(text.split())
    if len(number) <= 18 and number.isdigit() and number.isascii():
        return int(number)
    excerpt = number if len(number) <= 20 else f"{number[:20]}…"
    raise ParseError(
        path, f'is damaged: expected a number, found "{excerpt}". Save it again, or exclude it.'
    )


def _refuse_entities(element: etree._Element, path: str) -> None:
    declared = element.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise ParseError(path, "declares entities in its XML. Save it again, or exclude it.")


def _broken_xml_error(path: str, error: Exception) -> ParseError:
    """Return the error for XML that lxml cannot parse."""
    detail = " ".join(str(error).split())[:200]
    return ParseError(path, f"contains malformed XML ({detail}). Save it again, or exclude it.")
