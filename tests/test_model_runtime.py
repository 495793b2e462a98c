"""Where the models run, and what their libraries leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import torch

from scoqa.config import Settings
from scoqa.embed import SentenceTransformerEmbedder
from scoqa.errors import ConfigError
from scoqa.model_runtime import choose_device, offline_imports
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


USE = """
import json, os, sys
before = dict(os.environ)
from scoqa import Workspace

workspace = Workspace(sys.argv[1])
workspace.sync()
assert workspace.ask("Who built the lighthouse?").answered
used = {key: os.environ.get(key) for key in {*before, *os.environ}}
import huggingface_hub.constants as hub

from scoqa.ui import build
build(workspace)
served = {key: os.environ.get(key) for key in {*before, *os.environ}}
print(json.dumps([
    {key: value for key, value in state.items() if before.get(key) != value}
    for state in (used, served)
]))
print(hub.HF_HUB_OFFLINE)
"""


@pytest.mark.parametrize("user", [{}, {"HF_HUB_OFFLINE": "0"}], ids=str)
def test_a_user_of_the_library_keeps_the_environment(folder: Path, user: dict[str, str]) -> None:
    names = ("HF_", "TRANSFORMERS_", "TOKENIZERS_", "GRADIO_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(names)}
    done = subprocess.run(
        [sys.executable, "-c", USE, str(folder)],
        env={**environment, **user},
        capture_output=True,
        text=True,
    )
    assert 0 == done.returncode, done.stderr
    changed, offline = done.stdout.splitlines()[-2:]
    # Gradio reads its variable again and again, so building the page has to leave it; Gradio itself
    # then sets that of the hub.
    after_serving = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "True"}
    assert [{}, after_serving] == json.loads(changed)
    assert "True" == offline, "the client of the hub stays offline nonetheless"


def test_the_environment_is_restored_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    before = dict(os.environ)
    with pytest.raises(ImportError), offline_imports():
        assert ("1", "1") == (os.environ["HF_HUB_OFFLINE"], os.environ["TRANSFORMERS_OFFLINE"])
        raise ImportError
    assert before == dict(os.environ)


def test_the_package_says_that_it_is_typed() -> None:
    assert (files("scoqa") / "py.typed").is_file()
