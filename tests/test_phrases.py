"""Phrases in quotes: the word index proposes passages, and loses none that contains the phrase."""

from __future__ import annotations

import random
import re
from itertools import pairwise
from pathlib import Path

import pytest
from test_store import Made, fill

from conftest import QuickEmbedder, document_of, quick_workspace
from scoqa.normalization import fold, phrase_pattern
from scoqa.split import split
from scoqa.store import Where, catalog, open_store

WORDS = (
    "art of the Cafés café don't U.S. m² 3½ x_y 2008¹ 上海 合作组织 合 กำไร ﬁne e\u0301t straße"
).split()
BETWEEN = (" ", " ", " ", "  ", ". ", "。", "-", ", ", "\n\n", " §", "\u00ad", "")


def documents(luck: random.Random) -> list[Made]:
    """Return documents of the same few words, in passages of some five words each."""
    made = []
    for number in range(12):
        text = "".join(luck.choice(WORDS) + luck.choice(BETWEEN) for _ in range(60))
        document = document_of(f"{text}.", f"note-{number}.txt")
        count = QuickEmbedder().count_tokens
        made.append((document, split(document, passage_tokens=8, count_tokens=count)))
    return made


def expected_ids(made: list[Made], phrase: str) -> set[str]:
    """Return the passages with `phrase` in them, or in both sides of a border between two."""
    folded = fold(phrase)
    everywhere = re.compile(f"(?={phrase_pattern(phrase).pattern})")  # overlapping places, too
    found: set[str] = set()
    for _, passages in made:
        texts = [fold(passage.text) for passage in passages]
        found |= {
            passage.id
            for passage, text in zip(passages, texts, strict=True)
            if everywhere.search(text)
        }
        for (one, end), (other, start) in pairwise(zip(passages, texts, strict=True)):
            for match in everywhere.finditer(f"{end} {start}"):
                if match.start() < len(end) and match.start() + len(folded) > len(end) + 1:
                    found |= {one.id, other.id}
    return found


@pytest.mark.parametrize("seed", range(4))
def test_every_passage_with_a_phrase_is_found(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)
    made = documents(luck)
    fill(open_store(tmp_path), made)
    vector = QuickEmbedder().embed(["x"])[0]
    occurring = 0  # phrases that are whole words
    with open_store(tmp_path).view() as view:
        for _ in range(150):
            document, passages = luck.choice(made)
            start = luck.choice(passages).start if luck.random() < 0.3 else luck.randrange(300)
            start = max(0, start - luck.randrange(20))
            # What ends a sentence belongs to it, so no border is before the end of a phrase.
            phrase = re.sub(r"\W+$", "", document.text[start : start + luck.randint(3, 40)])
            if len(re.findall(r"\w\w+", phrase)) < 2:
                continue
            expected = expected_ids(made, phrase)
            found = view.search_vectors(vector, 1000, Where(phrases=(phrase,)))
            assert {match.passage.id for match in found} == expected, phrase
            occurring += bool(expected)
    assert occurring > 15


def test_a_phrase_folds_only_proposed_passages_and_only_once_per_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "the mill of the town grinds oats for the people of the hill, and rye".split()
    luck = random.Random(1)
    count = QuickEmbedder().count_tokens
    made = []
    for number in range(100):
        text = " ".join(luck.sample(words, len(words)))
        document = document_of(f"{text}.", f"note-{number:03}.txt")
        made.append((document, split(document, passage_tokens=50, count_tokens=count)))
    document = document_of("The mill grinds rye.", "mill.txt")
    made.append((document, split(document, passage_tokens=50, count_tokens=count)))
    store = open_store(tmp_path)
    fill(store, made)
    folded: list[str] = []

    def noted(text: str) -> str:
        folded.append(text)
        return fold(text)

    monkeypatch.setattr(catalog, "fold", noted)
    where = Where(phrases=("mill grinds rye.",))
    vector = QuickEmbedder().embed(["mill"])[0]
    with store.view() as view:
        for _ in range(2):
            assert ["mill.txt"] == [match.path for match in view.search_vectors(vector, 9, where)]
            assert ["mill.txt"] == [match.path for match in view.search_words(["mill"], 9, where)]
    assert len(folded) <= 3  # the phrase, and the passages that have its terms in this order


def test_a_writer_finds_phrases_of_what_it_has_just_written(tmp_path: Path) -> None:
    count = QuickEmbedder().count_tokens
    where = Where(phrases=("grinds rye",))
    store = open_store(tmp_path)
    fill(store, documents(random.Random(0))[:1])
    with store.writer() as writer:
        assert writer.search_words(["mill"], 9, where) == []
        document = document_of("The mill grinds rye.", "mill.txt")
        passages = split(document, passage_tokens=50, count_tokens=count)
        keys = [passage.id for passage in passages]
        writer.keep_vectors(keys, QuickEmbedder().embed(keys))
        writer.put(document, passages, keys, splitter="test")
        assert len(writer.search_words(["mill"], 9, where)) == 1


def test_a_phrase_over_two_cells_is_found(tmp_path: Path) -> None:
    # Between them, the word index has the name of the second cell's column.
    (tmp_path / "keepers.csv").write_text(
        "keeper,tower,since\nAda Lund,North Rock,1907\nBo Falk,South Rock,1911\n"
    )
    (tmp_path / "notes.txt").write_text("North of the tower is a rock. Ada Lund likes it.")
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    assert ["keepers.csv"] == [hit.path for hit in workspace.search('"lund north rock"')]
    assert [] == workspace.search('"falk north rock"')
