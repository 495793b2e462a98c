"""What holds of folding for every text."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from scoqa.normalization import fold, fold_with_offsets, query_terms, terms

texts = st.text(max_size=80)
# What folding has tripped over: marks kept apart by something unseen, letters that case folding
# takes apart, presentation forms, scripts without spaces.
PIECES = [
    "e\u200b\u0301",
    "İ",
    "ﬁ",
    "\u0345",
    "ẞ",
    "\u00ad",
    "\u00a0",
    "上海",
    "が",
    "กำ",
    "Straße",
    "²",
    "m",
    "½",
    " ",
]
hard = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=12).map("".join)
words = st.from_regex(r"[A-Za-z0-9]{1,12}", fullmatch=True)


@given(texts | hard)
@example("e\u200b\u0301")  # a zero width space between a letter and its accent
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(text) == fold(fold(text))


@given(texts | hard)
def test_a_folded_text_holds_single_spaces_and_none_at_its_ends(text: str) -> None:
    assert fold(text) == " ".join(fold(text).split())


@given(texts | hard)
def test_composed_and_decomposed_text_fold_and_search_alike(text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert fold(composed) == fold(decomposed)
    assert terms(composed) == terms(decomposed)


@given(texts | hard)
def test_no_term_is_empty_or_holds_white_space(text: str) -> None:
    assert [term for term in terms(text) if not term or re.search(r"\s", term)] == []


@given(
    st.lists(words, max_size=6), st.sampled_from([" ", "\n", "\u00a0", "\u2003\t", ", ", '" OR '])
)
def test_terms_are_those_of_the_words_one_by_one(parts: list[str], between: str) -> None:
    joined = [term for term in terms(between.join(parts)) if between != '" OR ' or term != "or"]
    single = [term for part in parts for term in terms(part)]
    assert [term for term in single if between != '" OR ' or term != "or"] == joined


@given(texts | hard)
def test_query_terms_are_distinct_terms_of_the_question_in_order(question: str) -> None:
    found = query_terms(question)
    every = list(dict.fromkeys(terms(question)))
    assert [term for term in every if term in set(found)] == found
    assert bool(found) == bool(every)


# Letters that compose, decompose, vanish or grow when folded, next to each other in any order.
AWKWARD = st.text(
    alphabet="aA \n\t\u00a0\u00ad\u200b\ufeff\u0301\u0323\u0345\u0307"
    "İßﬁ①²½¨é한ᄒ\u1161\u11abㅎㅏㄴｶﾞ\u09c7\u09be",
    max_size=12,
)


@given(AWKWARD | st.text(max_size=30))
def test_folding_with_offsets_folds_the_same(text: str) -> None:
    folded, starts, ends = fold_with_offsets(text)
    assert fold(text) == folded
    assert len(folded) == len(starts) == len(ends)
    assert sorted(starts) == list(starts)
    assert sorted(ends) == list(ends)


@given(AWKWARD | st.text(max_size=30))
def test_each_folded_character_comes_of_its_place(text: str) -> None:
    folded, starts, ends = fold_with_offsets(text)
    for character, start, end in zip(folded, starts, ends, strict=True):
        assert 0 <= start < end <= len(text)
        # fold leaves no white space at the ends, which alone is a place's as well.
        assert character in f"{fold(text[start:end])} "
