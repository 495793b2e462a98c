"""Places that a model proposes -> candidates with what speaks for each and against it.

Input: a question, its windows, and the places in them. Output: candidates that could answer, each
with five features: how much of the question its block covers, whether its block names another
code, number, month or year than the question does, whether it is of the kind that is asked for,
whether the text excludes it, and how similar its passage is to the question. Places that only
repeat the question are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from scoqa.normalization import query_terms, terms
from scoqa.read.keys import Asked, asked, conflict, share
from scoqa.read.kinds import contacts_asked, fit
from scoqa.read.span_decoding import Place, WindowScores
from scoqa.read.text_blocks import TextBlock, block_at, blocks
from scoqa.types import Window

_CHOICE = re.compile(r"\bor\b", re.IGNORECASE)  # "Is it red or blue?" names its own answers
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|without|except\w*|exclud\w*|exempt\w*|unlike|cannot"
    r"|neither|nor|other than|apart from|instead of|rather than|but|clos(?:e|ed|es)|forbid\w*"
    r"|prohibit\w*|bann\w*|refus\w*|reject\w*|rules? \w* ?\w* ?out|miss\w*|lack\w*)\b|n['’]t\b",
    re.IGNORECASE,
)
_EXCLUDED_BEFORE = re.compile(
    r"\b(?:not|nor|except(?:\s+for|\s+in|\s+on)?|excepting|excluding|unlike|apart\s+from"
    r"|other\s+than|instead\s+of|rather\s+than|with\s+the\s+exception\s+of)"
    r"(?:\s+(?:in|on|at|for|by|to|of|from|with))?(?:\s+(?:the|a|an|any|his|her|its|their|our))?\s+$",
    re.IGNORECASE,
)
_EXCLUDED_AFTER = re.compile(
    r"\s+(?:is|are|was|were)(?:\s+not\b|n['’]t\b)(?!\s+only\b)", re.IGNORECASE
)
_LOOK = 60  # characters beside a place in which what excludes it is looked for


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place, the number of its window, and what speaks for it and against it.

    score: the model's own until the features are weighed in. share: of the question's words, by
    weight, in its block. conflict: 1 if its block is about another key of the question's kind.
    kind: 1 if it is of the kind that is asked for, -1 if not, 0 if the question names none.
    excluded: 1 if the text says that it is not so ("except the attic"), -1 if that is what the
    question asks for, else 0. similarity: the cosine of question and passage.
    contact: 1 if it is an e-mail address, telephone number or URL that the question asks for.
    """

    window: int
    place: Place
    score: float
    share: float
    conflict: float
    kind: float
    excluded: float
    similarity: float
    contact: float


def may_answer(question: str, windows: Sequence[Window]) -> Callable[[int, int, int], bool]:
    """Return what tells whether text[start:end] of a window, by its number, could be an answer.

    What stands in a question answers nothing, nor do words that all stand in the question asked,
    unless it offers a choice.
    """
    own = set() if _CHOICE.search(question) else set(query_terms(question))

    def answers(number: int, start: int, end: int) -> bool:
        text = windows[number].text
        found = blocks(text)
        if block_at(found, start).asks or block_at(found, end - 1).asks:
            return False
        said = set(terms(text[start:end]))
        return bool(said) and not said <= own

    return answers


def candidates(
    question: str,
    windows: Sequence[Window],
    scored: Sequence[WindowScores],
    similar: Sequence[float],
) -> list[Candidate]:
    """Return the places of all windows with their features, in reading order.

    scored, similar: of each window, what the model makes of it and its cosine with the question.
    """
    wanted = asked(question)
    sign = -1.0 if denies(question) else 1.0
    found = []
    for number, (window, said) in enumerate(zip(windows, scored, strict=True)):
        weighed: dict[int, tuple[float, float]] = {}  # share and conflict by where a block begins
        for place in said.places:
            start, end = place.start - window.start, place.end - window.start
            block = block_at(blocks(window.text), start)
            if block.start not in weighed:
                share_of_block = _share(wanted, window, block)
                weighed[block.start] = share_of_block, _conflict(wanted, window, block)
            found.append(
                Candidate(
                    number,
                    place,
                    place.score,
                    *weighed[block.start],
                    kind=fit(question, window.text[start:end]),
                    excluded=sign * _excludes(window.text, start, end),
                    similarity=similar[number],
                    contact=float(bool(contacts_asked(question, window.text[start:end]))),
                )
            )
    return found


def similarities(windows: Sequence[Window]) -> list[float]:
    """Return the cosine of the question with the passage of each window.

    A passage that the vector search did not return is less similar than all that it did: it gets
    the least of theirs, and 0 if there are none. Unlike a fused score, a cosine does not depend
    on the other documents.
    """
    known = [
        [found.score for hit in window.hits for found in hit.found_by if found.search == "vectors"]
        for window in windows
    ]
    least = min((score for scores in known for score in scores), default=0.0)
    return [max(scores, default=least) for scores in known]


def denies(question: str) -> bool:
    """Return whether `question` asks for what is left out: "When is it closed?"."""
    return _NEGATION.search(question) is not None


def greatest_share(question: str, window: Window) -> float:
    """Return the greatest share of the question's words that any block of `window` covers."""
    wanted = asked(question)
    shares = (_share(wanted, window, block) for block in blocks(window.text) if not block.asks)
    return max(shares, default=0.0)


def _under(window: Window) -> str:
    """Return the heading of a window and the name of its file."""
    name = PurePosixPath(window.hits[0].path).stem if window.hits else ""
    return f"{window.heading}\n{re.sub(r'[_-]+', ' ', name)}"


def _share(wanted: Asked, window: Window, block: TextBlock) -> float:
    sentence = window.text[block.start : block.end]
    return share(
        wanted,
        "\n".join((sentence, *block.heads, _under(window))),
        "\n".join((*block.before, *block.after)),
        "\n".join(block.paragraph),
    )


def _conflict(wanted: Asked, window: Window, block: TextBlock) -> float:
    around = (*block.heads, *block.before, *block.after, *block.paragraph)
    sentence = window.text[block.start : block.end]
    return conflict(wanted, sentence, around, _under(window))


def _excludes(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _LOOK) : start]
    return (
        _EXCLUDED_BEFORE.search(before) is not None or _EXCLUDED_AFTER.match(text, end) is not None
    )
