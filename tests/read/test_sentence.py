"""The sentence reader: which sentence, which words of it, and when it would rather be silent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from conftest import QuickEmbedder, document_of
from scoqa.read import open_reader
from scoqa.read.sentence import MOST_FACTS, MOST_PLACES, SentenceEvidence, narrow
from scoqa.types import Document, Hit, Passage, Window


def window_of(document: Document, *, score: float = 1.0) -> Window:
    text = document.text
    passage = Passage("p", document.id, 0, len(text), text, document.title)
    hit = Hit(passage, document.path, score, ())
    return Window(document.id, 0, len(text), text, document.title, (hit,))


def alike(texts: Sequence[str]) -> NDArray[np.float32]:
    """Embed every text as the same vector, so that words alone decide."""
    return np.ones((len(texts), 1), dtype=np.float32)


def read(question: str, *texts: str) -> list[str]:
    """Return the words of the spans read from one window a text, best first; by words alone."""
    documents = [document_of(text, f"{number}.txt") for number, text in enumerate(texts)]
    reading = open_reader(None, "", alike).read(
        question, [window_of(document) for document in documents]
    )
    by_id = {document.id: document.text for document in documents}
    return [by_id[span.document_id][span.start : span.end] for span in reading.spans]


def test_the_sentence_with_the_questions_words_comes_first() -> None:
    found = read(
        "Who built the lighthouse?",
        "Herring boats leave at dawn. The harbour freezes.",
        "The lamp burns oil. Ada Lund built the lighthouse.",
    )
    assert found[0] == "Ada Lund built the lighthouse."
    assert len(found) <= MOST_FACTS


def test_a_sentence_without_a_word_of_its_own_is_no_answer() -> None:
    found = read(
        "What is said about the warden of Orl?",
        "The warden of Orl\n\nThe term of the warden is seven years.",
    )
    assert found == ["The term of the warden is seven years."]
    assert read("What is said about the warden?", "The warden. About the warden!") == []


def test_what_several_places_say_in_the_same_words_counts_once() -> None:
    repeated = "Ada Lund built the lighthouse."
    others = [f"{name} built the lighthouse." for name in ("Bo Lund", "Cy Lund", "Di Lund")]
    found = read("Who built the lighthouse?", *[repeated] * (MOST_PLACES + 2), *others)
    assert found.count(repeated) == MOST_PLACES
    assert len(set(found)) == MOST_FACTS


def test_rare_words_count_for_more_than_common_ones() -> None:
    found = read(
        "Is there herring in the harbour?",
        "The harbour is old. The harbour is cold. The harbour is grey.",
        "Herring was scarce.",
    )
    assert found[0] == "Herring was scarce."


@pytest.mark.parametrize(
    ("question", "sentence", "lit"),
    [
        ("When was it built?", "It was built on 12 May 1887 by Ada Lund.", "12 May 1887"),
        ("When was it built?", "Built in 1887, it burned.", "1887"),
        ("In which year did it burn?", "It burned on July 3, 1901.", "July 3, 1901"),
        ("When does the harbour freeze?", "The harbour freezes in January.", "January"),
        ("How tall is it?", "It is 41 metres tall.", "41 metres"),
        ("How much did it cost?", "It cost $2.6 million in all.", "$2.6 million"),
        ("How many keepers?", "Of 12 keepers, 3 left.", "Of 12 keepers, 3 left."),  # two: all of it
        ("When in 1887 did it open?", "It opened in 1887.", "It opened in 1887."),  # already said
        ("Who built it?", "Ada Lund built it.", "Ada Lund built it."),
        ("Who was there when it opened?", "Ada came in May 1887.", "Ada came in May 1887."),
    ],
)
def test_the_one_date_or_number_asked_for_is_lit_alone(
    question: str, sentence: str, lit: str
) -> None:
    start, end = narrow(question, sentence, 0, len(sentence))
    assert lit == sentence[start:end]


def test_spans_are_numbers_inside_their_windows() -> None:
    document = document_of("Before. " * 30 + "The lighthouse was built in 1887. After.")
    at = document.text.index("The lighthouse")
    text = document.text[at:]
    passage = Passage("p", document.id, at, len(document.text), text, "")
    hit = Hit(passage, document.path, 1.0, ())
    window = Window(document.id, at, len(document.text), text, "", (hit,))
    reading = open_reader(None, "", QuickEmbedder().embed).read("When was it built?", [window])
    span = reading.spans[0]
    assert document.text[span.start : span.end] == "1887"
    assert all(window.start <= each.start < each.end <= window.end for each in reading.spans)


def test_nothing_to_read_is_certainly_no_answer() -> None:
    reader = open_reader(None, "", QuickEmbedder().embed)
    for windows in ([], [window_of(document_of("  \n "))]):
        reading = reader.read("Who?", windows)
        assert (reading.spans, reading.none_probability, reading.right_probability) == ((), 1, 0)


def test_probabilities_rise_with_what_speaks_for_an_answer() -> None:
    weak, strong = SentenceEvidence(0.0, 0.1, 0.0, -1.0), SentenceEvidence(0.0, 0.9, 0.0, 1.0)
    coefficients = (-1.0, 0.0, 4.0, 0.0, 0.5)
    assert 0 < weak.compute_probability(coefficients) < strong.compute_probability(coefficients) < 1
    assert (
        SentenceEvidence(0.0, 0.25, 0.0, 0.0).compute_probability(coefficients) == 0.5
    )  # logit 0, on paper
