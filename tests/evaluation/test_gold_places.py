"""Gold places: where they are put, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import document_of
from scoqa.errors import QuestionSetError
from scoqa.evaluation.gold_places import NOWHERE, Correction, place_golds
from scoqa.normalization import fold
from scoqa.store import Entry
from scoqa.types import Document, Gold, Question


class Texts:
    """A view of nothing but texts, which counts how often each is read."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.documents = {path: document_of(text, path) for path, text in texts.items()}
        self.read: list[str] = []

    def digests(self) -> Mapping[str, Entry]:
        return {
            path: Entry(document.id, document.digest, document.parser, "")
            for path, document in self.documents.items()
        }

    def document(self, document_id: str) -> Document:
        found = next(each for each in self.documents.values() if each.id == document_id)
        self.read.append(found.path)
        return found


def row(*answers: Gold, evidence: tuple[Gold, ...] = (), name: str = "q") -> Question:
    return Question(name, "Where?", answers, evidence, bool(answers or evidence), "")


def place(
    texts: Mapping[str, str] | str, *rows: Question
) -> tuple[list[Question], list[Correction]]:
    """Return what becomes of `rows`, at lines 4, 5, ...; a text alone is a.txt."""
    view = Texts({"a.txt": texts} if isinstance(texts, str) else texts)
    numbered, corrections = place_golds("set.jsonl", list(enumerate(rows, start=4)), view)  # type: ignore[arg-type]
    assert list(range(4, 4 + len(rows))) == [line for line, _ in numbered]
    return [question for _, question in numbered], corrections


def spans(text: str, words: str, start: int = 0, end: int = 0) -> list[tuple[int, int]]:
    """Return where `words`, said to be at start:end, are put in `text`."""
    ((found,), _) = place(text, row(Gold("a.txt", start, end, words)))
    return [(gold.start, gold.end) for gold in found.answers]


PATHS = ["a.txt", "north/a.txt", "north/b.txt", "south/b.txt", "south/c.txt", "x/north/b.txt"]


@pytest.mark.parametrize(
    ("name", "path"),
    [("c.txt", "south/c.txt"), ("north/b.txt", "north/b.txt"), ("a.txt", "a.txt"),
     ("south/b.txt", "south/b.txt")],
)  # fmt: skip
def test_a_bare_name_stands_for_the_one_document_so_called(name: str, path: str) -> None:
    asked = row(Gold(name, 0, 3), evidence=(Gold(name, 0, 9),))
    ((found,), corrections) = place(dict.fromkeys(PATHS, "x" * 9), asked)
    assert ([path, path], []) == (
        [gold.document for gold in (*found.answers, *found.evidence)],
        corrections,
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [("b.txt", "north/b.txt, south/b.txt, x/north/b.txt"), ("d.txt", "none in the index"),
     ("th/b.txt", "none in the index"), ("", "none in the index"), ("/", "none in the index")],
)  # fmt: skip
@pytest.mark.parametrize("as_evidence", [False, True])
def test_a_name_of_none_or_several_documents_is_refused(
    name: str, found: str, as_evidence: bool
) -> None:
    gold = Gold(name, 0, 3)
    asked = row(evidence=(gold,)) if as_evidence else row(gold)
    with pytest.raises(QuestionSetError) as refused:
        place(dict.fromkeys(PATHS, "x" * 9), row(Gold("a.txt", 0, 3)), asked)
    wanted = f"set.jsonl, line 5: document {name!r} should name one document: {found}."
    assert wanted == str(refused.value)


def test_a_gold_that_stands_stays() -> None:
    text = "Ufa is a city. So is Ada\nLund."
    asked = row(
        Gold("a.txt", 0, 3, "Ufa", 2),
        Gold("a.txt", 4, 6, "is"),
        Gold("a.txt", 21, 29, "ada Lund"),  # the same when folded
        evidence=(Gold("a.txt", 0, 14, "Ufa is a city."), Gold("a.txt", 0, 30, text)),
    )
    assert ([asked], []) == place(text, asked)
    without = row(Gold("a.txt", 4, 6), evidence=(Gold("a.txt", 0, 30),))
    (found,), _ = place(text, without)
    assert ("is", text) == (found.answers[0].text, found.evidence[0].text), "its own words"


def test_a_shifted_number_is_not_found_inside_another() -> None:
    text = "He was born in 1941. The tower is 41 metres high."
    assert [(34, 36)] == spans(text, "41", 22, 24)


def test_a_gold_moves_to_the_nearest_place_of_its_words() -> None:
    text = "Ufa, Ufa, ufa, Ufa."  # at 0, 5, 15; folded also at 10
    assert [(0, 3)] == spans(text, "Ufa", 1, 4)
    assert [(0, 3)] == spans(text, "Ufa", 2, 5)
    assert [(5, 8)] == spans(text, "Ufa", 3, 6)
    assert [(5, 8)] == spans(text, "Ufa", 9, 12)
    assert [(10, 13)] == spans(text, "Ufa", 10, 13), "it stands there when folded"
    assert [(15, 18)] == spans(text, "Ufa", 11, 14), "as written comes before folded"
    assert [(15, 18)] == spans(text, "Ufa", 900, 903)
    assert [(10, 13)] == spans(text, "ufa", 16, 19)
    assert [(15, 18)] == spans(text, "UFA", 17, 20)
    assert [(0, 3)] == spans(text, "Ufa", -5, 20)
    assert [(2, 10)] == spans("x Ada Lund.", "ADA LUND", 1, 10), "without the space before it"


def test_a_gold_that_is_moved_onto_another_is_one_with_it() -> None:
    right, shifted = Gold("a.txt", 0, 3, "Ufa"), Gold("a.txt", 1, 4, "Ufa")
    asked = row(right, shifted, evidence=(shifted, right))
    assert [row(right, evidence=(right,))] == place("Ufa is a city.", asked)[0]


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("It is Ada \u00a0\r\n LUND.", "ada lund", "Ada \u00a0\r\n LUND"),
        ("the light\u00adhouse\u200b!", "Lighthouse", "light\u00adhouse"),
        ("the light\u00adhouse!", "Light", "light"),
        ("eine Straße", "strasse", "Straße"),
        ("a cafe\u0301.", "CAF\u00c9", "cafe\u0301"),
        ("a caf\u00e9.", "cafe\u0301", "caf\u00e9"),
        ("ﬁnal ①", "final 1", "ﬁnal ①"),
        ("in İstanbul.", "i\u0307stanbul", "İstanbul"),
        ("die ᄒ\u1161\u11ab ok", "한", "ᄒ\u1161\u11ab"),
        ("in ｶﾞﾗｽ ok", "ガラス", "ｶﾞﾗｽ"),
    ],
)
def test_a_folded_place_is_the_source_of_what_was_folded(text: str, words: str, found: str) -> None:
    start = text.index(found)
    ((asked,), corrections) = place(text, row(Gold("a.txt", 1, 2, words)))
    span = (start, start + len(found))
    assert (Gold("a.txt", *span, words),) == asked.answers
    assert [Correction(4, "q", "a.txt", words, (1, 2), span)] == corrections
    assert [span] == spans(text, words)


letters = st.text(alphabet="ab \n\u00adé\u0301ßİ", max_size=30)


@given(letters, letters, st.integers(-40, 40))
def test_a_shifted_gold_of_unique_text_is_found_back(before: str, after: str, shift: int) -> None:
    text, start = f"{before}Ada Lund{after}", len(before)
    right = row(Gold("a.txt", start, start + 8, "Ada Lund"))
    shifted = row(Gold("a.txt", start + shift, start + 8 + shift, "Ada Lund"))
    was = [(start + shift, start + 8 + shift)] if shift else []
    found, corrections = place(text, shifted)
    assert ([right], was) == (found, [each.was for each in corrections])
    assert ([right], []) == place(text, *found)


@given(st.text(max_size=20), st.text(max_size=20), st.text(min_size=1, max_size=6))
@example("\u1100", "", "\u1161")
@example("a", "", "\u0301")
def test_what_is_found_is_the_text_that_was_looked_for(before: str, after: str, words: str) -> None:
    text = before + words + after
    ((asked,), _) = place(text, row(Gold("a.txt", 0, 0, words)))
    for gold in asked.answers:
        if (gold.start, gold.end) != NOWHERE:
            found = text[gold.start : gold.end]
            assert words.strip() == found or fold(words) in fold(found)
    if words.strip():
        assert NOWHERE not in [(gold.start, gold.end) for gold in asked.answers]


def test_a_gold_without_offsets_becomes_all_its_places() -> None:
    text = "In 1941 Ufa had 41 us; the US had 41. 北京在北京市。"
    assert [(16, 18), (34, 36)] == spans(text, "41"), "not in 1941"
    assert [(27, 29)] == spans(text, "US"), "as written before folded"
    assert [(27, 29), (19, 21)] == [*spans(text, "US"), *spans(text, "us")]
    assert [(16, 18), (34, 36)] == spans(text, " 41 ")
    assert [(8, 11)] == spans(text, "UFA")
    assert [(3, 6)] == spans(text, "194"), "parts of words where nothing else is found"
    assert [(38, 40), (41, 43)] == spans(text, "北京")
    ((asked,), corrections) = place(text, row(Gold("a.txt", 0, 0, "41", 7), Gold("a.txt", 3, 7)))
    assert (
        Gold("a.txt", 16, 18, "41", 7),
        Gold("a.txt", 34, 36, "41", 7),
        Gold("a.txt", 3, 7, "1941"),
    ) == (asked.answers)
    assert [] == corrections


def test_what_its_document_does_not_hold_is_nowhere_and_said() -> None:
    texts = {"a.txt": "Ufa is a city.", "b.txt": "Ada Lund"}
    asked = [
        row(Gold("a.txt", 0, 3, "Ufa"), Gold("a.txt", 4, 12, "Ada Lund", 1), name="one"),
        row(
            Gold("b.txt", 0, 0, "Ufa"),
            Gold("b.txt", 0, 2, "\u200b"),
            evidence=(Gold("a.txt", 1, 4, "Ufa"), Gold("a.txt", 2, 40, "Ufa was a city.")),
            name="two",
        ),
    ]
    (first, second), corrections = place(texts, *asked)
    assert (Gold("a.txt", 0, 3, "Ufa"), Gold("a.txt", -1, -1, "Ada Lund", 1)) == first.answers
    assert (Gold("b.txt", -1, -1, "Ufa"), Gold("b.txt", -1, -1, "\u200b")) == second.answers
    assert (Gold("a.txt", 0, 3, "Ufa"), Gold("a.txt", -1, -1, "Ufa was a city.")) == (
        second.evidence
    )
    assert [
        Correction(4, "one", "a.txt", "Ada Lund", (4, 12), None),
        Correction(5, "two", "b.txt", "Ufa", None, None),
        Correction(5, "two", "b.txt", "\u200b", (0, 2), None),
        Correction(5, "two", "a.txt", "Ufa", (1, 4), (0, 3)),
        Correction(5, "two", "a.txt", "Ufa was a city.", (2, 40), None),
    ] == corrections
    # What is nowhere may be looked for again, in other documents.
    ((again,), _) = place({**texts, "b.txt": "Ada, Ufa"}, second)
    assert Gold("b.txt", 5, 8, "Ufa") == again.answers[0]


def test_a_set_of_which_nothing_is_found_is_of_other_documents() -> None:
    lost = Gold("a.txt", 0, 0, "Astana")
    with pytest.raises(QuestionSetError) as refused:
        place("Ufa", row(lost), row(Gold("a.txt", 0, 3, "Bishkek")), row(Gold("a.txt", 0, 3)))
    wanted = "none of its 2 answers occurs in the documents it names. Check that these are the"
    assert f"set.jsonl: {wanted} right documents." == str(refused.value)
    assert place("Ufa", row(lost))[0], "one answer may be a mistake of its own"
    assert place("Ufa", row(lost), row(lost), row(Gold("a.txt", 9, 12, "Ufa")))[0]


@pytest.mark.parametrize(("start", "end"), [(0, 10), (-1, 3), (4, 3), (0, 0), (9, 10), (10, 12)])
@pytest.mark.parametrize("as_evidence", [False, True])
def test_without_a_text_to_look_for_a_place_has_to_lie_in_its_document(
    start: int, end: int, as_evidence: bool
) -> None:
    gold = Gold("a.txt", start, end)
    asked = row(evidence=(gold,)) if as_evidence else row(gold)
    with pytest.raises(QuestionSetError) as refused:
        place("123456789", row(Gold("a.txt", 0, 9)), asked, asked)
    wanted = f"{start}:{end} is empty or lies outside a.txt, which has 9 characters."
    assert (5, wanted) == (refused.value.line, refused.value.reason)


def test_one_text_is_read_for_all_its_golds() -> None:
    view = Texts({"a.txt": "Ufa", "b.txt": "Ada", "c.txt": "no gold here"})
    rows = [row(Gold("a.txt", 0, 3, "Ufa"), Gold("b.txt", 0, 0, "ADA"))] * 3
    place_golds("set.jsonl", list(enumerate(rows)), view)  # type: ignore[arg-type]
    assert ["a.txt", "b.txt"] == sorted(view.read)
