"""A folder with its index: what it names, and what a link to a quote in it still means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from commandline import WordReader
from conftest import QuickEmbedder, quick_workspace
from scoqa.config import Settings
from scoqa.errors import ConfigError, IndexNotFoundError, ModelNotFoundError, WorkspaceError
from scoqa.models import Models
from scoqa.store import open_store
from scoqa.types import Document
from scoqa.workspace import Workspace


def known(workspace: Workspace, path: str) -> Document:
    """Return the document at `path` as the index holds it."""
    with workspace.store.view() as view:
        return view.document(view.digests()[path].document_id)


def test_whole_settings_are_used_instead_of_those_of_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "scoqa.toml").write_text("read_k = 3\nsearch_k = 30\n", encoding="utf-8")
    monkeypatch.setenv("SCOQA_THRESHOLD", "0.1")
    given = Settings(read_k=5, threshold=0.7)
    assert given == Workspace(folder, settings=given).settings
    assert (
        replace(given, threshold=0.4) == Workspace(folder, settings=given, threshold=0.4).settings
    )
    mixed = Workspace(folder, search_k=40, read_k=None).settings
    assert (3, 40, 0.1) == (mixed.read_k, mixed.search_k, mixed.threshold)
    with pytest.raises(ConfigError, match="read_k"):
        Workspace(folder, settings=Settings(read_k=0))
    with pytest.raises(ConfigError, match="only the keys"):
        Workspace(folder, settings=given, colour="red")


def test_two_workspaces_can_share_models_and_a_store(folder: Path, tmp_path: Path) -> None:
    models = Models(QuickEmbedder(), WordReader())
    store = open_store(tmp_path / "elsewhere")
    workspace = Workspace(folder, models=models, store=store, exclude=["elsewhere/**"])
    workspace.sync()
    assert workspace.ask("Who built the lighthouse?").answered
    assert not (folder / "embeddings" / "catalog.sqlite").exists()
    other = Workspace(folder, models=models, index=tmp_path / "elsewhere")
    assert workspace.version == other.version
    assert workspace.ask("Who built the lighthouse?") == other.ask("Who built the lighthouse?")


def test_a_workspace_opens_its_models_when_they_are_first_used(folder: Path) -> None:
    workspace = Workspace(folder, embedder=str(folder / "absent"))
    assert not workspace.loaded
    for use in (workspace.load, workspace.sync, lambda: workspace.models.reader):
        with pytest.raises(ModelNotFoundError, match="absent"):
            use()


def test_a_workspace_names_its_collections_in_order(tmp_path: Path) -> None:
    for path in ("south/boat.txt", "north/deep/boat.txt", "Zoo/boat.txt"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("The boat is red.", encoding="utf-8")
    workspace = quick_workspace(tmp_path)
    with pytest.raises(IndexNotFoundError):
        workspace.collections()
    workspace.sync()
    assert workspace.collections() == ("Zoo", "north", "south")
    (tmp_path / "boat.txt").write_text("The boat is blue.", encoding="utf-8")
    workspace.sync()
    assert workspace.collections() == ("", "Zoo", "north", "south")


# -- find ------------------------------------------------------------------------------------------


def paths(workspace: Workspace) -> list[str]:
    with workspace.store.view() as view:
        return sorted(view.digests())


def test_the_setting_documents_chooses_the_folder(folder: Path) -> None:
    for name in ("docs", "papers", "questions"):
        (folder / name).mkdir()
    (folder / "docs" / "inn.txt").write_text("The inn has six rooms.\n", encoding="utf-8")
    (folder / "papers" / "mill.txt").write_text("The mill grinds rye.\n", encoding="utf-8")
    (folder / "questions" / "set.csv").write_text("question,answer\n", encoding="utf-8")
    expected = {
        None: ["inn.txt"],
        "papers/": ["mill.txt"],
        ".": ["docs/inn.txt", "harbour.txt", "lighthouse.txt", "papers/mill.txt"],
    }
    for number, (setting, found) in enumerate(expected.items()):
        if setting is not None:
            (folder / "scoqa.toml").write_text(f'documents = "{setting}"\n', encoding="utf-8")
        workspace = quick_workspace(folder, index=folder / f".index-{number}")
        workspace.sync()
        assert found == paths(workspace)
        assert (3 if setting is None else 0) == workspace.count_unread()


def test_a_folder_of_documents_that_does_not_exist_is_named(folder: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"papers is not a folder.*change the setting"):
        quick_workspace(folder, documents="papers")


def test_documents_that_are_left_out_are_not_counted_as_unread(folder: Path) -> None:
    (folder / "docs").mkdir()
    (folder / "README.md").write_text("About the folder.", encoding="utf-8")
    assert 2 == quick_workspace(folder).count_unread()
    assert 1 == quick_workspace(folder, exclude=["harbour*"]).count_unread()
    assert 0 == quick_workspace(folder, documents="docs").count_unread()
    (folder / "embeddings").mkdir()
    (folder / "embeddings" / "note.txt").write_text("No document.", encoding="utf-8")
    assert 2 == quick_workspace(folder).count_unread()


def test_a_document_is_found_at_its_place_after_a_restart(folder: Path) -> None:
    quick_workspace(folder).sync()
    document = known(quick_workspace(folder), "harbour.txt")
    assert document == quick_workspace(folder).find(document.id, document.text_digest)
    assert document == quick_workspace(folder).find(document.id, "forged")


def test_a_changed_document_is_found_at_its_place_with_its_new_text(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    before = known(workspace, "harbour.txt")
    (folder / "harbour.txt").write_text("The harbour\n\nIt is new now.\n", encoding="utf-8")
    (folder / "copy.txt").write_bytes(before.text.encode("utf-8"))
    workspace.sync()
    found = workspace.find(before.id, before.text_digest)
    assert found == known(workspace, "harbour.txt"), "the place goes before the text"
    assert (before.id, "The harbour\n\nIt is new now.\n") == (found.id, found.text)
    assert before.text_digest != found.text_digest


def test_a_moved_document_is_found_by_its_text(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    document = known(workspace, "harbour.txt")
    (folder / "north").mkdir()
    (folder / "harbour.txt").rename(folder / "north" / "port.txt")
    workspace.sync()
    found = workspace.find(document.id, document.text_digest)
    assert found == known(workspace, "north/port.txt")
    assert workspace.find(document.id, "forged") is None


def test_a_deleted_document_is_not_found(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    document = known(workspace, "harbour.txt")
    (folder / "harbour.txt").unlink()
    workspace.sync()
    assert workspace.find(document.id, document.text_digest) is None


@pytest.mark.parametrize(
    "forged",
    ["", "\0", "\ud800", "x\udfff", "../secret.txt", "' OR 1 --", "g" * 32, "f" * 3_000_000],
    ids=lambda each: ascii(each[:9]),
)
def test_forged_links_find_nothing_and_harm_nothing(folder: Path, forged: str) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    document = known(workspace, "harbour.txt")
    assert workspace.find(forged, forged) is None
    assert workspace.find(forged, document.text_digest) == document
    assert workspace.find(document.id, forged) == document
    with pytest.raises(WorkspaceError, match="No document has the id"):
        workspace.document(forged)


def test_nothing_is_found_before_there_is_an_index(folder: Path) -> None:
    with pytest.raises(IndexNotFoundError):
        quick_workspace(folder).find("0" * 32, "0" * 64)


def test_a_workspace_says_whether_a_file_is_as_it_was_indexed(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    document = known(workspace, "harbour.txt")
    assert "unchanged" == workspace.freshness(document)
    (folder / "harbour.txt").write_text("Other words.", encoding="utf-8")
    assert "changed" == workspace.freshness(document), "without a sync"
    workspace.sync()
    assert "unchanged" == workspace.freshness(known(workspace, "harbour.txt"))
    assert "changed" == workspace.freshness(document)


def test_an_index_built_anew_is_another_version_even_at_the_same_number(folder: Path) -> None:
    workspace = quick_workspace(folder)
    workspace.sync()
    first = workspace.version
    assert workspace.version == first
    workspace.sync(rebuild=True)
    second = workspace.version
    assert second.generation == first.generation  # the number alone says nothing
    assert second != first
