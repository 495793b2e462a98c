"""Bringing an index up to date: nothing twice, nothing lost, nothing left behind."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conftest import ROOT, QuickEmbedder, quick_workspace
from scoqa import compatibility, index
from scoqa.errors import (
    ConfigError,
    IndexLockedError,
    IndexMismatchError,
    IndexNotFoundError,
    WorkspaceError,
)
from scoqa.index import SyncStep
from scoqa.normalization import terms
from scoqa.parse import PARSERS, document_id
from scoqa.store import connection, local_view, open_store
from scoqa.store.catalog_writer import CatalogWriter
from scoqa.store.vectors import VectorCache
from scoqa.types import Parser, content_id
from scoqa.workspace import Workspace
from syncing import BOTH, contents, embedded, entries, essence, paths_found, searched

# -- what a sync says ------------------------------------------------------------------------------


def test_a_first_sync_adds_everything(folder: Path) -> None:
    workspace = quick_workspace(folder)
    report = workspace.sync()
    assert {"added": BOTH, "embedded": report.passages} == essence(report)
    assert report.passages == len(embedded(workspace)) == workspace.summary()[1] > 0


def test_a_second_sync_changes_nothing_and_embeds_nothing(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    before, generation = contents(workspace), generation_of(workspace)
    embedded(workspace)
    assert {"unchanged": BOTH} == essence(workspace.sync())
    assert [] == embedded(workspace)
    assert (before, generation) == (contents(workspace), generation_of(workspace))


def generation_of(workspace: Workspace) -> int:
    with workspace.store.view() as view:
        return view.generation


def test_touching_a_file_is_no_change(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    os.utime(folder / "harbour.txt", (1, 1))
    assert {"unchanged": BOTH} == essence(workspace.sync())


def test_added_changed_moved_and_removed_are_told_apart(folder: Path) -> None:
    workspace = quick_workspace(folder)
    (folder / "ferry.txt").write_text("The ferry\n\nThe ferry sails at noon.\n", encoding="utf-8")
    (folder / "inn.txt").write_text("The inn\n\nThe inn has six rooms.\n", encoding="utf-8")
    workspace.sync()
    (folder / "old").mkdir()
    (folder / "ferry.txt").rename(folder / "old" / "boats.txt")
    (folder / "inn.txt").unlink()
    (folder / "harbour.txt").write_text("The harbour\n\nIt is new now.\n", encoding="utf-8")
    (folder / "church.md").write_text("# The church\n\nIt has a bell.\n", encoding="utf-8")
    report = workspace.sync()
    assert {
        "added": ("church.md",),
        "changed": ("harbour.txt",),
        "moved": (("ferry.txt", "old/boats.txt"),),
        "removed": ("inn.txt",),
        "unchanged": ("lighthouse.txt",),
        "embedded": 2,
    } == essence(report)
    assert {"church.md", "harbour.txt", "lighthouse.txt", "old/boats.txt"} == set(
        contents(workspace)
    )


def test_a_moved_file_embeds_nothing_and_answers_from_its_new_place(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    embedded(workspace)
    (folder / "north").mkdir()
    (folder / "lighthouse.txt").rename(folder / "north" / "tower.txt")
    assert {
        "moved": (("lighthouse.txt", "north/tower.txt"),),
        "unchanged": ("harbour.txt",),
    } == essence(workspace.sync())
    assert [] == embedded(workspace)
    (hit, *_) = workspace.search("rape oil lamp", collection="north")
    assert "north/tower.txt" == workspace.document(hit.passage.document_id).path


def test_the_same_words_in_many_files_are_embedded_once(folder: Path) -> None:
    workspace = quick_workspace(folder)
    for copy in ("copy.txt", "deep/copy.txt", "deep/er/copy.txt"):
        (folder / copy).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "harbour.txt", folder / copy)
    report = workspace.sync()
    texts = embedded(workspace)
    assert len(set(texts)) == len(texts) == report.embedded < report.passages
    assert {"copy.txt", "deep/copy.txt", "deep/er/copy.txt", "harbour.txt"} <= paths_found(
        workspace, "herring boats"
    )
    # One of them goes: the others keep the vectors.
    embedded(workspace)
    (folder / "copy.txt").unlink()
    workspace.sync()
    assert [] == embedded(workspace)
    assert {"deep/copy.txt", "deep/er/copy.txt", "harbour.txt"} <= paths_found(
        workspace, "herring boats"
    )


def test_a_file_without_a_title_is_embedded_once_under_any_name(folder: Path) -> None:
    prose = "The harbour froze in January, and the ferry stayed away for nine weeks of the year. "
    (folder / "winter_notes.txt").write_text(prose * 30, encoding="utf-8")
    workspace = quick_workspace(folder)
    workspace.sync()
    assert not any("winter notes" in text for text in embedded(workspace))
    shutil.copy(folder / "winter_notes.txt", folder / "copy.txt")
    (folder / "winter_notes.txt").rename(folder / "ice-report.txt")
    assert 0 == workspace.sync().embedded
    assert [] == embedded(workspace)
    (best, *_) = workspace.search("ice report")  # a name is found by its words
    assert ("ice-report.txt", "ice report") == (best.path, best.passage.heading)


def test_words_of_a_file_name_that_the_title_lacks_are_searched_and_not_embedded(
    folder: Path,
) -> None:
    for month in ("2025-01", "2025-02", "2025-03"):
        (folder / f"stock_{month}.txt").write_text(
            "STOCK COUNT\n\nThere were 51 boxes of paper in the store.\n", encoding="utf-8"
        )
    workspace = quick_workspace(folder)
    workspace.sync()
    with workspace.store.view() as view:
        months = terms("January February March")
        found = [match for month in months for match in view.search_words([month], 3)]
        assert [
            ("stock_2025-01.txt", "STOCK COUNT > January 2025"),
            ("stock_2025-02.txt", "STOCK COUNT > February 2025"),
            ("stock_2025-03.txt", "STOCK COUNT > March 2025"),
        ] == [(each.path, each.passage.heading) for each in found if each.path[:5] == "stock"]
    assert not any("2025" in text for text in embedded(workspace))
    (folder / "stock_2025-03.txt").rename(folder / "Stock April.txt")
    assert 0 == workspace.sync().embedded


def test_progress_counts_the_bytes_to_read_and_ends_at_their_sum(folder: Path) -> None:
    (folder / "junk.txt").write_bytes(bytes(500))
    steps: list[SyncStep] = []
    quick_workspace(folder).sync(progress=steps.append)
    total = sum((folder / name).stat().st_size for name in (*BOTH, "junk.txt"))
    assert {total} == {step.total for step in steps}
    assert sorted(step.done for step in steps) == [step.done for step in steps]
    assert total == steps[-1].done


# -- the index forgets -----------------------------------------------------------------------------


def test_a_deleted_document_never_answers_again(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    assert "harbour.txt" in paths_found(workspace, "herring boats at dawn")
    gone = {passage[1] for passage in contents(workspace)["harbour.txt"]}
    (folder / "harbour.txt").unlink()
    assert {"removed": ("harbour.txt",), "unchanged": ("lighthouse.txt",)} == essence(
        workspace.sync()
    )
    assert {"lighthouse.txt"} == paths_found(workspace, "herring boats at dawn")
    reopened = quick_workspace(folder)
    assert not gone & {hit.passage.text for hit in reopened.search("herring boats at dawn", k=100)}


def test_a_changed_document_never_answers_with_its_old_words(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    text = (folder / "harbour.txt").read_text(encoding="utf-8")
    (folder / "harbour.txt").write_text(text.replace("Herring", "Whaling"), encoding="utf-8")
    assert ("harbour.txt",) == workspace.sync().changed
    found = [hit.passage.text for hit in workspace.search("herring boats", k=100)]
    assert [] == [each for each in found if "Herring" in each]
    assert "Whaling" in workspace.search("whaling boats")[0].passage.text


def test_a_change_keeps_the_id_of_a_document_and_of_no_passage(folder: Path) -> None:
    # The first words are the same and as long: the place of their passage is, too.
    workspace = quick_workspace(folder, passage_tokens=20)
    workspace.sync()
    before = entries(workspace)["harbour.txt"].document_id
    with workspace.store.view() as view:
        passages = view.passages_of(before)
    text = (folder / "harbour.txt").read_text(encoding="utf-8")
    (folder / "harbour.txt").write_text(text.replace("leave at", "leap at "), encoding="utf-8")
    workspace.sync()
    assert before == entries(workspace)["harbour.txt"].document_id
    with workspace.store.view() as view:
        now = view.passages_of(before)
        assert passages[0].text == now[0].text
        assert [(p.start, p.end) for p in passages] == [(p.start, p.end) for p in now]
        assert set() == {each.id for each in passages} & {each.id for each in now}
        for passage in passages:
            with pytest.raises(KeyError):
                view.passages([passage.id])


def test_files_that_swap_their_contents_keep_their_ids(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    before = {path: entry.document_id for path, entry in entries(workspace).items()}
    texts = {name: workspace.document(before[name]).text for name in BOTH}
    (folder / "harbour.txt").rename(folder / "away")
    (folder / "lighthouse.txt").rename(folder / "harbour.txt")
    (folder / "away").rename(folder / "lighthouse.txt")
    embedded(workspace)
    assert {"changed": BOTH} == essence(workspace.sync())
    assert [] == embedded(workspace)
    assert before == {path: entry.document_id for path, entry in entries(workspace).items()}
    for name, other in zip(BOTH, reversed(BOTH), strict=True):
        assert texts[other] == workspace.document(before[name]).text
    fresh = quick_workspace(folder, index=folder / ".fresh")
    fresh.sync()
    assert entries(fresh) == entries(workspace)
    assert searched(fresh, "lamp harbour") == searched(workspace, "lamp harbour")


def test_a_document_that_is_excluded_later_leaves(folder: Path) -> None:
    quick_workspace(folder).sync()
    report = quick_workspace(folder, exclude=["harbour*"]).sync()
    assert ("harbour.txt",) == report.removed


CHANGES = ("add", "change", "move", "remove", "restore", "sync")
TEXTS = [
    "The mill\n\nThe mill stands by the river. It grinds rye and oats.\n",
    "The school\n\nThe school opens in August. Forty children learn there.\n",
    "The bridge\n2001-06-15, Varn\n\nThe bridge was opened by the mayor.\n",
    "The mill\n\nThe mill stands by the river. It has burnt down since.\n",
]


def test_words_that_leave_one_file_and_enter_another_keep_their_vector(tmp_path: Path) -> None:
    # Both files are written in one batch: the first one's old vector was thrown away as unused
    # before the second, which had counted on it, was there.
    (tmp_path / "a.txt").write_text(TEXTS[1], encoding="utf-8")
    workspace = quick_workspace(tmp_path)
    workspace.sync()
    embedded(workspace)
    (tmp_path / "a.txt").write_text(TEXTS[0], encoding="utf-8")
    (tmp_path / "b.txt").write_text(TEXTS[1], encoding="utf-8")
    assert {"added": ("b.txt",), "changed": ("a.txt",), "embedded": 1} == essence(workspace.sync())
    assert 1 == len(embedded(workspace))
    with workspace.store.view() as view:
        assert 2 == view.counts().vectors


@settings(max_examples=25)
@example(steps=[("add", 0, 1), ("sync", 0, 0), ("add", 0, 0), ("add", 1, 1)])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(CHANGES), st.integers(0, 3), st.integers(0, 3)), max_size=8
    )
)
def test_step_by_step_equals_a_fresh_build(
    steps: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("steps")
    (folder / "lamp.txt").write_text("The lamp\n\nThe lamp burns rape oil.\n", encoding="utf-8")
    stepped = quick_workspace(folder)
    stepped.sync()
    for change, number, other in steps:
        file = folder / f"doc-{number}.txt"
        if change in ("add", "change", "restore"):
            file.write_text(TEXTS[other], encoding="utf-8")
        elif change == "remove":
            file.unlink(missing_ok=True)
        elif change == "move" and file.exists():
            file.replace(folder / f"doc-{other}.txt")
        else:
            stepped.sync()
    stepped.sync()
    fresh = quick_workspace(folder, index=folder / ".fresh")
    fresh.sync()
    assert contents(fresh) == contents(stepped)
    assert entries(fresh) == entries(stepped)
    for query in ("mill river", "bridge mayor 2001", "lamp oil", "children in August"):
        expected, actual = searched(fresh, query), searched(stepped, query)
        assert [each[0] for each in expected] == [each[0] for each in actual]
        assert [each[2] for each in expected] == [each[2] for each in actual]
        assert [each[1] for each in expected] == pytest.approx(
            [each[1] for each in actual], abs=1e-4
        )


# -- one bad file ----------------------------------------------------------------------------------


def test_one_bad_file_never_stops_the_rest(folder: Path) -> None:
    (folder / "a-junk.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "b-empty.txt").write_bytes(b"")
    (folder / "c-old.txt").write_bytes("Le café de la gare était fermé. Où ?\n".encode("latin-1"))
    (folder / "d-link.txt").symlink_to("/nowhere/at/all")
    report = quick_workspace(folder).sync()
    assert ("b-empty.txt", "c-old.txt", *BOTH) == report.added
    assert ["a-junk.txt", "d-link.txt"] == sorted(notice.path for notice in report.failed)
    assert [
        ("b-empty.txt", "is empty; there is nothing to index in it."),
        (
            "c-old.txt",
            "is not UTF-8; it was read as cp1252. If words look wrong, save it as UTF-8.",
        ),
    ] == [(notice.path, notice.reason) for notice in report.warned]


def test_a_document_that_became_binary_leaves_the_index(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    (folder / "harbour.txt").write_bytes(bytes(3000))
    report = workspace.sync()
    assert ["harbour.txt"] == [notice.path for notice in report.failed]
    assert ((), (), ("lighthouse.txt",)) == (report.removed, report.changed, report.unchanged)
    assert {"lighthouse.txt"} == paths_found(workspace, "herring boats")
    assert ["harbour.txt"] == [notice.path for notice in workspace.sync().failed]


def test_a_document_that_became_unreadable_leaves_the_index(
    as_nobody: Callable[[], Path],
) -> None:
    folder = as_nobody()
    for name in ("closed.txt", "open.txt"):
        (folder / name).write_text(f"The {name} file\n\nHerring boats.\n", encoding="utf-8")
    workspace = quick_workspace(folder)
    workspace.sync()
    (folder / "closed.txt").chmod(0)
    report = workspace.sync()
    assert [("closed.txt", "cannot be read: Permission denied.")] == [
        (notice.path, notice.reason) for notice in report.failed
    ]
    assert ((), ("open.txt",)) == (report.removed, report.unchanged)
    assert {"open.txt"} == paths_found(workspace, "herring boats")
    (folder / "closed.txt").chmod(0o600)
    embedded(workspace)
    assert ("closed.txt",) == workspace.sync().added
    assert {"closed.txt", "open.txt"} == paths_found(workspace, "herring boats")


def test_two_names_that_compose_to_one_keep_the_first_indexed(tmp_path: Path) -> None:
    (tmp_path / "cafe\u0301.txt").write_text("The café\n\nIt opens at nine.\n", encoding="utf-8")
    (tmp_path / "caf\u00e9.txt").write_text("The other\n\nIt never opens.\n", encoding="utf-8")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system holds such names to be one")
    workspace = quick_workspace(tmp_path)
    for _ in range(2):
        report = workspace.sync()
        assert ["caf\u00e9.txt"] == [notice.path for notice in report.failed]
        assert ["caf\u00e9.txt"] == list(contents(workspace))


def test_a_file_that_goes_while_it_is_read_costs_only_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = index.parse_file

    def parse(file: Path, path: str) -> Any:
        if path == "harbour.txt":
            file.unlink()
        return real(file, path)

    monkeypatch.setattr(index, "parse_file", parse)
    report = quick_workspace(folder).sync()
    assert ("lighthouse.txt",) == report.added
    assert ["harbour.txt"] == [notice.path for notice in report.failed]


# -- cut off ---------------------------------------------------------------------------------------


def long_workspace(folder: Path, count: int = 12, **options: Any) -> Workspace:
    for number in range(count):
        sentences = [
            f"Boat {number} carries load {row} of herring to port {row * number} on day {row}."
            for row in range(20)
        ]
        text = f"Log of boat {number}\n\n" + "\n\n".join(sentences) + "\n"
        (folder / f"log-{number:02}.txt").write_text(text, encoding="utf-8")
    return quick_workspace(folder, passage_tokens=20, **options)


class Stumbling(QuickEmbedder):
    """An embedder that is cut off after some batches."""

    def __init__(self, batches: int, error: BaseException) -> None:
        super().__init__()
        self.batches = batches
        self.error = error

    def embed(self, texts: Sequence[str], **options: Any) -> Any:
        if self.batches == 0:
            raise self.error
        self.batches -= 1
        return super().embed(texts, **options)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError("no room")], ids=repr)
@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_a_sync_that_was_cut_off_goes_on_where_it_was(
    tmp_path: Path, batches: int, error: BaseException
) -> None:
    stumbling = Stumbling(batches, error)
    first = long_workspace(tmp_path, embedder=stumbling)
    with pytest.raises(type(error)):
        first.sync()
    second = quick_workspace(tmp_path, passage_tokens=20)
    report = second.sync()
    texts = embedded(second)
    assert bool(stumbling.embedded) == bool(batches)
    assert [] == sorted(set(stumbling.embedded) & set(texts)), "nothing is embedded twice"
    assert report.passages == len(stumbling.embedded) + len(texts)
    fresh = quick_workspace(tmp_path, passage_tokens=20, index=tmp_path / ".fresh")
    fresh.sync()
    assert contents(fresh) == contents(second)
    assert searched(fresh, "herring to port 21") == searched(second, "herring to port 21")
    assert [] == second.store.problems()


def test_readers_go_on_while_a_sync_runs(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    (folder / "ferry.txt").write_text("The ferry\n\nThe ferry sails.\n", encoding="utf-8")
    seen: list[set[str]] = []

    class Watching(QuickEmbedder):
        def embed(self, texts: Sequence[str], **options: Any) -> Any:
            seen.append(paths_found(quick_workspace(folder), "ferry"))
            return super().embed(texts, **options)

    quick_workspace(folder, embedder=Watching()).sync()
    assert [{"harbour.txt", "lighthouse.txt"}] == seen
    assert "ferry.txt" in paths_found(quick_workspace(folder), "ferry")


# -- other settings --------------------------------------------------------------------------------


def test_an_index_of_another_model_is_refused_and_nothing_is_lost(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    before = contents(workspace)
    other = quick_workspace(folder, embedder=QuickEmbedder("other@2"))
    for use in (other.sync, lambda: other.search("herring"), lambda: other.ask("What freezes?")):
        with pytest.raises(IndexMismatchError) as refused:
            use()
        assert (
            "The index was built with the embedder quick@1, but the settings say other@2. Change "
            f"the setting back, or rebuild the index with: scoqa index {folder} --rebuild"
        ) == str(refused.value)
    assert [] == embedded(other)
    assert before == contents(workspace)
    assert {"harbour.txt"} <= paths_found(workspace, "herring")


def test_a_rebuild_takes_the_new_model_and_keeps_the_old_index_aside(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    other = quick_workspace(folder, embedder=QuickEmbedder("other@2"))
    assert BOTH == other.sync(rebuild=True).added
    assert {"harbour.txt"} <= paths_found(other, "herring")
    aside = quick_workspace(folder, index=folder / "embeddings" / "set-aside-1")
    assert {"harbour.txt"} <= paths_found(aside, "herring")


def test_terms_made_otherwise_are_not_searched_until_a_sync_makes_them_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_workspace(folder).sync()
    monkeypatch.setattr(compatibility, "TERMS_VERSION", "2/other")
    later = quick_workspace(folder)
    with pytest.raises(IndexMismatchError, match=r"made with .*, but the settings say .*2/other"):
        later.search("herring")
    embedded(later)
    assert {"changed": BOTH} == essence(later.sync())
    assert [] == embedded(later)
    assert "harbour.txt" in paths_found(later, "herring")


def test_a_first_sync_that_was_cut_off_does_not_answer_for_the_whole_folder(
    tmp_path: Path,
) -> None:
    first = long_workspace(tmp_path, embedder=Stumbling(2, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        first.sync()
    second = quick_workspace(tmp_path, passage_tokens=20)
    assert 0 < second.summary()[0] < 12
    with pytest.raises(IndexNotFoundError, match=r"not finished.* resume with: scoqa index"):
        second.ask("Which boat carries herring?")
    second.sync()
    assert 12 == second.summary()[0]
    second.ask("Which boat carries herring?")


def test_other_splitter_settings_split_everything_again(folder: Path) -> None:
    long_workspace(folder, 2).sync()
    coarse = quick_workspace(folder, passage_tokens=100)
    report = coarse.sync()
    assert ((*BOTH, "log-00.txt", "log-01.txt"), ()) == (report.changed, report.unchanged)
    fresh = quick_workspace(folder, passage_tokens=100, index=folder / ".fresh")
    fresh.sync()
    assert contents(fresh) == contents(coarse)


def test_a_document_read_with_an_older_parser_is_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    newer = replace(PARSERS[".txt"], parser=Parser("plain", "99"))
    monkeypatch.setitem(PARSERS, ".txt", newer)
    embedded(workspace)
    assert {"changed": BOTH} == essence(workspace.sync())
    assert [] == embedded(workspace)
    with workspace.store.view() as view:
        assert {Parser("plain", "99")} == {entry.parser for entry in view.digests().values()}


def test_an_index_whose_ids_held_the_content_answers_on_and_is_brought_up_to_date(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = index.parse_file

    def parse(file: Path, path: str) -> Any:
        found = real(file, path)
        former = content_id("document", path, found.document.digest)
        return found._replace(document=replace(found.document, id=former))

    monkeypatch.setattr(index, "parse_file", parse)
    quick_workspace(folder).sync()
    monkeypatch.undo()
    workspace = quick_workspace(folder)
    before = entries(workspace)
    assert document_id("harbour.txt") != before["harbour.txt"].document_id
    passages = [hit.passage.id for hit in workspace.search("herring boats", k=100)]
    assert {"harbour.txt"} <= paths_found(workspace, "herring boats")
    document = workspace.document(before["harbour.txt"].document_id)
    assert document == workspace.find(document_id("harbour.txt"), document.text_digest)
    embedded(workspace)
    assert {"changed": BOTH} == essence(workspace.sync())
    assert [] == embedded(workspace), "nothing is embedded twice"
    assert {path: document_id(path) for path in BOTH} == {
        path: entry.document_id for path, entry in entries(workspace).items()
    }
    fresh = quick_workspace(folder, index=folder / ".fresh")
    fresh.sync()
    assert (entries(fresh), contents(fresh)) == (entries(workspace), contents(workspace))
    assert searched(fresh, "herring boats") == searched(workspace, "herring boats")
    with workspace.store.view() as view:
        for passage in passages:
            with pytest.raises(KeyError):
                view.passages([passage])
        for entry in before.values():
            with pytest.raises(KeyError):
                view.document(entry.document_id)
    # A link from before the change goes by the text.
    moved = workspace.find(document.id, document.text_digest)
    assert moved is not None and "harbour.txt" == moved.path
    assert {"unchanged": BOTH} == essence(workspace.sync())


# -- one writer ------------------------------------------------------------------------------------


def test_a_second_writer_is_locked_out_and_a_rebuild_takes_nothing_from_the_first(
    folder: Path,
) -> None:
    # A rebuild once moved the files away under the writer before it asked for the lock.
    workspace = quick_workspace(folder)
    workspace.sync()
    before = contents(workspace)
    with workspace.store.writer():
        for rebuild in (False, True):
            with pytest.raises(IndexLockedError, match=rf"process {os.getpid()} on .* since"):
                quick_workspace(folder).sync(rebuild=rebuild)
    assert before == contents(quick_workspace(folder))
    assert {"unchanged": BOTH} == essence(quick_workspace(folder).sync())


def test_the_vectors_are_not_all_written_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        (tmp_path / f"{number}.txt").write_text(f"The lamp burns for {number} nights.")
    written: list[int] = []
    through = VectorCache.write

    def counted(self: VectorCache, path: Path) -> str:
        written.append(len(self.rows))
        return through(self, path)

    monkeypatch.setattr(VectorCache, "write", counted)
    monkeypatch.setattr(local_view, "SAVE_EVERY", 1)
    quick_workspace(tmp_path).sync()
    assert (written[0], 60 // 2 < written[-1] <= 60) == (1, True)
    assert sum(written) <= 3 * 60 + len(written)  # each half as many again as the one before


def test_a_reader_in_the_middle_of_an_ask_holds_no_writer_up(folder: Path) -> None:
    # The end of a write once waited half a minute for every open view.
    import time

    workspace = quick_workspace(folder)
    workspace.sync()
    (folder / "harbour.txt").unlink()
    with workspace.store.view() as view:
        start = time.monotonic()
        quick_workspace(folder).sync()
        assert time.monotonic() - start < 10
        assert 2 == view.counts().documents


# -- places ----------------------------------------------------------------------------------------


def test_a_fresh_clone_indexes_exactly_the_two_bundled_texts(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copytree(ROOT / "embeddings", tmp_path / "embeddings", ignore=lambda *_: {"set-aside"})
    shutil.copy(ROOT / "scoqa.toml", tmp_path)
    for file in (tmp_path / "embeddings").glob("*"):
        if file.name != "README.md":  # whatever was built here is not in a clone
            file.unlink()
    (tmp_path / "README.md").write_text("# scoqa\n", encoding="utf-8")
    report = quick_workspace(tmp_path).sync()
    assert (
        "sco/2012-04-24_defence-ministers-meeting.txt",
        "sco/2017-12-12_defence-and-security-forum.txt",
    ) == report.added
    assert ((), ()) == (report.warned, report.failed)


def test_a_folder_without_documents_gives_an_empty_index(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"x")
    workspace = quick_workspace(tmp_path)
    report = workspace.sync()
    assert ({}, {".png": 1}, 0) == (essence(report), dict(report.ignored), report.passages)
    assert [] == workspace.search("anything")
    for collection in (None, "", "north"):
        answer = workspace.ask("Is anything there?", collection=collection)
        assert "empty_index" == answer.reason


def test_a_folder_that_cannot_be_read_is_one_sentence(as_nobody: Callable[[], Path]) -> None:
    folder = as_nobody()
    (folder / "closed").mkdir(mode=0)
    (folder / "open" / "docs").mkdir(parents=True)
    (folder / "open" / "docs").chmod(0)
    with pytest.raises(WorkspaceError, match=r"closed cannot be read: Permission denied\."):
        quick_workspace(folder / "closed")
    with pytest.raises(WorkspaceError, match="access to it is denied"):
        quick_workspace(folder / "closed" / "deeper")
    with pytest.raises(WorkspaceError, match=r"docs cannot be read: Permission denied\."):
        quick_workspace(folder / "open").sync()


def test_a_folder_that_cannot_be_written_has_its_index_in_the_data_folder(
    as_nobody: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = as_nobody()
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: home / "data" / name)
    (home / "papers").mkdir()
    (home / "papers" / "note.txt").write_text("The note\n\nIt is short.\n", encoding="utf-8")
    (home / "papers").chmod(0o500)
    workspace = quick_workspace(home / "papers")
    assert home / "data" / "scoqa" == workspace.index.parent
    assert ("note.txt",) == workspace.sync().added
    assert ["note.txt"] == [path.name for path in (home / "papers").iterdir()]


def test_an_index_that_cannot_be_written_still_answers(as_nobody: Callable[[], Path]) -> None:
    home = as_nobody()
    (home / "note.txt").write_text("The note\n\nIt is short.\n", encoding="utf-8")
    quick_workspace(home).sync()
    for place in (home / "embeddings", home):
        place.chmod(0o500)
    workspace = quick_workspace(home)
    assert home / "embeddings" == workspace.index
    assert {"note.txt"} == paths_found(workspace, "short note")
    with pytest.raises(WorkspaceError, match=r"cannot be written: .*--index DIR"):
        workspace.sync()


def test_a_file_where_the_index_should_be_is_one_sentence(folder: Path) -> None:
    (folder / "taken").write_text("A file.\n", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"taken cannot be written: .*--index DIR"):
        quick_workspace(folder, index=folder / "taken").sync()
    assert "A file.\n" == (folder / "taken").read_text(encoding="utf-8")


# -- no room, no turn ------------------------------------------------------------------------------


def test_a_full_disk_is_no_damaged_index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever has no room should make some, not throw the index away.
    workspace = quick_workspace(folder)
    workspace.sync()
    before = contents(workspace)
    (folder / "long.txt").write_text(
        "Long\n\n" + "Words of many kinds. " * 50_000, encoding="utf-8"
    )
    real = CatalogWriter.put

    def put(self: CatalogWriter, *arguments: Any) -> None:
        pages = self.connection.execute("PRAGMA page_count").fetchone()[0]
        self.connection.execute(f"PRAGMA max_page_count = {pages}")
        real(self, *arguments)

    monkeypatch.setattr(CatalogWriter, "put", put)
    with pytest.raises(WorkspaceError, match=r"is full\. Free disk space"):
        workspace.sync()
    monkeypatch.undo()
    assert before == contents(quick_workspace(folder))
    assert ("long.txt",) == quick_workspace(folder).sync().added


def test_a_catalog_that_something_else_keeps_locked_is_no_damaged_index(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    (folder / "inn.txt").write_text("The inn\n\nIt has six rooms.\n", encoding="utf-8")
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.1)
    other = sqlite3.connect(folder / "embeddings" / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(IndexLockedError, match="being written by"):
            quick_workspace(folder).sync()
    finally:
        other.close()
    assert ("inn.txt",) == quick_workspace(folder).sync().added


def test_an_emptied_folder_is_asked_about_before_the_index_forgets_it(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    before = contents(workspace)
    for file in folder.glob("*.txt"):
        file.rename(file.with_suffix(".away"))
    with pytest.raises(WorkspaceError, match=r"2 in the index: nothing was removed.*--rebuild"):
        workspace.sync()
    assert before == contents(workspace)
    workspace.sync(rebuild=True)
    assert (0, 0) == workspace.summary()


def test_a_rebuild_whose_model_does_not_load_leaves_the_index_where_it_is(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    before = contents(workspace)

    class Broken(QuickEmbedder):
        def load(self) -> None:
            raise OSError("no such model")

    for _ in range(2):
        with pytest.raises(OSError, match="no such model"):
            quick_workspace(folder, embedder=Broken()).sync(rebuild=True)
    assert before == contents(workspace)


def test_every_rebuild_keeps_the_index_before_it(folder: Path) -> None:
    for _ in range(3):
        quick_workspace(folder).sync(rebuild=True)
    aside = sorted(each.name for each in (folder / "embeddings").glob("set-aside-*"))
    assert ["set-aside-1", "set-aside-2"] == aside


def test_passages_longer_than_the_model_reads_are_refused(folder: Path) -> None:
    embedder = QuickEmbedder()
    embedder.max_tokens = 128
    workspace = quick_workspace(folder, embedder=embedder, passage_tokens=150)
    with pytest.raises(ConfigError, match="at most 126"):
        workspace.sync()


def test_a_reader_without_rights_never_answers_without_the_log_of_writes(
    as_nobody: Callable[[], Path],
) -> None:
    folder = as_nobody()
    for name in ("boat", "ferry"):
        (folder / f"{name}.txt").write_text(f"The {name} leaves at dawn.", encoding="utf-8")
    workspace = quick_workspace(folder)
    workspace.sync()
    with workspace.store.writer() as writer:
        writer.drop(writer.digests()["boat.txt"].document_id)
        files = [*workspace.index.iterdir()]
        for file in files:
            file.chmod(0o444)
        workspace.index.chmod(0o555)
        try:
            with open_store(workspace.index).view() as view:
                assert ["ferry.txt"] == [*view.digests()]
        finally:
            workspace.index.chmod(0o755)
            for file in files:
                file.chmod(0o644)
