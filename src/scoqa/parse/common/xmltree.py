"""XML bytes -> their elements, with nothing taken from outside and nothing expanded.

Receives the bytes of an XML file, found in a file of a format that is written in XML; hands on
lxml's elements. Comments and processing instructions are dropped.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
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


def parse_xml(data: bytes, path: str) -> etree._Element:
    """Return the root of the XML in `data`. `path` is only for messages.

    Raises ParseError where it is broken, nested too deeply, or declares entities: no program that
    people write with does, and a few of them can stand for gigabytes.
    """
    from lxml import etree

    try:
        root = etree.fromstring(data, etree.XMLParser(**OPTIONS))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _broken_xml_error(path, error) from error
    _refuse_entities(root, path)
    return root


def iterate_elements(data: bytes, path: str, *names: str) -> Iterator[etree._Element]:
    """Yield the elements of the XML in `data` that have one of `names`, whatever their namespace.

    Each comes with all that is inside it, and is emptied when the next one is asked for: a file
    may be larger than what its elements would take. Raises ParseError as `tree` does.
    """
    from lxml import etree

    tags = tuple(f"{{*}}{name}" for name in names)
    found = etree.iterparse(io.BytesIO(data), tag=tags, **OPTIONS)
    try:
        for count, (_, element) in enumerate(found):
            if not count:
                _refuse_entities(element, path)
            yield element
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _broken_xml_error(path, error) from error


def local_name(element: etree._Element) -> str:
    """Return the name of `element` without its namespace: there are two sets of those about."""
    return str(element.tag).rpartition("}")[2]


def get_attribute(element: etree._Element, name: str) -> str | None:
    """Return the attribute called `name`, whatever its namespace; None where there is none."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


def parse_int(text: str | None, default: int) -> int:
    """Return a number that only changes how text looks, or `default` where it is none."""
    return int(text) if text and re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text) else default


def parse_count(text: str, path: str) -> int:
    """Return a number from 0 that a citation may hang on, as that of a row.

    Raises ParseError where it is none: whoever guessed might name another row.
    """
    said = " ".join(text.split())
    if len(said) <= 18 and said.isdigit() and said.isascii():
        return int(said)
    shown = said if len(said) <= 20 else f"{said[:20]}…"
    raise ParseError(path, f'is damaged: it counts with "{shown}". Save it anew, or exclude it.')


def _refuse_entities(element: etree._Element, path: str) -> None:
    declared = element.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise ParseError(path, "declares entities in its XML. Save it anew, or exclude it.")


def _broken_xml_error(path: str, error: Exception) -> ParseError:
    """Return the reason for XML that lxml cannot read."""
    said = " ".join(str(error).split())[:200]
    return ParseError(path, f"holds broken XML ({said}). Save it anew, or exclude it.")
