"""Style sheets -> what their simple rules hide, raise and lower.

Receives CSS and elements as lexbor gives them; hands on how an element is shown. Of selectors only
single classes and ids are read, alone or behind an element's name (".a", "p.a", "#b"); rules with
others, and those for paper or for narrow windows, are left alone: in doubt a word is seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

MOST_CHARACTERS = 1_000_000  # of the sheets of a page; real ones have a tenth of it
MOST_RULES = 5_000  # of those that say something of what is read here

# Comments, and strings, which may hold braces. Each begins a match that cannot fail, so that
# hostile sheets take no more than linear time.
_COMMENT_OR_STRING = re.compile(
    r"""/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*+["\n]?|'(?:[^'\\\n]|\\.)*+['\n]?""", re.DOTALL
)
_BRACE = re.compile("([{}])")
_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?([.#])((?:[\w-]|[^\x00-\x7f])+)", re.I)
_SCREEN = re.compile(r"(?:@media\s*)?(?:(?:only\s+)?(?:screen|all))?\s*", re.I)
_DECLARATION = re.compile(
    r"(?:^|[;\s])(display|visibility|mso-hide|vertical-align|position|top)\s*:\s*"
    r"([-\w.%]+)\s*(!\s*important)?",
    re.I,
)
_SHIFT = re.compile(r"(-?)(?:0?\.[2-9]|[1-9])\d*(?:\.\d+)?e[mx]", re.I)  # of a fifth of a line up
_INLINE = 9  # weighs more than any selector

# (important, weight of the selector, place), value
_Declared = tuple[tuple[bool, int, int], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a selector says of one property."""

    selector: str
    name: str
    value: str
    is_important: bool


class Styles:
    """The rules of a page, those that come later over those that come before."""

    def __init__(self, sheets: Iterable[str] = ()) -> None:
        self._said: dict[str, dict[str, _Declared]] = {}
        place, left = 0, MOST_CHARACTERS
        for sheet in sheets:
            for rule in parse_rules(sheet[:left]):
                place += 1
                if place > MOST_RULES:
                    return
                weight = rule.selector.count("#") * 4 + (rule.selector[0] not in ".#") + 1
                said = self._said.setdefault(rule.selector, {})
                _set_property(said, rule, weight, place)
            left -= len(sheet)
            if left <= 0:
                return

    def get_style(self, tag: str, attributes: Mapping[str, str | None]) -> dict[str, str]:
        """Return what is said of an element, by rules or by its own style."""
        found: dict[str, _Declared] = {}
        if self._said and tag not in ("html", "body"):  # hidden until a script has run
            names = [f".{each}" for each in dict.fromkeys((attributes.get("class") or "").split())]
            names += [f"#{each}" for each in (attributes.get("id") or "").split()[:1]]
            for name in names:
                for selector in (name, tag + name):
                    for key, said in self._said.get(selector, {}).items():
                        found[key] = max(found.get(key, said), said)
        if style := attributes.get("style"):
            for rule in _parse_declarations("", style):
                _set_property(found, rule, _INLINE, 0)
        return {name: value for name, (_, value) in found.items()}


def hides(style: Mapping[str, str]) -> bool:
    """Say whether an element with this style is not shown."""
    return (
        style.get("display") == "none"
        or style.get("visibility") in ("hidden", "collapse")
        or style.get("mso-hide") == "all"
    )


def find_shift(tag: str, style: Mapping[str, str]) -> str:
    """Return "sup" for what is raised, "sub" for what is lowered, else ""."""
    if tag in ("sup", "sub"):
        return tag
    aligned = style.get("vertical-align")
    if aligned in ("super", "sub"):
        return "sup" if aligned == "super" else "sub"
    moved = _SHIFT.fullmatch(style.get("top", ""))
    if moved and style.get("position") == "relative":
        return "sup" if moved[1] else "sub"
    return ""


def is_for_screens(media: str) -> bool:
    """Say whether what is for these media is what a reader sees on a screen, whatever its size."""
    return any(_SCREEN.fullmatch(each.strip()) for each in media.split(","))


@lru_cache(maxsize=8)  # the chapters of a book share their sheets
def parse_rules(sheet: str) -> tuple[Rule, ...]:
    """Return the rules of a style sheet that say something of what is read here, in order."""
    found: list[Rule] = []
    above: list[tuple[str, bool]] = []  # heads, and whether what they hold is seen
    seen = True
    pieces = _BRACE.split(_COMMENT_OR_STRING.sub(" ", sheet))
    for text, brace in zip(pieces[::2], pieces[1::2], strict=False):
        if brace == "{":
            # Behind a statement without braces, such as @import.
            head = text.rpartition(";")[2].replace("<!--", "").replace("-->", "").strip()
            above.append((head, seen))
            seen = seen and head[:6].lower() == "@media" and is_for_screens(head)
        elif above:
            head, seen = above.pop()
            if seen:
                found += _expand_rule(head, text)
            if len(found) > MOST_RULES:
                break
    return tuple(found[:MOST_RULES])


def _expand_rule(head: str, body: str) -> Iterator[Rule]:
    declared = list(_parse_declarations("", body))
    for each in head.split(",") if declared else ():
        selector = _SELECTOR.fullmatch(each.strip())
        if selector:
            tag, kind, name = selector.groups()
            for rule in declared:
                yield Rule(f"{(tag or '').lower()}{kind}{name}", rule.name, rule.value,
                           rule.is_important)  # fmt: skip


def _parse_declarations(selector: str, body: str) -> Iterator[Rule]:
    for name, value, important in _DECLARATION.findall(body):
        yield Rule(selector, name.lower(), value.lower(), bool(important))


def _set_property(said: dict[str, _Declared], rule: Rule, weight: int, place: int) -> None:
    new = ((rule.is_important, weight, place), rule.value)
    old = said.get(rule.name)
    if old is None or new[0] >= old[0]:
        said[rule.name] = new
