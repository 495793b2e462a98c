"""What a sentence belongs to, which words of a question matter, and what kind it asks for."""

from __future__ import annotations

import pytest

from conftest import document_of
from scoqa.read.candidates import build_candidates, compute_greatest_share
from scoqa.read.keys import compute_conflict, compute_share, find_keys, parse_question
from scoqa.read.kinds import find_contacts, is_small_talk, rate_kind, split_questions
from scoqa.read.span_decoding import Place, WindowScores
from scoqa.read.text_blocks import TextBlock, find_block, split_blocks
from scoqa.types import Hit, Passage, Window

PARTS = "KV-300-71 is the vessel. Price 118 euros.\nKV-330-17 is the door seal. Price 9 euros.\n"


def block_of(text: str, words: str) -> TextBlock:
    return find_block(split_blocks(text), text.index(words))


@pytest.mark.parametrize(
    "text",
    [
        "**Q: How long can I keep a book?**\nA: Four weeks.\n\n**Q: Why?**\nA: So.",
        "How long can I keep a book?\nFour weeks.",
        "## How long can I keep a book?\n\nFour weeks. You can renew twice.",
        "READER: How long can I keep a book?\nKEEPER: Four weeks.",
        "How long can I keep a book? Four weeks. You can renew twice.",
    ],
)
def test_an_answer_belongs_to_its_question(text: str) -> None:
    [head] = block_of(text, "Four weeks").heads
    assert "How long can I keep a book?" in head
    assert block_of(text, "How long").is_question
    assert not block_of(text, "Four weeks").is_question


def test_a_later_line_is_no_answer() -> None:
    text = "Mara: Who brings the tent?\nJonas: I do.\nLudo: Pegs are in the cellar."
    assert block_of(text, "Jonas").heads
    assert () == block_of(text, "Ludo").heads


def test_an_item_belongs_to_the_head_of_its_list() -> None:
    text = "The board:\n1. Mona Eide, chair\n2. Per Sund, treasurer. He counts.\n\nIt rains."
    assert ("The board:",) == block_of(text, "Mona").heads
    assert ("The board:",) == block_of(text, "He counts").heads
    assert () == block_of(text, "It rains").heads


def test_line_and_paragraph_are_told_apart_nearest_first() -> None:
    found = block_of(PARTS, "Price 9")
    assert ("KV-330-17 is the door seal.",) == found.before
    assert ("Price 118 euros.", "KV-300-71 is the vessel.") == found.paragraph


def test_keys_are_codes_years_months_and_numbered_things() -> None:
    question = "What does E-1402 in room 12 of March 2016 cost on the 2nd floor for 3?"
    assert [("a9999", "e1402"), ("room 9", "12"), ("month", "march"), ("year", "2016")] == [
        (key.kind, key.value) for key in find_keys(question)
    ]
    assert "month" not in {key.kind for key in find_keys("may I")}


@pytest.mark.parametrize(
    ("question", "words", "expected"),
    [
        ("How much is KV-330-17?", "Price 9", 0.0),
        ("How much is KV-330-17?", "Price 118", 1.0),
        ("How much is KV-999-17?", "Price 9", 1.0),
        ("How much is the door seal?", "Price 9", 0.0),
        ("How much is KV-300-71 or KV-330-17?", "Price 118", 0.0),
    ],
)
def test_a_place_about_the_neighbour_is_in_conflict(
    question: str, words: str, expected: float
) -> None:
    found = block_of(PARTS, words)
    sentence = PARTS[found.start : found.end]
    around = (*found.heads, *found.before, *found.after, *found.paragraph)
    assert expected == compute_conflict(parse_question(question), sentence, around, "Spare parts")


def test_what_stands_above_decides_for_all_below_and_a_range_may_include_it() -> None:
    wanted = parse_question("Who counted the stock in March?")
    assert 0.0 == compute_conflict(wanted, "Counted by Ines Roth.", (), "stock march 2025")
    assert 1.0 == compute_conflict(wanted, "Counted by Ines Roth.", (), "stock may 2025".title())
    assert 0.0 == compute_conflict(wanted, "Open from January to June.", (), "")


def test_a_name_counts_more_than_a_word_and_near_more_than_far() -> None:
    wanted = parse_question("What is the phone number of Tore Falk?")
    name = compute_share(wanted, "Tore Falk", "", "")
    assert name > compute_share(wanted, "phone number", "", "")
    far = compute_share(wanted, "", "", "Tore Falk")
    assert compute_share(wanted, "", "Tore Falk", "") > far > 0
    assert 1.0 == pytest.approx(compute_share(wanted, "Tore Falk: phone number", "", ""))
    assert 0.0 == compute_share(parse_question("?"), "?", "", "")


def test_the_kind_that_is_asked_for_is_seen_in_the_quote() -> None:
    assert 1.0 == rate_kind("When does it open?", "At 9")
    assert -1.0 == rate_kind("When does it open?", "the baker")
    assert 1.0 == rate_kind("How many came?", "fewer than ten")
    assert -1.0 == rate_kind("What is her e-mail address?", "12b Harbour Lane")
    assert 0.0 == rate_kind("Why did she come?", "Ada")
    assert -1.0 == rate_kind("Who came?", "13/03/2024")
    text = "Ida, ida@sail.example, +00 5550 1211, see https://sail.example"
    [(start, end)] = find_contacts("What is the email of Ida?", text)
    assert "ida@sail.example" == text[start:end]
    assert [] == find_contacts("Who is Ida?", text)


def test_greetings_are_no_questions_and_two_questions_are_two() -> None:
    assert all(map(is_small_talk, ["hello", "Thanks!", "good morning", "How are you?"]))
    assert not any(map(is_small_talk, ["How are seals killed?", "Hello Bob, who is it?", "Ufa"]))
    assert ["What does it sell", "when do tours start?"] == split_questions(
        "What does it sell and when do tours start?"
    )
    assert ["Who came?", "Who left?"] == split_questions("Who came? Who left?")
    for one in ("What do bread and butter cost?", "Who wrote Pride and Prejudice?", "When?"):
        assert [one] == split_questions(one)


def candidates_of(question: str, text: str, *quotes: str) -> dict[str, float]:
    """Return whether the text excludes each quote."""
    document = document_of(text)
    hit = Hit(Passage("p", document.id, 0, len(text), text, ""), "notes.txt", 1.0, ())
    window = Window(document.id, 0, len(text), text, "", (hit,))
    starts = [(text.index(quote), text.index(quote) + len(quote)) for quote in quotes]
    scored = WindowScores(tuple(Place(*each, 1.0) for each in starts), 1.0, 0.0)
    candidates = build_candidates(question, [window], [scored], [0.5])
    return {text[each.place.start : each.place.end]: each.excluded for each in candidates}


def test_what_the_text_excludes_is_marked_unless_the_question_denies_too() -> None:
    text = (
        "I recommend larch, not pine. All rooms are heated except the attic. Tom is not the cook."
    )
    found = candidates_of("Which?", text, "larch", "pine", "All rooms", "attic", "Tom")
    assert {"larch": 0.0, "pine": 1.0, "All rooms": 0.0, "attic": 1.0, "Tom": 1.0} == found
    assert {"pine": -1.0} == candidates_of("Which wood was not recommended?", text, "pine")
    assert {"attic": -1.0} == candidates_of("Which room is closed?", text, "attic")


def test_the_name_of_a_file_counts_as_its_heading() -> None:
    text = "Counted by Ines Roth."
    hit = Hit(Passage("p", "d", 0, len(text), text, "STOCK"), "stock-march-2025.txt", 1.0, ())
    window = Window("d", 0, len(text), text, "STOCK", (hit,))
    assert 1.0 == pytest.approx(
        compute_greatest_share("Who counted the stock in March 2025?", window)
    )
    assert 0.5 > compute_greatest_share("Who sold it in April?", window)


def test_a_cell_belongs_to_its_column_and_to_the_first_cell_of_its_row() -> None:
    text = "Total revenue\t2021: 19,984\t2020: 10,230\nNet income\t2021: 2,111\t2020: 2,208"
    found = block_of(text, "10,230")
    assert ("Total revenue",) == found.heads
    assert ("2021: 19,984", "Total revenue") == found.before
    assert ("Net income\t2021: 2,111\t2020: 2,208",) == found.paragraph
    question = parse_question("What was the net income in 2020?")

    def conflict(words: str) -> float:
        block = block_of(text, words)
        context = (*block.heads, *block.before, *block.after, *block.paragraph)
        return compute_conflict(question, text[block.start : block.end], context, "")

    assert [1.0, 0.0] == [conflict("2,111"), conflict("2,208")]
