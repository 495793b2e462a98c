"""Compare word indexes on real texts: SQLite FTS5 against tantivy.

Receives folders of .txt and .md files and question files; prints tables to standard output.
Engines are timed in turn within one run: read the ratios, single times are noisy.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import re
import sqlite3
import statistics
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

try:
    tantivy: Any = importlib.import_module("tantivy")
except ImportError:
    tantivy = None
# Not snowballstemmer.stemmer(): that hands over to PyStemmer, of whatever version is installed.
stemmer: Any = importlib.import_module("snowballstemmer.english_stemmer").EnglishStemmer()
stem = lru_cache(maxsize=200_000)(stemmer.stemWord)

STOP_WORDS = re.findall(
    r"\w+",
    "a about after all also an and any are as at be because been before being between both but by"
    " can could did do does doing during each few for from further had has have having he her here"
    " him his how i if in into is it its itself me more most my no nor not of off on once only or"
    " other our out over own s same she should so some such t than that the their them then there"
    " these they this those through to too under until up very was we were what when where which"
    " while who whom whose why will with would you your",
)
# Han, Kana and Hangul: written without spaces, or with words glued to their endings.
CJK = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
BREAK = re.compile(r"[.!?][\"'\u201d\u2019)\]]*\s+|\n+")
Span = tuple[str, int, int]  # document, start, end
Hits = list[tuple[int, float]]  # place in the list of passages, score; best first


class Passage(NamedTuple):
    document: str
    start: int
    end: int
    text: str
    head: str  # the document's first two lines, where they are short: title and date


class Question(NamedTuple):
    text: str
    items: list[list[Span]]  # one span of every item is needed
    whole: bool  # a hit holds the whole span; otherwise it touches it

    def held_by(self, hits: Sequence[Passage]) -> bool:
        def good(hit: Passage, document: str, start: int, end: int) -> bool:
            inside = hit.start <= start and end <= hit.end
            touched = hit.start < end and start < hit.end
            return hit.document == document and (inside if self.whole else touched)

        return all(any(good(hit, *span) for hit in hits for span in item) for item in self.items)


@dataclass(frozen=True)
class Recipe:
    name: str
    tokenizer: str
    prepare: Callable[[str], str] = str  # makes what is indexed, of texts and of query words
    contentless: bool = False
    head_weight: float = 0.0  # 0: the head is not indexed


def folded(text: str) -> str:
    """Return the text's tokens, spaced: no case, no Latin accents; CJK in overlapping pairs."""
    text = unicodedata.normalize("NFKD", text.casefold())  # casefold makes an i and a dot of İ
    text = unicodedata.normalize("NFKC", re.sub("(?<=[a-z])[\u0300-\u036f]+", "", text))
    text = re.sub(f"({CJK})(?=({CJK}){CJK})", r"\1\2 ", re.sub(f"({CJK}+)", r" \1 ", text))
    return " ".join(re.findall(r"[^\W_]+", text))


def stemmed(text: str) -> str:
    return " ".join(map(stem, folded(text).split()))


def query_words(question: str, *, stop_words: bool) -> list[str]:
    words = folded(question).split()
    return [word for word in words if stop_words or word not in STOP_WORDS] or words


def load_passages(folders: Sequence[Path]) -> list[Passage]:
    paths = sorted(p for f in folders for p in f.rglob("*") if p.suffix in {".txt", ".md"})
    return [passage for p in paths for passage in split(p.name, p.read_bytes().decode("utf-8"))]


def split(name: str, text: str) -> Iterator[Passage]:
    """Yield passages of up to 800 characters that partition the text, at sentence and line ends."""
    lines = [line for line in text.split("\n") if line.strip()]
    head = "\n".join(line for line in lines[:2] if len(line) <= 200)
    start = 0
    while start < len(text):
        end = min(start + 800, len(text))
        if end < len(text):
            stops = [found.end() for found in BREAK.finditer(text, start, end)]
            end = stops[-1] if stops else text.rfind(" ", start, end) + 1 or end
        yield Passage(name, start, end, text[start:end], head)
        start = end


def repeat(passages: Sequence[Passage], *, count: int) -> list[Passage]:
    """Return `count` passages: the given ones, then copies with one word in twelve changed."""
    chance, made = random.Random(0), list(passages[:count])
    while len(made) < count:
        copy, place = divmod(len(made), len(passages))
        words = [w + str(copy) * (chance.random() < 1 / 12) for w in made[place].text.split(" ")]
        name = f"{copy}-{made[place].document}"
        made.append(made[place]._replace(document=name, text=" ".join(words)))
    return made


def load_questions(path: Path) -> list[Question]:
    """Return the answerable questions; rows without answers count by their evidence."""
    questions, span = [], itemgetter("document", "start", "end")
    for line in filter(str.strip, path.read_text(encoding="utf-8").split("\n")):
        row = json.loads(line)
        if row["answerable"]:
            items: dict[int, list[Span]] = {}
            for gold in row["answers"] or row["evidence"]:
                items.setdefault(gold.get("item", 0), []).append(span(gold))
            questions.append(Question(row["question"], [*items.values()], bool(row["answers"])))
    return questions


class Fts5:
    """Passages in an FTS5 table, each under a key that is never used again."""

    def __init__(self, recipe: Recipe, passages: Sequence[Passage]) -> None:
        self.recipe, self.passages = recipe, passages
        self.room = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # tantivy may merge on
        pairs = [(p.text, p.head if recipe.head_weight else "") for p in passages]
        self.fields = [(recipe.prepare(text), recipe.prepare(head)) for text, head in pairs]
        groups = groupby(range(len(passages)), key=lambda n: passages[n].document)
        self.of_document = {name: list(numbers) for name, numbers in groups}
        self.collection = {name: f"c{n % 10}" for n, name in enumerate(self.of_document)}
        self.by_key: list[int] = []

    def build(self) -> None:
        self.base = sqlite3.connect(f"{self.room.name}/words.sqlite", isolation_level=None)
        contentless = ", content=''" if self.recipe.contentless else ""
        self.base.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE place (key INTEGER PRIMARY KEY, document, collection);"
            "CREATE INDEX d ON place (document); CREATE INDEX c ON place (collection);"
            "CREATE VIRTUAL TABLE words USING"
            f" fts5(text, head, tokenize='{self.recipe.tokenizer}'{contentless})"
        )
        self.base.execute("BEGIN")
        self.add(range(len(self.passages)))
        self.base.execute("COMMIT")
        self.base.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def add(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            key, name = len(self.by_key), self.passages[number].document
            self.by_key.append(number)
            place = (key, name, self.collection[name])
            self.base.execute("INSERT INTO place VALUES (?, ?, ?)", place)
            into = "INSERT INTO words (rowid, text, head) VALUES (?, ?, ?)"
            self.base.execute(into, (key, *self.fields[number]))

    def replace(self, document: str) -> None:
        self.base.execute("BEGIN")
        for (key,) in self.base.execute("SELECT key FROM place WHERE document = ?", (document,)):
            if self.recipe.contentless:  # it must be handed exactly what was indexed
                drop = "INSERT INTO words (words, rowid, text, head) VALUES ('delete', ?, ?, ?)"
                self.base.execute(drop, (key, *self.fields[self.by_key[key]]))
            else:
                self.base.execute("DELETE FROM words WHERE rowid = ?", (key,))
        self.base.execute("DELETE FROM place WHERE document = ?", (document,))
        self.add(self.of_document[document])
        self.base.execute("COMMIT")

    def match(self, words: Sequence[str]) -> str:
        terms = dict.fromkeys(self.recipe.prepare(" ".join(words)).split())
        return " OR ".join(f'"{term}"' for term in terms)

    def search(self, words: Sequence[str], k: int = 50, *, within: str = "") -> Hits:
        # Without the plus before rowid, FTS5 may be asked anew for every key of the collection.
        found = self.base.execute(
            "SELECT rowid, -rank FROM words WHERE words MATCH ?1 AND rank MATCH ?2 AND (?3 = ''"
            " OR +rowid IN (SELECT key FROM place WHERE collection = ?3)) ORDER BY rank LIMIT ?4",
            (self.match(words), f"bm25(1.0, {self.recipe.head_weight})", within, k),
        )
        return [(self.by_key[key], score) for key, score in found]


class Tantivy(Fts5):
    """The same passages in a tantivy index, written by one thread."""

    def build(self) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("text", tokenizer_name=self.recipe.tokenizer)
        for name in ("document", "collection"):
            schema.add_text_field(name, tokenizer_name="raw", index_option="basic")
        self.schema = schema.add_unsigned_field("key", stored=True).build()
        self.index = tantivy.Index(self.schema, path=self.room.name)
        self.writer = self.index.writer(heap_size=128_000_000, num_threads=1)
        self.add(range(len(self.passages)))
        self.commit()

    def commit(self) -> None:
        self.writer.commit()
        self.index.reload()
        self.searcher = self.index.searcher()

    def add(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            name, text = self.passages[number].document, self.fields[number][0]
            row = {"document": name, "collection": self.collection[name], "text": text}
            self.writer.add_document(tantivy.Document(**row, key=len(self.by_key)))
            self.by_key.append(number)

    def replace(self, document: str) -> None:
        self.writer.delete_documents_by_term("document", document)
        self.add(self.of_document[document])
        self.commit()

    def search(self, words: Sequence[str], k: int = 50, *, within: str = "") -> Hits:
        query = self.index.parse_query(self.match(words), ["text"])
        if within:
            only = tantivy.Query.term_query(self.schema, "collection", within)
            both = [query, tantivy.Query.const_score_query(only, 0.0)]
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, part) for part in both])
        hits = self.searcher.search(query, k, count=False).hits
        return [(self.by_key[self.searcher.doc(a)["key"][0]], score) for score, a in hits]


def open_index(recipe: Recipe, passages: Sequence[Passage]) -> Fts5:
    return (Tantivy if recipe.name.startswith("tantivy") else Fts5)(recipe, passages)


def measure_quality(passages: Sequence[Passage], path: Path, recipes: Sequence[Recipe]) -> None:
    """Print Success@k, questions won and lost at 5, and how replacing documents changes scores."""
    questions = load_questions(path)
    print(f"\n{path.name}: {len(questions)} questions, {len(passages)} passages")
    print("| words alone | stop-words | Success@1 | @5 | @10 | won, lost |")
    print("|---|---|---|---|---|---|")
    base: list[bool] = []
    after = ["| a third of the documents replaced | largest change of a score | other top 10 |"]
    for recipe in recipes:
        index = open_index(recipe, passages)
        index.build()
        for kept in (True, False):
            asked = [query_words(question.text, stop_words=kept) for question in questions]
            found = [index.search(words) for words in asked]
            both = [(q, [passages[n] for n, _ in f]) for q, f in zip(questions, found, strict=True)]
            held = {k: [q.held_by(hits[:k]) for q, hits in both] for k in (1, 5, 10)}
            rates = " | ".join(f"{statistics.mean(hits):.3f}" for hits in held.values())
            base = base or held[5]
            changes = [now - then for now, then in zip(held[5], base, strict=True)]
            against = f"+{changes.count(1)} -{changes.count(-1)}"
            print(f"| {recipe.name} | {'kept' if kept else 'dropped'} | {rates} | {against} |")
        for document in list(index.of_document)[::3]:
            index.replace(document)
        pairs = [(old, index.search(words)) for old, words in zip(found, asked, strict=True)]
        moved = max(abs(dict(old).get(n, s) - s) for old, new in pairs for n, s in new)
        other = sum(dict(old[:10]).keys() != dict(new[:10]).keys() for old, new in pairs)
        after.append(f"| {recipe.name} | {moved:.1e} | {other} of {len(questions)} |")
    print("\n" + "\n".join([after[0], "|---|---|---|", *after[1:]]))


def measure_time(passages: list[Passage], questions: list[Question], recipes: list[Recipe]) -> None:
    """Print sizes, times, and their ratios to the first recipe."""
    began = time.perf_counter()
    tokens = sum(len(stemmed(passage.text).split()) for passage in passages)
    seconds = time.perf_counter() - began
    print(f"\n{len(passages)} passages, {tokens} tokens, folded and stemmed in {seconds:.1f} s")
    taken: dict[tuple[str, str], list[float]] = {}

    def clock(measure: str, recipe: Recipe, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        taken.setdefault((measure, recipe.name), []).append(1e3 * (time.perf_counter() - began))

    for _ in range(3):
        indexes = [open_index(recipe, passages) for recipe in recipes]
        for index in indexes:
            clock("build, ms", index.recipe, index.build)
    for index in indexes:
        size = sum(p.stat().st_size for p in Path(index.room.name).rglob("*"))
        taken["size, MB", index.recipe.name] = [size / 1e6]
    for document in random.Random(1).choices(sorted(indexes[0].of_document), k=40):
        for index in indexes:
            clock("update of one document, ms", index.recipe, partial(index.replace, document))
    for question in random.Random(2).choices(questions, k=120):
        every = query_words(question.text, stop_words=True)
        words = query_words(question.text, stop_words=False)
        for index in indexes:
            clock("query, ms", index.recipe, partial(index.search, every))
            clock("query without stop-words, ms", index.recipe, partial(index.search, words))
            narrow = partial(index.search, words, within="c3")
            clock("the same in a tenth of the documents, ms", index.recipe, narrow)
    print("| measure | engine | median | 95th percentile | ratio |\n|---|---|---|---|---|")
    for (measure, name), values in sorted(taken.items()):
        median, high = statistics.median(values), sorted(values)[int(0.95 * (len(values) - 1))]
        ratio = median / statistics.median(taken[measure, recipes[0].name])
        print(f"| {measure} | {name} | {median:.1f} | {high:.1f} | {ratio:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare word indexes on real texts.")
    parser.add_argument("docs", nargs="+", type=Path, help="folders of .txt and .md files")
    parser.add_argument("--questions", nargs="+", type=Path, required=True, metavar="FILE")
    parser.add_argument("--speed-docs", nargs="+", type=Path, help="folders timed (default: docs)")
    parser.add_argument("--speed-passages", type=int, default=20_000, help="0: no timing")
    given = parser.parse_args()
    own = Recipe("fts5 own stemmed", "unicode61", stemmed)
    unstemmed = Recipe("fts5 own unstemmed", "unicode61", folded)
    contentless = replace(own, name="fts5 own stemmed, contentless", contentless=True)
    recipes = [own, contentless, unstemmed]
    recipes += [Recipe(f"fts5 {name}", name) for name in ("unicode61", "porter unicode61")]
    if tantivy is None:
        print("tantivy is not installed, its rows are missing: pip install tantivy")
    else:
        recipes.append(Recipe("tantivy own stemmed", "whitespace", stemmed))
        recipes += [Recipe(f"tantivy {name}", name) for name in ("default", "en_stem")]
    heads = [
        replace(recipe, name=f"{recipe.name} + head x {weight}", head_weight=weight)
        for recipe, weight in product((own, unstemmed), (0.25, 0.5, 1.0))
    ]
    print(f"SQLite {sqlite3.sqlite_version}, {getattr(tantivy, '__version__', 'no tantivy')}")
    passages = load_passages(given.docs)
    for path in given.questions:
        measure_quality(passages, path, recipes + heads)
    if given.speed_passages:
        questions = [question for path in given.questions for question in load_questions(path)]
        passages = repeat(load_passages(given.speed_docs or given.docs), count=given.speed_passages)
        measure_time(passages, questions, recipes)


if __name__ == "__main__":
    main()
