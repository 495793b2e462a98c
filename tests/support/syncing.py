"""What a sync did, and what an index holds after it."""

from __future__ import annotations

from typing import Any

from scoqa.store import Entry
from scoqa.types import SyncReport
from scoqa.workspace import Workspace

BOTH = ("harbour.txt", "lighthouse.txt")  # the documents of the fixture `folder`


def embedded(workspace: Workspace) -> list[str]:
    """Return every text that the workspace's quick embedder was given since the last call."""
    embedder: Any = workspace.models.embedder
    texts = list(embedder.embedded)
    embedder.embedded.clear()
    return texts


def contents(workspace: Workspace) -> dict[str, list[tuple[str, str, int, int]]]:
    """Return the passages of each document: heading, text, start and end."""
    with workspace.store.view() as view:
        return {
            path: [
                (passage.heading, passage.text, passage.start, passage.end)
                for passage in view.passages_of(entry.document_id)
            ]
            for path, entry in view.digests().items()
        }


def searched(workspace: Workspace, query: str) -> list[tuple[str, float, tuple[Any, ...]]]:
    hits = workspace.search(query, k=100)
    return [
        (hit.passage.id, hit.score, tuple((f.search, f.rank) for f in hit.found_by)) for hit in hits
    ]


def entries(workspace: Workspace) -> dict[str, Entry]:
    """Return what the index remembers of each document, its id included."""
    with workspace.store.view() as view:
        return dict(view.digests())


def paths_found(workspace: Workspace, query: str) -> set[str]:
    hits = workspace.search(query, k=100)
    return {workspace.document(hit.passage.document_id).path for hit in hits}


def essence(report: SyncReport) -> dict[str, Any]:
    """Return the fields of a report that say something."""
    names = ("added", "changed", "moved", "removed", "unchanged", "warned", "failed", "embedded")
    return {name: getattr(report, name) for name in names if getattr(report, name)}
