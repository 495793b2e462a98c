"""Build answer candidates with their features from the places that a model proposes.

Input: a question, its windows, and the places in them. Output: candidates with six features: the
share of the question that its block covers, whether its block names a different code, number, month
or year, whether it is of the requested kind, whether the text excludes it, the similarity of its
passage to the question, and whether it is a requested contact. `make_answer_filter` excludes places
that only repeat the question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from scoqa.normalization import query_terms
from scoqa.read.keys import ParsedQuestion, compute_conflict, compute_share, parse_question
from scoqa.read.kinds import find_contacts, rate_kind
from scoqa.read.span_decoding import Place, WindowScores
from scoqa.read.text_blocks import TextBlock, find_block, split_blocks
from scoqa.types import Window

_CHOICE = re.compile(r"\bor\b", re.IGNORECASE)  # "Is it red or blue?" contains its answers
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
_CONTEXT = 60  # characters before a place that are searched for an exclusion


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place, the number of its window, and its features.

    Parameters
    ----------
    score
        The score from the model, until the features are added by their weights.
    share
        The share of the question's words, by weight, in its block.
    conflict
        1 if its block is about a different key of the same kind as the question's, else 0.
    kind
        1 if it is of the requested kind, -1 if not, 0 if the question asks for no known kind.
    excluded
        1 if the text excludes it ("except the attic"), -1 if the question asks for exclusions, else
        0.
    similarity
        The cosine of question and passage.
    contact
        1 if it is an e-mail address, telephone number or URL that the question asks for, else 0.
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


def make_answer_filter(question: str, windows: Sequence[Window]) -> Callable[[int, int, int], bool]:
    """Return a function that returns whether a place could be an answer.

    Its arguments are the number of a window, and the start and end of the place in the text that
    is read. A place inside a question is not an answer. A place whose words all occur in `question`
    is an answer only if `question` offers a choice.
    """
    question_terms = set() if _CHOICE.search(question) else set(query_terms(question))

    def could_answer(number: int, start: int, end: int) -> bool:
        text = windows[number].reading.text
        blocks = split_blocks(text)
        if find_block(blocks, start).is_question or find_block(blocks, end - 1).is_question:
            return False
        place_terms = set(query_terms(text[start:end]))  # "The password" is no more than "password"
        return bool(place_terms) and not place_terms <= question_terms

    return could_answer


def build_candidates(
    question: str,
    windows: Sequence[Window],
    window_scores: Sequence[WindowScores],
    similarities: Sequence[float],
) -> list[Candidate]:
    """Return the places of all windows with their features, in the order of `windows`.

    Parameters
    ----------
    window_scores
        For each window, its places and their scores.
    similarities
        For each window, the cosine of its passage with the question.
    """
    parsed_question = parse_question(question)
    sign = -1.0 if asks_for_exclusions(question) else 1.0
    candidates = []
    for number, (window, scores) in enumerate(zip(windows, window_scores, strict=True)):
        reading = window.reading
        blocks = split_blocks(reading.text)
        block_features: dict[int, tuple[float, float]] = {}  # share, conflict by start of the block
        for place in scores.places:
            start, end = reading.to_reading(place.start, place.end)
            block = find_block(blocks, start)
            if block.start not in block_features:
                block_features[block.start] = (
                    _compute_block_share(parsed_question, window, block),
                    _compute_block_conflict(parsed_question, window, block),
                )
            candidates.append(
                Candidate(
                    number,
                    place,
                    place.score,
                    *block_features[block.start],
                    kind=rate_kind(question, reading.text[start:end]),
                    excluded=sign * _is_excluded(reading.text, start, end),
                    similarity=similarities[number],
                    contact=float(bool(find_contacts(question, reading.text[start:end]))),
                )
            )
    return candidates


def get_similarities(windows: Sequence[Window]) -> list[float]:
    """Return the cosine of the question with the passage of each window.

    A passage that the vector search did not return is less similar than all returned passages: it
    gets the least of their cosines, or 0 if there are none. Unlike a fused score, a cosine does not
    depend on the other documents.
    """
    cosines_by_window = [
        [
            result.score
            for hit in window.hits
            for result in hit.found_by
            if result.search == "vectors"
        ]
        for window in windows
    ]
    least = min((cosine for cosines in cosines_by_window for cosine in cosines), default=0.0)
    return [max(cosines, default=least) for cosines in cosines_by_window]


def asks_for_exclusions(question: str) -> bool:
    """Return whether `question` contains a negation or exclusion, as in "When is it closed?"."""
    return _NEGATION.search(question) is not None


def compute_greatest_share(question: str, window: Window) -> float:
    """Return the greatest share of the question's words that any block of `window` covers."""
    parsed_question = parse_question(question)
    shares = (
        _compute_block_share(parsed_question, window, block)
        for block in split_blocks(window.reading.text)
        if not block.is_question
    )
    return max(shares, default=0.0)


def _build_heading(window: Window) -> str:
    """Return the heading of a window and the name of its file."""
    name = PurePosixPath(window.hits[0].path).stem if window.hits else ""
    return f"{window.heading}\n{re.sub(r'[_-]+', ' ', name)}"


def _compute_block_share(
    parsed_question: ParsedQuestion, window: Window, block: TextBlock
) -> float:
    sentence = window.reading.text[block.start : block.end]
    return compute_share(
        parsed_question,
        "\n".join((sentence, *block.heads, _build_heading(window))),
        "\n".join((*block.before, *block.after)),
        "\n".join(block.paragraph),
    )


def _compute_block_conflict(
    parsed_question: ParsedQuestion, window: Window, block: TextBlock
) -> float:
    context = (*block.heads, *block.before, *block.after, *block.paragraph)
    sentence = window.reading.text[block.start : block.end]
    return compute_conflict(parsed_question, sentence, context, _build_heading(window))


def _is_excluded(text: str, start: int, end: int) -> bool:
    """Return whether the words directly before or after text[start:end] exclude it."""
    before = text[max(0, start - _CONTEXT) : start]
    return (
        _EXCLUDED_BEFORE.search(before) is not None or _EXCLUDED_AFTER.match(text, end) is not None
    )
