"""Search keys: what is equal to a searcher is equal here, and nothing is query syntax."""

from __future__ import annotations

import pytest

from scoqa.normalization import (
    fold,
    fold_with_offsets,
    is_mostly_latin,
    phrase_pattern,
    query_terms,
    terms,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  The\u00a0SCO\r\n Summit\t", "the sco summit"),
        ("Straße", "strasse"),
        ("ﬁnal ①", "final 1"),
        ("co\u00adoperation\u200b", "cooperation"),
        ("ＳＣＯ", "sco"),
        ("in 2008¹ it rose by 2½%", "in 2008 1 it rose by 2 1⁄2 %"),
        ("10⁶ of CO₂", "10 6 of co2"),
        ("5 km² or 12m³, (ft²) and 3 per cm²", "5 km2 or 12m3, (ft2) and 3 per cm2"),
        ("the team² met him³", "the team 2 met him 3"),
        ("caf\u0065\u0301", "caf\u00e9"),
        ("", ""),
        (" \u00a0\n", ""),
    ],
)
def test_a_text_folds_to_what_a_searcher_means(text: str, folded: str) -> None:
    assert folded == fold(text)


def test_words_are_stemmed_and_freed_of_accents() -> None:
    assert ["summit", "leader", "sign"] == terms("Summits' leaders signed")
    assert terms("cafe naive Uberblick") == terms("café naïve Überblick")


def test_a_word_before_the_mark_of_a_note_is_found() -> None:
    assert ["spirit", "1", "2008", "1", "2"] == terms("Spirit¹ 2008¹²")
    assert phrase_pattern("in 2008").search(fold("signed in 2008¹."))
    folded, starts, ends = fold_with_offsets("in 2008¹.")
    found = folded.index("2008")
    assert (3, 7) == (starts[found], ends[found + 3])


def test_a_dotted_capital_i_is_one_word_with_its_plain_spelling() -> None:
    # Case folding makes "i" and a combining dot of it, which once cut the word in two.
    assert terms("Istanbul") == terms("İstanbul") == terms("ISTANBUL")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a photo-\ngraph of it", ["a", "photo", "graph", "photograph", "of", "it"]),
        ("a photo\u00ad\r\n  graph", ["a", "photograph"]),
        ("> a photo‐ \n> graph", ["a", "photo", "graph", "photograph"]),
        ("a well-known photo- graph", ["a", "well", "known", "photo", "graph"]),
        ("the Anti-\nTerrorist law", ["the", "anti", "terrorist", "law"]),
        ("- an item\n- another -\nlast 12-\n13", [
            "an", "item", "anoth", "last", "12", "13",
        ]),
    ],
)  # fmt: skip
def test_a_word_cut_at_the_end_of_a_line_is_found(text: str, found: list[str]) -> None:
    assert found == terms(text)


def test_unspaced_scripts_become_overlapping_pairs() -> None:
    assert ["上海", "海合", "合作"] == terms("上海合作")
    assert ["上海"] == terms("上海")
    assert ["海"] == terms("海")
    assert ["sco", "上海", "2020"] == terms("SCO上海2020")
    assert ["ชา"] == terms("ชา")


def test_a_pair_is_found_inside_a_longer_run() -> None:
    assert set(query_terms("合作")) <= set(terms("上海合作组织"))


def test_voiced_kana_keep_their_mark() -> None:
    assert terms("かき") != terms("がぎ")


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Who sponsored the forum?", ["sponsor", "forum"]),
        ("the forum the forum", ["forum"]),
        ("who is who", ["who", "is"]),
        ("don't", ["don"]),
        ("C++", ["c"]),
        ("sco: x", ["sco", "x"]),
        ('"(', []),
        ("forum AND NOT summit*", ["forum", "summit"]),
        ("NEAR(a b)", ["near", "b"]),
        ("", []),
    ],
)
def test_query_terms_drop_stop_words_and_know_no_syntax(question: str, wanted: list[str]) -> None:
    assert wanted == query_terms(question)


def test_text_is_latin_when_half_its_letters_are() -> None:
    assert is_mostly_latin("Who was Xi 习近平?")
    assert is_mostly_latin("42?")
    assert is_mostly_latin("Où était-ce ?")
    assert not is_mostly_latin("Кто встретил SCO?")
    assert not is_mostly_latin("谁在北京会见了 SCO 国防部长？")
