"""The documents that a question set brings along, as a workspace to ask.

Receives a workspace and a question set; hands on the same workspace where the set brings no
documents, else one over the set's own, with the same settings, embedder and reader. Files and
index are kept beside the workspace's index, so a second run embeds nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from scoqa.assistant import Assistant
from scoqa.errors import IndexDamagedError, IndexMismatchError, WorkspaceError
from scoqa.evaluation.set_formats import context_bytes
from scoqa.evaluation.sets import QuestionSet
from scoqa.index import SyncProgress
from scoqa.store.lock import locked
from scoqa.types import content_id
from scoqa.workspace import DOCUMENTS, Workspace

# Hidden, so that a workspace whose index lies elsewhere now never takes these files for its own.
SETS = ".sets"


def workspace_of(
    workspace: Workspace, question_set: QuestionSet, *, progress: SyncProgress | None = None
) -> Workspace:
    """Return the workspace to ask `question_set` in, its index up to date where it is the set's.

    progress: of that index; never called where the set brings no documents.
    Raises WorkspaceError when nothing can be written beside the index, and IndexLockedError
    while another process is at the same set.
    """
    if not question_set.contexts:
        return workspace
    folder = workspace.index / SETS / _digest(question_set.contexts)
    embedder = workspace.assistant.embedder
    # One index for each way to build it: comparing two of them builds each only once.
    made_with = content_id(embedder.fingerprint, workspace.settings.passage_tokens)
    with locked(folder):
        _write(question_set.contexts, folder / DOCUMENTS)
        brought = Workspace(folder, index=folder / f"index-{made_with[:8]}")
        # What the workspace leaves out of its own documents is not left out of the set's.
        brought.settings = replace(workspace.settings, exclude=())
        brought.assistant = Assistant(
            brought.store, embedder, workspace.assistant.reader, brought.settings
        )
        try:
            report = brought.sync(progress=progress)
        except (IndexMismatchError, IndexDamagedError):  # of another version, or broken: made anew
            report = brought.sync(progress=progress, rebuild=True)
    if report.failed:
        first = report.failed[0]
        raise WorkspaceError(
            f"{len(report.failed)} documents of {question_set.name} could not be indexed: "
            f"{folder / DOCUMENTS / first.path} {first.reason}"
        )
    return brought


def _digest(contexts: Mapping[str, str]) -> str:
    joined = "\0".join(f"{path}\0{text}" for path, text in sorted(contexts.items()))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _write(contexts: Mapping[str, str], folder: Path) -> None:
    """Make `folder` hold exactly `contexts`, whatever a run that was cut off left there."""
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
            f"{error.strerror}. Make room or allow access there, or choose another place with "
            "--index DIR."
        ) from error
