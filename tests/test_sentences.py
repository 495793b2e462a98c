"""Hand-sized truths about where sentences begin and end.

Receives short texts written for the purpose; the laws for every text are in laws/.
Hands on nothing.
"""

from __future__ import annotations

import time

import pytest

from scoqa.sentences import LONG, sentence_around, sentences


def split(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentences(text)]


def around(text: str, words: str) -> str:
    start, end = sentence_around(text, text.index(words), text.index(words) + len(words))
    return text[start:end]


def test_an_empty_text_has_no_sentence() -> None:
    assert sentences("") == []
    assert sentences("One. Two.", 4, 4) == []


def test_white_space_belongs_to_the_sentence_before_it_and_at_the_start_to_the_first() -> None:
    assert sentences(" \n One.  Two.\n\n") == [(0, 9), (9, 15)]


def test_a_text_of_white_space_is_one_span() -> None:
    assert sentences(" \n\n\t") == [(0, 4)]


@pytest.mark.parametrize(
    "text",
    [
        "Maj. Gen. Xu Hui, Head of the College, thanked Mr. Alimov and Mrs. Lee.",
        "The U.S. Congress and the U.K. Parliament met on Jan. 5 in St. Petersburg.",
        "J. K. Rowling, e.g. in No. 5 of the series, writes at 5 p.m. on weekdays.",
        "Prices of Apple Inc. shares rose 3.5 per cent (see Fig. 2 and p. 12).",
        "ASTANA, June 9. — The heads of state of the organisation met today.",
        "“Will you come?” he asked the minister.",
        "“Will you come?” Mr Alimov asked the minister.",
        "President of Russia Vladimir Putin: Good afternoon, colleagues.",
        "I thought... never mind.",
        "Chapter 2. Membership",
        "Vladimir Putin had talks\nwith President of Kazakhstan Nursultan Nazarbayev.",
        "Vladimir\xa0Putin met with\r\nPresident of Mongolia Khaltmaagiin Battulga.",
        "> The jetty is closed for all boats with\n> more than one mast.",
        "> > The jetty is closed for all\n>> boats.",
        "The ceremony took place in the Alexander Hall of the Grand Kremlin\nPalace in Moscow.",
    ],
)
def test_this_is_one_sentence(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "They moved to the U.S. The children stayed.",
            ["They moved to the U.S.", "The children stayed."],
        ),
        ("Was it signed? No. It was not.", ["Was it signed?", "No.", "It was not."]),
        ("“We will win.” The crowd cheered.", ["“We will win.”", "The crowd cheered."]),
        (
            "He left. (No one knew.) [Laughter.] It ended.",
            ["He left.", "(No one knew.)", "[Laughter.]", "It ended."],
        ),
        ("It lapsed.[12] It was renewed.", ["It lapsed.[12]", "It was renewed."]),
        ("1. Open it. 2. Read it.", ["1. Open it.", "2. Read it."]),
        ("Introduction\nThe union was founded.", ["Introduction", "The union was founded."]),
        (
            "Meeting in Astana\n2016-02-26, Moscow\nSource: x",
            ["Meeting in Astana", "2016-02-26, Moscow", "Source: x"],
        ),
        ("It has three aims:\n- peace\n- trade", ["It has three aims:", "- peace", "- trade"]),
        (
            "Vice President Xi Jinping Meets with Defense Ministers\nThe talks were in Beijing.",
            [
                "Vice President Xi Jinping Meets with Defense Ministers",
                "The talks were in Beijing.",
            ],
        ),
        (
            "- Mutual trust between all member states\n- Effective cooperation in all other fields",
            [
                "- Mutual trust between all member states",
                "- Effective cooperation in all other fields",
            ],
        ),
        ("name\tage\nanna\t31", ["name\tage", "anna\t31"]),
        ("> Dear Tom,\n>\n> the jetty is shut", ["> Dear Tom,", ">", "> the jetty is shut"]),
        ("> it is open for\n>> all boats", ["> it is open for", ">> all boats"]),
        ("> it is open.\n> All boats", ["> it is open.", "> All boats"]),
        ("it is open for\n> all boats", ["it is open for", "> all boats"]),
        ("cut off in the\n\nmiddle", ["cut off in the", "middle"]),
        ("cut off in the\r\n\r\nmiddle", ["cut off in the", "middle"]),
        ("the firm filed. the court agreed.", ["the firm filed.", "the court agreed."]),
        ("他来了。“我们走吧。”大家同意。", ["他来了。", "“我们走吧。”", "大家同意。"]),
        ("यह बैठक हुई। सभी आए।", ["यह बैठक हुई।", "सभी आए।"]),
    ],
)
def test_these_are_several_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_a_part_is_cut_where_the_whole_text_is_cut() -> None:
    text = "He met Mr. Smith. They spoke. It rained."
    assert sentences(text, 10, 31) == [(10, 18), (18, 30), (30, 31)]
    assert sentences("One.\n\nTwo.", 4) == [(4, 10)]


def test_a_part_that_begins_in_much_white_space_is_cut_where_the_whole_text_is_cut() -> None:
    text = "A." + " " * 9_000 + "word " * 1_600
    whole = [start for start, _ in sentences(text)]
    assert [start for start, _ in sentences(text, 5_000)[1:]] == [
        cut for cut in whole if cut > 9_002
    ]


def test_the_sentence_around_a_word_is_whole_and_without_white_space() -> None:
    text = "  He met Mr. Smith.\n\nThey spoke at 5 p.m. in Astana. It rained.  "
    assert around(text, "Smith") == "He met Mr. Smith."
    assert around(text, "p.m.") == "They spoke at 5 p.m. in Astana."
    assert around(text, "Astana. It") == "They spoke at 5 p.m. in Astana. It rained."


def test_the_sentence_around_never_cuts_into_what_it_is_asked_for() -> None:
    assert sentence_around("  One.  Two.  ", 0, 14) == (0, 14)
    assert sentence_around("One. Two.", 4, 5) == (0, 5)
    assert sentence_around("  \n ", 1, 2) == (1, 2)
    assert sentence_around(" \n\nOne. Two.", 0, 1) == (0, 7)


def test_a_text_without_ends_is_cut_by_force_between_words() -> None:
    text = "word " * LONG
    spans = sentences(text)
    assert max(end - start for start, end in spans) < 2 * LONG
    assert {text[start : start + 5] for start, _ in spans} == {"word "}


def test_a_sentence_shorter_than_twice_long_is_never_cut_by_force() -> None:
    text = "So. " + "Word " * ((2 * LONG) // 5 - 2) + "end. So."
    assert len(sentences(text)) == 3


def test_forced_cuts_stand_in_the_same_places_however_one_comes_to_them() -> None:
    text = "".join("word " * count + "end.\n\n" for count in (900, 5_000, 50, 700, 2_000, 1, 1_100))
    spans = sentences(text)
    for place in range(0, len(text), 97):
        start, end = next(span for span in spans if span[0] <= place < span[1])
        words = text[start:end].rstrip()
        assert sentence_around(text, place, place) == (start, max(start + len(words), place))
        cuts = [cut for cut, _ in spans if place < cut < place + 5_000]
        if cuts and text[place : cuts[0]].isspace():
            del cuts[0]
        assert [cut for cut, _ in sentences(text, place, place + 5_000)[1:]] == cuts


def test_the_sentence_around_is_found_at_once_in_five_million_characters() -> None:
    # 5 ms is what it may cost; ten times that here, the least of five, so that a busy machine
    # does not fail it. Reading the whole text would take several seconds.
    for text in ("The U.S. Congress met Mr. Lee. " * 160_000, "word " * 1_000_000):
        middle = len(text) // 2
        times = []
        for _ in range(5):
            begun = time.thread_time()
            start, end = sentence_around(text, middle, middle + 4)
            times.append(time.thread_time() - begun)
        assert end - start <= 3 * LONG
        assert min(times) < 0.05


def test_a_raised_mark_of_a_note_stands_behind_the_end_of_its_sentence() -> None:
    two = ["They sold coal to the 10⁶ people.¹²", "In 1912 the area was 25 m² in all."]
    assert two == split(" ".join(two))
