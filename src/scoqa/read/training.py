"""Fine-tuning the span reader: lessons -> a model folder.

Receives lessons (a question, windows, the places that answer it) and a model to begin with; hands
on a folder that `reader` in the settings names. Interrupted, it goes on from its last checkpoint.
The loss is one softmax over all spans of all of a question's windows and one null (Clark and
Gardner 2018, shared normalisation, with silence inside it).
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoqa.errors import ReaderTrainingError
from scoqa.read import calibration
from scoqa.read.encoder import MOST_SPAN_TOKENS, Encoder, Piece, load_model, run
from scoqa.schema import json_text
from scoqa.types import Window

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "model.safetensors"
REPORT = "training.json"
CHECKPOINT = "checkpoint"
OLD_CHECKPOINT = f".old-{CHECKPOINT}"  # the one before, until its successor stands
COPIED = ("tokenizer.json", "tokenizer_config.json", "LICENSE.txt")  # with the model
CHECKPOINT_SECONDS = 600
BATCH = 16  # pieces run at once, of like length
WARM_UP = 0.06  # of all steps
WEIGHT_DECAY = 0.01
CLIP = 1.0  # of the gradient's norm
SILENCE_WEIGHT = 0.5  # of the loss without the windows that answer, where nothing is the answer

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question, what to read, and each place that answers it: (window, start, end)."""

    question: str
    windows: tuple[Window, ...]
    golds: tuple[tuple[int, int, int], ...]  # code points in the window's text


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the outcome, beside the lessons and the model to begin with."""

    passes: float = 1.0  # over all lessons
    questions: int = 16  # a step
    rate: float = 1e-4  # the greatest, falling to 0
    seed: int = 1


def train(
    lessons: Sequence[Lesson],
    held_out: Sequence[Lesson],
    init: Path,
    out: Path,
    *,
    recipe: Recipe = Recipe(),
    about: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """Train on `lessons`, write the reader to `out`, and return the report written beside it.

    held_out: what the report measures before and after; never trained on. init: a span reader's
    or another BERT's folder. about: what the lessons are, for the report; a checkpoint is gone on
    from only where it says the same. progress: called before the first step, after each, and
    while `held_out` is measured, with the steps done, all, and a word on how it goes; whatever
    it raises stops the training after a checkpoint.
    Raises ModelNotFoundError, ReaderTrainingError.
    """
    if not lessons:
        raise ReaderTrainingError("There is no question to learn from: none has a place.")
    check_folder(out)
    return _Training(lessons, held_out, init, out, recipe, dict(about or {})).run(progress)


def check_folder(out: Path) -> None:
    """Make the folder `out`. Raises ReaderTrainingError where no reader can be written to it."""
    try:
        if (out / WEIGHTS).exists():
            raise ReaderTrainingError(
                f"{out} holds a reader already. Name another folder with --out, or remove it."
            )
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: Exception) -> ReaderTrainingError:
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return ReaderTrainingError(
        f"{out} cannot be written: {reason}. Make room or allow access there, or name another "
        "folder with --out."
    )


class _Training:
    def __init__(
        self,
        lessons: Sequence[Lesson],
        held_out: Sequence[Lesson],
        init: Path,
        out: Path,
        recipe: Recipe,
        about: dict[str, Any],
    ) -> None:
        self.lessons = lessons
        self.held_out = held_out
        self.init = init
        self.out = out
        self.recipe = recipe
        self.encoder = Encoder(init)
        self.steps = max(1, math.ceil(len(lessons) * recipe.passes / recipe.questions))
        settings = {
            "recipe": asdict(recipe),
            "questions": len(lessons),
            "held_out": len(held_out),
            **about,
        }
        self.settings: dict[str, Any] = json.loads(json.dumps(settings))  # as read again: lists
        self.step = 0
        self.torn = False  # whether the weights are between two steps
        self.losses: list[float] = []
        self.seconds = 0.0
        self.before: Mapping[str, float] = {}

    def run(self, progress: Progress | None) -> Mapping[str, Any]:
        import torch

        def tell(word: str) -> None:
            if progress is not None:
                progress(self.step, self.steps, word)

        torch.manual_seed(self.recipe.seed)
        resumed = self._resumed()
        self.model = load_model(self.out / CHECKPOINT if resumed else self.init, whole=False)
        self.model.to("cuda" if torch.cuda.is_available() else "cpu").train()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=self.recipe.rate, weight_decay=WEIGHT_DECAY
        )
        if resumed is not None:
            self._restore(resumed)
        else:
            self.before = self._measured(tell)
        saved = time.monotonic()
        try:
            tell("")
            while self.step < self.steps:
                self._step()
                if time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self._checkpoint()
                    saved = time.monotonic()
                recent = self.losses[-50:]
                tell(f"loss {sum(recent) / len(recent):.3f}" if recent else "")
            after = self._measured(tell)
        except BaseException:  # also Ctrl-C: what was learnt is kept
            if not self.torn:  # or the last checkpoint stands: half a step is worse than none
                self._checkpoint()
            raise
        return self._finish(after)

    def _measured(self, tell: Callable[[str], None]) -> Mapping[str, float]:
        return measure(self.model, self.encoder, self.held_out, tell=lambda: tell("measuring"))

    def _step(self) -> None:
        import torch

        started = time.monotonic()
        rate = self.recipe.rate * schedule(self.step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        batch = [self.lessons[i] for i in order(self.step, self.recipe, len(self.lessons))]
        batch_loss = loss(self.model, self.encoder, batch)
        if batch_loss is not None:
            if not math.isfinite(float(batch_loss.detach())):
                raise ReaderTrainingError(
                    f"The loss is no number any more at step {self.step + 1} of {self.steps}. "
                    f"Remove {self.out} and begin again with a smaller --rate."
                )
            batch_loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.torn = True
        if batch_loss is not None:
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.losses.append(round(float(batch_loss.detach()), 4))
        self.step += 1
        self.seconds += time.monotonic() - started
        self.torn = False

    # -- checkpoints: safetensors and JSON, nothing that can run code -------------------------

    def _resumed(self) -> Mapping[str, Any] | None:
        """Return the state of the checkpoint to go on from; None where there is none."""
        file, old = self.out / CHECKPOINT / "state.json", self.out / OLD_CHECKPOINT
        try:
            if old.exists() and not (self.out / CHECKPOINT).exists():
                os.replace(old, self.out / CHECKPOINT)  # cut off before the next one stood
            state = json.loads(file.read_text(encoding="utf-8"))
            begun = state["settings"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise self._damaged(file, error) from error
        if begun != self.settings:
            other = ", ".join(_differences(begun, self.settings))
            raise ReaderTrainingError(
                f"{self.out} holds a training that was begun otherwise ({other}). Give "
                "the same data and options to go on with it, or another --out."
            )
        return dict(state)

    def _damaged(self, file: Path, error: Exception) -> ReaderTrainingError:
        return ReaderTrainingError(
            f"{file} cannot be read: {error}. Remove {self.out} and begin again."
        )

    def _restore(self, state: Mapping[str, Any]) -> None:
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        file = self.out / CHECKPOINT / "optimizer.safetensors"
        try:
            kept = load_file(file)
        except (OSError, SafetensorError) as error:
            raise self._damaged(file, error) from error
        for name, parameter in self.model.named_parameters():
            if f"{name}/mean" in kept:
                self.optimizer.state[parameter] = {
                    "step": torch.tensor(float(state["updates"])),
                    "exp_avg": kept[f"{name}/mean"].to(parameter.device),
                    "exp_avg_sq": kept[f"{name}/square"].to(parameter.device),
                }
        self.losses = list(state["losses"])
        self.seconds = float(state["seconds"])
        self.before = state["before"]
        self.step = int(state["step"])

    def _checkpoint(self) -> None:
        """Write a checkpoint; a whole one stands at any moment. Raises ReaderTrainingError."""
        from safetensors import SafetensorError

        try:
            self._write_checkpoint()
        except (OSError, SafetensorError) as error:
            raise _unwritable(self.out, error) from error

    def _write_checkpoint(self) -> None:
        from safetensors.torch import save_file

        partial = self.out / f".{CHECKPOINT}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        self.model.save_pretrained(partial)
        moments: dict[str, Tensor] = {}
        updates = 0
        for name, parameter in self.model.named_parameters():
            if parameter in self.optimizer.state:
                state = self.optimizer.state[parameter]
                moments[f"{name}/mean"] = state["exp_avg"].contiguous()
                moments[f"{name}/square"] = state["exp_avg_sq"].contiguous()
                updates = int(state["step"])
        save_file(moments, partial / "optimizer.safetensors")
        state = {
            "step": self.step,
            "updates": updates,
            "settings": self.settings,
            "losses": self.losses,
            "seconds": self.seconds,
            "before": self.before,
        }
        (partial / "state.json").write_text(json.dumps(state), encoding="utf-8")
        old = self.out / OLD_CHECKPOINT
        if (self.out / CHECKPOINT).exists():  # else the old one is all there is
            shutil.rmtree(old, ignore_errors=True)
            os.replace(self.out / CHECKPOINT, old)
        os.replace(partial, self.out / CHECKPOINT)
        shutil.rmtree(old, ignore_errors=True)

    def _finish(self, after: Mapping[str, float]) -> Mapping[str, Any]:
        import torch
        from safetensors import SafetensorError

        size = max(1, len(self.losses) // 20)
        report = {
            "init": self.init.name,
            **self.settings,
            "steps": self.steps,
            "seconds": round(self.seconds, 1),
            "loss": [
                round(sum(part) / len(part), 3)
                for part in (self.losses[i : i + size] for i in range(0, len(self.losses), size))
            ],
            "before": self.before,
            "after": after,
        }
        try:
            self._write(self.model.to(torch.float16), report)
        except (OSError, SafetensorError) as error:
            raise _unwritable(self.out, error) from error
        return report

    def _write(self, model: Any, report: Mapping[str, Any]) -> None:
        made = self.out / ".made"
        shutil.rmtree(made, ignore_errors=True)
        model.save_pretrained(made)
        for name in COPIED:
            if (self.init / name).exists():
                shutil.copyfile(self.init / name, made / name)
        own = self.init / calibration.FILE
        shutil.copyfile(own if own.exists() else calibration.SHIPPED, made / calibration.FILE)
        (made / REPORT).write_text(json_text(report, indent=1) + "\n", encoding="utf-8")
        shutil.copymode(made / REPORT, made / WEIGHTS)  # else nobody but us may read the weights
        # The weights last: a folder that holds them is whole.
        for file in sorted(made.iterdir(), key=lambda each: each.name == WEIGHTS):
            os.replace(file, self.out / file.name)
        made.rmdir()
        for name in (CHECKPOINT, f".{CHECKPOINT}", OLD_CHECKPOINT):
            shutil.rmtree(self.out / name, ignore_errors=True)


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of what is not the same in both: "held_out", "recipe.rate"."""
    for key in sorted({*one, *other}):
        left, right = one.get(key), other.get(key)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            yield from (f"{key}.{name}" for name in _differences(left, right))
        elif left != right:
            yield key


def schedule(step: int, steps: int) -> float:
    """Return the share of the greatest rate at `step`: up in WARM_UP, then down to 0, linearly."""
    warm = max(1, round(WARM_UP * steps))
    return (step + 1) / warm if step < warm else (steps - step) / max(1, steps - warm)


def order(step: int, recipe: Recipe, size: int) -> Iterator[int]:
    """Yield the lessons of `step`: each pass takes all of them, in an order of its own."""
    for at in range(step * recipe.questions, (step + 1) * recipe.questions):
        yield _shuffled(recipe.seed * 1_000_003 + at // size, size)[at % size]


@lru_cache(maxsize=2)  # a step may end one pass and begin the next
def _shuffled(seed: int, size: int) -> Sequence[int]:
    numbers = list(range(size))
    random.Random(seed).shuffle(numbers)
    return numbers


def gold_tokens(piece: Piece, start: int, end: int) -> tuple[int, int] | None:
    """Return the first and last token of `piece` (counted from its first) of a place that
    answers, widened to whole words; None where the piece does not hold it, or it is too long.
    """
    inside = [i for i, (a, b) in enumerate(piece.places) if a < end and start < b]
    if not inside:
        return None
    first, last = inside[0], inside[-1]
    whole = piece.places[first][0] <= start and piece.places[last][1] >= end
    while first > 0 and not piece.starts[first]:
        first -= 1
    while last < len(piece.places) - 1 and not piece.ends[last]:
        last += 1
    short = last - first < MOST_SPAN_TOKENS
    allowed = whole and short and bool(piece.spans()[first, last - first])
    return (piece.first + first, piece.first + last) if allowed else None


def loss(model: Any, encoder: Encoder, lessons: Sequence[Lesson]) -> Tensor | None:
    """Return the mean loss of `lessons`; None when no place in them can be learnt."""
    import torch

    pieces: list[Piece] = []
    owners: list[int] = []
    golds: list[list[tuple[int, int, int]]] = []  # of each lesson: piece, first, last token
    for number, lesson in enumerate(lessons):
        golds.append([])
        for piece in encoder.pieces(lesson.question, lesson.windows):
            for window, start, end in lesson.golds:
                if window == piece.window:
                    tokens = gold_tokens(piece, start, end)
                    if tokens is not None:
                        golds[number].append((len(pieces), *tokens))
            pieces.append(piece)
            owners.append(number)
    alike = sorted(range(len(pieces)), key=lambda i: pieces[i].size)
    totals: dict[int, Tensor] = {}  # of each piece: over all of its spans
    nulls: dict[int, Tensor] = {}
    spans: dict[int, tuple[Tensor, Tensor]] = {}
    for at in range(0, len(alike), BATCH):
        batch = alike[at : at + BATCH]
        starts, ends = run(model, [pieces[i] for i in batch])
        for row, i in enumerate(batch):
            band = span_scores(starts[row], ends[row], pieces[i])
            totals[i] = torch.logsumexp(band.flatten(), 0)
            nulls[i] = starts[row, 0] + ends[row, 0]
            spans[i] = starts[row], ends[row]
    losses: list[Tensor] = []
    for number, lesson in enumerate(lessons):
        own = [i for i, owner in enumerate(owners) if owner == number]
        answering = {window for window, _, _ in lesson.golds}
        others = [i for i in own if pieces[i].window not in answering]
        if golds[number]:
            found = [spans[i][0][a] + spans[i][1][b] for i, a, b in set(golds[number])]
            everything = [*(totals[i] for i in own), null([nulls[i] for i in own])]
            losses.append(
                torch.logsumexp(torch.stack(everything), 0) - torch.logsumexp(torch.stack(found), 0)
            )
        if others:
            silence = null([nulls[i] for i in others])
            everything = [*(totals[i] for i in others), silence]
            rest = torch.logsumexp(torch.stack(everything), 0) - silence
            losses.append(rest if not lesson.golds else SILENCE_WEIGHT * rest)
    return torch.stack(losses).sum() / len(lessons) if losses else None


def null(scores: Sequence[Tensor]) -> Tensor:
    """Return one null of the windows' own: a soft least, for one window that answers is enough."""
    import torch

    return -torch.logsumexp(-torch.stack(list(scores)), 0)


def span_scores(starts: Tensor, ends: Tensor, piece: Piece) -> Tensor:
    """Return the score of every span of a piece, as `Piece.spans` has them; -inf where none.

    starts, ends: of every token of the piece, and of the padding after it.
    """
    import torch

    size = len(piece.places)
    own_starts, own_ends = (each[piece.first : piece.first + size] for each in (starts, ends))
    after = torch.nn.functional.pad(own_ends, (0, MOST_SPAN_TOKENS - 1))
    band = own_starts[:, None] + after.unfold(0, MOST_SPAN_TOKENS, 1)
    return band.masked_fill(~torch.from_numpy(piece.spans()), float("-inf"))


def measure(
    model: Any,
    encoder: Encoder,
    lessons: Sequence[Lesson],
    *,
    tell: Callable[[], None] | None = None,
) -> Mapping[str, float]:
    """Return the mean loss of `lessons`, and the share whose best span touches a gold place.

    tell: called before each lesson.
    """
    import torch

    if not lessons:
        return {}
    trained = model.training
    model.eval()
    total, right, asked = 0.0, 0, 0
    with torch.inference_mode():
        for lesson in lessons:
            if tell is not None:
                tell()
            each = loss(model, encoder, [lesson])
            total += float(each) if each is not None else 0.0
            if lesson.golds:
                asked += 1
                right += _is_right(model, encoder, lesson)
    model.train(trained)
    shares = {"right_place": round(right / asked, 4)} if asked else {}
    return {"loss": round(total / len(lessons), 4), **shares, "questions": len(lessons)}


def _is_right(model: Any, encoder: Encoder, lesson: Lesson) -> bool:
    best, place = -math.inf, (-1, 0, 0)
    pieces = encoder.pieces(lesson.question, lesson.windows)
    if not pieces:
        return False
    starts, ends = run(model, pieces)
    for row, piece in enumerate(pieces):
        band = span_scores(starts[row], ends[row], piece)
        first, more = divmod(int(band.argmax()), MOST_SPAN_TOKENS)
        if float(band[first, more]) > best:
            best = float(band[first, more])
            place = (piece.window, piece.places[first][0], piece.places[first + more][1])
    return any(
        window == place[0] and start < place[2] and place[1] < end
        for window, start, end in lesson.golds
    )
