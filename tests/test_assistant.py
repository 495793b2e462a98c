"""The ask path over the bundled texts, with the real model, and its honest silences."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import quick_workspace
from scoqa import Workspace, verify
from scoqa.assistant import cite
from scoqa.embed import BATCH
from scoqa.errors import QuestionError, WorkspaceError
from scoqa.normalization import fold
from scoqa.serial import answer_from_json, to_json
from scoqa.store import View
from scoqa.store.local_view import LocalView
from scoqa.types import Answer, Document, Span, Stage

SPONSOR = "Who sponsored the First SCO Defence and Security Forum?"


def assert_verbatim(answer: Answer, workspace: Workspace) -> None:
    for citation in (*answer.citations, *answer.near_misses):
        raw = (workspace.documents / citation.path).read_bytes().decode("utf-8")
        assert raw[citation.start : citation.end] == citation.quote
        assert raw[citation.sentence_start : citation.sentence_end] == citation.sentence
        assert citation.sentence_start <= citation.start < citation.end <= citation.sentence_end


def test_a_question_gets_the_words_that_answer_and_their_exact_place(sco: Workspace) -> None:
    answer = sco.ask(SPONSOR)
    first = answer.citations[0]
    assert answer.answered
    assert "sponsored by the international college of defence studies" in fold(first.sentence)
    assert (
        fold(first.quote)
        .removeprefix("the ")
        .startswith("international college of defence studies")
    )
    assert "\u00a0" in first.sentence, "non-breaking spaces stay: it is the file's own text"
    assert ("sco/2017-12-12_defence-and-security-forum.txt", 320, 467, 5) == (
        first.path,
        first.sentence_start,
        first.sentence_end,
        first.line,
    )
    assert_verbatim(answer, sco)


def test_a_question_the_texts_do_not_speak_of_gets_silence_with_near_misses(sco: Workspace) -> None:
    answer = sco.ask("Who won the 2018 World Cup in football?")
    assert not answer.answered
    assert answer.reason in ("low_confidence", "no_evidence")
    assert (answer.citations, answer.confidence) == ((), 0.0)
    assert answer.near_misses
    assert_verbatim(answer, sco)


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return one short file, indexed with the real model."""
    folder = tmp_path_factory.mktemp("harbour")
    (folder / "harbour.txt").write_text(
        "The harbour of Varn\n\nThe harbour freezes in January. The keeper is Ada Lund. The tower "
        "was built in 1887. Herring boats leave at dawn.\n",
        encoding="utf-8",
    )
    workspace = Workspace(folder)
    workspace.sync()
    return workspace


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Who is the keeper?", "Ada Lund"),
        ("When does the harbour freeze?", "January"),
        ("When was the tower built?", "1887"),
        ("What do herring boats do at dawn?", "leave"),
        ("Who is the prime minister of Japan?", None),
        ("What is the capital of France?", None),
        ("How do I bake bread?", None),
    ],
)
def test_a_short_file_answers_what_it_says_and_nothing_else(
    harbour: Workspace, question: str, quote: str | None
) -> None:
    # A calibration on look-alike reports alone refused all four answers, and answered Japan.
    answer = harbour.ask(question)
    assert quote == (answer.citations[0].quote if answer.answered else None)


def test_a_phrase_that_stands_nowhere_is_said_to_and_near_misses_come_unfiltered(
    sco: Workspace,
) -> None:
    answer = sco.ask('Who spoke of "seven evils" at the forum?')
    assert answer.reason == "phrase_not_found"
    assert answer.near_misses
    spoken = sco.ask("Who spoke of the “three evils”?")
    assert spoken.reason != "phrase_not_found"
    shown = (*spoken.citations, *spoken.near_misses)
    assert "three evils" in fold(shown[0].sentence)


def test_another_script_is_searched_by_words_and_claimed_by_nobody(folder: Path) -> None:
    (folder / "маяк.txt").write_text("Маяк построила Ада Лунд в 1887 году.", encoding="utf-8")
    workspace = quick_workspace(folder)
    workspace.sync()
    answer = workspace.ask("Кто построил маяк?")
    assert answer.reason == "language_not_supported"
    assert answer.near_misses[0].path == "маяк.txt"


def test_an_empty_index_is_a_silence(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    answer = workspace.ask("Is anybody there?")
    assert (answer.answered, answer.reason, answer.near_misses) == (False, "empty_index", ())


@pytest.mark.parametrize("question", ["", "   \n", "?!", '"(', "x" * 2001])
def test_what_is_no_question_is_refused(folder: Path, question: str) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    with pytest.raises(QuestionError):
        workspace.ask(question)


@pytest.mark.parametrize(
    "question",
    ["don't", "C++", "sco: x", '"(lamp', "U.S.", "who is (he)", "a AND b OR NOT c*",
     "lamp^2 NEAR/3 x", "\ud800 lamp", "lamp\x00lamp", "İstanbul ﬁ", "lamp " * 300],
)  # fmt: skip
def test_query_syntax_is_only_words(folder: Path, question: str) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    answer = workspace.ask(question)
    assert_verbatim(answer, workspace)


def test_copies_of_a_document_are_one_line_with_every_place(folder: Path) -> None:
    text = (folder / "lighthouse.txt").read_text(encoding="utf-8")
    (folder / "copy.txt").write_text(text, encoding="utf-8")
    workspace = quick_workspace(folder, threshold=0.0)
    workspace.sync()
    first = workspace.ask("Who built the lighthouse of Varn?").citations[0]
    assert {first.path, *(each.path for each in first.also_in)} == {"copy.txt", "lighthouse.txt"}


def test_a_collection_is_asked_alone(tmp_path: Path) -> None:
    for name, colour in (("north", "red"), ("south", "green")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "boat.txt").write_text(f"The boat is {colour}.", encoding="utf-8")
    workspace = quick_workspace(tmp_path, threshold=0.0)
    workspace.sync()
    for name, colour in (("north", "red"), ("south", "green")):
        answer = workspace.ask("Which colour is the boat?", collection=name)
        assert [each.quote for each in answer.citations] == [f"The boat is {colour}."]


def test_a_collection_that_is_not_there_is_an_error_that_names_the_others(sco: Workspace) -> None:
    with pytest.raises(WorkspaceError, match=r"no collection 'law'.*There are: sco"):
        sco.ask(SPONSOR, collection="law")
    with pytest.raises(WorkspaceError, match="There are: sco"):
        sco.search("forum", collection="law")


def test_each_stage_is_told_in_the_asking_thread_as_it_begins(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    embedder: Any = workspace.models.embedder
    told: list[tuple[str, int, bool]] = []

    def progress(stage: Stage) -> None:
        here = threading.current_thread() is asking
        told.append((stage, len(embedder.embedded), here))

    embedder.embedded.clear()
    asking = threading.current_thread()
    answer = workspace.ask("Who built the lighthouse?", progress=progress)
    explained = workspace.explain("Who built the lighthouse?", progress=progress)
    assert answer == explained.answer == workspace.ask("Who built the lighthouse?")
    assert workspace.version == explained.version
    (first, before, one), (second, after, two), *again = told
    assert (("find", "read"), (True, True)) == ((first, second), (one, two))
    assert (0, 1) == (before, after), "found by one vector, and nothing read yet"
    assert ["find", "read"] == [stage for stage, _, _ in again]


def test_an_ask_loads_each_cited_document_once_and_lists_no_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What grows with the folder: entries, counts, collections; and a document for each window.
    workspace = quick_workspace(folder, threshold=0.0)
    workspace.sync()
    loaded: list[str] = []
    real = LocalView.document

    def document(view: LocalView, document_id: str) -> Document:
        loaded.append(document_id)
        return real(view, document_id)

    def refuse(view: LocalView) -> None:
        raise AssertionError("read by an ask")

    monkeypatch.setattr(LocalView, "document", document)
    for name in ("digests", "counts", "collections"):
        monkeypatch.setattr(LocalView, name, refuse)
    citation = workspace.ask("What does the lamp burn?").citations[0]
    assert loaded == [citation.document_id]
    workspace.search("lamp")
    loaded.clear()
    with workspace.store.view() as view:
        spans = [Span(citation.document_id, at, at + 5, 1.0) for at in (0, 10, 20)]
        assert len(cite(view, spans)) == 3
    assert loaded == [citation.document_id]


def test_a_mail_is_cited_before_the_mail_that_quotes_it(tmp_path: Path) -> None:
    head = "To: office@quist.example\nSubject: Jetty\nDate: Fri, {} May 2024 10:00:00 +0200\n\n"
    words = "The jetty opens on 3 June, if the crane\nhas come by then."
    quoted = "\n".join(f"> {line}" for line in words.split("\n"))
    files = {
        "a-reply.eml": f"From: Nora Quist <n@quist.example>\n{head.format(17)}Good.\n\n"
        f"On 16 May 2024, Tom Abara wrote:\n{quoted}\n",
        "b-mail.eml": f"From: Tom Abara <t@abara.example>\n{head.format(16)}{words}\n",
        "c-other.eml": f"From: Liv Roos <l@roos.example>\n{head.format(15)}We meet on 3 June.\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    with workspace.store.view() as view:
        documents = {
            path: view.document(entry.document_id) for path, entry in view.digests().items()
        }

        def span(path: str) -> Span:
            document = documents[path]
            start = document.text.index("3 June")
            return Span(document.id, start, start + len("3 June"), 1.0, fact=0)

        reply, mail, other = map(span, files)
        cited = cite(view, [reply, other, mail])
        assert [["b-mail.eml", "a-reply.eml", "c-other.eml"]] == [
            [citation.path, *(place.path for place in citation.also_in)] for citation in cited
        ]
        assert "from Tom Abara, 16 May 2024" == cited[0].also_in[0].place == cited[0].place
        (alone,) = cite(view, [reply, other])
        assert "a-reply.eml" == alone.path, "another message that contains the same date"


def test_an_ask_of_an_empty_index_has_no_stages(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    told: list[Stage] = []
    assert "empty_index" == workspace.ask("Is anybody there?", progress=told.append).reason
    assert [] == told


@pytest.mark.parametrize(
    "error", [ValueError("stop"), KeyboardInterrupt(), StopIteration()], ids=repr
)
@pytest.mark.parametrize("at", ["find", "read"])
def test_what_progress_raises_ends_the_ask_and_the_next_one_works(
    folder: Path, monkeypatch: pytest.MonkeyPatch, at: str, error: BaseException
) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    opened: list[View] = []
    real = workspace.store.view

    @contextmanager
    def view() -> Iterator[View]:
        with real() as one:
            opened.append(one)
            yield one

    monkeypatch.setattr(workspace.store, "view", view)

    def stop(stage: Stage) -> None:
        if stage == at:
            raise error

    with pytest.raises(type(error)) as ended:
        workspace.ask("Who built the lighthouse?", progress=stop)
    assert error is ended.value
    (left,) = opened
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        left.counts()
    answer = workspace.ask("Who built the lighthouse?")
    assert len(opened) == 2
    assert_verbatim(answer, workspace)


def test_a_saved_answer_is_the_same_and_verifies(sco: Workspace) -> None:
    answer = sco.ask(SPONSOR)
    saved = answer_from_json(to_json(answer))
    assert to_json(saved) == to_json(answer)
    assert [each.kind for each in verify(saved, sco.documents)] == ["true"] * len(answer.citations)


def test_asking_twice_gives_the_same_answer(sco: Workspace) -> None:
    def twice() -> dict[str, object]:
        answer = to_json(sco.ask("Which general heads the college for foreign officers?"))
        del answer["timings"]
        return answer

    assert twice() == twice()


def test_a_text_alone_and_in_a_batch_has_the_same_vector(sco: Workspace) -> None:
    embedder = sco.models.embedder
    texts = ["Short.", "A longer sentence about the summit in Astana. " * 8, "上海合作组织", ""]
    together = embedder.embed(texts)
    alone = np.vstack([embedder.embed([text]) for text in texts])
    assert together.shape == (4, 384)
    assert np.abs(together - alone).max() < 1e-3
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert embedder.embed([]).shape == (0, 384)
    done: list[int] = []
    embedder.embed(["x"] * 40, progress=done.append)
    assert done == list(range(BATCH, 41, BATCH))


def test_the_same_year_in_sentences_about_other_things_is_no_further_place(tmp_path: Path) -> None:
    (tmp_path / "light.txt").write_text("The lighthouse was built in 1874 by Carl Berg.\n")
    (tmp_path / "copy.txt").write_text("The lighthouse was built in 1874 by Carl Berg.\n")
    (tmp_path / "bread.txt").write_text(
        "In 1874 the bakery was opened by Marta Vik. The bread was dear in 1874.\n"
    )
    workspace = quick_workspace(tmp_path, threshold=0.0)
    workspace.sync()
    first = workspace.ask("When was the lighthouse built?").citations[0]
    assert {first.path, *(each.path for each in first.also_in)} == {"light.txt", "copy.txt"}
