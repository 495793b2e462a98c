"""A sync reads only what has changed, and notices every change that the file system shows."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import QuickEmbedder, quick_workspace
from scoqa import index
from scoqa.parse import document_id, hash_file, parse_file
from scoqa.store.catalog_writer import CatalogWriter
from scoqa.store.vectors import VectorCache
from scoqa.types import Document
from scoqa.workspace import Workspace
from syncing import BOTH, contents, embedded, entries, essence, paths_found, searched
from works import FORMATS, HARBOUR

OLD = (1_700_000_000, 1_700_000_000)  # a modification time long before any sync


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the name of every file a sync hashes."""
    names: list[str] = []

    def noted(file: Path) -> str:
        names.append(file.name)
        return hash_file(file)

    monkeypatch.setattr(index, "hash_file", noted)
    return names


def age(folder: Path) -> None:
    """Set all modification times in `folder` to long ago."""
    for file in folder.glob("*.txt"):
        os.utime(file, OLD)


def test_a_file_is_hashed_again_only_when_its_size_time_or_inode_has_changed(
    folder: Path, hashed: list[str]
) -> None:
    age(folder)
    quick_workspace(folder).sync()
    assert sorted(BOTH) == hashed
    hashed.clear()
    assert {"unchanged": BOTH} == essence(quick_workspace(folder).sync())
    assert [] == hashed
    # Another inode: an editor that writes a new file in place of the old one.
    shutil.copy2(folder / "harbour.txt", folder / "harbour.new")
    (folder / "harbour.new").replace(folder / "harbour.txt")
    os.utime(folder / "lighthouse.txt", (OLD[0] + 1, OLD[1] + 1))
    assert {"unchanged": BOTH} == essence(quick_workspace(folder).sync())
    assert sorted(BOTH) == hashed
    hashed.clear()
    quick_workspace(folder).sync()
    assert [] == hashed, "the stamps of touched files are refreshed"


def test_a_change_within_the_second_of_the_sync_is_noticed(folder: Path) -> None:
    # Same size, same inode and, as on a file system with a coarse clock, same modification time.
    workspace = quick_workspace(folder)
    workspace.sync()
    file = folder / "harbour.txt"
    state = file.stat()
    file.write_bytes(file.read_bytes().replace(b"Herring", b"Whaling"))
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    changed = file.stat()
    assert (state.st_size, state.st_ino) == (changed.st_size, changed.st_ino)
    assert state.st_mtime_ns == changed.st_mtime_ns
    assert {"changed": ("harbour.txt",), "unchanged": ("lighthouse.txt",), "embedded": 1} == (
        essence(workspace.sync())
    )


def test_a_file_from_the_future_is_hashed_every_time(folder: Path, hashed: list[str]) -> None:
    age(folder)
    os.utime(folder / "harbour.txt", (4_000_000_000, 4_000_000_000))
    for _ in range(3):
        quick_workspace(folder).sync()
    assert ["harbour.txt", "lighthouse.txt", "harbour.txt", "harbour.txt"] == hashed


def test_check_finds_a_change_behind_a_restored_time(folder: Path) -> None:
    age(folder)
    workspace = quick_workspace(folder)
    workspace.sync()
    file = folder / "harbour.txt"
    file.write_bytes(file.read_bytes().replace(b"Herring", b"Whaling"))
    os.utime(file, OLD)
    assert {"unchanged": BOTH} == essence(workspace.sync()), "hidden"
    assert ("harbour.txt",) == workspace.sync(check=True).changed
    assert {"unchanged": BOTH} == essence(workspace.sync(check=True))


def test_an_old_file_that_became_unreadable_leaves_the_index(
    as_nobody: Callable[[], Path],
) -> None:
    # The rights of a file are no part of its stamp.
    folder = as_nobody()
    for name in BOTH:
        (folder / name).write_text(f"The {name} file\n\nHerring boats.\n", encoding="utf-8")
    age(folder)
    workspace = quick_workspace(folder)
    workspace.sync()
    (folder / "harbour.txt").chmod(0)
    report = workspace.sync()
    assert ["harbour.txt"] == [notice.path for notice in report.failed]
    assert ("lighthouse.txt",) == report.unchanged
    assert {"lighthouse.txt"} == paths_found(workspace, "herring boats")


def test_a_file_that_is_stored_again_for_other_settings_keeps_its_stamp(
    folder: Path, hashed: list[str]
) -> None:
    age(folder)
    quick_workspace(folder).sync()
    assert BOTH == quick_workspace(folder, passage_tokens=100).sync().changed
    hashed.clear()
    assert {"unchanged": BOTH} == essence(quick_workspace(folder, passage_tokens=100).sync())
    assert [] == hashed


def test_an_index_without_stamps_gains_them_and_embeds_nothing(
    folder: Path, hashed: list[str]
) -> None:
    age(folder)
    quick_workspace(folder).sync()
    catalog = folder / "embeddings" / "catalog.sqlite"
    with closing(sqlite3.connect(catalog, isolation_level=None)) as connected:
        connected.execute("DROP TABLE stamps")
        connected.execute("DELETE FROM meta WHERE key IN ('cache_stamp', 'unused_dropped')")
    workspace = quick_workspace(folder)
    assert {"harbour.txt"} <= paths_found(workspace, "herring")
    for expected in (sorted(BOTH), []):
        hashed.clear()
        embedded(workspace)
        assert {"unchanged": BOTH} == essence(workspace.sync())
        assert ([], expected) == (embedded(workspace), hashed)


def test_a_sync_of_nothing_reads_no_vector_and_writes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(folder)
    quick_workspace(folder).sync()
    catalog = folder / "embeddings" / "catalog.sqlite"
    before = catalog.read_bytes()

    def refused(*_: object) -> None:
        raise AssertionError("the vectors are read")

    for name in ("read", "write"):
        monkeypatch.setattr(VectorCache, name, refused)
    for name in ("drop_unused_vectors", "vectors", "vectors_of_rows", "passage_rows"):
        monkeypatch.setattr(CatalogWriter, name, refused)
    assert {"unchanged": BOTH} == essence(quick_workspace(folder).sync())
    assert before == catalog.read_bytes()
    with pytest.raises(AssertionError, match="the vectors are read"):
        quick_workspace(folder).sync(check=True)


# -- files that moved ------------------------------------------------------------------------------


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the path of every file a sync parses."""
    paths: list[str] = []

    def noted(file: Path, path: str) -> Any:
        paths.append(path)
        return parse_file(file, path)

    monkeypatch.setattr(index, "parse_file", noted)
    return paths


def documents(workspace: Workspace) -> list[tuple[Document, datetime | None]]:
    """Return every document, and its modification time, which does not count in comparisons."""
    found = [workspace.document(entry.document_id) for entry in entries(workspace).values()]
    return sorted(((each, each.modified) for each in found), key=lambda pair: pair[0].path)


def assert_as_if_fresh(workspace: Workspace) -> None:
    fresh = quick_workspace(workspace.root, index=workspace.root / ".fresh")
    fresh.sync(rebuild=True)
    assert documents(fresh) == documents(workspace)
    assert contents(fresh) == contents(workspace)


def test_a_renamed_file_is_moved_without_parsing(folder: Path, parsed: list[str]) -> None:
    (folder / "ferry.txt").write_text("The ferry sails at noon " * 30, encoding="utf-8")
    workspace = quick_workspace(folder)
    workspace.sync()
    embedded(workspace)
    parsed.clear()
    (folder / "north").mkdir()
    (folder / "harbour.txt").rename(folder / "north" / "port.txt")
    (folder / "ferry.txt").rename(folder / "north" / "ferry.txt")
    os.utime(folder / "north" / "port.txt", OLD)
    assert {
        "moved": (("ferry.txt", "north/ferry.txt"), ("harbour.txt", "north/port.txt")),
        "unchanged": ("lighthouse.txt",),
    } == essence(workspace.sync())
    assert ([], []) == (parsed, embedded(workspace))
    assert_as_if_fresh(workspace)


def test_a_moved_page_keeps_its_boxes(tmp_path: Path, parsed: list[str]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "harbour.pdf").write_bytes(FORMATS[".pdf"].write(HARBOUR) or b"")
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    with workspace.store.view() as view:
        boxes = view.boxes(document_id("a/harbour.pdf"), 1)
    (tmp_path / "a").rename(tmp_path / "b")
    workspace.sync()
    assert ["a/harbour.pdf"] == parsed
    with workspace.store.view() as view:
        assert b"" != boxes == view.boxes(document_id("b/harbour.pdf"), 1)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("a.txt", "a.md", "# The mill\n\nIt grinds rye.\n"),  # another parser
        ("a.csv", "a.tsv", "name,rooms\nThe inn,6\n"),  # the same, but another separator
        ("winter-notes.txt", "ice.txt", "The harbour froze. " * 60),  # its title is its name
    ],
)
def test_a_file_that_may_read_otherwise_under_its_new_name_is_parsed(
    tmp_path: Path, parsed: list[str], old: str, new: str, text: str
) -> None:
    (tmp_path / old).write_text(text, encoding="utf-8")
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    (tmp_path / old).rename(tmp_path / new)
    assert ((old, new),) == workspace.sync().moved
    assert [old, new] == parsed
    assert_as_if_fresh(workspace)


def test_a_file_that_moved_to_two_places_is_moved_once_and_copied_once(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    shutil.copy2(folder / "harbour.txt", folder / "a.txt")
    (folder / "harbour.txt").rename(folder / "b.txt")
    assert {
        "added": ("b.txt",),
        "moved": (("harbour.txt", "a.txt"),),
        "unchanged": ("lighthouse.txt",),
    } == essence(workspace.sync())
    assert_as_if_fresh(workspace)


# -- a rebuild -------------------------------------------------------------------------------------


def test_a_rebuild_embeds_only_what_has_changed(folder: Path, parsed: list[str]) -> None:
    workspace = quick_workspace(folder)
    first = workspace.sync()
    (folder / "inn.txt").write_text("The inn\n\nIt has six rooms.\n", encoding="utf-8")
    embedded(workspace)
    parsed.clear()
    report = workspace.sync(rebuild=True)
    assert ("harbour.txt", "inn.txt", "lighthouse.txt") == report.added == tuple(parsed)
    assert (1, first.passages + 1) == (report.embedded, report.passages)
    assert 1 == len(embedded(workspace))
    fresh = quick_workspace(folder, index=folder / ".fresh")
    fresh.sync()
    assert contents(fresh) == contents(workspace)
    assert searched(fresh, "herring in six rooms") == searched(workspace, "herring in six rooms")


def test_a_rebuild_for_other_settings_keeps_no_vector_that_it_does_not_use(folder: Path) -> None:
    quick_workspace(folder, passage_tokens=20).sync()
    workspace = quick_workspace(folder, passage_tokens=100)
    workspace.sync(rebuild=True)
    with workspace.store.view() as view:
        assert len({text for found in contents(workspace).values() for text in found}) == (
            view.counts().vectors
        )


def test_a_rebuild_with_another_embedder_takes_no_vector(folder: Path) -> None:
    quick_workspace(folder).sync()
    other = quick_workspace(folder, embedder=QuickEmbedder("other@2"))
    report = other.sync(rebuild=True)
    assert report.passages == report.embedded > 0
    other.store.set_aside(embedder="quick@1")
    assert not other.store.exists()


@pytest.mark.parametrize("length", [0.0, 2.0, float("nan")])
def test_a_rebuild_takes_no_damaged_vector(folder: Path, length: float) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    with closing(sqlite3.connect(folder / "embeddings" / "catalog.sqlite")) as connected:
        key, blob = connected.execute("SELECT key, vector FROM vectors LIMIT 1").fetchone()
        vector = np.frombuffer(blob, dtype="<f4") * np.float32(length)
        with connected:
            connected.execute("UPDATE vectors SET vector = ? WHERE key = ?", (vector, key))
    assert 1 == quick_workspace(folder).sync(rebuild=True).embedded


def test_a_rebuild_of_a_damaged_catalog_embeds_everything(folder: Path) -> None:
    quick_workspace(folder).sync()
    catalog = folder / "embeddings" / "catalog.sqlite"
    catalog.write_bytes(catalog.read_bytes()[: catalog.stat().st_size // 2])
    report = quick_workspace(folder).sync(rebuild=True)
    assert report.passages == report.embedded > 0
