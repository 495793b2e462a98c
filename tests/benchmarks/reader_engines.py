"""Which engine runs the reader best: torch, or onnxruntime in 32 bits or in 8.

    python tests/benchmarks/reader_engines.py WORKSPACE SET [QUESTIONS]

Needs onnx, onnxruntime and onnxscript, which scoqa does not. Reads the ten passages that the search
finds for each question of SET (a dev set), with each engine in one run. Prints seconds a question,
the share of right first places, the greatest difference of a score from torch's, and the greatest
difference between a window read alone and among the ten.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from fit_reader import Row, drawn, quality, touches
from numpy.typing import NDArray

from scoqa import Workspace
from scoqa.evaluation import Evaluation
from scoqa.models import READER_FOLDER
from scoqa.read.calibration import read_calibration
from scoqa.read.candidates import build_candidates, get_similarities, make_answer_filter
from scoqa.read.encoder import BATCH, Encoder, Piece, run_model
from scoqa.read.model_storage import load_model
from scoqa.read.span_decoding import decode
from scoqa.retrieve import retrieve, windows

Scores = tuple[NDArray[np.float32], NDArray[np.float32]]
Engine = Callable[[Sequence[Piece]], list[Scores]]


def padded(pieces: Sequence[Piece]) -> list[NDArray[np.int64]]:
    """Return ids, mask and segments, each of shape (pieces, longest)."""
    longest = max(each.size for each in pieces)
    ids, mask, segments = (np.zeros((len(pieces), longest), dtype=np.int64) for _ in range(3))
    for row, each in enumerate(pieces):
        ids[row, : each.size] = each.ids
        mask[row, : each.size] = 1
        segments[row, : each.size] = each.segments
    return [ids, mask, segments]


def with_torch() -> Engine:
    model = load_model(READER_FOLDER, require_trained=True).eval()

    def score(pieces: Sequence[Piece]) -> list[Scores]:
        with torch.inference_mode():
            starts, ends = run_model(model, pieces)
        return [(starts[i].numpy(), ends[i].numpy()) for i in range(len(pieces))]

    return score


def export(folder: Path) -> tuple[Path, Path]:
    """Write the model as ONNX, in 32 bits and quantised to 8; return the files."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = load_model(READER_FOLDER, require_trained=True).eval()

    class Plain(torch.nn.Module):
        def forward(self, ids, mask, segments):  # type: ignore[no-untyped-def]
            out = model(input_ids=ids, attention_mask=mask, token_type_ids=segments)
            return out.start_logits, out.end_logits

    sample = tuple(torch.ones((2, 64), dtype=torch.long) for _ in range(3))
    shape = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("tokens", min=2, max=512)}
    names = ["ids", "mask", "segments"]
    plain, small = folder / "plain.onnx", folder / "small.onnx"
    torch.onnx.export(
        Plain(), sample, str(plain), dynamo=True, input_names=names,
        dynamic_shapes=(shape, shape, shape), opset_version=18, external_data=False,
    )  # fmt: skip
    quantize_dynamic(str(plain), str(small), per_channel=True, weight_type=QuantType.QInt8)
    return plain, small


def with_onnx(file: Path) -> Engine:
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = InferenceSession(str(file), options)

    def score(pieces: Sequence[Piece]) -> list[Scores]:
        starts, ends = session.run(
            None, dict(zip(("ids", "mask", "segments"), padded(pieces), strict=True))
        )
        return [(starts[i], ends[i]) for i in range(len(pieces))]

    return score


def batched(engine: Engine, pieces: Sequence[Piece]) -> list[Scores]:
    """Return the scores of `pieces`, run as the reader runs them."""
    found: dict[int, Scores] = {}
    order = sorted(range(len(pieces)), key=lambda i: -pieces[i].size)
    for at in range(0, len(order), BATCH):
        batch = order[at : at + BATCH]
        for i, (starts, ends) in zip(batch, engine([pieces[i] for i in batch]), strict=True):
            found[i] = starts[: pieces[i].size], ends[: pieces[i].size]
    return [found[i] for i in range(len(pieces))]


def difference(ones: Sequence[Scores], others: Sequence[Scores]) -> float:
    return max(
        float(np.abs(a - b).max())
        for one, other in zip(ones, others, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def main(folder: str, questions: str, most: str = "100") -> None:
    evaluation = Evaluation(Workspace(folder), questions)
    workspace = evaluation.workspace
    encoder, calibration = Encoder(READER_FOLDER), read_calibration(READER_FOLDER)
    asked = []
    with workspace.store.view() as view:
        paths = {entry.document_id: path for path, entry in view.digests().items()}
        for question in drawn(evaluation, int(most)):
            vector = workspace.models.embedder.embed([question.question])[0]
            hits = retrieve(view, question.question, vector, k=100)
            asked.append((question, windows(view, hits[:10])))
    with tempfile.TemporaryDirectory() as name:
        plain, small = export(Path(name))
        engines = {
            "torch 32 bits": with_torch(),
            "onnxruntime 32 bits": with_onnx(plain),
            "onnxruntime 8 bits": with_onnx(small),
        }
        expected: list[list[Scores]] = []
        for label, engine in engines.items():
            rows: list[Row] = []
            seconds = apart = alone = 0.0
            for number, (question, read) in enumerate(asked):
                pieces = encoder.encode(question.question, read)
                started = time.perf_counter()
                scores = batched(engine, pieces)
                seconds += time.perf_counter() - started
                if label.startswith("torch"):
                    expected.append(scores)
                apart = max(apart, difference(scores, expected[number]))
                if number < 10:
                    singly = [engine([piece])[0] for piece in pieces]
                    alone = max(alone, difference(scores, singly))
                able = any(
                    touches(question, paths[each.document_id], each.start, each.end)
                    for each in read
                )
                answer_filter = make_answer_filter(question.question, read)
                window_scores = decode(read, pieces, scores, answer_filter)
                candidates = build_candidates(
                    question.question, read, window_scores, get_similarities(read)
                )
                rows.append(Row(question, "all", paths, read, window_scores, candidates, able))
            print(
                f"{label:20} {seconds / len(asked):.3f} s a question, right place "
                f"{quality(rows, calibration.weights)[0]:.3f}, from torch's scores {apart:.4f}, "
                f"alone or among ten {alone:.4f}"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
