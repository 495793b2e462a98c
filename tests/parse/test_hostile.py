"""Fifty files that are broken or mean harm cost themselves, one line each, and nothing else."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import quick_workspace
from hostile import GOOD_PDF, SECRET, make, paragraph, word
from scoqa.parse.sandbox import pool
from scoqa.types import SyncReport
from scoqa.workspace import Workspace

# What they do to nobody: they are read as what they are.
HARMLESS = {
    "attribute.html", "charset.eml", "deep.html", "huge-page.pdf", "includes.rst", "launches.pdf",
    "line.txt", "members.odt", "wide.tsv",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ran:
    workspace: Workspace
    hostile: list[str]
    report: SyncReport
    temporary: Path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Index a folder of hostile files, and three good ones among them."""
    folder = tmp_path_factory.mktemp("hostile")
    temporary = tmp_path_factory.mktemp("temporary")
    hostile = make(folder, tmp_path_factory.mktemp("outside") / "secret.txt")
    (folder / "a.txt").write_text("The mill grinds rye.")
    (folder / "m.docx").write_bytes(word(paragraph("The bell is cracked.")))
    (folder / "z.pdf").write_bytes(GOOD_PDF)
    before = tempfile.tempdir
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
    pool._workers.end()  # those that come now know the new folder for temporary files
    try:
        workspace = quick_workspace(folder)
        yield Ran(workspace, hostile, workspace.sync(), temporary)
    finally:
        tempfile.tempdir = before
        del os.environ["TMPDIR"]


def test_there_are_at_least_forty_of_them(ran: Ran) -> None:
    assert len(set(ran.hostile)) >= 40


def test_the_good_files_among_them_are_found(ran: Ran) -> None:
    for words, path in (("rye", "a.txt"), ("cracked bell", "m.docx"), ("lamp lit", "z.pdf")):
        assert path in {hit.path for hit in ran.workspace.search(words, k=5)}


def test_each_has_its_one_line(ran: Ran) -> None:
    told = {notice.path: notice.reason for notice in (*ran.report.failed, *ran.report.warned)}
    assert [] == sorted(set(ran.hostile) - told.keys() - HARMLESS)
    for path, reason in told.items():
        assert reason.endswith("."), path
        assert "\n" not in reason and len(reason) < 300, path
        # No library's own word for what went wrong, and nothing without a way out.
        assert "Error" not in reason and "Traceback" not in reason, (path, reason)
    assert set(ran.report.failed) == set(ran.workspace.failed())


def test_none_reaches_out_of_the_folder(ran: Ran) -> None:
    with sqlite3.connect(ran.workspace.index / "catalog.sqlite") as connection:
        texts = [text for (text,) in connection.execute("SELECT text FROM contents")]
    connection.close()
    assert texts
    assert [] == [text for text in texts if SECRET in text]


def test_none_leaves_a_file_or_a_process_behind(ran: Ran) -> None:
    assert [] == list(ran.temporary.iterdir())
    assert len(pool._workers._all) <= 3
    assert pool._workers._all == set(pool._workers._idle)


def test_reading_them_again_changes_nothing(ran: Ran) -> None:
    again = ran.workspace.sync()
    assert ran.report.failed == again.failed
    assert () == (*again.added, *again.changed, *again.removed)
