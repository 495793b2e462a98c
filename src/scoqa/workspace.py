"""A folder of documents with its index and its assistant: what every door opens.

Receives a folder and settings; hands on syncs, answers, hits and documents. The command line,
Python, the chat and the API all go through here, so they all give the same Answer.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from scoqa import __version__
from scoqa.assistant import Assistant
from scoqa.config import SENTENCE_READER, load_settings
from scoqa.embed import Embedder
from scoqa.errors import ParseError, WorkspaceError
from scoqa.index import SyncProgress, sync
from scoqa.models import find_embedder, find_reader
from scoqa.parse import page_image
from scoqa.parse.folder import scan
from scoqa.read import open_reader
from scoqa.regions import find_regions
from scoqa.store import Where, open_store
from scoqa.suggest import suggestions
from scoqa.types import (
    Answer,
    Document,
    Explanation,
    Freshness,
    Hit,
    Notice,
    Region,
    Stage,
    SyncReport,
    Verdict,
)
from scoqa.verification import find_file, freshness, verify

DOCUMENTS = "docs"
INDEX = "embeddings"


class Workspace:
    """A folder of documents, ready to be asked."""

    def __init__(
        self,
        folder: str | Path = ".",
        *,
        index: str | Path | None = None,
        allow_download: bool = False,
        **settings: Any,
    ) -> None:
        """folder: its documents are in folder/docs if that exists, else in the folder itself.
        index: where the index lives; by default folder/embeddings, or the platform's data
        folder where that cannot be written. settings: as in scoqa.toml, and stronger.
        Raises WorkspaceError, ConfigError, ModelNotFoundError, ModelHashError.
        """
        self.root = _resolved(folder)
        if not os.path.isdir(self.root):  # noqa: PTH112  # False where none may look
            raise WorkspaceError(
                f"{self.root} is not a folder, or may not be looked into. Name the folder with "
                "your documents."
            )
        try:
            next(self.root.iterdir(), None)
        except OSError as error:
            raise WorkspaceError(
                f"{self.root} cannot be read: {error.strerror}. Allow access to it, or name "
                "another folder."
            ) from error
        self.settings = load_settings(self.root, flags=settings)
        inside = self.root / DOCUMENTS
        self.documents = inside if os.path.isdir(inside) else self.root  # noqa: PTH112
        self.index = _index_folder(self.root, index)
        # Hints name the command that acts on this folder, wherever one stands.
        command = ["scoqa", "index"]
        if self.root != Path.cwd():
            command.append(str(self.root))
        if index is not None:
            command += ["--index", str(self.index)]
        self.store = open_store(self.index, command=shlex.join(command))
        self._allow_download = allow_download

    @cached_property
    def assistant(self) -> Assistant:
        """The assistant of this workspace; its models load when they are first used."""
        model = find_embedder(self.settings.embedder, allow_download=self._allow_download)
        embedder = Embedder(model.folder, model.fingerprint)
        if self.settings.reader == SENTENCE_READER:
            reader = open_reader(None, "", embedder.embed)
        else:
            found = find_reader(self.settings.reader)
            reader = open_reader(found.folder, found.fingerprint, embedder.embed)
        return Assistant(self.store, embedder, reader, self.settings)

    @property
    def loaded(self) -> bool:
        """Whether the models are in memory."""
        if "assistant" not in self.__dict__:
            return False
        return self.assistant.embedder.loaded and self.assistant.reader.loaded

    def load(self) -> None:
        """Bring the models into memory: seconds the first time."""
        self.assistant.embedder.load()
        self.assistant.reader.load()

    def sync(self, *, progress: SyncProgress | None = None, rebuild: bool = False) -> SyncReport:
        """Bring the index up to date with the documents; return what was done.

        rebuild: set the present index aside and build a new one.
        Raises WorkspaceError, IndexLockedError, IndexMismatchError, IndexDamagedError.
        """
        embedder = self.assistant.embedder
        if rebuild:
            # Whatever can fail fails first, while the old index is still in place.
            embedder.load()
            scan(self.documents, exclude=self.exclude, index=self.index)
            self.store.set_aside()
        return sync(
            self.store,
            self.documents,
            embedder,
            passage_tokens=self.settings.passage_tokens,
            exclude=self.exclude,
            index=self.index,
            progress=progress,
        )

    def ask(
        self,
        question: str,
        *,
        collection: str | None = None,
        path: str | None = None,
        progress: Callable[[Stage], None] | None = None,
    ) -> Answer:
        """Return the answer to `question`; see `Assistant.ask`."""
        return self.assistant.ask(question, collection=collection, path=path, progress=progress)

    def explain(
        self,
        question: str,
        *,
        collection: str | None = None,
        path: str | None = None,
        progress: Callable[[Stage], None] | None = None,
    ) -> Explanation:
        """Return the answer with every stage behind it; see `Assistant.explain`."""
        return self.assistant.explain(question, collection=collection, path=path, progress=progress)

    def search(self, query: str, *, k: int = 10, collection: str | None = None) -> list[Hit]:
        """Return the k best passages for `query`, with what found them."""
        return self.assistant.search(query, k=k, where=Where(collection))

    def document(self, document_id: str) -> Document:
        """Return an indexed document. Raises WorkspaceError when there is none of that id."""
        with self.store.view() as view:
            try:
                return view.document(document_id)
            except KeyError:
                raise WorkspaceError(
                    f"No document has the id {document_id!r:.80}. It may have moved or gone; "
                    "ask again."
                ) from None

    def find(self, document_id: str, text_digest: str) -> Document | None:
        """Return the document that a link to a quote means, or None where there is none.

        The one at that place, whatever its text is now: other than `text_digest`, it has
        changed. Where none is, the one that holds exactly that text: the file was moved.
        Takes any strings, also forged ones.
        """
        with self.store.view() as view:
            for find, value in ((view.document, document_id), (view.document_of, text_digest)):
                try:
                    return find(value)
                except KeyError:
                    continue
        return None

    def freshness(self, document: Document) -> Freshness:
        """Return whether the file of `document` is now as it was when it was indexed."""
        return freshness(document, self.documents)

    def regions(self, document: Document, start: int, end: int) -> list[Region]:
        """Return where on its pages document.text[start:end] stands; none without pages."""
        with self.store.view() as view:
            return find_regions(document, start, end, lambda page: view.boxes(document.id, page))

    def page_image(self, document: Document, number: int, width: int) -> bytes:
        """Return page `number` (from 1) of a document as a PNG of `width` pixels across.

        Raises ParseError when its file has changed since it was indexed, is gone, or cannot be
        shown.
        """
        try:
            file = find_file(document.path, self.documents)
        except OSError as error:
            raise ParseError(document.path, f"cannot be read: {error.strerror}.") from error
        if file is None:
            raise ParseError(document.path, "is not there any more.")
        return page_image(file, document.path, document.digest, number, width)

    def failed(self) -> tuple[Notice, ...]:
        """Return the files that the last sync could not read, and why."""
        with self.store.view() as view:
            return view.failed()

    @property
    def exclude(self) -> tuple[str, ...]:
        """What is never a document here, as patterns on paths: the settings', and sets of
        questions where they stand among the documents.
        """
        sets = ("questions/*.csv", "questions/*.tsv") if self.documents == self.root else ()
        return (*self.settings.exclude, *sets)

    def collections(self) -> tuple[str, ...]:
        """Return the names of the collections in the index, sorted; "" for files in none."""
        with self.store.view() as view:
            return view.collections()

    def summary(self) -> tuple[int, int]:
        """Return how many documents and passages the index holds."""
        with self.store.view() as view:
            counts = view.counts()
        return counts.documents, counts.passages

    def suggestions(self) -> tuple[str, ...]:
        """Return a few questions that the documents answer, made of their own words; it asks."""
        with self.store.view() as view:
            ids = {path: entry.document_id for path, entry in view.entries().items()}
        return suggestions(ids, self.document, self.ask)

    @property
    def version(self) -> tuple[str, int]:
        """What the index stands at: which index, and the number of its last write.

        Two are equal only where the same documents answer.
        """
        with self.store.view() as view:
            return view.identity, view.generation

    def fingerprint(self) -> dict[str, str]:
        """Return what answers are made with: version, models, settings, and the documents."""
        with self.store.view() as view:
            entries = view.entries()
            made_with = dict(view.settings())
        corpus = "\0".join(f"{path}\0{entry.digest}" for path, entry in sorted(entries.items()))
        return {
            "scoqa": __version__,
            **made_with,
            "reader": self.assistant.reader.fingerprint,
            "search_k": str(self.settings.search_k),
            "read_k": str(self.settings.read_k),
            "threshold": f"{self.assistant.threshold:g}",
            "corpus": hashlib.sha256(corpus.encode("utf-8")).hexdigest(),
        }

    def verify(self, answer: Answer) -> list[Verdict]:
        """Return a verdict on every citation of `answer`, replayed against the files."""
        return verify(answer, self.documents)


def _resolved(folder: str | Path) -> Path:
    try:
        return Path(folder).expanduser().resolve()
    except RuntimeError as error:  # "~name" of nobody, or a loop of links
        raise WorkspaceError(f"{folder} is not a folder: {error}.") from error


def _index_folder(root: Path, wanted: str | Path | None) -> Path:
    if wanted is not None:
        return _resolved(wanted)
    beside = root / INDEX
    # An index that is there is read where it is, also when nothing can be written.
    store = open_store(beside)
    if store.writable or store.exists():
        return beside
    from platformdirs import user_data_path

    name = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return user_data_path("scoqa") / f"{root.name}-{name}"
