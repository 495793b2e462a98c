"""Where the models run, and what their libraries leave behind."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from scoqa.config import Settings
from scoqa.embed import SentenceTransformerEmbedder
from scoqa.errors import ConfigError
from scoqa.model_runtime import choose_device
from scoqa.models import READER_FOLDER, Models
from scoqa.read.span import SpanReader
from scoqa.workspace import Workspace


def pretend(monkeypatch: pytest.MonkeyPatch, *, cuda: bool, mps: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")],
)
def test_auto_is_a_gpu_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, expected: str
) -> None:
    pretend(monkeypatch, cuda=cuda, mps=mps)
    assert expected == choose_device("auto")
    assert "cpu" == choose_device("cpu")


def test_a_device_that_is_not_there_is_named_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, cuda=False, mps=True)
    with pytest.raises(ConfigError) as refused:
        choose_device("cuda")
    assert (
        "settings: device = 'cuda' is not allowed. Allowed: auto, or a device that PyTorch finds "
        "here: mps, cpu."
    ) == str(refused.value)


def test_both_models_get_the_device_of_the_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, cuda=False, mps=False)
    workspace = Workspace(folder, device="mps")
    for model in (workspace.models.embedder, workspace.models.reader):
        with pytest.raises(ConfigError, match="device = 'mps'"):
            model.load()
        assert not model.loaded


def test_the_weights_are_on_the_chosen_device(monkeypatch: pytest.MonkeyPatch) -> None:
    # The device "meta" has no memory: it shows where weights go on machines without a GPU.
    meta = {"mps": "meta", "cpu": "cpu"}
    monkeypatch.setattr("scoqa.read.encoder.choose_device", meta.__getitem__)
    reader = SpanReader(READER_FOLDER, "x@1", lambda texts: [], device="mps")
    reader.load()
    assert "meta" == reader.encoder._model.device.type
    models = Models.load(Settings(device="cpu"))
    assert isinstance(models.embedder, SentenceTransformerEmbedder)
    models.load_weights()
    assert "cpu" == models.embedder._model.device.type
