"""Build a workspace from the documents that a question set contains.

Input: a workspace and a question set. Output: the same workspace if the set contains no
documents, otherwise a workspace over the set's documents with the same settings, embedder and
reader. Its files and index are stored in the workspace's index folder, so a second run embeds
nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from scoqa.errors import IndexDamagedError, IndexMismatchError, WorkspaceError
from scoqa.evaluation.set_formats import context_bytes
from scoqa.evaluation.sets import QuestionSet
from scoqa.index import SyncProgress
from scoqa.store.lock import hold_lock
from scoqa.types import content_id
from scoqa.workspace import DOCUMENTS, Workspace

# Hidden, so that a workspace never indexes these files, even if its index folder has changed.
SETS = ".sets"


def prepare_workspace(
    workspace: Workspace, question_set: QuestionSet, *, progress: SyncProgress | None = None
) -> Workspace:
    """Return the workspace that answers `question_set`, after indexing the set's documents.

    progress: called while they are indexed; never called if the set contains no documents.
    Raises WorkspaceError if the index folder is not writable or a document cannot be indexed,
    IndexLockedError while another process uses the same set.
    """
    if not question_set.contexts:
        return workspace
    folder = workspace.index / SETS / _digest(question_set.contexts)
    # One index per embedder and passage size, so that comparing two settings builds each once.
    settings_id = content_id(
        workspace.models.embedder.fingerprint, workspace.settings.passage_tokens
    )
    with hold_lock(folder):
        _write_documents(question_set.contexts, folder / DOCUMENTS)
        prepared = Workspace(
            folder,
            index=folder / f"index-{settings_id[:8]}",
            # The workspace's `exclude` patterns apply to its own documents, not to the set's.
            settings=replace(workspace.settings, documents=DOCUMENTS, exclude=()),
            models=workspace.models,
        )
        try:
            report = prepared.sync(progress=progress)
        except (IndexMismatchError, IndexDamagedError):  # of another version, or damaged
            report = prepared.sync(progress=progress, rebuild=True)
    if report.failed:
        first = report.failed[0]
        raise WorkspaceError(
            f"{len(report.failed)} documents of {question_set.name} could not be indexed: "
            f"{folder / DOCUMENTS / first.path} {first.reason}"
        )
    return prepared


def _digest(contexts: Mapping[str, str]) -> str:
    joined = "\0".join(f"{path}\0{text}" for path, text in sorted(contexts.items()))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _write_documents(contexts: Mapping[str, str], folder: Path) -> None:
    """Write exactly `contexts` to `folder`, removing files left by an interrupted run."""
    try:
        folder.mkdir(exist_ok=True)
        for file in folder.iterdir():
            if file.name not in contexts:
                file.unlink()
        for path, text in contexts.items():
            file, data = folder / path, context_bytes(text)
            if file.is_file() and file.read_bytes() == data:
                continue
            partial = folder / f".{path}"
            partial.write_bytes(data)
            os.replace(partial, file)
    except OSError as error:
        raise WorkspaceError(
            f"The documents of the question set cannot be written to {folder}: "
            f"{error.strerror}. Free disk space or grant access there, or choose another place "
            "with --index DIR."
        ) from error
