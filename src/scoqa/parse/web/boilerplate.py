"""Recognize boilerplate elements of a page: navigation, banners, footers, cookie notices.

Input: the properties of an element when it ends. Output: the certainty that its text is
boilerplate. In doubt it is treated as text, because boilerplate is never used for answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoqa.parse.common.blocks import Boilerplate

# Roles and elements that are boilerplate anywhere on a page.
_NAVIGATION = frozenset("nav navigation menu menubar".split())
_LANDMARKS = frozenset("banner contentinfo complementary search toolbar".split())
# A header, footer or aside inside an article belongs to it; outside of articles it has this role.
_OUTSIDE_ARTICLES = {"header": "banner", "footer": "contentinfo", "aside": "complementary"}

# Words in classes and ids. They count only for elements that are mostly links and buttons: a
# restaurant has a menu, and a report may have a chapter on navigation.
_LINK_WORDS = frozenset(
    "nav navbar navigation menu menus submenu topbar toolbar sidebar footer header breadcrumb "
    "breadcrumbs crumbs share sharing sharebar social pagination pager paging related tags "
    "taglist toc skip skiplink skiplinks languages banner masthead navbox".split()
)
_NOTICE_WORDS = frozenset("cookie cookies consent gdpr".split())
_BREADCRUMB_WORDS = frozenset("breadcrumb breadcrumbs crumbs".split())
LONGEST_NOTICE = 2_000  # characters; a longer text is a policy, which users may ask about
LONGEST_BREADCRUMB = 300
LEAST_LINKS = 0.5  # share of link characters in an element that a class calls navigation
# A list is a link list if nearly all its characters are links. Long links are titles of content.
LEAST_LISTED_LINKS = 0.9
LEAST_ITEMS = 3
LONGEST_LISTED_LINK = 30  # characters, on average

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class Element:
    """The properties of an element that decide whether it is boilerplate.

    names: its class and id. characters: the length of its text. links: how many of these are in
    links and buttons. holds: which of "heading" (any), "h1", "main" and "article" it contains.
    """

    tag: str
    role: str
    names: str
    characters: int
    links: int
    lines: int
    in_article: bool
    holds: frozenset[str]


def rate_boilerplate(element: Element) -> Boilerplate:
    """Return how certain it is that `element` is boilerplate."""
    if not element.characters or element.holds & {"h1", "main"}:
        return Boilerplate.NOT
    share = element.links / element.characters
    role = element.role
    if not role and not element.in_article:
        role = _OUTSIDE_ARTICLES.get(element.tag, "")
    if role in _NAVIGATION or element.tag in _NAVIGATION - {"menu"}:
        is_navigation = share >= LEAST_LINKS or element.characters <= LONGEST_BREADCRUMB
        return Boilerplate.NAVIGATION if is_navigation else Boilerplate.NOT
    if role in _LANDMARKS or element.tag == "search":
        has_title = role == "banner" and "heading" in element.holds
        return Boilerplate.NOT if has_title else Boilerplate.LANDMARK
    if "article" in element.holds:
        return Boilerplate.NOT
    words = {word.lower() for word in _WORD.findall(element.names)}
    is_short = element.characters <= LONGEST_NOTICE
    if (
        (words & _LINK_WORDS and share >= LEAST_LINKS)
        or (words & _NOTICE_WORDS and is_short)
        or (words & _BREADCRUMB_WORDS and element.characters <= LONGEST_BREADCRUMB)
        or (element.tag in ("ul", "ol") and not element.in_article and _is_link_list(element))
    ):
        return Boilerplate.NAMED
    return Boilerplate.NOT


def _is_link_list(element: Element) -> bool:
    """Return whether a list consists of short links only."""
    return (
        element.lines >= LEAST_ITEMS
        and element.links >= LEAST_LISTED_LINKS * element.characters
        and element.characters <= LONGEST_LISTED_LINK * element.lines
    )
