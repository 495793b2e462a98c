"""First questions: words of the documents themselves, and answered by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import quick_workspace
from scoqa.errors import QuestionError, WorkspaceError
from scoqa.parse import parse_file
from scoqa.suggest import (
    DAY,
    FRAMES,
    LONGEST,
    MOST_READ,
    NAME,
    THE_NAME,
    TITLE,
    WORDS,
    build_candidates,
    suggest_questions,
)
from scoqa.types import Answer, Citation, Document, Span

Write = Callable[[str, str], Document]

SAYS = "It was lit by Ada Lund at dusk and burns nothing but rape oil."


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Return a function that writes a file and parses it."""

    def write(path: str, text: str) -> Document:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8"))
        return parse_file(file, path)[0]

    return write


def answer(question: str, *places: tuple[Document, str]) -> Answer:
    citations = tuple(
        Citation.from_span(each, Span(each.id, start, start + len(quote), 1.0))
        for each, quote in places
        for start in (each.text.index(quote),)
    )
    reason = None if citations else "no_evidence"
    return Answer(question, question, citations, 0.9, bool(citations), reason)  # type: ignore[arg-type]


class Folder:
    """Documents and an ask that answers with `says` of the document the question is about."""

    def __init__(self, documents: Iterable[Document], says: str = SAYS) -> None:
        self.documents = {each.id: each for each in documents}
        self.paths = {each.path: each.id for each in self.documents.values()}
        self.says = says
        self.asked: list[str] = []
        self.loaded: list[str] = []
        self.answers: dict[str, Answer] = {}

    def document(self, document_id: str) -> Document:
        self.loaded.append(document_id)
        return self.documents[document_id]

    def ask(self, question: str) -> Answer:
        self.asked.append(question)
        if question in self.answers:
            return self.answers[question]
        subject = question_subject(question)
        about = [each for each in self.documents.values() if subject in each.text]
        return answer(question, *((each, self.says) for each in about[:1]))

    def suggest(self, **limits: int) -> tuple[str, ...]:
        return suggest_questions(self.paths, self.document, self.ask, **limits)


def question_subject(question: str) -> str:
    # WORDS before NAME, whose frame is WORDS without the quotes.
    for frame in sorted(FRAMES, key=len, reverse=True):
        before, after = frame.split("{}")
        if question.startswith(before) and question.endswith(after):
            return question[len(before) : len(question) - len(after)].removesuffix("…")
    raise AssertionError(f"{question} has no frame")


def first(document: Document) -> str | None:
    listed = build_candidates([document])[0]
    return listed[0].question if listed else None


# -- what is asked ------------------------------------------------------------------------------


def test_a_title_gives_the_name_that_its_text_comes_back_to(written: Write) -> None:
    document = written("a.txt", f"The Varn Lighthouse opens\n\n{SAYS} Varn Lighthouse is tall.\n")
    assert first(document) == NAME.format("Varn Lighthouse")


def test_a_name_has_its_article_where_the_text_gives_it_one(written: Write) -> None:
    text = (
        "Varn Lighthouse opens\n\nThey lit the Varn Lighthouse. Then the Varn Lighthouse shone.\n"
    )
    assert first(written("a.txt", text)) == THE_NAME.format("Varn Lighthouse")


def test_a_name_is_quoted_where_the_text_spells_it_otherwise(written: Write) -> None:
    # A title in capitals does not make its words names.
    text = "OIL LAMPS AT SEA\n\nThe oil lamps burn. Such oil lamps are few.\n"
    assert first(written("a.txt", text)) == WORDS.format("OIL LAMPS")


def test_the_day_a_sentence_tells_of_is_asked_about_and_a_date_line_is_not(written: Write) -> None:
    text = "Opening\n2017-12-11\n\nOn 12\u00a0December\n2017 the old keeper lit lamps of oil.\n"
    asked = [each.question for each in build_candidates([written("a.txt", text)])[0]]
    assert asked == [DAY.format("12 December 2017"), TITLE.format("Opening")]


def test_headings_are_asked_about_by_their_words(written: Write) -> None:
    text = "# Keeping\n\n## Lighting the `lamp`\n\nAt dusk.\n\n## Oil\n\nRape.\n\n"
    text += "## Trimming wicks, filling tanks, washing panes, oiling hinges, counting the matches\n"
    asked = [each.question for each in build_candidates([written("a.md", text)])[0]]
    assert asked == [WORDS.format("Lighting the lamp"), TITLE.format("Keeping")]


def test_what_the_text_only_speaks_of_is_quoted_too(written: Write) -> None:
    text = "About oil lamps\n\nThe oil lamps burn. Such oil lamps are few.\n"
    assert first(written("a.txt", text)) == WORDS.format("oil lamps")


def test_what_is_asked_about_has_no_stop_words_at_its_ends(written: Write) -> None:
    text = "About the keepers of Varn\n\nAll the keepers of Varn met the keepers of Varn there.\n"
    assert first(written("a.txt", text)) == WORDS.format("keepers of Varn")


def test_what_is_asked_about_does_not_run_over_a_comma(written: Write) -> None:
    text = "Varn, Norge\n\nVarn, Norge is far. Varn, Norge is cold.\n"
    assert first(written("a.txt", text)) == TITLE.format("Varn, Norge")


def test_a_name_is_asked_about_once_and_whole(written: Write) -> None:
    text = "The Varn Keepers Guild\n\nThe Varn Keepers Guild met.\n"
    asked = [each.question for each in build_candidates([written("a.txt", text)])[0]]
    assert asked == [NAME.format("Varn Keepers Guild"), TITLE.format("The Varn Keepers Guild")]


def test_the_name_the_text_comes_back_to_most_comes_first(written: Write) -> None:
    text = "Ada Lund met Bo Falk\n\nAda Lund saw Bo Falk. Ada Lund left.\n"
    assert first(written("a.txt", text)) == NAME.format("Ada Lund")


def test_what_every_document_is_called_is_asked_of_none(written: Write) -> None:
    pair = [written(f"{name}.md", f"# {name}ing\n\n## The question\n\nWhy?\n") for name in "ab"]
    asked = [[each.question for each in listed] for listed in build_candidates(pair)]
    assert asked == [[TITLE.format("aing")], [TITLE.format("bing")]]


def test_of_two_names_the_one_that_others_do_not_know_comes_first(written: Write) -> None:
    one, two, three = (
        written(f"{who}.txt", f"Mayor Hanna Berg met {who}\n\n{who} and Mayor Hanna Berg spoke.\n")
        for who in ("Ada Lund", "Bo Falk", "Cy Holm")
    )
    assert [listed[0].subject for listed in build_candidates([one, two, three])] == [
        "Ada Lund", "Bo Falk", "Cy Holm",
    ]  # fmt: skip


def test_a_long_title_is_cut_after_a_whole_word_that_says_something(written: Write) -> None:
    title = "How the keepers of all the lamps along the northern coast came to be of the old guild"
    document = written("a.txt", f"{title}\n\nThey met.\n")
    assert first(document) == TITLE.format(
        "How the keepers of all the lamps along the northern coast came…"
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("IMG_2041-final.txt", f"{'A line too long to be a title, ' * 10}\n\nText.\n"),
        ("old lamp notes.txt", f"{'A line too long to be a title, ' * 10}\n\nText.\n"),
        ("a.txt", "A history of the lamps in <b>Varn</b> and of their keepers\n\nText of it.\n"),
        ("a.txt", f"{'x' * 200}\n\nText of it.\n"),
        ("a.txt", "20170412 1184 22\n\nText of it.\n"),
        ("a.txt", "<script>alert(1)</script>\n\nText of it.\n"),
        ("a.txt", "minutes_2017_final_v2.docx\n\nText of it.\n"),
        ("a.txt", "灯台の歴史\n\nText of it.\n"),
        ("a.txt", "Об открытии маяка\n\nText of it.\n"),
        ("a.txt", "\u202eevil title\n\nText of it.\n"),
        ("a.txt", "The \x1b[31mred\x1b[0m lamp\n\nText of it.\n"),
        ("a.txt", 'He said "light" twice\n\nText of it.\n'),
    ],
)
def test_what_does_not_read_as_words_is_not_asked_about(
    written: Write, path: str, text: str
) -> None:
    assert build_candidates([written(path, text)]) == [[]]


pieces = st.sampled_from(
    [
        "Ada Lund", "ada lund", "the", "of", "Varn", "lamp", "LAMP", "oil", " ", "\n", "\n\n", ". ",
        "\u00a0", "# ", "## ", "12 May 1911", "1911-05-12", "<b>", "“", "‘", "’s", "'", "…", "> ",
        "\u202e", "شمعة", "灯台", "_", "-", "İ", "ﬁ", "e\u0301",
    ]
)  # fmt: skip
texts = st.lists(pieces | st.text(max_size=4), min_size=1, max_size=40).map("".join)


@given(st.lists(texts, min_size=1, max_size=3), st.sampled_from(["md", "txt"]))
@example(["Ada Lund\u00a0met\n\nAda Lund. On 12 May 1911 a b c d e f g h."], "txt")
@example(["# Ada  Lund\n\n## The `oil`\tlamp\n\nAda Lund's."], "md")
def test_but_for_its_frame_a_suggestion_is_a_slice_of_its_document(
    parts: list[str], kind: str
) -> None:
    from scoqa.parse.text import markdown, plain
    from scoqa.types import Parser, content_id

    documents = []
    for number, text in enumerate(parts):
        text = text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
        outline = (markdown if kind == "md" else plain).find_title_and_marks
        title, marks = outline(text)
        name = f"{number}.{kind}"
        documents.append(
            Document(
                content_id(name), name, "", "", text, "", Parser("p", "1"), title or name, marks
            )
        )
    for document, listed in zip(documents, build_candidates(documents), strict=True):
        held = [document.text, document.title, *(mark.label for mark in document.marks)]
        folded = [" ".join(each.split()) for each in held]
        for suggestion in listed:
            assert suggestion.question == suggestion.frame.format(suggestion.subject)
            assert suggestion.frame in FRAMES
            assert suggestion.document_id == document.id
            assert any(suggestion.subject.removesuffix("…") in each for each in folded)
            assert len(suggestion.question) <= LONGEST
            assert suggestion.subject.isprintable()


# -- what is shown ------------------------------------------------------------------------------


def keepers(written: Write, *paths: str) -> list[Document]:
    names = ("Ada Lund", "Bo Falk", "Cy Holm", "Dag Moe", "Eva Ness", "Finn Aas", "Gro Vik")
    return [
        written(path, f"{who} keeps it\n\n{SAYS} {who} said so.\n")
        for path, who in zip(paths, names, strict=False)
    ]


def test_only_what_its_own_document_answers_is_suggested(written: Write) -> None:
    ada, bo, cy = keepers(written, "a.txt", "b.txt", "c.txt")
    folder = Folder([ada, bo, cy])
    asked_bo, asked_cy = (NAME.format(who) for who in ("Bo Falk", "Cy Holm"))
    folder.answers[asked_bo] = answer(asked_bo)  # silence
    folder.answers[asked_cy] = answer(asked_cy, (ada, SAYS), (cy, SAYS))
    for title in ("Bo Falk keeps it", "Cy Holm keeps it"):
        folder.answers[TITLE.format(title)] = answer("")
    assert folder.suggest() == (NAME.format("Ada Lund"),)
    assert {asked_bo, asked_cy} <= set(folder.asked)


def test_the_same_words_in_another_document_do_not_hide_ones_own(written: Write) -> None:
    from scoqa.types import with_also_in

    ada, bo = keepers(written, "a.txt", "b.txt")
    folder = Folder([ada])
    question = NAME.format("Ada Lund")
    both = answer(question, (bo, SAYS), (ada, SAYS)).citations
    merged = with_also_in(both[0], both[1:])
    folder.answers[question] = Answer(question, question, (merged,), 0.9, True, None)
    assert folder.suggest() == (question,)


@pytest.mark.parametrize(
    "says",
    [
        "Ada Lund keeps it",
        "Varn, 2017-12-11, 1184, 22, 5, 6, 7.",
        "Source: https://varn.example (Old Guild of the Coast, Keepers Journal)",
    ],
)
def test_an_answer_that_says_nothing_is_no_answer(written: Write, says: str) -> None:
    document = written("a.txt", f"Ada Lund keeps it\n\n{SAYS} Ada Lund said so.\n\n{says}\n")
    assert Folder([document], says).suggest() == ()


def test_names_are_tried_before_titles(written: Write) -> None:
    folder = Folder([written("a.txt", "Opening\n\nIt opened.\n"), *keepers(written, "b.txt")])
    folder.suggest(tries=1)
    assert folder.asked == [NAME.format("Ada Lund")]


def test_what_is_said_first_is_suggested_before_what_is_said_second(written: Write) -> None:
    documents = keepers(written, "a.txt", "b.txt", "c.txt")
    folder = Folder(documents)
    asked = [NAME.format(who) for who in ("Ada Lund", "Bo Falk", "Cy Holm")]
    folder.answers[asked[1]] = answer(
        asked[1], (documents[1], "Bo Falk keeps it"), (documents[1], SAYS)
    )
    assert folder.suggest()[2:] == (asked[1],)
    assert set(folder.suggest()) == set(asked)
    assert folder.suggest(most=2) == tuple(each for each in folder.suggest()[:2])


def test_every_collection_is_asked_and_each_document_once(written: Write) -> None:
    folder = Folder(keepers(written, "a/1.txt", "a/2.txt", "a/3.txt", "b/1.txt", "c.txt"))
    got = folder.suggest(most=3)
    subjects = {question_subject(each) for each in got}
    paths = [each.path for each in folder.documents.values() if each.text[:7].strip() in
             {subject[:7].strip() for subject in subjects}]  # fmt: skip
    assert len(got) == 3
    assert {path.split("/")[0] for path in paths} == {"a", "b", "c.txt"}


def test_a_second_question_of_a_document_comes_only_when_no_other_is_left(written: Write) -> None:
    says = "It was lit at dusk and burns nothing but old rape oil."
    text = f"Ada Lund met Bo Falk\n\n{says} Ada Lund and Bo Falk met.\n"
    other = f"Cy Holm keeps it\n\n{says} Cy Holm said so.\n"
    folder = Folder([written("a.txt", text), written("b.txt", other)], says)
    asked = tuple(map(NAME.format, ("Bo Falk", "Cy Holm", "Ada Lund")))
    assert {*folder.suggest(most=2)} == {*asked[:2]}
    assert {*folder.suggest(most=3)} == {*asked}
    assert folder.suggest(most=3)[2] == asked[2]
    folder.answers[asked[1]] = answer(asked[1])
    assert {*folder.suggest(most=2)} == {asked[0], TITLE.format("Cy Holm keeps it")}


def test_two_suggestions_never_ask_about_much_the_same(written: Write) -> None:
    folder = Folder(
        written(f"{number}.txt", f"Ada Lund {verb}\n\n{SAYS} Ada Lund {verb} it.\n")
        for number, verb in enumerate(("sails", "reads", "waits"))
    )
    assert len(folder.suggest()) == 1


def test_one_word_in_common_of_three_is_not_much_the_same(written: Write) -> None:
    names = ("Ada Lund Bridge", "Ada Holm Tower")
    folder = Folder(written(f"{who}.txt", f"{who} opens\n\n{SAYS} {who} opens.\n") for who in names)
    assert set(folder.suggest(most=2)) == set(map(NAME.format, names))


def test_of_many_collections_not_all_are_loaded(written: Write) -> None:
    folder = Folder(written(f"{number}/a.txt", "A lamp\n\nOil.\n") for number in range(60))
    folder.suggest()
    assert len(folder.loaded) == MOST_READ


def test_no_more_is_asked_and_loaded_than_was_allowed(written: Write) -> None:
    document = keepers(written, "a.txt")[0]
    loaded: list[str] = []

    def load(document_id: str) -> Document:
        loaded.append(document_id)
        return written(f"{document_id}.txt", document.text.replace("Ada", f"Ada{document_id}"))

    asked: list[str] = []

    def silent(question: str) -> Answer:
        asked.append(question)
        return answer(question)

    paths = {f"{number:03}.txt": str(number) for number in range(500)}
    assert suggest_questions(paths, load, silent, tries=7) == ()
    assert len(asked) == 7
    assert len(loaded) == MOST_READ
    # Spread over the whole folder, not its beginning.
    places = sorted(map(int, loaded))
    assert places[-1] - places[0] > 500 - 2 * 500 / MOST_READ
    assert max(b - a for a, b in pairwise(places)) <= 500 / MOST_READ + 1


def test_a_document_that_is_gone_and_a_question_refused_stop_nothing(written: Write) -> None:
    ada, bo, cy = keepers(written, "a.txt", "b.txt", "c.txt")
    folder = Folder([ada, bo, cy])

    def load(document_id: str) -> Document:
        if document_id == ada.id:
            raise WorkspaceError("gone")
        return folder.document(document_id)

    def ask(question: str) -> Answer:
        if "Bo" in question:
            raise QuestionError("refused")
        return folder.ask(question)

    assert suggest_questions(folder.paths, load, ask) == (NAME.format("Cy Holm"),)


def test_the_same_documents_give_the_same_questions_in_any_order(written: Write) -> None:
    documents = keepers(written, *(f"{letter}.txt" for letter in "gfedcba"))
    assert Folder(documents).suggest() == Folder(reversed(documents)).suggest()


def test_no_documents_give_no_questions() -> None:
    assert Folder([]).suggest() == ()


def test_a_real_workspace_answers_what_it_suggests(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    with workspace.store.view() as view:
        paths = {path: entry.document_id for path, entry in view.digests().items()}
    got = suggest_questions(paths, workspace.document, workspace.ask)
    assert got
    for question in got:
        assert workspace.ask(question).answered
