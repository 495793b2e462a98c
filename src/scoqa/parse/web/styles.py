"""Evaluate the simple rules of style sheets that hide, raise, lower or strike out words.

Input: CSS and elements from lexbor. Output: the style properties of an element. Only selectors of a
single class or id are supported, optionally after an element name (".a", "p.a", "#b"). Rules with
other selectors, for print or for narrow windows are ignored: in doubt, a word counts as visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

MOST_CHARACTERS = 1_000_000  # in all style sheets of a page; real pages have a tenth of this
MOST_RULES = 5_000  # rules that set one of the supported properties

# Comments and strings, which may contain braces. Once its first character matches, each alternative
# always succeeds, so that malicious style sheets take linear time.
_COMMENT_OR_STRING = re.compile(
    r"""/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*+["\n]?|'(?:[^'\\\n]|\\.)*+['\n]?""", re.DOTALL
)
_BRACE = re.compile("([{}])")
_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?([.#])((?:[\w-]|[^\x00-\x7f])+)", re.I)
_SCREEN = re.compile(r"(?:@media\s*)?(?:(?:only\s+)?(?:screen|all))?\s*", re.I)
_DECLARATION = re.compile(
    r"(?:^|[;\s])(display|visibility|mso-hide|vertical-align|position|top|text-decoration(?:-line)?)\s*:\s*"
    r"([-\w.%]+)\s*(!\s*important)?",
    re.I,
)
_SHIFT = re.compile(r"(-?)(?:0?\.[2-9]|[1-9])\d*(?:\.\d+)?e[mx]", re.I)  # at least 0.2 em or ex
_INLINE = 9  # the weight of a style attribute, above that of any selector

# (important, weight of the selector, position), value
_Declared = tuple[tuple[bool, int, int], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """The value that a selector gives to one property."""

    selector: str
    name: str
    value: str
    is_important: bool


class Styles:
    """The rules of a page. Of rules with equal weight, the later one applies."""

    def __init__(self, sheets: Iterable[str] = ()) -> None:
        self._properties: dict[str, dict[str, _Declared]] = {}  # by selector
        position, remaining = 0, MOST_CHARACTERS
        for sheet in sheets:
            for rule in parse_rules(sheet[:remaining]):
                position += 1
                if position > MOST_RULES:
                    return
                weight = rule.selector.count("#") * 4 + (rule.selector[0] not in ".#") + 1
                properties = self._properties.setdefault(rule.selector, {})
                _set_property(properties, rule, weight, position)
            remaining -= len(sheet)
            if remaining <= 0:
                return

    def get_style(self, tag: str, attributes: Mapping[str, str | None]) -> dict[str, str]:
        """Return the properties of an element, from the rules and its style attribute."""
        style: dict[str, _Declared] = {}
        if self._properties and tag not in ("html", "body"):  # may be hidden until a script runs
            classes = dict.fromkeys((attributes.get("class") or "").split())
            names = [f".{name}" for name in classes]
            names += [f"#{name}" for name in (attributes.get("id") or "").split()[:1]]
            for name in names:
                for selector in (name, tag + name):
                    for key, declared in self._properties.get(selector, {}).items():
                        style[key] = max(style.get(key, declared), declared)
        if own := attributes.get("style"):
            for rule in _parse_declarations("", own):
                _set_property(style, rule, _INLINE, 0)
        return {name: value for name, (_, value) in style.items()}


def hides_element(style: Mapping[str, str]) -> bool:
    """Return whether `style` hides its element."""
    return (
        style.get("display") == "none"
        or style.get("visibility") in ("hidden", "collapse")
        or style.get("mso-hide") == "all"
    )


def is_struck(tag: str, style: Mapping[str, str]) -> bool:
    """Return whether an element is struck out."""
    lines = style.get("text-decoration-line", style.get("text-decoration"))
    return lines == "line-through" if lines is not None else tag in ("s", "del", "strike")


def find_shift(tag: str, style: Mapping[str, str]) -> str:
    """Return "sup" for a superscript element, "sub" for a subscript, otherwise ""."""
    if tag in ("sup", "sub"):
        return tag
    aligned = style.get("vertical-align")
    if aligned in ("super", "sub"):
        return "sup" if aligned == "super" else "sub"
    offset = _SHIFT.fullmatch(style.get("top", ""))
    if offset and style.get("position") == "relative":
        return "sup" if offset[1] else "sub"
    return ""


def is_for_screens(media: str) -> bool:
    """Return whether a media list applies to screens of any size."""
    return any(_SCREEN.fullmatch(medium.strip()) for medium in media.split(","))


@lru_cache(maxsize=8)  # the chapters of a book share their style sheets
def parse_rules(sheet: str) -> tuple[Rule, ...]:
    """Return the rules of a style sheet that set a supported property, in order."""
    rules: list[Rule] = []
    above: list[tuple[str, bool]] = []  # open selectors, and whether they apply
    applies = True
    pieces = _BRACE.split(_COMMENT_OR_STRING.sub(" ", sheet))
    for text, brace in zip(pieces[::2], pieces[1::2], strict=False):
        if brace == "{":
            # Skip preceding statements without braces, such as @import.
            head = text.rpartition(";")[2].replace("<!--", "").replace("-->", "").strip()
            above.append((head, applies))
            applies = applies and head[:6].lower() == "@media" and is_for_screens(head)
        elif above:
            head, applies = above.pop()
            if applies:
                rules += _expand_rule(head, text)
            if len(rules) > MOST_RULES:
                break
    return tuple(rules[:MOST_RULES])


def _expand_rule(head: str, body: str) -> Iterator[Rule]:
    declared = list(_parse_declarations("", body))
    for selector in head.split(",") if declared else ():
        match = _SELECTOR.fullmatch(selector.strip())
        if match:
            tag, kind, name = match.groups()
            for rule in declared:
                yield Rule(f"{(tag or '').lower()}{kind}{name}", rule.name, rule.value,
                           rule.is_important)  # fmt: skip


def _parse_declarations(selector: str, body: str) -> Iterator[Rule]:
    for name, value, important in _DECLARATION.findall(body):
        yield Rule(selector, name.lower(), value.lower(), bool(important))


def _set_property(properties: dict[str, _Declared], rule: Rule, weight: int, position: int) -> None:
    new = ((rule.is_important, weight, position), rule.value)
    old = properties.get(rule.name)
    if old is None or new[0] >= old[0]:
        properties[rule.name] = new
