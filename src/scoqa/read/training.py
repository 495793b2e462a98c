"""Fine-tuning the span reader: lessons -> a model folder.

Receives lessons (a question, windows, the places that answer it) and a model to begin with; hands
on a folder that `reader` in the settings names. Interrupted, it goes on from its last checkpoint.
What is learnt, `objective` says.
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
from scoqa.read.encoder import Encoder
from scoqa.read.objective import Lesson, loss, measure
from scoqa.read.weights import load_model, save_model
from scoqa.serial import json_text

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "model.safetensors"
REPORT = "training.json"
CHECKPOINT = "checkpoint"
OLD_CHECKPOINT = f".old-{CHECKPOINT}"  # the one before, until its successor stands
COPIED = ("tokenizer.json", "tokenizer_config.json", "LICENSE.txt")  # with the model
CHECKPOINT_SECONDS = 600
WARM_UP = 0.06  # of all steps
WEIGHT_DECAY = 0.01
CLIP = 1.0  # of the gradient's norm

TrainingProgress = Callable[[int, int, str], None]


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
    progress: TrainingProgress | None = None,
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

    def run(self, progress: TrainingProgress | None) -> Mapping[str, Any]:
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
            self._write(self.model, report)
        except (OSError, SafetensorError) as error:
            raise _unwritable(self.out, error) from error
        return report

    def _write(self, model: Any, report: Mapping[str, Any]) -> None:
        made = self.out / ".made"
        shutil.rmtree(made, ignore_errors=True)
        save_model(model, made)
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
