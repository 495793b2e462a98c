"""The span reader: which words, which of several places, and what it is sure of."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from conftest import QuickEmbedder, document_of
from scoqa import Workspace, cli, terminal, verify
from scoqa.errors import ModelHashError, ModelNotFoundError
from scoqa.models import READER_FILES, READER_FOLDER, find_reader
from scoqa.read import open_reader
from scoqa.read.borders import find_word_edges
from scoqa.read.calibration import (
    Calibration,
    Evidence,
    Weights,
    compute_probability,
    read_calibration,
)
from scoqa.read.candidates import build_candidates, get_similarities, make_answer_filter
from scoqa.read.encoder import MOST_TOKENS, STRIDE, Encoder, Piece, split_strides
from scoqa.read.span import AGREEING, CLOSE, GROUP_SIZE, MOST_FACTS, SpanReader, score_windows
from scoqa.read.span import weigh as weigh_candidates
from scoqa.read.span_decoding import Place, WindowScores, combine_nulls, decode
from scoqa.serial import to_json
from scoqa.types import Document, Hit, Passage, Reading, SearchResult, Window

NO_WEIGHTS = Weights(similarity=0.0, share=0.0, conflict=0.0, kind=0.0, excluded=0.0)
EVEN = Calibration(
    weights=NO_WEIGHTS,
    answerable=(0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    right=(0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    threshold=0.5,
    highest=12.0,
    fitted_on=(),
)
LAMP = (
    "The keeper lights the lamp at dusk.",
    "The lighthouse was built in 1887 by Ada Lund. It is 41 metres tall.",
    "The harbour freezes in January. Herring boats leave at dawn.",
)


def window_of(document: Document, *, cosine: float = 0.5, heading: str = "") -> Window:
    text = document.text
    found_by = (SearchResult("vectors", 1, cosine),)
    passage = Passage("p", document.id, 0, len(text), text, heading)
    hit = Hit(passage, document.path, 1.0, found_by)
    return Window(document.id, 0, len(text), text, heading, (hit,))


def windows_of(*texts: str) -> list[Window]:
    return [window_of(document_of(text, f"{n}.txt")) for n, text in enumerate(texts)]


@pytest.fixture(scope="module")
def reader() -> SpanReader:
    found = find_reader("span")
    opened = open_reader(found.folder, found.fingerprint, QuickEmbedder().embed)
    assert isinstance(opened, SpanReader)
    return opened


def words(windows: list[Window], document_id: str, start: int, end: int) -> str:
    window = next(each for each in windows if each.document_id == document_id)
    return window.text[start - window.start : end - window.start]


def weigh(
    question: str, windows: list[Window], scored: list[WindowScores], calibration: Calibration
) -> Reading:
    candidates = build_candidates(question, windows, scored, get_similarities(windows))
    return weigh_candidates(windows, scored, candidates, calibration)


# -- with the model ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who built the lighthouse?", "Ada Lund"),
        ("When was the lighthouse built?", "1887"),
        ("How tall is the lighthouse?", "41 metres"),
        ("In which month does the harbour freeze?", "January"),
    ],
)
def test_the_answer_is_the_shortest_span_that_answers(
    reader: SpanReader, question: str, expected: str
) -> None:
    windows = windows_of(*LAMP)
    span = reader.read(question, windows).spans[0]
    assert expected == words(windows, span.document_id, span.start, span.end)


def test_what_is_not_there_is_less_likely_answered_than_what_is(reader: SpanReader) -> None:
    windows = windows_of(*LAMP)
    there = reader.read("Who built the lighthouse?", windows)
    not_there = reader.read("Who won the 2018 World Cup in football?", windows)
    assert there.none_probability < 0.5 < not_there.none_probability
    assert not_there.right_probability < there.right_probability


def test_a_long_window_is_read_to_its_end(reader: SpanReader) -> None:
    filler = "Herring boats leave at dawn and come back at noon with a small catch. " * 60
    document = document_of(f"{filler}The lighthouse was built by Ada Lund.\n")
    windows = [window_of(document)]
    assert len(reader.encoder.encode("Who built the lighthouse?", windows)) > 2
    span = reader.read("Who built the lighthouse?", windows).spans[0]
    assert "Ada Lund" == document.text[span.start : span.end]


def test_a_text_alone_and_in_any_batch_gives_the_same_scores(reader: SpanReader) -> None:
    windows = [*windows_of(*LAMP), window_of(document_of("Herring. " * 150, "long.txt"))]
    question = "Who built the lighthouse?"
    together, _ = score_windows(reader.encoder, question, windows)
    for window, in_batch in zip(windows, together, strict=True):
        [alone], _ = score_windows(reader.encoder, question, [window])
        assert [(p.start, p.end) for p in alone.places] == [
            (p.start, p.end) for p in in_batch.places
        ]
        for ours, theirs in zip(alone.places, in_batch.places, strict=True):
            assert ours.score == pytest.approx(theirs.score, abs=1e-3)
        assert alone.null == pytest.approx(in_batch.null, abs=1e-3)
        assert alone.total == pytest.approx(in_batch.total, abs=1e-3)


def test_a_question_in_another_script_is_answered_in_whole_sentences(reader: SpanReader) -> None:
    text = "Маяк построил Иван. Гавань замерзает."
    reading = reader.read("Кто построил маяк?", windows_of(text))
    assert "Маяк построил Иван." == text[reading.spans[0].start : reading.spans[0].end]
    assert () == reading.windows


def test_no_windows_give_no_answer(reader: SpanReader) -> None:
    for windows in ([], windows_of(" \n ")):
        reading = reader.read("Who?", windows)
        assert ((), 1.0, 0.0) == (
            reading.spans,
            reading.none_probability,
            reading.right_probability,
        )


# -- where others highlight what is not there: kotaemon #541, #469 ---------------------------------


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("policy")
    (root / "policy.txt").write_text(
        "İİİ Policy of İstanbul İnsurance İİİ\n\n"
        "The company does not cover accidental damage. The company covers fire. "
        "Claims are paid by the office in İzmir within thirty days.\n",
        encoding="utf-8",
    )
    workspace = Workspace(root)
    workspace.sync()
    return workspace


def test_a_letter_that_grows_when_lowered_moves_no_highlight(policy: Workspace) -> None:
    answer = policy.ask("Within how many days are claims paid?")
    first = (answer.citations or answer.near_misses)[0]
    text = (policy.documents / "policy.txt").read_text(encoding="utf-8")
    assert "thirty" in first.quote
    assert text[first.start : first.end] == first.quote
    assert first.start == text.index(first.quote)


def test_a_negation_is_never_left_out_of_what_is_shown(policy: Workspace) -> None:
    """The words alone, "accidental damage", would say the contrary of the sentence."""
    answer = policy.ask("Which damage does the company cover, or not?")
    shown = answer.citations or answer.near_misses
    [about] = [each for each in shown if "accidental" in each.sentence]
    assert about.quote in about.sentence
    with terminal.out.capture() as printed:
        terminal.print_answer(answer)
    plain = printed.get().replace("»", "").replace("«", "")
    assert "The company does not cover accidental damage." in plain


@pytest.mark.parametrize(
    "invented",
    [
        "The company does cover accidental damage.",  # one word less than the text
        "Storms and floods are paid for in full.",  # nothing like it
    ],
)
def test_an_invented_quote_is_found_out(policy: Workspace, invented: str) -> None:
    assert "phrase_not_found" == policy.ask(f'Who says "{invented}"').reason
    answer = policy.ask("Within how many days are claims paid?")
    first = (answer.citations or answer.near_misses)[0]
    forged = replace(first, quote=invented, end=first.start + len(invented))
    [verdict] = verify(replace(answer, citations=(forged,), near_misses=()), policy.documents)
    assert "true" != verdict.kind
    assert () == verdict.found


# -- pieces ----------------------------------------------------------------------------------------


def test_words_begin_and_end_where_people_see_them() -> None:
    text = (
        "Röntgen’s re\u0301sume\u0301: 3.5 % of U.S. aid, 1941–1945 or 2010-2014, "
        "-15 to +3, non-member Bish\u00adkek at 12:30, 1\u00a0250\u00a0000"
    )
    starts, ends = find_word_edges(text)
    seen = [text[a:b] for a, b in zip(sorted(starts), sorted(ends), strict=True)]
    assert [
        "Röntgen’s", "re\u0301sume\u0301", ":", "3.5", "%", "of", "U.S", ".", "aid", ",",
        "1941", "–", "1945", "or", "2010", "-", "2014", ",", "-15", "to", "+3", ",", "non-member",
        "Bish\u00adkek", "at", "12:30", ",", "1\u00a0250\u00a0000",
    ] == seen  # fmt: skip


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("The temperature in January was -15 degrees.", "How cold was January?", "-15 degrees"),
        ("Norway is a non-member of the union.", "What is Norway?", "non-member"),
        ("The boat left at 12:30 for Varn.", "When did the boat leave?", "12:30"),
    ],
)
def test_no_sign_is_left_out(reader: SpanReader, text: str, question: str, expected: str) -> None:
    windows = windows_of(text)
    span = reader.read(question, windows).spans[0]
    assert expected in text[span.start : span.end]


def test_strides_cover_every_token_and_overlap() -> None:
    found = list(split_strides(1000, 300))
    assert (0, 300) == found[0]
    assert 1000 == found[-1][1]
    for (_, end), (start, _) in pairwise(found):
        assert STRIDE == end - start
    assert [(0, 7)] == list(split_strides(7, 300))
    assert [] == list(split_strides(0, 300))


def test_a_heading_is_read_but_never_pointed_at() -> None:
    encoder = Encoder(READER_FOLDER)
    document = document_of("It was built in 1887.")
    window = window_of(document, heading="The lighthouse of Varn " * 40)
    question = "When was the lighthouse of Varn built? " * 10
    [piece] = encoder.encode(question, [window])
    assert piece.size <= MOST_TOKENS
    assert [(0, 2), (3, 6), (7, 12), (13, 15), (16, 20), (20, 21)] == piece.places
    bare = encoder.encode("When?", [window_of(document)])[0]
    under = encoder.encode("When?", [window_of(document, heading="Varn")])[0]
    assert under.size > bare.size
    assert under.places == bare.places


# -- arithmetic, by hand -------------------------------------------------------------------------


def test_the_best_span_is_the_best_sum_that_may_be() -> None:
    window = window_of(document_of("in Bishkek soon"))
    places = [(0, 2), (3, 5), (5, 10), (11, 15)]  # "Bishkek" is two word pieces
    edges = [True, True, False, True], [True, False, True, True]
    piece = Piece(0, [0] * 6, [0] * 6, 1, places, *edges, [0] * 4)
    starts = np.array([0.5, 0.0, 2.0, 9.0, 0.0, 0.0], dtype=np.float32)
    ends = np.array([0.25, 0.0, 9.0, 3.0, 1.0, 0.0], dtype=np.float32)
    [said] = decode([window], [piece], [(starts, ends)])
    # Neither inside the word, where the highest scores are, nor backwards; and none that overlap.
    assert (Place(3, 10, 5.0), Place(11, 15, 1.0), Place(0, 2, 0.0)) == said.places
    assert 0.75 == said.null
    sums = [0 + 0, 0 + 3, 0 + 1, 2 + 3, 2 + 1, 0 + 1]  # every span that may be
    assert said.total == pytest.approx(float(np.log(np.exp(sums).sum())), abs=1e-5)


def test_no_span_leaves_its_paragraph() -> None:
    for end in ("\n\n", "\r\n\r\n", "\r \r", "\n\t\n", "\u2029"):
        window = window_of(document_of(f"Varn{end}It\nmet"))
        [piece] = Encoder(READER_FOLDER).encode("?", [window])
        starts, ends = (np.zeros(piece.size, dtype=np.float32) for _ in range(2))
        [said] = decode([window], [piece], [(starts, ends)])
        assert said.total == pytest.approx(np.log(4)), "Varn; It; met; It met"


def test_a_word_without_end_is_never_quoted() -> None:
    window = window_of(document_of("Key: " + "QUJD" * 200 + " ends."))
    [piece] = Encoder(READER_FOLDER).encode("Which key?", [window])
    scores = np.zeros(piece.size, dtype=np.float32)
    [said] = decode([window], [piece], [(scores, scores)])
    assert all(place.end - place.start < 100 for place in said.places)


def test_what_repeats_the_question_or_asks_answers_nothing() -> None:
    window = window_of(document_of("Q: Can I borrow films?\nA: Yes, three films at a time."))
    [piece] = Encoder(READER_FOLDER).encode("Can I borrow films?", [window])
    scores = np.zeros(piece.size, dtype=np.float32)
    [scored] = decode(
        [window], [piece], [(scores, scores)], make_answer_filter("Can I borrow films?", [window])
    )
    quotes = {window.text[place.start : place.end] for place in scored.places}
    asked = window.text.index("\n")
    assert quotes
    assert all(place.start > asked for place in scored.places)
    assert "films" not in quotes
    may = make_answer_filter("Is it films or books?", [window])
    films = window.text.rindex("films")
    assert may(0, films, films + 5), "a choice names its answers"
    assert not may(0, window.text.index("films"), asked - 1), "what asks"


def test_an_article_is_no_word_that_the_question_lacks() -> None:
    window = window_of(document_of("The archive password is kept by Ines Roth."))
    may = make_answer_filter("What is the password of the archive?", [window])
    assert not may(0, 0, len("The archive password"))
    assert may(0, 0, len("The archive password is kept"))


def test_one_window_that_answers_is_enough_against_silence() -> None:
    assert combine_nulls([3.0]) == pytest.approx(3.0)
    assert combine_nulls([-5.0, 40.0, 40.0]) == pytest.approx(-5.0)
    assert combine_nulls([2.0, 2.0]) == pytest.approx(2.0 - np.log(2))


def said(window: Window, *found: tuple[str, float], null: float = 0.0) -> WindowScores:
    places = []
    for text, score in found:
        start = window.start + window.text.index(text)
        places.append(Place(start, start + len(text), score))
    return WindowScores(tuple(places), max(score for _, score in found), null)


def test_the_same_fact_in_several_documents_is_one() -> None:
    windows = windows_of("It met in Tashkent.", "Hosted by Tashkent.", "Then to Ufa.")
    several = [said(windows[0], ("Tashkent", 6.0)), said(windows[1], ("Tashkent", 5.0)),
               said(windows[2], ("Ufa", 5.5))]  # fmt: skip
    reading = weigh("Where?", windows, several, EVEN)
    assert [0, 0, 1] == [span.fact for span in reading.spans]


def test_the_same_words_about_something_else_are_another_matter() -> None:
    windows = windows_of("It was founded in 2001.", "It was built in 2001.")
    for apart, places in ((AGREEING, 2), (AGREEING + 0.1, 1)):
        scored = [said(windows[0], ("2001", 9.0)), said(windows[1], ("2001", 9.0 - apart))]
        assert places == len(weigh("In which year?", windows, scored, EVEN).spans)


def test_the_same_city_in_another_year_is_another_matter() -> None:
    windows = windows_of(
        "The 2016 summit was held in Tashkent.",
        "The 2004 summit was held in Tashkent.",
        "In 2016 the summit was held in Tashkent, as planned.",
    )
    scored = [said(window, ("Tashkent", 9.0)) for window in windows]
    spans = weigh("Where was the 2016 summit held?", windows, scored, EVEN).spans
    assert [windows[0].document_id, windows[2].document_id] == [each.document_id for each in spans]


def test_a_window_without_words_says_nothing_for_or_against(reader: SpanReader) -> None:
    windows = windows_of(*LAMP)
    blank = window_of(document_of(" \n ", "blank.txt"))
    with_blank = reader.read("Who won the World Cup?", [*windows, blank])
    without = reader.read("Who won the World Cup?", windows)
    assert with_blank.none_probability == pytest.approx(without.none_probability, abs=1e-3)
    assert with_blank.windows[-1].null is None
    assert 0.0 == with_blank.windows[-1].probability


def test_a_list_gives_several_spans_when_the_scores_say_so() -> None:
    [window] = windows_of("India and Pakistan joined; Iran, Belarus and Mongolia observe.")
    close = [("India", 8.0), ("Pakistan", 8.0 - CLOSE), ("Iran", 7.5), ("Belarus", 7.4)]
    spans = weigh("Who joined?", [window], [said(window, *close)], EVEN).spans
    assert MOST_FACTS == len(spans)
    apart = [("India", 8.0), ("Pakistan", 8.0 - CLOSE - 0.1)]
    assert 1 == len(weigh("Who joined?", [window], [said(window, *apart)], EVEN).spans)


def test_what_the_searches_found_decides_between_equals() -> None:
    windows = [
        window_of(document_of("It met in Ufa.", "a.txt"), cosine=0.5),
        window_of(document_of("It met in Omsk.", "b.txt"), cosine=1.0),
    ]
    scored = [said(windows[0], ("Ufa", 5.0)), said(windows[1], ("Omsk", 5.0))]
    by_search = replace(EVEN, weights=replace(NO_WEIGHTS, similarity=2.0))
    searched = weigh("Where?", windows, scored, by_search)
    assert [windows[1].document_id, windows[0].document_id] == [
        span.document_id for span in searched.spans
    ]
    assert [7.0, 6.0] == [span.score for span in searched.spans]


def test_a_passage_that_only_words_found_is_less_similar_than_those_that_vectors_found() -> None:
    by_vectors = [
        window_of(document_of("It met in Ufa.", f"{n}.txt"), cosine=n / 10) for n in (4, 3)
    ]
    by_words = replace(by_vectors[0], hits=(replace(by_vectors[0].hits[0], found_by=()),))
    assert [0.4, 0.3, 0.3] == get_similarities([*by_vectors, by_words])
    assert [0.0] == get_similarities([by_words])


def test_windows_are_read_in_order_of_promise_until_none_can_win(reader: SpanReader) -> None:
    texts = ["The lighthouse was built in 1887 by Ada Lund.", *["Herring boats leave."] * 11]
    windows = [
        window_of(document_of(text, f"{n}.txt"), cosine=1.0 if n == 0 else 0.1)
        for n, text in enumerate(texts)
    ]
    question = "Who built the lighthouse?"
    sure = replace(EVEN, weights=replace(NO_WEIGHTS, similarity=20.0), highest=9.0)
    scored, candidates = score_windows(reader.encoder, question, windows, sure)
    assert GROUP_SIZE == sum(each.null < np.inf for each in scored)
    every, _ = score_windows(reader.encoder, question, windows)
    assert all(each.null < np.inf for each in every)
    reading = weigh_candidates(windows, scored, candidates, sure)
    assert reading.spans[0].start == every[0].places[0].start
    unsure = replace(sure, highest=1000.0)
    scored, _ = score_windows(reader.encoder, question, windows, unsure)
    assert all(each.null < np.inf for each in scored), "any could win"


def test_each_window_tells_its_share_of_one_softmax() -> None:
    windows = windows_of("It met in Ufa.", "It met in Omsk.")
    scored = [said(windows[0], ("Ufa", 2.0), null=1.0), said(windows[1], ("Omsk", 1.0), null=9.0)]
    first, second = weigh("Where?", windows, scored, EVEN).windows
    total = np.exp(2.0) + np.exp(1.0) + np.exp(combine_nulls([1.0, 9.0]))
    assert first.probability == pytest.approx(np.exp(2.0) / total)
    assert second.probability == pytest.approx(np.exp(1.0) / total)
    assert (1.0, 9.0) == (first.null, second.null)
    assert first.span is not None and 2.0 == first.span.score


def test_a_phrase_alone_is_answered_with_the_places_where_it_occurs(reader: SpanReader) -> None:
    windows = windows_of(
        "The pier is old. The Old  pier of Orl is long.", "No old pier here.", "No."
    )
    reading = reader.read("“old pier of orl”", windows)
    (span,) = reading.spans
    assert "Old  pier of Orl" == words(windows, span.document_id, span.start, span.end)
    assert (0.0, 1.0) == (reading.none_probability, reading.right_probability)
    assert 2 == len(reader.read('"old pier"?', windows).spans)
    question = 'Where is the "old pier" of Orl?'
    assert reader.read(question, windows).right_probability < 1, "asks more than for the phrase"


# -- calibration and the model's folder ------------------------------------------------------------


def test_a_probability_is_a_logistic_regression() -> None:
    evidence = Evidence(
        total=3.5, focus=-1.0, similarity=0.5, contact=1.0, gap=1.0, conflict=1.0, excluded=0.5
    )
    coefficients = (-2.0, 0.5, 0.25, 4.0, 0.5, 1.0, -2.0, -1.0)
    logit = -2.0 + 0.5 * 3.5 - 0.25 + 2.0 + 0.5 + 1.0 - 2.0 - 0.5
    assert compute_probability(coefficients, evidence) == pytest.approx(1 / (1 + np.exp(-logit)))
    far = replace(evidence, total=1e6)
    assert 0.0 < compute_probability((-1.0, -1.0, 0, 0, 0, 0, 0, 0), far) < 1e-9


def test_the_shipped_calibration_is_of_this_kind() -> None:
    calibration = read_calibration(READER_FOLDER)
    assert 0 < calibration.threshold < 1
    for coefficients in (calibration.answerable, calibration.right):
        assert all(each >= 0 for each in coefficients[1:6]), "evidence for it makes it surer"
        assert all(each <= 0 for each in coefficients[6:]), "evidence against it, less sure"
    assert calibration.answerable[5] == 0, "silence does not depend on what else is in the folder"
    assert calibration.answerable[1] > 0, "the further over the null, the likelier an answer"


def model_in(folder: Path, **changed: object) -> Path:
    folder.mkdir()
    for file in READER_FOLDER.iterdir():
        if file.suffix == ".json":
            shutil.copy(file, folder / file.name)
    kept = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    (folder / "calibration.json").write_text(json.dumps(kept | changed), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "changed",
    [
        {"right": [1.0]},
        {"threshold": "high"},
        {"threshold": 7},
        {"threshold": float("nan")},
        {"weights": {}},
        {"weights": {name: float("inf") for name in asdict(NO_WEIGHTS)}},
        {"highest": None},
        {"answerable": None},
    ],
)
def test_a_calibration_that_cannot_be_used_is_named(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    with pytest.raises(ModelNotFoundError, match=r"calibration\.json cannot be used"):
        read_calibration(model_in(tmp_path / "model", **changed))


def test_a_folder_without_a_calibration_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="train-reader"):
        read_calibration(tmp_path)


@pytest.mark.parametrize("changed", READER_FILES)
def test_a_reader_that_is_not_ours_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    model_in(tmp_path / "model")
    shutil.copy(READER_FOLDER / "model.safetensors", tmp_path / "model")
    (tmp_path / "model" / changed).write_bytes(b"other")
    monkeypatch.setattr("scoqa.models.READER_FOLDER", tmp_path / "model")
    with pytest.raises(ModelHashError, match="Reinstall scoqa"):
        find_reader("span")


def test_a_reader_that_is_nowhere_names_the_ones_there_are(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="span, sentence; or give a folder"):
        find_reader(str(tmp_path / "gone"))


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    folder = model_in(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"no weights at all")
    opened = open_reader(find_reader(str(folder)).folder, "x@1", QuickEmbedder().embed)
    with pytest.raises(ModelNotFoundError, match="does not contain a complete BERT model"):
        opened.load()
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelNotFoundError, match=r"no readable tokenizer\.json"):
        opened.read("Who?", windows_of(*LAMP))


def test_the_settings_choose_the_reader(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert Workspace(folder).models.reader.fingerprint.startswith("span@")
    sentence = Workspace(folder, reader="sentence")
    assert "sentence@3" == sentence.models.reader.fingerprint
    own = tmp_path_factory.mktemp("own") / "mine"
    shutil.copytree(READER_FOLDER, own)
    (folder / "scoqa.toml").write_text(f'reader = "{own.as_posix()}"\n', encoding="utf-8")
    assert Workspace(folder).models.reader.fingerprint.startswith("mine@")


def test_explain_shows_what_became_of_each_window(sco: Workspace) -> None:
    explained = sco.explain("Who sponsored the First SCO Defence and Security Forum?")
    with terminal.out.capture() as printed:
        terminal.print_explanation(explained)
    told = re.findall(
        r"^ +\d+ (\S+) (\d+):(\d+)  words ([\d-]+), vectors ([\d-]+), fused (\d+)\n"
        r" +(?:(\d+):(\d+) score -?[\d.]+, null -?[\d.]+, probability ([\d.]+)  (.+)"
        r"|not read: .+)$",
        printed.get(),
        re.MULTILINE,
    )
    assert len(explained.windows) == len(told) > 1
    for window, (path, start, end, *ranks, first, last, _, words) in zip(
        explained.windows, told, strict=True
    ):
        document = sco.document(window.document_id)
        assert (document.path, window.start, window.end) == (path, int(start), int(end))
        if words:
            quoted = " ".join(document.text[int(first) : int(last)].split())
            assert quoted.startswith(words.removesuffix("…"))
        assert int(ranks[-1]) == min(
            1 + [hit.passage.id for hit in explained.hits].index(hit.passage.id)
            for hit in window.hits
        )
    assert 0 < sum(float(share or 0) for *_, share, _ in told) <= 1.01
    record = to_json(explained)
    assert len(record["windows"]) == len(record["reading"]["windows"])


def test_the_command_line_chooses_the_reader(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Workspace(folder, reader="sentence").sync()
    for reader, begins in (("span", "Ada Lund"), ("sentence", "The lighthouse was built")):
        arguments = ["ask", "Who built the lighthouse?", "-w", str(folder), "--json"]
        monkeypatch.setattr("sys.argv", ["scoqa", *arguments, "--reader", reader])
        with contextlib.suppress(SystemExit):
            cli.main()
        answer = json.loads(capsys.readouterr().out)
        shown = answer["citations"] or answer["near_misses"]
        assert shown[0]["quote"].startswith(begins)
