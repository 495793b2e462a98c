"""Load a span model from its folder, and save it with matrices as int8 rows.

Each matrix is stored as rows of int8, with one float16 scale per row under `NAME.scale`; vectors
are stored as float16. 33 M parameters take 34 MB, without a measurable loss of accuracy:
docs/guide/decisions/0014-reader.md. Folders with 16- or 32-bit weights can be loaded as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scoqa.errors import ModelNotFoundError
from scoqa.model_runtime import offline_imports

FILE = "model.safetensors"
SCALE = ".scale"  # suffix of the name of a matrix's scales
_LARGEST = 127  # the largest int8 used, the same on both sides of zero
_LEAST_SCALE = 1e-7  # for a row of zeros; the smallest float16 above 0 is about 6e-8


def load_model(folder: Path, *, require_trained: bool) -> Any:
    """Return the BertForQuestionAnswering in `folder` in 32 bits, with dropout disabled.

    Raises ModelNotFoundError if the model is incomplete or, with `require_trained`, if it was not
    trained to read. Otherwise missing weights are initialized at random, to be trained.
    """
    with offline_imports():
        import torch
        from safetensors.torch import load_file
        from transformers import BertConfig, BertForQuestionAnswering
        from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        config = BertConfig.from_pretrained(
            str(folder),
            local_files_only=True,
            hidden_dropout_prob=0.0,  # the fused attention kernels require this, also in training
            attention_probs_dropout_prob=0.0,
        )
        result: Any = BertForQuestionAnswering.from_pretrained(
            None,
            config=config,
            state_dict=expand(load_file(folder / FILE)),
            dtype=torch.float32,
            output_loading_info=True,
        )
    except Exception as error:  # the libraries raise many kinds
        raise ModelNotFoundError(
            f"{folder} does not contain a complete BERT model: {error}"
        ) from error
    model, report = result
    if require_trained and report["missing_keys"]:
        raise ModelNotFoundError(
            f"{folder} contains a BERT model that was not trained to read: it lacks "
            f"{', '.join(sorted(report['missing_keys']))}. Train it with scoqa train-reader --init."
        )
    return model


def save_model(model: Any, folder: Path) -> None:
    """Write `model` to `folder` as config.json and int8 rows, for `load_model`.

    Raises OSError, SafetensorError.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    save_file(compress(model.state_dict()), folder / FILE)


def compress(weights: dict[str, Any]) -> dict[str, Any]:
    """Return `weights` with matrices as int8 rows with scales, and vectors as float16."""
    import torch

    stored: dict[str, Any] = {}
    for name, value in weights.items():
        value = value.detach().cpu().float()
        if value.ndim == 2:
            scale = (value.abs().amax(1) / _LARGEST).clamp(min=_LEAST_SCALE).half()
            rows = (value / scale.float()[:, None]).round().clamp(-_LARGEST, _LARGEST)
            stored[name], stored[name + SCALE] = rows.to(torch.int8), scale
        else:
            stored[name] = value.half()
    return stored


def expand(stored: dict[str, Any]) -> dict[str, Any]:
    """Return `stored` with compressed matrices in 32 bits; other values are unchanged."""
    weights: dict[str, Any] = {}
    for name, value in stored.items():
        if name.endswith(SCALE) and name.removesuffix(SCALE) in stored:
            continue
        scale = stored.get(name + SCALE)
        weights[name] = value if scale is None else value.float() * scale.float()[:, None]
    return weights
