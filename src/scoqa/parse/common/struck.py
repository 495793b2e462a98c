"""Carry struck-out words through the layout of a text, to be marked where it is written.

Input: pieces of text. Output: the same between two characters that no text contains, and later the
text without them, with the ranges of the struck-out words.
"""

from __future__ import annotations

import re

# Noncharacters, which Unicode reserves for use inside a program.
_START, _END = "\ufdd0", "\ufdd1"
_SIGNS = re.compile(f"[{_START}{_END}]")
_STRUCK = re.compile(f"{_START}([^{_START}{_END}]*){_END}")
_NEIGHBOURS = re.compile(f"{_END}([ \t]*){_START}")


def strike(text: str) -> str:
    """Return `text` marked as struck out, without the white space around it."""
    core = text.strip()
    if not core:
        return text
    start = text.index(core)
    return f"{text[:start]}{_START}{core}{_END}{text[start + len(core) :]}"


def remove_signs(text: str) -> str:
    """Return `text` without the characters that mark struck-out words."""
    return _SIGNS.sub("", text)


def take_struck(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return `text` without these characters, and the ranges of its struck-out words, in order."""
    if _START not in text:
        return remove_signs(text), []
    text = _NEIGHBOURS.sub(r"\1", text)
    ranges: list[tuple[int, int]] = []
    parts: list[str] = []
    length = position = 0
    for match in _STRUCK.finditer(text):
        before = remove_signs(text[position : match.start()])
        length += len(before)
        ranges.append((length, length + len(match[1])))
        length += len(match[1])
        parts += [before, match[1]]
        position = match.end()
    return "".join((*parts, remove_signs(text[position:]))), ranges
