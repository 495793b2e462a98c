"""What holds of the spans a trained reader proposes, whatever the text and the scores."""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from test_split_laws import texts

from conftest import document_of
from scoqa.models import READER_FOLDER
from scoqa.read.calibration import read_calibration
from scoqa.read.candidates import build_candidates
from scoqa.read.encoder import Encoder
from scoqa.read.span import weigh
from scoqa.read.span_decoding import decode
from scoqa.types import Hit, Passage, Window


@cache
def encoder() -> Encoder:
    return Encoder(READER_FOLDER)


def window_of(text: str, start: int, number: int) -> Window:
    """Return a window over all of `text` but the first `start` characters."""
    document = document_of(text, f"{number}.txt")
    passage = Passage("p", document.id, start, len(text), text[start:], "Title")
    return Window(
        document.id, start, len(text), text[start:], "Title", (Hit(passage, "p", 1.0, ()),)
    )


SIGNED = ["-15 °C ", "(−3) ", "non-member ", "Bish\u00adkek ", "1\u00a0250\u00a0000 ", "12:30 "]
signed_texts = st.lists(st.one_of(st.sampled_from(SIGNED), texts), max_size=6).map("".join)


def inside_a_word(text: str, position: int) -> bool:
    """Return whether a letter or digit goes on across `position`, or what belongs to one: a mark,
    a soft hyphen, the hyphen of a word, the sign of a number.
    """
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if after == "\u00ad" or unicodedata.category(after).startswith("M"):
        return before.isalnum()
    if before == "\u00ad":
        return after.isalnum() and text[: position - 1][-1:].isalnum()
    earlier, later = text[position - 2 : position - 1], text[position + 1 : position + 2]
    if before in "-−" and after.isascii() and after.isdigit():
        is_range = earlier.isdigit() or (earlier.isalnum() and not earlier.isascii())
        return not is_range and earlier not in (")", "_")
    if after == "-" and before.isascii() and before.isalpha():
        return later.isascii() and later.isalpha()
    return before.isalnum() and after.isalnum()


@settings(max_examples=60)
@given(st.lists(signed_texts, min_size=1, max_size=3), st.integers(0, 2**32 - 1), st.data())
def test_a_span_lies_in_one_window_and_one_paragraph_and_cuts_no_word(
    read: list[str], seed: int, data: st.DataObject
) -> None:
    windows = [
        window_of(text, data.draw(st.integers(0, min(3, len(text)))), number)
        for number, text in enumerate(read)
    ]
    pieces = encoder().encode("Who met whom?", windows)
    generator = np.random.default_rng(seed)
    scores = [
        (
            generator.normal(0, 4, piece.size).astype(np.float32),
            generator.normal(0, 4, piece.size).astype(np.float32),
        )
        for piece in pieces
    ]
    window_scores = decode(windows, pieces, scores)
    assert len(windows) == len(window_scores)
    for window, own_scores in zip(windows, window_scores, strict=True):
        for place in own_scores.places:
            assert window.start <= place.start < place.end <= window.end
            text = window.text
            start, end = place.start - window.start, place.end - window.start
            assert text[start:end].strip(), "never empty"
            assert not inside_a_word(text, start)
            assert not inside_a_word(text, end)
            assert "\n\n" not in text[start:end]
            assert place.score <= own_scores.total + 1e-3
        for place, after in zip(own_scores.places, own_scores.places[1:], strict=False):
            assert place.score >= after.score
            assert place.end <= after.start or after.end <= place.start
    candidates = build_candidates("Who met whom?", windows, window_scores, [0.5] * len(windows))
    reading = weigh(windows, window_scores, candidates, read_calibration(READER_FOLDER))
    assert len(reading.windows) == (len(windows) if reading.spans else 0)
    assert sum(each.probability for each in reading.windows) <= 1 + 1e-6
    for probability in (reading.none_probability, reading.right_probability):
        assert 0 <= probability <= 1
    by_id = {window.document_id: window for window in windows}
    for span in reading.spans:
        window = by_id[span.document_id]
        assert window.start <= span.start < span.end <= window.end
