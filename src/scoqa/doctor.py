"""Check that versions, models, documents, index and disk are present and sound.

Input: a Workspace. Output: findings, each with a suggestion if something is wrong. Loads no model.
"""

from __future__ import annotations

import platform
import shutil
import sqlite3
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from scoqa.config import SENTENCE_READER
from scoqa.errors import ScoqaError
from scoqa.models import find_embedder, find_reader
from scoqa.parse.folder import scan
from scoqa.read.calibration import read_calibration
from scoqa.workspace import Workspace

PACKAGES = ("scoqa", "sentence-transformers", "torch", "faiss-cpu", "gradio",
            "langchain-text-splitters")  # fmt: skip
LEAST_FREE_BYTES = 500_000_000  # an index takes about 8 kB per passage


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    subject: str
    ok: bool
    message: str


def examine(workspace: Workspace) -> list[Finding]:
    """Return the findings: versions, models, documents, one per unreadable file, index, disk."""
    documents, failed = _check_documents(workspace)
    return [_check_versions(), _check_embedder(workspace), _check_reader(workspace), documents,
            *failed, _check_index(workspace), _check_disk(workspace)]  # fmt: skip


def _check_versions() -> Finding:
    installed = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    missing = []
    for name in PACKAGES:
        try:
            installed.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    message = ", ".join(installed)
    if missing:
        message += f". Missing: {', '.join(missing)}. Install with: pip install ."
    return Finding("versions", not missing, message)


def _check_embedder(workspace: Workspace) -> Finding:
    try:
        model = find_embedder(workspace.settings.embedder)
    except ScoqaError as error:
        return Finding("embedder", False, str(error))
    return Finding("embedder", True, f"{model.name}, sha256 {model.sha256}, in {model.folder}")


def _check_reader(workspace: Workspace) -> Finding:
    if workspace.settings.reader == SENTENCE_READER:
        return Finding("reader", True, "complete sentences; it has no model")
    try:
        model = find_reader(workspace.settings.reader)
        read_calibration(model.folder)
    except ScoqaError as error:
        return Finding("reader", False, str(error))
    return Finding("reader", True, f"{model.name}, sha256 {model.sha256}, in {model.folder}")


def _check_documents(workspace: Workspace) -> tuple[Finding, list[Finding]]:
    """Return a finding on the documents, and one for each file that could not be read."""
    try:
        sources, ignored, failed = scan(
            workspace.documents, exclude=workspace.exclude, index=workspace.index
        )
    except ScoqaError as error:
        return Finding("documents", False, str(error)), []
    message = f"{len(sources)} files in {workspace.documents}"
    if ignored:
        kinds = ", ".join(f"{kind} {count}" for kind, count in ignored.items())
        message += f"; skipped, unsupported file types: {kinds}"
    if not sources:
        message += ". Put files there, or choose another folder with --workspace."
    reasons = {notice.path: notice.reason for notice in failed}
    # And the files that the last sync could not read, if they still exist.
    existing = {source.path for source in sources}
    try:
        unread = workspace.failed()
    except ScoqaError:  # there is no intact index, which `_check_index` reports
        unread = ()
    reasons |= {notice.path: notice.reason for notice in unread if notice.path in existing}
    files = [Finding("file", False, f"{path} {reason}") for path, reason in sorted(reasons.items())]
    return Finding("documents", bool(sources), message), files


def _check_index(workspace: Workspace) -> Finding:
    problems = workspace.problems()
    if problems:
        return Finding("index", False, " ".join(problems))
    try:
        workspace.check_index()
        with workspace.view() as view:
            counts = view.counts()
            settings = ", ".join(f"{key} {value}" for key, value in sorted(view.settings().items()))
    except ScoqaError as error:
        return Finding("index", False, str(error))
    return Finding(
        "index", True,
        f"{counts.documents} documents, {counts.passages} passages in {workspace.index} "
        f"({settings})" + ("" if workspace.writable else "; read-only"),
    )  # fmt: skip


def _check_disk(workspace: Workspace) -> Finding:
    folder = workspace.index
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    message = f"{free / 1e9:.1f} GB free at {folder}"
    if free < LEAST_FREE_BYTES:
        message += ". Free some space, or choose another folder for the index with --index DIR."
    return Finding("disk", free >= LEAST_FREE_BYTES, message)
