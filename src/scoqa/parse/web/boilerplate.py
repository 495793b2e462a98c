"""Which elements of a page stand around its text: navigation, banners, footers, cookie notices.

Receives what is known of an element when it ends; hands on how sure it is that its text is not
what people ask about. In doubt it is text: what is wrongly left out never answers again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoqa.parse.common.blocks import Boilerplate

# Roles and elements that stand for themselves, anywhere on a page.
_NAVIGATION = frozenset("nav navigation menu menubar".split())
_LANDMARKS = frozenset("banner contentinfo complementary search toolbar".split())
# A header, footer or aside of an article belongs to it; those of the page stand around it.
_OUTSIDE_ARTICLES = {"header": "banner", "footer": "contentinfo", "aside": "complementary"}

# Words of classes and ids, only believed of what is mostly links and buttons: a restaurant has a
# menu, and a report a chapter on navigation.
_LINK_WORDS = frozenset(
    "nav navbar navigation menu menus submenu topbar toolbar sidebar footer header breadcrumb "
    "breadcrumbs crumbs share sharing sharebar social pagination pager paging related tags "
    "taglist toc skip skiplink skiplinks languages banner masthead navbox".split()
)
_NOTICE_WORDS = frozenset("cookie cookies consent gdpr".split())
_BREADCRUMB_WORDS = frozenset("breadcrumb breadcrumbs crumbs".split())
LONGEST_NOTICE = 2_000  # characters; longer is a policy, which people ask about
LONGEST_BREADCRUMB = 300
LEAST_LINKS = 0.5  # share of the characters in what a class calls navigation
# A list is one of links when nearly all of it is; long ones are titles, which say something.
LEAST_LISTED_LINKS = 0.9
LEAST_ITEMS = 3
LONGEST_LISTED_LINK = 30  # characters, on average

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class Element:
    """An element that has ended, as far as it matters here.

    names: its class and id. characters, links: of its text, and of those in links and buttons.
    holds: what it holds of "heading" (any), "h1", "main" and "article".
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
    """Return how sure it is that `element` stands around the text."""
    if not element.characters or element.holds & {"h1", "main"}:
        return Boilerplate.NOT
    share = element.links / element.characters
    role = element.role
    if not role and not element.in_article:
        role = _OUTSIDE_ARTICLES.get(element.tag, "")
    if role in _NAVIGATION or element.tag in _NAVIGATION - {"menu"}:
        linked = share >= LEAST_LINKS or element.characters <= LONGEST_BREADCRUMB
        return Boilerplate.NAVIGATION if linked else Boilerplate.NOT
    if role in _LANDMARKS or element.tag == "search":
        titled = role == "banner" and "heading" in element.holds
        return Boilerplate.NOT if titled else Boilerplate.LANDMARK
    if "article" in element.holds:
        return Boilerplate.NOT
    words = {word.lower() for word in _WORD.findall(element.names)}
    short = element.characters <= LONGEST_NOTICE
    if (
        (words & _LINK_WORDS and share >= LEAST_LINKS)
        or (words & _NOTICE_WORDS and short)
        or (words & _BREADCRUMB_WORDS and element.characters <= LONGEST_BREADCRUMB)
        or (element.tag in ("ul", "ol") and not element.in_article and _is_link_list(element))
    ):
        return Boilerplate.NAMED
    return Boilerplate.NOT


def _is_link_list(element: Element) -> bool:
    """Say whether a list is nothing but short links."""
    return (
        element.lines >= LEAST_ITEMS
        and element.links >= LEAST_LISTED_LINKS * element.characters
        and element.characters <= LONGEST_LISTED_LINK * element.lines
    )
