"""The headings above a place in a document, as a value and as text.

Input: the words of headings, or the label of a heading's mark. Output: a `HeadingPath`.
"""

from __future__ import annotations

from dataclasses import dataclass

_SEPARATOR = " > "


@dataclass(frozen=True, slots=True)
class HeadingPath:
    """The words of the headings above a place, outermost first.

    As text, "Charter > Article 4": the label of a heading's mark, and the heading of a passage. A
    heading whose own words contain " > " is read back as several headings; the text stays the same.
    """

    headings: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> HeadingPath:
        """Return the path that `text` stands for; an empty text has no headings."""
        return cls(tuple(text.split(_SEPARATOR))) if text else cls()

    def __str__(self) -> str:
        """Return the path as text: str(HeadingPath.parse(text)) == text."""
        return _SEPARATOR.join(self.headings)

    @property
    def last(self) -> str:
        """The innermost heading, "" without headings."""
        return self.headings[-1] if self.headings else ""

    def above(self, heading: str) -> HeadingPath:
        """Return the path without `heading` at its end, or unchanged if it ends differently."""
        return HeadingPath(self.headings[:-1]) if heading and self.last == heading else self

    def below(self, title: str) -> HeadingPath:
        """Return the path without `title` at its start, or unchanged if it starts differently.

        title: may itself contain several headings.
        """
        text = str(self)
        if not self.headings or text == title:
            return HeadingPath()
        return HeadingPath(tuple(text.removeprefix(title + _SEPARATOR).split(_SEPARATOR)))
