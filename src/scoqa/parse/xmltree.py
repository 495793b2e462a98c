"""XML bytes -> their elements, with nothing taken from outside and nothing expanded.

Receives the bytes of an XML file, found in a file of a format that is written in XML; hands on
lxml's elements. Comments and processing instructions are dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoqa.errors import ParseError

if TYPE_CHECKING:
    from lxml import etree


# What lxml is told wherever it reads XML. Without huge_tree it ends at 256 levels and at texts of
# ten million characters. collect_ids stays as it is: False makes lxml 6.1 load external DTDs.
OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def tree(data: bytes, path: str) -> etree._Element:
    """Return the root of the XML in `data`. `path` is only for messages.

    Raises ParseError where it is broken, nested too deeply, or declares entities: no program that
    people write with does, and a few of them can stand for gigabytes.
    """
    from lxml import etree

    try:
        root = etree.fromstring(data, etree.XMLParser(**OPTIONS))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise broken(path, error) from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise ParseError(path, "declares entities in its XML. Save it anew, or exclude it.")
    return root


def broken(path: str, error: Exception) -> ParseError:
    """Return the reason for XML that lxml cannot read."""
    said = " ".join(str(error).split())[:200]
    return ParseError(path, f"holds broken XML ({said}). Save it anew, or exclude it.")
