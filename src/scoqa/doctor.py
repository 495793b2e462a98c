"""Is everything there and sound: models and hashes, index, versions, disk.

Receives a workspace; hands on findings, each with what to do about it. Loads no model.
"""

from __future__ import annotations

import platform
import shutil
import sqlite3
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from scoqa.config import SENTENCE_READER
from scoqa.errors import ScoqaError
from scoqa.index import check_settings
from scoqa.models import find_embedder, find_reader
from scoqa.parse.folder import scan
from scoqa.read.calibration import read_calibration
from scoqa.workspace import Workspace

PACKAGES = ("scoqa", "sentence-transformers", "torch", "faiss-cpu", "gradio",
            "langchain-text-splitters")  # fmt: skip
LEAST_FREE_BYTES = 500_000_000  # an index takes some 8 kB a passage; half a gigabyte is plenty


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    message: str


def examine(workspace: Workspace) -> list[Finding]:
    """Return what was found, in the order a person would look at it."""
    documents, failed = _documents(workspace)
    return [_versions(), _embedder(workspace), _reader(workspace), documents, *failed,
            _index(workspace), _disk(workspace)]  # fmt: skip


def _versions() -> Finding:
    found = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    missing = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    message = ", ".join(found)
    if missing:
        message += f". Missing: {', '.join(missing)}. Install with: pip install ."
    return Finding("versions", not missing, message)


def _embedder(workspace: Workspace) -> Finding:
    try:
        model = find_embedder(workspace.settings.embedder)
    except ScoqaError as error:
        return Finding("embedder", False, str(error))
    return Finding("embedder", True, f"{model.name}, sha256 {model.sha256}, in {model.folder}")


def _reader(workspace: Workspace) -> Finding:
    if workspace.settings.reader == SENTENCE_READER:
        return Finding("reader", True, "whole sentences; it has no model of its own")
    try:
        model = find_reader(workspace.settings.reader)
        read_calibration(model.folder)
    except ScoqaError as error:
        return Finding("reader", False, str(error))
    return Finding("reader", True, f"{model.name}, sha256 {model.sha256}, in {model.folder}")


def _documents(workspace: Workspace) -> tuple[Finding, list[Finding]]:
    """Return what there is to read, and a finding for each file that could not be read."""
    try:
        sources, ignored, failed = scan(
            workspace.documents, exclude=workspace.exclude, index=workspace.index
        )
    except ScoqaError as error:
        return Finding("documents", False, str(error)), []
    message = f"{len(sources)} files in {workspace.documents}"
    if ignored:
        kinds = ", ".join(f"{kind} {count}" for kind, count in ignored.items())
        message += f"; not read, of other kinds: {kinds}"
    if not sources:
        message += ". Put files there, or name another folder with --workspace."
    # Those the last sync could not read, where they still are.
    reasons = {notice.path: notice.reason for notice in failed}
    there = {source.path for source in sources}
    if workspace.store.exists():
        try:
            told = workspace.failed()
        except ScoqaError:  # the index is damaged: `_index` says so
            told = ()
        reasons |= {notice.path: notice.reason for notice in told if notice.path in there}
    files = [Finding("file", False, f"{path} {reason}") for path, reason in sorted(reasons.items())]
    return Finding("documents", bool(sources), message), files


def _index(workspace: Workspace) -> Finding:
    problems = workspace.store.problems()
    if problems:
        return Finding("index", False, " ".join(problems))
    try:
        with workspace.store.view() as view:
            check_settings(
                view,
                workspace.assistant.embedder,
                workspace.settings.passage_tokens,
                workspace.store.command,
            )
            counts = view.counts()
            settings = ", ".join(f"{key} {value}" for key, value in sorted(view.settings().items()))
    except ScoqaError as error:
        return Finding("index", False, str(error))
    return Finding(
        "index", True,
        f"{counts.documents} documents, {counts.passages} passages in {workspace.index} "
        f"({settings})" + ("" if workspace.store.writable else "; read-only"),
    )  # fmt: skip


def _disk(workspace: Workspace) -> Finding:
    place = workspace.index
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    message = f"{free / 1e9:.1f} GB free at {place}"
    if free < LEAST_FREE_BYTES:
        message += ". Make room, or put the index elsewhere with --index DIR."
    return Finding("disk", free >= LEAST_FREE_BYTES, message)
