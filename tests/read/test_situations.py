"""Short documents of many layouts, asked with the real model: the right words, or silence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import product

import pytest

from scoqa import Workspace
from situations import SITUATIONS, Check, Situation, write

# Checks that fail today, by id ("faq-lines: How many chairs are there?"), each with the reason.
# Remove an entry when its check passes. Not strict: the last digits of another processor may turn
# a close one.
SHORT: Mapping[str, str] = {
    "lists: What is the second step of closing?": "ordinals of a list are not counted",
    "faq-lines: Who holds the spare key of the launderette?": "the same attribute of another thing is taken for it",
    "chat-and-interview: When does the picking start?": "a correction in a later message does not count",
    "except-and-not: How many plots have running water?": "'all but' is not taken along with its number",
    "except-and-not: Who does not have to join the spring clean-up?": "the model finds no answer to questions with 'not'",
    "timetable-and-versions: When was firmware 3.4.1 released?": "the date of the neighbouring version is taken",
    "contacts: What is the treasurer's e-mail address?": "the model has hardly seen addresses and doubts them",
    "contacts: What is the address of the online shop?": "the model has hardly seen addresses and doubts them",
    "contacts: How can I reach the translator by e-mail?": "the model has hardly seen addresses and doubts them",
    "mail-and-circulars: When does the sponsored walk take place?": "a later circular is not put beside the older",
    "fault-codes: What should I do on fault H-230?": "the row of the code is found, and doubt prevails",
    "brochure: What does the windmill shop sell and when do tours begin?": "a span of two times is cut to the first",
    "look-alikes: When did Henrietta Lowe join the forest office?": "another attribute of the same person is taken for it",
    "memo: What is the password of the fuel pump?": "what is said about the thing asked for is taken for it",
    "parts-and-rooms: How much is BX-44-19?": "the passage looks little like the question, and doubt prevails",
    "bye-laws: What is Article 15 about?": "the passage looks little like the question, and doubt prevails",
    "chat-and-interview: Who can lend a ladder?": "the passage looks little like the question, and doubt prevails",
    "csv-rows: Since when has Pim Garrow been a guide?": "the passage looks little like the question, and doubt prevails",
    "recipe: How much butter do I need?": "the passage looks little like the question, and doubt prevails",
    "glossary: What does MTBF stand for?": "an abbreviation that is not listed is answered with one that is",
}

LONGEST_QUOTE = 120  # characters; every pattern here is about a part of a sentence


def check_id(situation: Situation, check: Check) -> str:
    return f"{situation.name}: {check.question}"


CHECKS = {
    check_id(situation, check): (situation, check)
    for situation in SITUATIONS
    for check in situation.checks
}


def mark_short(name: str) -> tuple[pytest.MarkDecorator, ...]:
    """Return the marks of the check called `name`: none if it is expected to pass."""
    return (pytest.mark.xfail(strict=False, reason=SHORT[name]),) if name in SHORT else ()


def find_quotes(text: str) -> Iterator[str]:
    """Yield the parts of `text` that begin and end at a word or a sign, up to LONGEST_QUOTE."""
    edges = [edge for unit in (r"\S+", r"\w+|[^\w\s]") for edge in re.finditer(unit, text)]
    starts, ends = {edge.start() for edge in edges}, {edge.end() for edge in edges}
    for start, end in product(starts, ends):
        if start < end <= start + LONGEST_QUOTE:
            yield text[start:end]


@pytest.fixture(scope="module")
def open_situation(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Situation], Workspace]:
    """Return a function that indexes a situation's files, once for all of its checks."""

    # The checks of a situation run in a row. Keeping one workspace frees the models of the last.
    @lru_cache(maxsize=1)
    def open_situation(situation: Situation) -> Workspace:
        folder = tmp_path_factory.mktemp(situation.name)
        write(situation, folder)
        workspace = Workspace(folder)
        assert () == workspace.sync().failed
        return workspace

    return open_situation


@pytest.mark.parametrize(
    ("situation", "check"),
    [
        pytest.param(situation, check, id=name, marks=mark_short(name))
        for name, (situation, check) in CHECKS.items()
    ],
)
def test_a_short_document_answers_with_the_right_words_or_not_at_all(
    open_situation: Callable[[Situation], Workspace], situation: Situation, check: Check
) -> None:
    answer = open_situation(situation).ask(check.question)
    quotes = [citation.quote for citation in answer.citations]
    first = quotes[0] if quotes else ""
    if check.silent:
        assert not answer.answered, f"answered {first!r}"
    if check.accept:
        assert answer.answered, f"silent ({answer.reason})"
        assert re.search(check.accept, first)
    if check.first_not:
        assert not re.search(check.first_not, first)
    if check.any_quote:
        assert any(re.search(check.any_quote, quote) for quote in quotes), quotes
    if check.place:
        assert answer.citations, f"silent ({answer.reason})"
        assert re.search(check.place, answer.citations[0].place)


def test_every_check_has_a_name_of_its_own() -> None:
    assert len(CHECKS) == sum(len(situation.checks) for situation in SITUATIONS)
    assert len(SITUATIONS) == len({situation.name for situation in SITUATIONS})


def test_every_listed_shortcoming_is_a_check() -> None:
    assert set() == SHORT.keys() - CHECKS.keys()


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_every_expected_answer_can_be_quoted_from_a_file(situation: Situation) -> None:
    quotes = {quote for text in situation.files.values() for quote in find_quotes(text)}
    for check in situation.checks:
        for pattern in filter(None, (check.accept, check.any_quote)):
            assert any(
                re.search(pattern, quote)
                and not (check.first_not and re.search(check.first_not, quote))
                for quote in quotes
            ), check


# The answer to a quoted phrase is the place where it occurs, so there the two are the same.
@pytest.mark.parametrize(
    "name", [name for name, (_, check) in CHECKS.items() if not check.question.startswith('"')]
)
def test_no_question_is_its_own_answer(name: str) -> None:
    _, check = CHECKS[name]
    for pattern in filter(None, (check.accept, check.any_quote)):
        assert not re.search(pattern, check.question)


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_expects_either_silence_or_words(name: str) -> None:
    _, check = CHECKS[name]
    words = (check.accept, check.first_not, check.any_quote, check.place)
    assert check.silent is not any(words)
