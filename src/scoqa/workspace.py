"""A folder of documents with its index and its assistant: the object that all interfaces open.

Input: a folder and settings. Output: sync reports, answers, hits and documents. The command line,
Python, the chat and the API all use a Workspace, so all of them give the same Answer.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

from scoqa import __version__
from scoqa.assistant import Assistant
from scoqa.compatibility import check_settings
from scoqa.config import Settings, load_settings, override_settings
from scoqa.errors import ParseError, WorkspaceError
from scoqa.index import SyncProgress, sync
from scoqa.models import Models
from scoqa.parse import page_image
from scoqa.parse.folder import scan
from scoqa.regions import find_regions
from scoqa.store import Store, View, Where, open_store
from scoqa.suggest import suggest_questions
from scoqa.types import (
    Answer,
    Document,
    Explanation,
    Freshness,
    Hit,
    IndexVersion,
    Notice,
    Region,
    Stage,
    SyncReport,
    Verdict,
)
from scoqa.verification import find_file, freshness, outdated_files, verify

DOCUMENTS = "docs"
INDEX = "embeddings"
# Beside docs/, as in a repository, these files describe the folder.
ABOUT_FOLDER = ("README*", "LICENSE*", "NOTICE*")
# In the workspace, no documents.
QUESTION_SETS = tuple(f"questions/*.{kind}" for kind in ("csv", "tsv", "json", "jsonl"))


class Workspace:
    """A folder of documents with its index, settings and models.

    Its documents are in the folder of the setting `documents`, by default in folder/docs if that
    exists, else in the folder itself.
    """

    def __init__(
        self,
        folder: str | Path = ".",
        *,
        index: str | Path | None = None,
        settings: Settings | None = None,
        models: Models | None = None,
        store: Store | None = None,
        allow_download: bool = False,
        **overrides: Any,
    ) -> None:
        """Open the workspace of `folder`; loads no model and reads no document.

        Parameters
        ----------
        index
            The folder of the index and of evaluation runs; by default folder/embeddings, or the
            platform's data folder if that cannot be written.
        settings
            All settings. If they are given, scoqa.toml and the environment are not read.
        models
            The embedder and the reader; by default those of the settings.
        store
            Where the index is stored; by default a local store in the folder `index`.
        allow_download
            Whether a missing model of the settings may be downloaded.
        overrides
            Single settings, with precedence over all others: threshold=0.4.

        Raises
        ------
        WorkspaceError, ConfigError
        """
        self.root = _resolve(folder)
        if not os.path.isdir(self.root):  # noqa: PTH112  # False if access is denied
            raise WorkspaceError(
                f"{self.root} is not a folder, or access to it is denied. Choose the folder with "
                "your documents."
            )
        try:
            next(self.root.iterdir(), None)
        except OSError as error:
            raise WorkspaceError(
                f"{self.root} cannot be read: {error.strerror}. Allow access to it, or choose "
                "another folder."
            ) from error
        if settings is None:
            self.settings = load_settings(self.root, flags=overrides)
        else:
            self.settings = override_settings(settings, overrides)
        self.documents = _documents_folder(self.root, self.settings.documents)
        self.index = _index_folder(self.root, index)
        # Messages show the command that works for this folder in the current directory.
        command = ["scoqa", "index"]
        if self.root != Path.cwd():
            command.append(str(self.root))
        if index is not None:
            command += ["--index", str(self.index)]
        if store is None:
            store = open_store(self.index, command=shlex.join(command))
        if models is None:
            models = Models.load(self.settings, allow_download=allow_download)
        self.store = store
        self.models = models

    @cached_property
    def _assistant(self) -> Assistant:
        """The assistant of this workspace. Raises ModelNotFoundError, ModelHashError.

        It has no state of its own, so two threads may each create one.
        """
        return Assistant(self.store, self.models.embedder, self.models.reader, self.settings)

    @property
    def loaded(self) -> bool:
        """Whether the models are in memory."""
        return self.models.loaded

    def load(self) -> None:
        """Load the models into memory, which takes seconds the first time."""
        self.models.load_weights()

    @property
    def writable(self) -> bool:
        """Whether the index can be written."""
        return self.store.writable

    @property
    def index_command(self) -> str:
        """The command that updates the index, for hints in messages."""
        return self.store.command

    def view(self) -> AbstractContextManager[View]:
        """Return a snapshot of the index, to be used in a `with` block.

        Raises IndexNotFoundError, IndexDamagedError.
        """
        return self.store.view()

    def has_documents(self) -> bool:
        """Return whether there is an index with documents. Raises IndexDamagedError."""
        return self.store.exists() and self.summary()[0] > 0

    def problems(self) -> list[str]:
        """Return one sentence per problem of the index; empty if it is intact."""
        return self.store.problems()

    def check_index(self) -> None:
        """Raise an error unless the index was completed with the present settings.

        Raises IndexNotFoundError, IndexMismatchError, IndexDamagedError, and the errors of
        `Models.load`.
        """
        with self.view() as view:
            check_settings(
                view, self.models.embedder, self.settings.passage_tokens, self.index_command
            )

    def sync(
        self,
        *,
        progress: SyncProgress | None = None,
        rebuild: bool = False,
        check: bool = False,
    ) -> SyncReport:
        """Bring the index up to date with the documents; return a report.

        A file is read only if its size, modification time or inode has changed.
        check: read every file, also to find a change behind a restored modification time.
        rebuild: move the existing index aside and build a new one. Vectors of an intact index that
        was built with the same embedder are kept.
        Raises WorkspaceError, IndexLockedError, IndexMismatchError, IndexDamagedError.
        """
        embedder = self.models.embedder
        if rebuild:
            # The steps that can fail come first, while the old index is still in place.
            embedder.load()
            scan(self.documents, exclude=self.exclude, index=self.index)
            self.store.set_aside(embedder=embedder.fingerprint)
        return sync(
            self.store,
            self.documents,
            embedder,
            passage_tokens=self.settings.passage_tokens,
            exclude=self.exclude,
            index=self.index,
            progress=progress,
            check=check,
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
        return self._assistant.ask(question, collection=collection, path=path, progress=progress)

    def explain(
        self,
        question: str,
        *,
        collection: str | None = None,
        path: str | None = None,
        progress: Callable[[Stage], None] | None = None,
    ) -> Explanation:
        """Return the answer with the results of every stage; see `Assistant.explain`."""
        return self._assistant.explain(
            question, collection=collection, path=path, progress=progress
        )

    def search(self, query: str, *, k: int = 10, collection: str | None = None) -> list[Hit]:
        """Return the k best passages for `query`; see `Assistant.search`."""
        return self._assistant.search(query, k=k, where=Where(collection))

    def document(self, document_id: str) -> Document:
        """Return an indexed document. Raises WorkspaceError if no document has that id."""
        with self.view() as view:
            try:
                return view.document(document_id)
            except KeyError:
                raise WorkspaceError(
                    f"No document has the id {document_id!r:.80}. It may have been moved or "
                    "deleted; ask again."
                ) from None

    def document_ids(self) -> dict[str, str]:
        """Return the id of every indexed document, by path."""
        with self.view() as view:
            return {path: entry.document_id for path, entry in view.digests().items()}

    def find(self, document_id: str, text_digest: str) -> Document | None:
        """Return the document that a link to a quote refers to, or None if there is none.

        It is the document with that id, even if its text has changed since and no longer has
        `text_digest`; otherwise a document with exactly that text, whose file was moved. Both
        arguments may be any strings, also forged ones.
        """
        with self.view() as view:
            for find, key in ((view.document, document_id), (view.document_of, text_digest)):
                try:
                    return find(key)
                except KeyError:
                    continue
        return None

    def freshness(self, document: Document) -> Freshness:
        """Return whether the file of `document` has changed since it was indexed."""
        return freshness(document, self.documents)

    def regions(self, document: Document, start: int, end: int) -> list[Region]:
        """Return the regions of document.text[start:end] on its pages; empty without pages."""
        with self.view() as view:
            return find_regions(document, start, end, lambda page: view.boxes(document.id, page))

    def page_image(self, document: Document, number: int, width: int) -> bytes:
        """Return page `number` (from 1) of a document as a PNG that is `width` pixels wide.

        Raises ParseError if its file has changed since it was indexed, does not exist any more, or
        cannot be rendered.
        """
        try:
            file = find_file(document.path, self.documents)
        except OSError as error:
            raise ParseError(document.path, f"cannot be read: {error.strerror}.") from error
        if file is None:
            raise ParseError(document.path, "does not exist any more.")
        return page_image(file, document.path, document.digest, number, width)

    def failed(self) -> tuple[Notice, ...]:
        """Return the files that the last sync could not read, and why."""
        with self.view() as view:
            return view.failed()

    @property
    def exclude(self) -> tuple[str, ...]:
        """Patterns of paths that are never indexed.

        They are those of the settings and, if the documents are in the root folder, those of
        question sets.
        """
        sets = QUESTION_SETS if self.documents == self.root else ()
        return (*self.settings.exclude, *sets)

    def count_unread(self) -> int:
        """Return how many documents are beside docs/, if that was not chosen in the settings."""
        if self.documents == self.root or self.settings.documents is not None:
            return 0
        exclude = (*self.settings.exclude, *QUESTION_SETS, *ABOUT_FOLDER)
        return len(scan(self.root, exclude=exclude, index=self.index, skip=self.documents).sources)

    def collections(self) -> tuple[str, ...]:
        """Return the names of the collections, sorted; "" stands for files outside all folders."""
        with self.view() as view:
            return view.collections()

    def summary(self) -> tuple[int, int]:
        """Return the numbers of documents and passages in the index."""
        with self.view() as view:
            counts = view.counts()
        return counts.documents, counts.passages

    def suggestions(self) -> tuple[str, ...]:
        """Return a few questions that the documents answer, built from their own words.

        Asks each candidate to check that it is answered; see `suggest_questions`.
        """
        return suggest_questions(self.document_ids(), self.document, self.ask)

    @property
    def version(self) -> IndexVersion:
        """The version of the index. Raises IndexNotFoundError, IndexDamagedError."""
        with self.view() as view:
            return IndexVersion(view.identity, view.generation)

    def fingerprint(self) -> dict[str, str]:
        """Return everything that determines answers: version, models, settings, documents."""
        with self.view() as view:
            entries = view.digests()
            index_settings = dict(view.settings())
        corpus = "\0".join(f"{path}\0{entry.digest}" for path, entry in sorted(entries.items()))
        return {
            "scoqa": __version__,
            **index_settings,
            "reader": self.models.reader.fingerprint,
            "search_k": str(self.settings.search_k),
            "read_k": str(self.settings.read_k),
            "threshold": f"{self._assistant.threshold:g}",
            "corpus": hashlib.sha256(corpus.encode("utf-8")).hexdigest(),
        }

    def verify(self, answer: Answer) -> list[Verdict]:
        """Return a verdict on every citation of `answer`, checked against the files."""
        return verify(answer, self.documents, exclude=self.exclude, index=self.index)

    def outdated_files(self, answer: Answer) -> dict[str, Freshness]:
        """Return the cited files that are not as they were indexed, by path; parses none."""
        return outdated_files(answer, self.documents)


def _resolve(folder: str | Path) -> Path:
    try:
        return Path(folder).expanduser().resolve()
    except RuntimeError as error:  # "~name" of an unknown user, or a loop of symlinks
        raise WorkspaceError(f"{folder} is not a folder: {error}.") from error


def _documents_folder(root: Path, configured: str | None) -> Path:
    """Return the folder of the documents: configured, root/docs if it exists, or `root`."""
    if configured is None:
        inside = root / DOCUMENTS
        return inside if os.path.isdir(inside) else root  # noqa: PTH112
    folder = root / configured
    if not os.path.isdir(folder):  # noqa: PTH112
        raise WorkspaceError(
            f"{folder} is not a folder, but the setting documents is {configured!r}. Create it, "
            "or change the setting."
        )
    return folder


def _index_folder(root: Path, configured: str | Path | None) -> Path:
    """Return the folder of the index: configured, in `root`, or in the platform's data folder."""
    if configured is not None:
        return _resolve(configured)
    default = root / INDEX
    # An existing index is used even if it cannot be written.
    store = open_store(default)
    if store.writable or store.exists():
        return default
    from platformdirs import user_data_path

    name = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return user_data_path("scoqa") / f"{root.name}-{name}"
