"""Weights as int8 rows: what is written is opened again, and close to what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoqa.errors import ModelNotFoundError
from scoqa.read.model_storage import compress, expand, load_model, save_model
from tinyreader import tiny_reader


def test_a_row_is_off_by_half_a_step_at_most() -> None:
    import torch

    torch.manual_seed(0)
    matrix, vector = torch.randn(5, 7), torch.randn(7)
    matrix[3] = 0.0
    stored = compress({"m": matrix, "v": vector})
    assert {"m", "m.scale", "v"} == set(stored)
    assert torch.int8 == stored["m"].dtype
    again = expand(stored)
    assert {"m", "v"} == set(again)
    step = matrix.abs().amax(1, keepdim=True) / 127
    assert bool(((again["m"] - matrix).abs() <= 0.51 * step + 1e-6).all())
    assert bool((again["v"].float() - vector).abs().max() < 1e-2)


def test_a_saved_model_opens_and_scores_alike(tmp_path: Path) -> None:
    import torch

    model = load_model(
        tiny_reader(tmp_path / "tiny", ["who met whom"]), require_trained=True
    ).eval()
    save_model(model, tmp_path / "small")
    small = load_model(tmp_path / "small", require_trained=True).eval()
    ids = torch.arange(1, 20)[None]
    with torch.inference_mode():
        one, other = model(input_ids=ids), small(input_ids=ids)
    assert torch.allclose(one.start_logits, other.start_logits, atol=0.05)
    assert (tmp_path / "small" / "model.safetensors").stat().st_size < 0.6 * (
        tmp_path / "tiny" / "model.safetensors"
    ).stat().st_size
    # Written once more it is the same, so that a training that goes on from it loses nothing.
    save_model(small, tmp_path / "again")
    again = load_model(tmp_path / "again", require_trained=True)
    for (name, value), other_value in zip(
        small.state_dict().items(), again.state_dict().values(), strict=True
    ):
        assert torch.allclose(value, other_value, atol=1e-6), name


def test_a_model_that_was_not_trained_to_read_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny_reader(tmp_path / "tiny", ["who"])
    weights = load_file(folder / "model.safetensors")
    rest = {name: value for name, value in weights.items() if not name.startswith("qa_outputs")}
    save_file(rest, folder / "model.safetensors")
    with pytest.raises(ModelNotFoundError, match=r"lacks qa_outputs\.bias, qa_outputs\.weight"):
        load_model(folder, require_trained=True)
    assert load_model(folder, require_trained=False) is not None
