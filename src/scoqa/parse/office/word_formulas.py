"""Write the formulas of Word documents on one line.

Input: the XML elements of a formula. Output: its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from scoqa.parse.common.symbols import TO_SUPERSCRIPT
from scoqa.parse.office.word_styles import qualified_name

if TYPE_CHECKING:
    from lxml.etree import _Element

_EXPONENT = re.compile(r"[+−-]?\d+")
_FORMULA_JOINS: dict[str, Callable[[list[str]], str]] = {
    "m:f": lambda parts: "/".join(parts),
    "m:sSup": lambda parts: (
        parts[0] + parts[1].translate(TO_SUPERSCRIPT)
        if len(parts) == 2 and _EXPONENT.fullmatch(parts[1])
        else "^".join(parts)
    ),
    "m:rad": lambda parts: "√" + "".join(parts),
}


def format_formula(part: _Element) -> str:
    """Return a formula on one line, so that 1 over 2 does not read "12"."""
    if qualified_name(part) == "m:t":
        return part.text or ""
    texts = [text for child in part if (text := format_formula(child))]
    join = _FORMULA_JOINS.get(qualified_name(part))
    if join is None:
        return "".join(texts)
    grouped = [text if len(text) == 1 or text.isalnum() else f"({text})" for text in texts]
    return join(grouped)
